"""What pages cost that a browser draws: time against plain HTTP, and memory of all processes over many pages.

    python bench/browser.py [--pages 500]

The same articles are crawled twice, as they are and drawn by a script, with the least delay that Scrapy holds. Memory is
the proportional set size of the crawl and all that it started, Chromium and Playwright's driver included (Linux alone).
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SERVER = """
import sys
from newsarchive.demo.faults.browser import draw_by_script
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import DemoSite
with DemoSite(DemoPages(Newsroom(int(sys.argv[1])))) as site:
    if sys.argv[2] == "drawn":
        draw_by_script(site)
    print(site.url, flush=True)
    sys.stdin.read()
"""
SPAN = ("-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")
FAST = ("-s", "DOWNLOAD_DELAY=0.0001", "-s", "LOG_LEVEL=WARNING")
STEPS = 5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=500)
    pages = parser.parse_args().pages
    work = Path(tempfile.mkdtemp())
    try:
        plain = crawl(pages, "plain", work / "plain")
        drawn = crawl(pages, "drawn", work / "drawn", "-s", "PLAYWRIGHT=1")
    finally:
        shutil.rmtree(work)
    print(f"{drawn.articles} articles drawn in {drawn.wall:.0f} s, {drawn.wall / drawn.articles:.2f} s each")
    print(f"browser / plain HTTP, wall {drawn.wall / plain.wall:.0f}, CPU {drawn.cpu / plain.cpu:.0f}")
    print(f"plain: at most {max(mb for _, mb, _ in plain.samples):.0f} MB")
    for n in range(STEPS):
        part = [
            (mb, processes) for had, mb, processes in drawn.samples if n * pages // STEPS <= had <= (n + 1) * pages // STEPS and had
        ]
        if part:
            mean = sum(mb for mb, _ in part) / len(part)
            print(
                f"pages {n * pages // STEPS:4} to {(n + 1) * pages // STEPS:4}: {mean:.0f} MB,"
                f" at most {max(mb for mb, _ in part):.0f} MB in {max(processes for _, processes in part)} processes"
            )


class Measured:
    """What a crawl took: seconds, articles, and samples of articles so far, megabytes and processes."""

    def __init__(self):
        self.wall = self.cpu = 0.0
        self.articles = 0
        self.samples: list[tuple[int, float, int]] = []


def crawl(pages: int, kind: str, folder: Path, *arguments: str) -> Measured:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(pages), kind],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip()
        measured = Measured()
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        log = folder.with_suffix(".log")
        with open(log, "wb") as errors:
            base = ["crawl", "demo", "-a", f"base_url={url}", "-s", f"ARCHIVE_DIR={folder}"]
            command = [sys.executable, "-m", "scrapy", *base, *SPAN, *FAST, *arguments]
            process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=errors)
            while process.poll() is None:
                megabytes, processes = memory_of_tree(process.pid)
                measured.samples.append((count(folder), megabytes, processes))
                time.sleep(0.5)
        measured.wall = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        measured.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        measured.articles = count(folder)
        if process.returncode or measured.articles < pages - 1:
            raise SystemExit(f"{measured.articles} articles of {pages - 1}:\n{log.read_text()[-2000:]}")
        return measured
    finally:
        server.stdin.close()
        server.wait()


def count(folder: Path) -> int:
    """How many articles are stored."""
    if not (folder / "archive.db").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{folder / 'archive.db'}?mode=ro", uri=True)) as db:
            return db.execute("select count(*) from article").fetchone()[0]
    except sqlite3.OperationalError:  # it is just being made
        return 0


def memory_of_tree(root: int) -> tuple[float, int]:
    """Megabytes and number of the process ``root`` and all below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it is gone
                continue
    tree = {root}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    kilobytes = 0
    for pid in tree:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        kilobytes += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return kilobytes / 1024, len(tree)


if __name__ == "__main__":
    main()
