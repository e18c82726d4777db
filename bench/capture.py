"""What capture costs, and what replay and a second reading gain: whole processes, in turns, medians of pairs.

    python bench/capture.py [--pairs 5] [--stories 5000] [--day]

Prints a table; ``--day`` also measures the bytes of a day of crawls every 15 minutes. The site is played by a process of
its own, with the least delay that Scrapy holds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))
SERVER = """
import sys
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import DemoSite
with DemoSite(DemoPages(Newsroom(int(sys.argv[1])))) as site:
    print(site.url, flush=True)
    sys.stdin.read()
"""
SPAN = ("-a", "since=2026-03-01", "-a", "until=2026-03-12")
FAST = (
    "-s",
    "DOWNLOAD_DELAY=0.0001",
    "-s",
    "CONCURRENT_REQUESTS=16",
    "-s",
    "CONCURRENT_REQUESTS_PER_DOMAIN=16",
    "-s",
    "LOG_LEVEL=WARNING",
)


def scrapy(*arguments: str) -> tuple[float, float]:
    """Run a command; return seconds on the wall and seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    wall = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"scrapy {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def crawl(url: str, folder: Path, *arguments: str) -> tuple[float, float]:
    return scrapy("crawl", "demo", "-a", f"base_url={url}", "-s", f"ARCHIVE_DIR={folder}", *FAST, *arguments)


def articles(folder: Path) -> int:
    with sqlite3.connect(folder / "archive.db") as db:
        return db.execute("select count(*) from article").fetchone()[0]


def lines(folder: Path) -> dict[str, dict]:
    """The articles as ``scrapy export`` writes them, without what the crawl decides."""
    out = folder / "export.jsonl"
    scrapy("export", "-o", str(out), "-s", f"ARCHIVE_DIR={folder}")
    found = {}
    for line in out.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        for name in ("fetched_at", "capture"):
            article.pop(name)
        found[article["id"]] = article
    return found


def warc_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "warc").glob("*"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--stories", type=int, default=5000)
    parser.add_argument("--day", action="store_true")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(options.stories)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip()
        measure_capture(url, work, options)
        if options.day:
            measure_day(url, work)
    finally:
        server.stdin.close()
        server.wait()
        shutil.rmtree(work)


def measure_capture(url: str, work: Path, options) -> None:
    walls, cpus, rereads, replays = [], [], [], []
    for n in range(options.pairs):
        off, on, again = work / f"off{n}", work / f"on{n}", work / f"replay{n}"
        without = crawl(url, off, "-a", "source=days", *SPAN, "-s", "CAPTURE_ENABLED=0")
        kept = crawl(url, on, "-a", "source=days", *SPAN)
        count = articles(on)
        replayed = scrapy("crawl", "demo", "-a", "source=days", *SPAN, "-s", f"REPLAY={on}", "-s", f"ARCHIVE_DIR={again}", *FAST)
        if n == 0:
            assert count == articles(off) == options.stories - 1, count
            assert lines(on) == lines(again), "a replay gives other articles"
            print(f"{count} articles; WARC {warc_bytes(on) / count:,.0f} bytes an article; replay gives equal articles")
        read = scrapy("reextract", "-s", f"ARCHIVE_DIR={on}")
        walls.append(kept[0] / without[0])
        cpus.append(kept[1] / without[1])
        rereads.append(kept[0] / read[0])
        replays.append(kept[0] / replayed[0])
        print(
            f"pair {n + 1}: without {without[0]:.1f} s, with {kept[0]:.1f} s, replay {replayed[0]:.1f} s, read {read[0]:.1f} s",
            flush=True,
        )
        for folder in (off, on, again):
            shutil.rmtree(folder)
    for name, ratios in (
        ("crawl with capture / without, wall", walls),
        ("crawl with capture / without, CPU", cpus),
        ("crawl / replay, wall", replays),
        ("crawl / reextract, wall", rereads),
    ):
        print(f"{name:40} {statistics.median(ratios):.2f}  ({min(ratios):.2f} … {max(ratios):.2f}, {len(ratios)} pairs)")


def measure_day(url: str, work: Path) -> None:
    """96 crawls of the feed and two sections that do not change: what a quiet day costs beside its articles."""
    folder = work / "day"
    crawl(url, folder, "-a", "source=feed,sections", "-a", "section=world,middle east")
    before, db = warc_bytes(folder), (folder / "archive.db").stat().st_size
    for _ in range(96):
        crawl(url, folder, "-a", "source=feed,sections", "-a", "section=world,middle east")
    print(
        f"a day of 96 crawls of a feed and two sections: {warc_bytes(folder) - before:,} bytes of WARC in"
        f" {len(list((folder / 'warc').glob('*')))} files, archive.db {(folder / 'archive.db').stat().st_size - db:+,} bytes"
    )


if __name__ == "__main__":
    main()
