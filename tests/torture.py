"""Kills a crawl again and again, goes on with the same command, and compares what it kept with the truth.

``python tests/torture.py --kills 200`` kills at random moments, ``--sweep 25`` at every 25th write or fsync (with strace).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import DemoSite
from newsarchive.settings import CONCURRENT_REQUESTS
from newsarchive.store.archive import Archive
from newsarchive.store.reports import coverage

PROJECT = Path(__file__).parents[1]
ARGUMENTS = ("source=sections,days", "since=2026-03-01", "until=2026-03-12")


class Torture:
    """One archive of one demo site, until it is complete."""

    def __init__(self, folder: Path, stories: int, delay: float = 0.005):
        self.folder, self.delay, self.kills = folder, delay, 0
        self.at_request: tuple[int, subprocess.Popen] | None = None
        self.site = DemoSite(DemoPages(Newsroom(stories)), self._kill_here)
        self.stored: list[tuple[int, set[str]]] = []
        """After each kill: requests so far, and addresses that were stored."""

    def _kill_here(self, path: str) -> None:
        if self.at_request and len(self.site.requests) >= self.at_request[0]:
            self._kill(self.at_request[1])

    @staticmethod
    def _kill(process: subprocess.Popen) -> None:
        process.send_signal(signal.SIGKILL)

    def start(self, *before: str) -> subprocess.Popen:
        settings = (
            f"ARCHIVE_DIR={self.folder}",
            f"JSONLINES_PATH={self.folder}/articles.jsonl",
            f"DOWNLOAD_DELAY={self.delay}",
            "HEARTBEAT_SECONDS=0.2",
        )
        return subprocess.Popen(
            [
                *(*before, sys.executable, "-m", "scrapy", "crawl", "demo", "-a", f"base_url={self.site.url}"),
                *(word for argument in ARGUMENTS for word in ("-a", argument)),
                *(word for setting in settings for word in ("-s", setting)),
            ],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )

    def end(self, process: subprocess.Popen) -> bool:
        """Wait for ``process``; tell whether it was killed."""
        log = process.communicate(timeout=120)[1]
        self.at_request = None
        if process.returncode == 0:
            return False
        assert process.returncode == -signal.SIGKILL, log
        self.kills += 1
        if (self.folder / "archive.db").exists():
            with self.archive() as archive:
                urls = archive.db.execute("select a.url from alias a join page p on p.id = a.page where p.state = 'stored'")
                self.stored.append((len(self.site.requests), {url for (url,) in urls}))
        return True

    def round(self, dice: random.Random) -> bool:
        """Crawl, and kill it by a number of requests or a time; tell whether the kill came before the end."""
        process = self.start()
        if dice.random() < 0.7:
            self.at_request = (len(self.site.requests) + dice.randint(1, 30), process)
            return self.end(process)
        timer = threading.Timer(dice.uniform(0.3, 2.5), self._kill, [process])
        timer.start()
        try:
            return self.end(process)
        finally:
            timer.cancel()

    @contextmanager
    def archive(self):
        archive = Archive(self.folder / "archive.db")
        try:
            yield archive
        finally:
            archive.close()

    def check(self) -> None:
        """The crawl has ended by itself: all must be there, once."""
        pages, requests = self.site.pages, self.site.requests
        truth = {str(story.number): pages.expected(story) for story in pages.newsroom.all() if not story.missing}
        with self.archive() as archive:
            db = archive.db
            assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
            keys = Counter(key for (key,) in db.execute("select key from article"))
            assert keys == dict.fromkeys(truth, 1), keys
            for key, expected in truth.items():
                article = archive.articles.get(f"demo:{key}")
                assert article.headline == expected["headline"] and article.text == expected["text"], key
            assert not db.execute("select count(*) from revision").fetchone()[0]
            (report,) = coverage(archive)
            assert report["complete"], report["missing"]
            states = Counter(state for (state,) in db.execute("select state from page"))
            assert set(states) <= {"stored", "gone"}, states
        lines = [json.loads(line) for line in (self.folder / "articles.jsonl").read_bytes().splitlines()]
        assert Counter(line["key"] for line in lines) == dict.fromkeys(truth, 1), "JSON Lines"
        for path in (self.folder / "warc").iterdir():
            assert path.name.endswith(".warc.gz"), path
            whole_gzip(path)
        asked = [path for path in requests if pages.number(path)]
        # In flight is what was asked and is not on the disk yet: a slow fsync keeps some answers that came.
        repeated = len(asked) - len(set(asked))
        assert repeated <= 2 * CONCURRENT_REQUESTS * self.kills, f"{repeated} requests were repeated after {self.kills} kills"
        for place, stored in self.stored:
            again = {pages.url(path) for path in requests[place:]} & stored
            assert not again, f"asked again though stored: {again}"


def whole_gzip(path: Path) -> None:
    """Raise when a file is not whole gzip members from its first to its last byte, as ``gzip -t`` does."""
    data = path.read_bytes()
    while data:
        member = zlib.decompressobj(wbits=31)
        member.decompress(data)
        assert member.eof, f"{path} is torn"
        data = member.unused_data


def torture(folder: Path, kills: int, seed: int, stories: int = 150) -> int:
    """Kill crawls ``kills`` times in all at random moments; return how many archives that took."""
    print(f"seed {seed}")
    dice = random.Random(seed)
    had = archives = 0
    while had < kills:
        archives += 1
        one = Torture(folder / str(archives), stories)
        with one.site:
            while had < kills and one.round(dice):
                had += 1
            if had == kills:
                process = one.start()
                assert not one.end(process)
            one.check()
        shutil.rmtree(one.folder)
        print(f"archive {archives}: {one.kills} kills, {len(one.site.requests)} requests, whole", flush=True)
    return archives


def sweep(folder: Path, step: int, stories: int = 36) -> int:
    """Kill a crawl at its ``step``-th write or fsync, at twice that, and so on to its end; return how many kills that were."""
    kills, n = 0, step
    calls = "write,pwrite64,fsync,fdatasync"
    while True:
        one = Torture(folder / str(n), stories)
        with one.site:
            strace = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}")
            killed = one.end(one.start(*strace, "-e", f"inject={calls}:signal=KILL:when={n}"))
            kills += killed
            if killed:
                assert not one.end(one.start())
            one.check()
        shutil.rmtree(one.folder)
        print(f"call {n}: {'killed' if killed else 'not reached'}, whole", flush=True)
        if not killed:
            return kills
        n += step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--sweep", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.kills:
            print(f"{given.kills} kills, {torture(Path(folder), given.kills, given.seed)} archives, all whole")
        if given.sweep:
            print(f"{sweep(Path(folder), given.sweep)} kills, one at every {given.sweep}th write or fsync, all whole")


if __name__ == "__main__":
    main()
