"""Which crawls are at work."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from conftest import PROJECT
from test_archive import Clock

from newsarchive.store.archive import Archive

BEGIN = """
import sys
from newsarchive.store.archive import Archive

Archive(sys.argv[1]).crawls.begin("news", {})
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path / "archive.db", clock=Clock())
    yield archive
    archive.close()


def test_a_crawl_that_was_killed_is_dead_before_its_parent_asks_for_it(archive):
    """Below a container's first process nobody may ever ask."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN, str(archive.path)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(PROJECT)},
    )
    with process:
        assert process.stdout.readline() == b"begun\n"
        assert archive.crawls.live() == [1]
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        assert archive.crawls.live() == []


def process_of(archive, crawl: int) -> list[str]:
    return archive.db.execute("select process from crawl where id = ?", (crawl,)).fetchone()[0].split(":")


def put_process(archive, crawl: int, *parts: str) -> None:
    archive.db.execute("update crawl set process = ? where id = ?", (":".join(parts), crawl))


def test_a_crawl_in_another_container_with_this_host_name_lives_as_long_as_it_says_so(archive):
    crawl = archive.crawls.begin("news", {})
    _pid, start, boot, namespace = process_of(archive, crawl)
    put_process(archive, crawl, "999999999", start, boot, f"{namespace}1")
    assert archive.crawls.live() == [crawl]
    archive._clock.now += timedelta(minutes=2)
    assert archive.crawls.live() == []


def test_a_crawl_of_before_the_machine_was_started_again_is_dead_at_once(archive):
    crawl = archive.crawls.begin("news", {})
    pid, start, _boot, namespace = process_of(archive, crawl)
    put_process(archive, crawl, pid, start, "another", namespace)
    assert archive.crawls.live() == []


def test_the_row_of_an_earlier_version_is_known_by_process_and_start(archive):
    crawl = archive.crawls.begin("news", {})
    pid, start, *_ = process_of(archive, crawl)
    put_process(archive, crawl, pid, start)
    assert archive.crawls.live() == [crawl]
    put_process(archive, crawl, pid, f"{start}1")
    assert archive.crawls.live() == []


@pytest.mark.parametrize(("seconds", "left"), [(300, False), (20, True)])
def test_a_clock_that_was_set_back_keeps_no_host_waiting(archive, seconds, left):
    """A host's turn of five minutes ahead was within the longest pause, and waited for."""
    archive.crawls.begin("news", {})
    archive.hosts.pause("news.example", 100)
    archive._clock.now -= timedelta(seconds=seconds)
    archive.crawls.begin("news", {})
    assert bool(archive.hosts.take_turn("news.example", 1, 600).left) is left
