from __future__ import annotations

import re
import signal
import time
from datetime import UTC, datetime

import pytest
from scrapy.http import Response
from test_interrupted import start

from newsarchive.demo.server import Answer
from newsarchive.slowdown import retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("", None),
        ("9" * 400, 999_999_999),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(said, seconds):
    assert retry_after(Response("https://news.example/", headers={"Retry-After": said}), NOW) == seconds


def test_a_crawl_that_is_stopped_does_not_wait_for_a_pause_to_end(play, crawl, tmp_path):
    """Ctrl-C ends in seconds, and what was held back waits in the archive."""
    site = play(stories=200)
    stories = [s for s in site.pages.newsroom.all() if not s.missing]
    at = site.pages.path(stories[40])
    asked = []

    def answer(path):
        if path == at:
            asked.append(time.monotonic())
            process.send_signal(signal.SIGTERM)
            return Answer(b"", status=429, headers={"Retry-After": "300"})
        return None

    site.override = answer
    process = start(site, tmp_path / "archive")
    log = process.communicate(timeout=60)[1]
    assert asked and time.monotonic() - asked[0] < 20
    assert process.returncode == 0
    assert "Traceback" not in log
    owed = int(re.search(r"Stopped \(shutdown\): (\d+) articles are owed", log)[1])
    done = crawl(site, "-a", "urls=-", folder=tmp_path / "archive")
    assert done.rows("select count(*), max(tries) from page where state = 'waiting'") == [(owed, 0)]


def test_a_429_that_does_not_say_how_long_is_given_time(play, crawl):
    site = play(stories=40)
    story = [s for s in site.pages.newsroom.all() if s.section == "world" and not s.missing][1]
    path = site.pages.path(story)
    site.override = lambda p: Answer(b"", status=429) if p == path and site.requests.count(path) == 1 else None
    done = crawl(site, "-a", "section=world", "-s", "RETRY_AFTER_MAX=1")
    assert "nothing is asked of it for 1 s" in done.log
    assert str(story.number) in done.articles()
