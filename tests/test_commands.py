from __future__ import annotations

import json
import re
import sqlite3

from conftest import command

from newsarchive import tables
from newsarchive.store.archive import Archive


def test_the_demo_shows_everything_and_leaves_an_archive(tmp_path):
    folder = tmp_path / "demo-archive"
    done = command("demo", "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert "found 336   stored 335   excluded 1   owed 0" in out
    assert "found 342   stored 341   excluded 1   owed 0" in out
    assert "fetched 13 articles: 6 new, 3 edited, 4 changed in their furniture alone" in out
    old, new = re.search(r"  old  (.*)\n  new  (.*)\n", out).groups()
    assert new == f"Correction: {old}"
    assert "342 articles seen = 341 stored + 1 excluded + 0 owed" in out
    assert "Complete: every article that the listings show" in out
    assert max(len(line) for line in out.splitlines() if " -m scrapy " not in line) <= 100  # those are to be pasted
    lines = (folder / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 335 + 6 + 3
    with sqlite3.connect(folder / "archive.db") as db:
        assert db.execute("select count(*) from article").fetchone() == (341,)
    # The second time it empties the folder first.
    assert command("demo", "--folder", str(folder)).returncode == 0
    assert len((folder / "articles.jsonl").read_text(encoding="utf-8").splitlines()) == len(lines)


def test_the_demo_empties_no_folder_of_others(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = command("demo", "--folder", str(tmp_path))
    assert done.returncode == 2
    assert "holds something else" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_reports_are_aligned_and_speak_json(play, crawl):
    site = play(stories=60)
    done = crawl(site)
    archive = ("-s", f"ARCHIVE_DIR={done.folder}")
    for name in ("coverage", "fields", "changes", "crawls"):
        printed = command("report", name, *archive)
        assert printed.returncode == 0, printed.stderr
        assert max(map(len, printed.stdout.splitlines())) <= 100
        assert isinstance(json.loads(command("report", name, "--json", *archive).stdout), list)
    (report,) = json.loads(command("report", "coverage", "--json", *archive).stdout)
    assert (report["site"], report["complete"], report["totals"]["seen"]) == ("demo", True, 60)
    assert report["excluded"] == [{"state": "gone", "reason": "HTTP 404", "pages": 1}]
    assert {row["day"] for row in report["rows"]} == {f"2026-03-{day:02}" for day in range(1, 13)}
    days = command("report", "coverage", "--days", *archive).stdout
    assert days.count("2026-03-0") > command("report", "coverage", *archive).stdout.count("2026-03-0")
    shares = {row["field"]: row["share"] for row in json.loads(command("report", "fields", "--json", *archive).stdout)}
    assert shares["headline"] == 1 and shares["alternative_headline"] == 0


def test_a_report_that_owes_says_what_is_missing(play, crawl):
    site = play(stories=60)
    done = crawl(site, "-a", "section=world", "-a", "max_articles=3")
    out = command("report", "-s", f"ARCHIVE_DIR={done.folder}").stdout
    assert "Not complete:" in out
    assert re.search(r"^  \d+ articles wait to be fetched$", out, re.M)
    # The days that owe something are shown by themselves.
    assert re.search(r"^2026-03-\d\d +sections +world +\d+ +0 +\d+ +[1-9]", out, re.M)


def test_wrong_reports_are_one_line(tmp_path):
    for arguments, says in (
        (("cover",), "there is no report"),
        (("coverage", "-s", f"ARCHIVE_DIR={tmp_path}"), "there is no archive"),
    ):
        done = command("report", *arguments)
        assert done.returncode == 2
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_demo_takes_nobodys_archive_for_its_own(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("courier", {})
    archive.listings.begin(crawl, "courier", "feed", "https://courier.example/feed.xml", None, None, None)
    archive.close()
    for folder in (tmp_path, tmp_path / "archive.db"):
        done = command("demo", "--folder", str(folder))
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert (tmp_path / "archive.db").exists()


def test_what_a_site_wrote_gives_a_terminal_no_orders(capsys):
    rows = [
        {
            "site": "a\x1b[31m",
            "kind": "section",
            "subject": "\x1b]0;title\x07",
            "reason": "[bold]x\x9b2J",
            "began_at": "2026",
            "ended_at": None,
        }
    ]
    tables.print_alarms(tables.console(), rows)
    shown = capsys.readouterr().out
    assert "a[31m: section, ]0;title" in shown and "[bold]x2J" in shown
    assert not set("\x1b\x07\x9b") & set(shown)


def test_an_archive_that_saw_nothing_says_so(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    archive.crawls.end(archive.crawls.begin("demo", {}), "finished", {})
    archive.close()
    shown = command("report", "coverage", "-s", f"ARCHIVE_DIR={tmp_path}")
    assert (shown.returncode, shown.stdout.splitlines()) == (
        0,
        ["No listing was walked and no article seen yet; scrapy report crawls says how the crawls ended."],
    )
