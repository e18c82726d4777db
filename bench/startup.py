"""What a crawl costs before its first request, and after its last: whole processes in turns, medians of pairs.

    python bench/startup.py [--pairs 11]

A server on this machine answers one article page and notes when it is first asked. In turns crawl that page: a bare spider
outside of the project, the same inside of it, and newsarchive's sites. The process begins when it is started by the system,
so that Python's own start and all imports count. CPU is that of the whole process, the end of the crawl included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from reference_pages import ReferencePages  # noqa: E402

from newsarchive.demo.newsroom import Newsroom  # noqa: E402
from newsarchive.demo.pages import DemoPages  # noqa: E402
from newsarchive.demo.server import DemoSite  # noqa: E402

# As the project has them, where they cost or save something at the start.
BARE = ("COOKIES_ENABLED=0", "TELNETCONSOLE_ENABLED=0", "REMOTE_CONTROL_ENABLED=0", "ROBOTSTXT_OBEY=1", "METAREFRESH_ENABLED=0")


@dataclass
class Start:
    """What a crawl of one page took, in milliseconds."""

    first: float
    """On the wall, from the start of the process to its first request."""

    first_cpu: float
    """Of CPU, until then."""

    wall: float
    cpu: float
    """Until the process ended."""


class Asked:
    """Notes when a site is asked for the first time, and what ``process`` had used of the CPU by then."""

    def __init__(self):
        self.process: subprocess.Popen | None = None
        self.at = self.cpu = 0.0

    def __call__(self, path: str) -> None:
        if not self.at:
            self.at = time.monotonic()
            # The clock of another process: clock_getcpuclockid(3) has it so on Linux, and Python has no name for it.
            self.cpu = time.clock_gettime(~self.process.pid << 3 | 2)


def start(asked: Asked, *arguments: str, cwd: Path) -> Start:
    """Run ``scrapy`` with ``arguments``."""
    asked.at = 0.0
    settings = ("DOWNLOAD_DELAY=0.0001", "DOWNLOAD_DELAY_JITTER=0", "LOG_LEVEL=WARNING")
    began = time.monotonic()
    process = asked.process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments, *(word for setting in settings for word in ("-s", setting))],
        cwd=cwd,
        # With byte code, which Python writes at the first run.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    ended = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not asked.at:
        raise SystemExit(f"scrapy {' '.join(arguments)} ended with {process.returncode}; first request: {asked.at}")
    used = 1000 * (used.ru_utime + used.ru_stime)
    return Start(1000 * (asked.at - began), 1000 * asked.cpu, 1000 * (ended - began), used)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=11)
    options = parser.parse_args()
    asked = Asked()
    with (
        tempfile.TemporaryDirectory() as folder,
        DemoSite(DemoPages(Newsroom(40)), asked) as demo,
        DemoSite(ReferencePages(Newsroom(40)), asked) as sputnik,
    ):
        work = Path(folder)
        addresses = {}
        for site in (demo, sputnik):
            story = next(story for story in site.pages.newsroom.all() if not story.missing and not story.canonical)
            path = site.pages.path(story)
            addresses[site] = work / f"{site.pages.site}.txt"
            addresses[site].write_text(f"https://{site.pages.host}{path}\n")
            if site is sputnik:
                (work / "bare.txt").write_text(f"{site.url}{path}\n")

        def bare(cwd: Path, *more: str) -> Start:
            return start(
                asked, "runspider", str(PROJECT / "bench/bare_spider.py"), "-a", f"urls={work / 'bare.txt'}", *more, cwd=cwd
            )

        number = iter(range(10**6))

        def ours(site: DemoSite, *more: str) -> Start:
            return start(
                asked,
                *("crawl", site.pages.site, "-a", f"base_url={site.url}", "-a", f"urls={addresses[site]}"),
                *("-s", f"ARCHIVE_DIR={work / str(next(number))}", *more),
                cwd=PROJECT,
            )

        plain = [word for setting in BARE for word in ("-s", setting)]
        kinds = {
            "bare Scrapy": lambda: bare(work, *plain),
            "bare Scrapy, in the project": lambda: bare(PROJECT, "-s", "ADDONS={}"),
            "newsarchive, sputnik": lambda: ours(sputnik),
            "newsarchive, demo": lambda: ours(demo),
        }
        found: dict[str, list[Start]] = {kind: [] for kind in kinds}
        for kind in kinds:  # compiles what is not compiled yet
            kinds[kind]()
        for _ in range(options.pairs):
            for kind, run in kinds.items():
                found[kind].append(run())
    print(f"A crawl of one page, {options.pairs} pairs, medians in ms; in brackets the ratio to bare Scrapy of the same pair\n")
    print(f"| {'':27} | to first request | its CPU | CPU of all | wall of all |")
    print("| --- | --- | --- | --- | --- |")
    for kind, runs in found.items():
        cells = []
        for name in ("first", "first_cpu", "cpu", "wall"):
            pairs = [(getattr(bare, name), getattr(run, name)) for bare, run in zip(found["bare Scrapy"], runs, strict=True)]
            ratio = statistics.median(took / least for least, took in pairs)
            cells.append(f"{statistics.median(took for _, took in pairs):.0f} ({ratio:.2f})")
        print(f"| {kind:27} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
