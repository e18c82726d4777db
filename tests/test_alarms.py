"""Alarms: quiet when all is as usual, each trouble by its own name, begun and ended once, and told."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from conftest import PROJECT, command
from simulated import MONDAY, SECTIONS, SimulatedSite, check_week_of_troubles, false_alarms_of_a_quiet_year
from test_trouble import small_disk

from newsarchive.demo.server import Answer


@pytest.mark.parametrize("seed", [0, 9, 13])
def test_each_trouble_of_a_week_raises_its_alarm_and_no_other(tmp_path, seed):
    check_week_of_troubles(tmp_path, seed)


def test_a_quiet_year_with_holidays_is_quiet(tmp_path):
    assert len(false_alarms_of_a_quiet_year(tmp_path, seed=7, hours=24)) <= 2


@pytest.fixture(scope="module")
def five_weeks(tmp_path_factory):
    site = SimulatedSite(tmp_path_factory.mktemp("five-weeks") / "archive.db", seed=3, hours=4)
    site.run(MONDAY + timedelta(weeks=5, hours=8))
    assert site.alarms() == []
    yield site
    site.close()


@pytest.fixture
def simulated(five_weeks, tmp_path):
    """A site with a history of five weeks, now in the middle of a Monday."""
    site = five_weeks.copy(tmp_path / "archive.db")
    yield site
    site.close()


def days(site: SimulatedSite, number: float) -> list[tuple]:
    """The alarms after so many more days: kind, subject, and whether it is over."""
    site.run(site.now + timedelta(days=number))
    return [(kind, subject, ended is not None) for kind, subject, _, ended in site.alarms()]


def reasons(site: SimulatedSite) -> list[str]:
    return [alarm.reason for alarm in site.archive.alarms.all()]


def test_far_fewer_articles_than_usual_are_an_alarm_until_they_come_again(simulated):
    simulated.busy = 0.03
    assert days(simulated, 3) == [("few_articles", "simulated", False)]
    assert re.fullmatch(
        r"\d new articles in the last \d+ hours; [\d.]+ are usual at this hour of a \w+day, in \d weeks", reasons(simulated)[0]
    )
    simulated.busy = 1
    assert days(simulated, 3) == [("few_articles", "simulated", True)]


def test_listings_that_show_no_article_at_all_are_an_alarm(simulated):
    simulated.empty = set(SECTIONS)
    assert days(simulated, 0.5) == [("no_articles", "source=sections", False)]
    simulated.empty = set()
    assert days(simulated, 0.5) == [("no_articles", "source=sections", True)]


def test_a_section_that_is_empty_is_an_alarm_until_nobody_expects_it(simulated):
    simulated.empty = {"science"}
    assert days(simulated, 27) == [("section", "science", False)]
    assert "https://news.example/science/ shows no article" in reasons(simulated)[0]
    assert days(simulated, 3) == [("section", "science", True)]


def test_a_disk_that_fills_is_an_alarm_before_it_is_full(simulated):
    simulated.eaten = 12 * 10**10
    assert days(simulated, 2) == []
    assert days(simulated, 3) == [("disk", "archive", False)]
    assert re.fullmatch(r"[\d.]+ GB are free, which lasts [\d.]+ days at the pace of the last week", reasons(simulated)[0])
    simulated.free, simulated.eaten = 10**12, 0
    assert days(simulated, 9) == [("disk", "archive", True)]


def test_a_listing_that_is_never_walked_whole_is_an_alarm(simulated):
    simulated.endless = {"archive of 1912"}
    assert ("never_whole", "sections archive of 1912", False) in days(simulated, 1)


def test_a_gap_that_the_next_walk_leaves_open_is_an_alarm(simulated):
    simulated.endless = {"world"}
    assert days(simulated, 0.1) == []
    assert days(simulated, 0.2) == [("gap", "sections world", False)]
    simulated.endless = set()
    assert days(simulated, 0.2) == [("gap", "sections world", True)]


def test_a_crawl_that_died_is_an_alarm_until_its_task_is_done(simulated):
    crawls = simulated.archive.crawls
    for arguments in ({"source": "feed"}, {"source": "sections", "since": "2026-02-01"}):
        crawl = crawls.begin("simulated", arguments)
        simulated.archive.db.execute("update crawl set process = '1:gone' where id = ?", (crawl,))
    simulated.now += timedelta(minutes=1)
    printed = command("report", "alarms", "-s", f"ARCHIVE_DIR={simulated.archive.path.parent}")
    assert printed.returncode == 1 and printed.stdout.count("not ended") == 2, printed.stdout
    # The task without its days was done since; that of the feed was not.
    assert days(simulated, 0.2) == [("not_ended", "source=feed", False)]
    crawls.end(crawls.begin("simulated", {"source": "feed", "_job": "x"}), "finished", {})
    assert days(simulated, 0.2) == [("not_ended", "source=feed", True)]
    printed = command("report", "alarms", "-s", f"ARCHIVE_DIR={simulated.archive.path.parent}")
    assert printed.returncode == 0 and "No alarm is on." in printed.stdout


def test_pages_in_which_our_reading_finds_no_headline_are_an_alarm(simulated):
    simulated.unread = "headline"
    assert days(simulated, 0.5) == [("unread", "headline", False)]
    assert re.search(r"\d+ of \d+ pages had no headline. Mend the rule", reasons(simulated)[0])


class Webhook:
    """Takes what is posted to it."""

    def __init__(self):
        self.posted: list[dict] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.posted.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


@pytest.fixture
def webhook():
    hook = Webhook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


def test_alarms_are_told_once_when_they_begin_and_once_when_they_end(play, tmp_path, webhook):
    down = []
    site = play(stories=60, override=lambda path: Answer(b"", status=500) if down else None)
    told = tmp_path / "told.jsonl"
    keep = f"{sys.executable} -c \"import sys; open('{told}', 'a').write(sys.stdin.read() + chr(10))\""

    def run() -> subprocess.CompletedProcess:
        options = (
            "ARCHIVE_DIR=" + str(tmp_path / "archive"),
            "DOWNLOAD_DELAY=0.002",
            "ALARM_COMMAND=" + keep,
            "ALARM_WEBHOOK=" + webhook.url,
        )
        settings = [word for option in options for word in ("-s", option)]
        return command("run", "demo", "-a", f"base_url={site.url}", "-a", "source=feed", "-a", "max_articles=5", *settings)

    assert run().returncode == 0
    down.append(True)
    webhook.status = 503
    done = run()
    assert done.returncode == 6 and "An alarm could not be sent (HTTP Error 503" in done.stderr
    webhook.status = 200
    assert [run().returncode, run().returncode] == [6, 6]
    down.clear()
    assert [run().returncode, run().returncode] == [0, 0]
    assert [(message["event"], message["kind"], message["site"]) for message in webhook.posted] == [
        ("begin", "down", "demo"),
        ("end", "down", "demo"),
    ]
    assert "demo: down (demo): none of 2 requests came to anything (2 HTTP 500); robots.txt: HTTP 500" in webhook.posted[0]["text"]
    # What the webhook did not take is told the command again.
    assert [json.loads(line)["event"] for line in told.read_text().splitlines()] == ["begin", "begin", "end"]


def run_status(site, folder, *arguments: str) -> int:
    base = ("-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={folder}", "-s", "DOWNLOAD_DELAY=0.002")
    return command("run", "demo", *base, *arguments).returncode


def test_the_exit_status_tells_how_a_crawl_ended(play, tmp_path):
    empty = play(stories=60, override=lambda path: Answer(b"<rss version='2.0'/>", "text/xml") if path == "/feed.xml" else None)
    site, folder = play(stories=60), tmp_path / "archive"
    assert run_status(site, folder, "-a", "source=feed") == 0
    assert run_status(site, folder, "-a", "since=tomorrow-ish") == 2
    assert run_status(site, folder, "-a", "source=feed", "-s", "ALARM_DISK_BYTES=1e15") == 3
    assert run_status(site, folder, "-a", "section=no such section") == 4
    assert run_status(empty, tmp_path / "empty", "-a", "source=feed") == 5
    with small_disk(tmp_path / "small", 300_000) as limit:
        if not limit:  # where nothing can be mounted, a full disk has its own test
            assert run_status(site, tmp_path / "small") == 7
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "archive.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert run_status(site, tmp_path / "damaged") == 2


def test_where_alarms_cannot_be_sent_is_said_before_a_crawl_begins(tmp_path):
    for setting, says in (
        ("ALARM_COMMAND=nosuchprogram --x", "there is no program 'nosuchprogram'"),
        ("ALARM_COMMAND=mail 'x", "is no command"),
        ("ALARM_WEBHOOK=hooks.example/x", "must be an http or https address"),
        ("METRICS_PATH=/nowhere/x.txt", "ends with .prom"),
    ):
        done = command("crawl", "demo", "-s", setting, "-s", f"ARCHIVE_DIR={tmp_path}")
        assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_metrics_are_written_for_prometheus(play, crawl, tmp_path):
    from prometheus_client.parser import text_string_to_metric_families

    site = play(stories=60)
    crawl(site, "-a", "source=feed", "-s", f"METRICS_PATH={tmp_path}")
    (path,) = tmp_path.glob("*.prom")
    assert path.name == "newsarchive-demo.prom"
    samples = {(s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(path.read_text()) for s in f.samples}
    assert samples["newsarchive_pages", "demo", "stored"] == samples["newsarchive_crawl_stat", "demo", "archive/article/new"]
    assert samples["newsarchive_pages", "demo", "gone"] == 1
    assert samples["newsarchive_crawl_running", "demo"] == 0
    assert any(key[0] == "newsarchive_crawl_end_timestamp_seconds" and "finished" in key for key in samples)


def on_a_terminal(*arguments: str, **options) -> str:
    """What ``scrapy`` shows on a terminal."""
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments], cwd=PROJECT, env=environment, stderr=other, stdout=other
    )
    os.close(other)
    shown = b""
    while True:
        try:
            more = os.read(main, 65536)
        except OSError:  # so Linux says that nobody has it open any more
            break
        if not more:
            break
        shown += more
    process.wait(timeout=60)
    os.close(main)
    return shown.decode()


def test_a_terminal_shows_a_live_line_and_whole_log_lines(play, tmp_path):
    site = play(stories=200)
    base = ("crawl", "demo", "-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={tmp_path}", "-s", "DOWNLOAD_DELAY=0.01")
    shown = on_a_terminal(*base)
    assert re.search(r"\d+ listings · \d+ found · \d+ new · 0 edited · 0 unchanged · \d+ owed · \d+/min · back to 2026-03", shown)
    assert shown.rstrip().endswith("[scrapy.core.engine] INFO: Spider closed (finished)")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1, "the cursor is not there again"
    assert command(*base).stderr.count("listings ·") == 0
    assert "listings ·" not in on_a_terminal(*base, "--logfile", str(tmp_path / "log"))
