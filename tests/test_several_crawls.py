"""Several crawls on one archive at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from conftest import PROJECT

from newsarchive.settings import CONCURRENT_REQUESTS_PER_DOMAIN
from newsarchive.store.archive import Archive

DELAY = 0.1


def start(site, folder, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "scrapy", "crawl", "demo", "-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={folder}"),
            *("-s", f"DOWNLOAD_DELAY={DELAY}", "-s", "DOWNLOAD_DELAY_JITTER=0", *arguments),
        ],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )


def test_three_crawls_of_one_host_are_one_polite_client(play, crawl, tmp_path):
    asked: list[float] = []
    site = play(override=lambda path: asked.append(time.monotonic()), stories=50)
    folder = tmp_path / "archive"
    days = ("-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")
    processes = [
        start(site, folder, "-a", "section=world,science,sport"),
        start(site, folder, "-a", "source=sections"),
        start(site, folder, *days),
    ]
    logs = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], logs
    pages = [path for path in site.requests if site.pages.number(path)]
    assert len(pages) == len(set(pages)) == 50
    assert site.busiest <= CONCURRENT_REQUESTS_PER_DOMAIN
    # A busy machine sees single requests late, and then the next ones close to them; twenty in a row even that out.
    runs = [after - before for before, after in zip(asked, asked[20:], strict=False)]
    assert min(runs) > 0.5 * 20 * DELAY, sorted(runs)[:20]
    assert asked[-1] - asked[0] > 0.95 * DELAY * (len(asked) - 1)
    done = crawl(None, "-a", "urls=-", spider="demo", folder=folder)
    assert done.rows("select reason from crawl where id <= 3") == [("finished",)] * 3
    assert done.rows("select count(*) from page where state = 'stored'") == [(50,)]
    assert done.rows("select count(*) from page where state not in ('stored', 'gone') or lease_by is not null") == [(0,)]
    assert done.rows("""select count(*) from listing where "end" not in ('exhausted', 'since', 'met')""") == [(0,)]
    assert all("locked" not in log and "Traceback" not in log for log in logs)


def test_a_crawl_on_its_own_takes_no_turns(play, crawl):
    done = crawl(play(stories=60), "-a", "source=feed")
    ((begun, next_at),) = done.rows("select started_at, next_at from crawl, host where crawl.id = 1")
    assert datetime.fromisoformat(next_at) - datetime.fromisoformat(begun) < timedelta(seconds=5)
    assert done.rows("select count(*) from host") == [(1,)]
    asked = done.stats()["downloader/request_count"]
    assert asked > 40


def test_turns_are_given_in_order_and_a_wrong_clock_s_is_not_waited_for(tmp_path):
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    archives = [Archive(tmp_path / "archive.db", clock=lambda: now[0]) for _ in range(2)]
    one, two = (archive.hosts for archive in archives)
    assert one.take_turn("news.example", 1, 600).left == 0
    assert two.take_turn("news.example", 1, 600).left == one.take_turn("news.example", 1, 600).left == 1
    now[0] += timedelta(seconds=1)
    assert two.take_turn("news.example", 1, 600).left == 0
    assert one.take_turn("news.example", 1, 600).left == 1
    one.pause("news.example", 60)
    one.pause("news.example", 5)
    assert two.take_turn("news.example", 1, 600).left == 60
    now[0] -= timedelta(days=1)
    assert two.take_turn("news.example", 1, 600).left == 0
    assert one.take_turn("news.example", 1, 600).left == 1
    for archive in archives:
        archive.close()


def test_other_crawls_are_noticed_at_once(tmp_path):
    archives = [Archive(tmp_path / "archive.db") for _ in range(2)]
    first = archives[0].crawls.begin("demo", {})
    assert archives[0].hosts.others(first) == 0
    second = archives[1].crawls.begin("demo", {})
    assert archives[0].hosts.others(first) == archives[1].hosts.others(second) == 1
    for archive in archives:
        archive.close()
