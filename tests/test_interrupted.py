"""Crawls that are stopped or killed, and the same command again."""

from __future__ import annotations

import re
import resource
import signal
import sqlite3
import threading
import time

import pytest
from conftest import assert_true
from forked import Forked, forks

from newsarchive.demo.faults import FAULTS
from newsarchive.demo.server import Asked

ARGUMENTS = ("-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")


def start(site, folder, *arguments: str, delay: str = "0.01", limit: tuple[int, ...] = ()) -> Forked:
    """``limit`` is the size in bytes, soft and hard, of which a file may be."""
    process = forks().start(
        [
            *("crawl", "demo", "-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={folder}", "-s", f"DOWNLOAD_DELAY={delay}"),
            *ARGUMENTS,
            *arguments,
        ]
    )
    if limit:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)
    return process


def stop_at(site, process: Forked, requests: int, how: signal.Signals) -> str:
    """Send ``how`` once the site was asked so often, and return the log."""
    site.at_request = (requests, lambda: process.send_signal(how))
    return process.communicate(timeout=120)[1]


@pytest.fixture
def counting(play):
    """A demo site that calls ``at_request[1]`` when it is asked for the ``at_request[0]``-th time."""

    def count(path):
        if site.at_request and len(site.requests) >= site.at_request[0]:
            (_, call), site.at_request = site.at_request, None
            call()

    site = play(override=count, stories=200)
    site.at_request = None
    return site


def test_after_a_hard_kill_the_same_command_finishes(counting, crawl, tmp_path):
    site, folder = counting, tmp_path / "archive"
    stop_at(site, start(site, folder), 90, signal.SIGKILL)
    killed = len([path for path in site.requests if site.pages.number(path)])
    assert 0 < killed < 200
    done = crawl(site, *ARGUMENTS, folder=folder)
    assert done.code == 0
    stories = [s for s in site.pages.newsroom.all() if not s.missing]
    articles = done.articles()
    assert set(articles) == {str(s.number) for s in stories}
    for story in stories:
        assert_true(articles[str(story.number)], site.pages.expected(story))
    asked = [path for path in site.requests if site.pages.number(path)]
    # In flight, or answered and not on the disk yet.
    assert len(asked) - len(set(asked)) <= 16, "more than the requests in flight were repeated"
    assert done.rows("select count(*) from page where state not in ('stored', 'gone')") == [(0,)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_clean_and_says_how_to_go_on(counting, crawl, tmp_path, how):
    site, folder = counting, tmp_path / "archive"
    process = start(site, folder)
    log = stop_at(site, process, 60, how)
    assert process.returncode == 0
    owed = re.search(r"Stopped \(shutdown\): (\d+) articles are owed\. The same command goes on from here\.", log)
    assert owed, log
    first = crawl(site, "-a", "urls=-", folder=folder)  # nothing to do, but it opens the archive
    assert first.rows("select count(*) from page where state = 'waiting'") == [(int(owed[1]),)]
    assert first.rows("select count(*) from page where lease_by is not null") == [(0,)]
    assert first.rows("select reason from crawl where id = 1") == [("shutdown",)]
    done = crawl(site, *ARGUMENTS, folder=folder)
    assert done.rows("select count(*) from page where state = 'stored'") == [(199,)]
    asked = [path for path in site.requests if site.pages.number(path)]
    assert len(asked) == len(set(asked)) == 200


def test_a_walk_that_was_stopped_is_not_met_by_the_next(counting, crawl, tmp_path):
    site, folder = counting, tmp_path / "archive"
    where = ("-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={folder}", "-s", "DOWNLOAD_DELAY=0.01")
    process = forks().start(["crawl", "demo", *where, "-a", "section=world"])
    stop_at(site, process, 10, signal.SIGKILL)
    done = crawl(site, "-a", "section=world", folder=folder)
    assert done.rows('select "end" from listing order by id') == [("stopped",), ("exhausted",)]
    assert done.rows("select count(*) from page where state = 'waiting'") == [(0,)]


def test_a_stop_does_not_wait_for_a_long_delay(counting, crawl, tmp_path):
    """Neither pages nor pictures that wait for their turn are asked any more, nor do they wait for it in the next crawl."""
    site, folder = counting, tmp_path / "archive"
    pictures = ("-s", "KEEP_IMAGES=True")
    crawl(site, "-a", "section=world", "-a", "max_articles=5", folder=folder)
    site.pages.robots = "User-agent: *\nCrawl-delay: 120\n"
    process = start(site, folder, *pictures)
    begun = []
    site.at_request = (len(site.requests) + 1, lambda: (begun.append(time.monotonic()), process.send_signal(signal.SIGTERM)))
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 0 and time.monotonic() - begun[0] < 20
    assert "Traceback" not in log and "ERROR" not in log
    site.pages.robots = ""
    done = crawl(site, *ARGUMENTS, *pictures, folder=folder)
    assert done.rows("select count(*) from page where state = 'stored'") == [(199,)]
    assert done.rows("select distinct state from image_file") == [("stored",)]


def test_a_walk_that_was_stopped_goes_on_where_it_was(counting, crawl, tmp_path):
    """Only its top is asked again, where there may be news, and the last chunk, into which what was below may have moved."""
    site, folder = counting, tmp_path / "archive"
    more = len(site.pages.listed("world")) // 20
    crawl(site, "-a", "section=world", "-s", f"LISTING_MAX_PAGES={more}", folder=folder)
    first, site.requests[:] = list(site.requests), []
    done = crawl(site, "-a", "section=world", folder=folder)
    listings = [path for path in site.requests if site.pages.section(path)]
    last = [path for path in first if site.pages.section(path)][-1]
    assert done.rows('select "end", covers from listing order by id') == [("bound", None), ("exhausted", "")]
    assert not done.rows("select 1 from gap where closed_at is null")
    assert [path for path in listings if path in first] == ["/world/", last]
    sighted = {key for (key,) in done.rows("select key from page")}
    assert sighted >= {str(story.number) for story in site.pages.listed("world")}


def test_a_jobdir_neither_loses_nor_doubles(counting, crawl, tmp_path):
    site, folder = counting, tmp_path / "archive"
    jobdir = ("-s", f"JOBDIR={tmp_path / 'job'}")
    stop_at(site, start(site, folder, *jobdir), 60, signal.SIGTERM)
    done = crawl(site, *ARGUMENTS, *jobdir, folder=folder)
    assert done.rows("select count(*) from page where state = 'stored'") == [(199,)]
    asked = [path for path in site.requests if site.pages.number(path)]
    assert len(asked) == len(set(asked)) == 200


@pytest.mark.parametrize("slow", ["silence", "drip", "locked"])
def test_a_stop_ends_in_seconds_whatever_the_crawl_waits_for(play, tmp_path, slow):
    """A server that does not answer, or an archive that another program holds, held it for a minute."""
    folder, begun, programs = tmp_path / "archive", [], []

    def answer(path):
        if begun or not (path == "/robots.txt" if slow == "silence" else site.pages.number(path)):
            return None
        begun.append(time.monotonic())
        threading.Timer(1, process.send_signal, [signal.SIGTERM]).start()
        if slow == "locked":
            programs.append(sqlite3.connect(folder / "archive.db", isolation_level=None, check_same_thread=False, timeout=20))
            programs[0].execute("begin immediate")
            return None
        return FAULTS[slow](Asked(site, path, site.answer(path), 1))

    site = play(override=answer, stories=40)
    process = start(site, folder)
    log = process.communicate(timeout=120)[1]
    took = time.monotonic() - begun[0]
    for db in programs:
        db.close()
    assert process.returncode == 0 and took < 20, f"{took} {log}"
    assert "Traceback" not in log and ("ERROR" not in log or slow == "locked"), log
