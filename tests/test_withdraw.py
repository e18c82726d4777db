"""Articles that were taken out of the archive, and what must not be left of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import command
from test_migrations import filled

from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import Answer
from newsarchive.store.archive import Archive
from newsarchive.store.migrations import migrate
from newsarchive.store.warc import locate, payload_digest, read_record

WORD = "Quixwombat"
HEADLINE = f"{WORD} & Söhne: “the mayor's secret” was opened"
PARAGRAPH = f"Nobody but the {WORD.lower()} knew what the mayor had hidden below the old market for thirty years."
WAYS = ("-a", "source=sections,days,feed,sitemap", "-a", "since=2026-03-01", "-a", "until=2026-03-12")


class WordPages(DemoPages):
    """One story has an unmistakable word in its headline, its address, its lead and its text."""

    def __init__(self, newsroom):
        super().__init__(newsroom)
        n = next(n for n, s in enumerate(newsroom._first) if s.number == newsroom.touched[0])
        story = newsroom._first[n]
        body = ({"type": "paragraph", "text": PARAGRAPH}, *story.blocks)
        story = replace(story, headline=HEADLINE, lead=f"The {WORD} was found in the cellar of the town hall.", blocks=body)
        newsroom._first[n] = story
        newsroom.slugs[story.number] = story.slug
        self.story = story
        self.id = f"demo:{story.number}"


def traces(folder: Path, word: str = WORD) -> list[str]:
    """The files that have ``word``: as they are, or in a gzip member, or in what such a one has packed again."""
    return [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and _has(path.read_bytes(), word.lower().encode())]


def _has(data: bytes, word: bytes) -> bool:
    if word in data.lower():
        return True
    place = -1
    while (place := data.find(b"\x1f\x8b\x08", place + 1)) >= 0:
        try:
            inside = zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(data[place:])
        except zlib.error:
            continue
        if _has(inside, word):
            return True
    return False


def check_files(folder: Path) -> None:
    files = [str(path) for path in sorted((folder / "warc").iterdir())]
    assert all(name.endswith(".warc.gz") for name in files)
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", "-v", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert subprocess.run(["gzip", "-t", *files]).returncode == 0


def check_captures(done) -> int:
    """Every capture that is cited is found at its place with its digest."""
    rows = [
        dict(zip(("file", "offset", "digest"), row, strict=True))
        for row in done.rows("select file, offset, digest from capture where file is not null")
    ]
    rows += [
        json.loads(row[0]) for row in done.rows("select capture from article union all select capture from revision") if row[0]
    ]
    for row in rows:
        assert payload_digest(read_record(locate(done.folder / "warc", row["file"]), row["offset"]).payload) == row["digest"]
    return len(rows)


def withdraw(done, *words: str, mode: str = "erase", reason: str = "by court order", code: int = 0) -> subprocess.CompletedProcess:
    ran = command("withdraw", *words, "--mode", mode, "--reason", reason, "-s", f"ARCHIVE_DIR={done.folder}")
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran


def beside(done, id: str) -> Path:
    """A migration's backup, a JSON Lines file and a picture of the article, as other parts of the project leave them."""
    archive = Archive(done.folder / "archive.db")
    # An SQLite that does not wipe what it deletes: free pages remember.
    archive.db.execute("pragma secure_delete = off")
    archive.db.execute("insert into site values ('x', ?)", (PARAGRAPH * 100,))
    archive.db.execute("delete from site where name = 'x'")
    archive.db.execute("vacuum into ?", (str(done.folder / "archive.schema-1.db"),))
    lines = done.folder / "lines.jsonl"
    shutil.copy(done.feed, lines)
    archive.db.execute("insert into jsonlines values (?, ?, ?)", (str(lines), archive.articles.last_seq(), lines.stat().st_size))
    (done.folder / "images").mkdir()
    for url, page, file in (("u:1", id, "own.jpg"), ("u:2", id, "shared.jpg"), ("u:3", "demo:1000101", "shared.jpg")):
        (done.folder / "images" / file).write_bytes(b"a picture")
        archive.db.execute("insert into image_file (url, page, file, state) values (?, ?, ?, 'stored')", (url, page, file))
    archive.close()
    return lines


def test_what_is_erased_is_in_no_file_and_does_not_come_back(play, crawl, tmp_path):
    site = play(WordPages, stories=60)
    pages = site.pages
    done = crawl(site, *WAYS)
    assert crawl(site, *WAYS).rows("select state from page where id = ?", pages.id) == [("stored",)]
    lines = beside(done, pages.id)
    before = len(lines.read_text().splitlines())
    (listed,) = done.rows("select count(*) from capture where kind = 'listing' and file is not null")
    assert len(traces(done.folder)) == 5
    ran = withdraw(done, pages.url(pages.path(pages.story)))
    assert "nothing of the text is left" in ran.stdout
    assert traces(done.folder) == []
    check_files(done.folder)
    assert check_captures(done) > 100
    # The listings that quoted it still show what else they showed.
    assert done.rows("select count(*) from capture where kind = 'listing' and file is not null") == [listed]
    assert done.rows("select page, mode, reason, kept from withdrawal") == [(pages.id, "erase", "by court order", None)]
    assert done.rows("select state, reason from page where id = ?", pages.id) == [("withdrawn", "by court order")]
    assert done.rows("pragma integrity_check") == [("ok",)]
    assert len(lines.read_text().splitlines()) == before - 1
    assert done.rows("select bytes from jsonlines") == [(lines.stat().st_size,)]
    assert sorted(path.name for path in (done.folder / "images").iterdir()) == ["shared.jpg"]
    with sqlite3.connect(done.folder / "archive.schema-1.db") as backup:
        assert backup.execute("select count(*) from article").fetchone()[0] == 58
    report = json.loads(command("report", "coverage", "--json", "-s", f"ARCHIVE_DIR={done.folder}").stdout)[0]
    assert report["complete"] and {"state": "withdrawn", "reason": "by court order", "pages": 1} in report["excluded"]

    # Listings that still show it, a newer time, an upgrade, a replay: it stays away.
    site.pages.newsroom.edition = 2
    asked = len(site.requests)
    again = crawl(site, *WAYS, feed="-O")
    assert again.code == 0, again.log
    assert not [path for path in site.requests[asked:] if pages.number(path.split("?")[0]) == pages.story.number]
    assert traces(done.folder) == [] == traces(again.feed.parent)
    assert again.stats()["archive/article/new"] == 3
    applied = command("reextract", "--apply", "-s", f"ARCHIVE_DIR={done.folder}")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for name in ("all.jsonl", "all.csv", "all.sqlite", "all.wacz"):
        exported = command("export", "-o", str(done.folder / name), "--format", name[4:], "-s", f"ARCHIVE_DIR={done.folder}")
        assert exported.returncode == 0, exported.stderr
    replayed = crawl(None, *WAYS, "-s", f"REPLAY={done.folder}", spider="demo", folder=done.folder / "replayed", feed="-O")
    assert replayed.rows("select state, reason from page where id = ?", pages.id) == [("withdrawn", "by court order")]
    assert replayed.rows("select count(*) from article") == again.rows("select count(*) from article") == [(61,)]
    assert traces(tmp_path) == []
    # The same once more finds nothing, by any of its names.
    withdraw(done, pages.id)
    check_files(done.folder)
    assert check_captures(done) > 100


def test_an_erased_article_under_an_unknown_address_is_dropped_with_its_bytes(play, crawl):
    site = play(WordPages, stories=40)
    pages = site.pages
    path = pages.path(pages.story)
    done = crawl(site, "-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")
    withdraw(done, pages.id)
    # Another number, which the site sends on to the erased one.
    other = path.replace(str(pages.story.number), "999").replace(WORD.lower(), "other")
    sitemap = pages.url(other)
    feed = f'<rss version="2.0"><channel><item><link>{sitemap}</link></item></channel></rss>'
    site.override = lambda asked: (
        Answer(b"", status=301, headers={"Location": quote(path)}) if pages.number(asked) == 999
        else Answer(feed.encode(), "application/xml") if asked == pages.feed else None
    )  # fmt: skip
    again = crawl(site, "-a", "source=feed", feed="-O")
    assert again.stats()["archive/article/withdrawn"] == 1
    assert again.rows("select state, reason from page where key = '999'") == [("moved", f"to {pages.id}")]
    assert again.rows("select count(*) from article where id = ?", pages.id) == [(0,)]
    assert traces(done.folder) == []
    check_files(done.folder)
    assert check_captures(again) > 40


def test_what_is_hidden_is_shown_nowhere_and_can_be_erased_later(play, crawl):
    site = play(WordPages, stories=40)
    pages = site.pages
    done = crawl(site)
    ran = withdraw(done, pages.id, mode="hide", reason="a complaint")
    assert f"{pages.id}: hidden" in ran.stdout
    withdraw(done, pages.id, mode="hide", reason="the same complaint")
    (kept,) = done.rows("select kept from withdrawal")[0]
    assert json.loads(kept)["article"][0]["headline"] == HEADLINE
    for table in ("article", "revision", "article_author", "article_tag", "article_image", "changes"):
        assert done.rows(f"select count(*) from {table} where id = ?", pages.id) == [(0,)]
    assert done.rows("select count(*) from article_fts where article_fts match ?", WORD) == [(0,)]
    exported = command("export", "--format", "jsonl", "-o", "-", "-s", f"ARCHIVE_DIR={done.folder}").stdout
    assert len(exported.splitlines()) == 39 and WORD not in exported
    packed = done.folder.parent / "shown.wacz"
    assert command("export", "-o", str(packed), "-s", f"ARCHIVE_DIR={done.folder}").returncode == 0
    with zipfile.ZipFile(packed) as wacz:
        index = wacz.read("indexes/index.cdx").decode()
        assert pages.path(pages.newsroom.all()[0]) in index and str(pages.story.number) not in index
        assert wacz.read("pages/pages.jsonl").decode().count("\n") == 40 and WORD not in wacz.read("pages/pages.jsonl").decode()
    assert check_captures(done) > 40, "the archive's own files are as they were"
    asked = len(site.requests)
    site.pages.newsroom.edition = 2
    crawl(site)
    assert not [path for path in site.requests[asked:] if pages.number(path.split("?")[0]) == pages.story.number]
    withdraw(done, pages.id)
    assert traces(done.folder) == []
    assert withdraw(done, pages.id, mode="hide", code=2).stderr.count("\n") == 1


def test_an_erase_that_was_cut_short_is_finished_by_the_same_command(play, crawl):
    """Killed after its transaction, before any file was touched."""
    site = play(WordPages, stories=40)
    done = crawl(site)
    beside(done, site.pages.id)
    archive = Archive(done.folder / "archive.db")
    archive.withdrawals.erase(site.pages.id, "by court order")
    archive.close()
    (done.folder / "warc" / ".newsarchive-x.warc.gz.part").write_text(WORD)
    assert len(traces(done.folder)) > 3
    withdraw(done, site.pages.id)
    assert traces(done.folder) == []


def test_a_crawl_at_work_takes_it_out_of_its_own_files_when_it_ends(play, crawl):
    site = play(WordPages, stories=60)
    pages = site.pages
    said = []
    last = pages.path(pages.newsroom.all()[-1])

    def answer(path):
        if path == last and not said:
            said.append(command("withdraw", pages.id, "--mode", "erase", "--reason", "now", "-s", f"ARCHIVE_DIR={folder}"))
        return None

    site.override = answer
    folder = Path(crawl(site, "-a", "source=feed", "-a", "max_articles=1").folder)
    done = crawl(site, "-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12", feed="-O")
    assert done.code == 0, done.log
    assert said[0].returncode == 1 and "crawl 2 is at work" in said[0].stderr, said[0].stdout
    assert traces(done.folder) == []
    check_files(done.folder)
    assert check_captures(done) > 50


def test_two_articles_with_the_same_words_do_not_lose_each_others(play, crawl):
    class Twins(WordPages):
        def __init__(self, newsroom):
            super().__init__(newsroom)
            newsroom._first[3] = replace(newsroom._first[3], headline=HEADLINE)
            self.twin = newsroom._first[3]

    site = play(Twins, stories=40)
    done = crawl(site, "-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")
    withdraw(done, site.pages.id)
    assert done.articles()[str(site.pages.twin.number)]["headline"] == HEADLINE
    ran = command("reextract", "--diff", "-s", f"ARCHIVE_DIR={done.folder}")
    assert "39 articles read again, 0 of them otherwise" in ran.stdout, ran.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "wants ids or addresses"),
        (("demo:1", "--reason", "x"), "--mode is hide or erase"),
        (("demo:1", "--mode", "burn", "--reason", "x"), "--mode is hide or erase"),
        (("demo:1", "--mode", "hide"), "wants --reason"),
        (("demo:1", "--mode", "erase", "--reason", " "), "wants --reason"),
        (("demo:1", "--mode", "erase", "--reason", "x"), "has no article demo:1"),
        (("https://courier.example/2026/03/01/a-1", "--mode", "erase", "--reason", "x"), "has no article https://courier"),
    ],
)
def test_what_cannot_be_meant_is_one_line(tmp_path, arguments, says):
    Archive(tmp_path / "archive.db").close()
    done = command("withdraw", *arguments, "-s", f"ARCHIVE_DIR={tmp_path}")
    assert done.returncode == 2 and says in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_backup_of_the_first_schema_is_cleaned_as_well(tmp_path):
    archive = Archive(filled(tmp_path / "archive.db", 30), older=True)
    backup = migrate(archive)
    assert _has(backup.read_bytes(), b"the text of article 7.")
    archive.withdrawals.erase("demo:7", "by court order")
    assert archive.withdrawals.clean() == []
    archive.close()
    assert traces(tmp_path, "The text of article 7.") == [] and backup.exists()
    with sqlite3.connect(backup) as before:
        assert before.execute("select count(*) from article").fetchone() == (29,)
        assert before.execute("select count(*) from article_fts where article_fts match 'text'").fetchone() == (29,)
