"""How close to the limit of the framework: whole processes in turns, medians of pairs, as ratios.

    python bench/speed.py [--pairs 5] [--pages 5000] [--peers]

A static nginx on this machine serves article pages of about 60 kB in the reference site's markup. In turns: a bare spider that
downloads them and does nothing, and newsarchive without capture and with it, all with the same delay and concurrency; ours with
a reader beside it (``READERS=1``), and once, on a part of the pages, in one process, where a core is what limits it.
``--peers``: trafilatura, newspaper4k and news-please read a part of the same addresses, out of an environment that is made once
in ``.venv-peers``.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.request import urlopen

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from extraction import peers  # noqa: E402
from reference_pages import ReferencePages  # noqa: E402
from stages import stages  # noqa: E402

from newsarchive.demo.newsroom import Newsroom, Story  # noqa: E402

PAGE_BYTES = 60_000
PEER_PAGES = 60
PART_PAGES = 600
"""For our runs in one process, once: beside a bare run on as many."""
STAGED = 500
BARE, EVERYTHING = "bare Scrapy", "everything, a reader"
SETTINGS = {
    "DOWNLOAD_DELAY": "0.0001",
    "DOWNLOAD_DELAY_JITTER": "0",
    "CONCURRENT_REQUESTS": "16",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "16",
    "LOG_LEVEL": "WARNING",
    "TELNETCONSOLE_ENABLED": "False",
}
CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx-{port}.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; gzip_static {packed}; keepalive_requests 100000; sendfile on;
  types {{ text/html html; text/plain txt; text/xml xml; }} default_type text/html; charset utf-8;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/site; }}
}}
"""


@dataclass
class Run:
    """What a process took."""

    wall: float
    cpu: float
    memory: int
    """Most resident bytes."""


def padded(html: str, story: Story) -> str:
    """Return ``html`` with as much furniture as real pages have: a script's data, and lists of links."""
    links = "".join(
        f'<li class="list__item"><a href="/2026030{n % 9 + 1}/another-story-{story.number + n}.html" title="Another">'
        f"Another story {n}</a><time>{n % 24:02}:00</time></li>"
        for n in range(160)
    )
    furniture = f'<footer class="footer"><ul class="list">{links}</ul></footer>'
    data = "x=" + "{" + ",".join(f'"key{n}":"value {n * story.number}"' for n in range(2000)) + "}"
    room = max(PAGE_BYTES - len(html) - len(furniture), 0)
    return html.replace("</body>", f"{furniture}<script>{data[:room]}</script></body>")


class StandingNewsroom(Newsroom):
    """Whose stories are put in order once: a page looks at all of them."""

    @cached_property
    def stories_in_order(self) -> list[Story]:
        return super().all()

    def all(self) -> list[Story]:
        return self.stories_in_order


def build(folder: Path, pages: int) -> list[str]:
    """Write the site's files; return the paths of its articles."""
    site = ReferencePages(StandingNewsroom(pages))
    paths = []
    for story in site.newsroom.all():
        if story.missing or story.canonical:
            continue
        path = folder / site.path(story).lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        html = padded(site.article(story), story).encode()
        path.write_bytes(html)
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(html, 6, mtime=0))
        paths.append(site.path(story))
    (folder / "robots.txt").write_text("User-agent: *\nDisallow:\n")
    return paths


def serve(folder: Path, packed: bool = False) -> tuple[subprocess.Popen, str]:
    """Start nginx for ``folder``/site; return its process and address. ``packed``: of each file there is only the packed one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / f"nginx-{port}.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, packed="always" if packed else "on"))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urlopen(f"{url}/robots.txt").close()
            return process, url
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nginx does not answer; apt-get install nginx-light")


def run(*command: str) -> Run:
    """Run a process of Scrapy; return what it took."""
    settings = [word for name, value in SETTINGS.items() for word in ("-s", f"{name}={value}")]
    # Where it is set, a process would compile all of ours again, and of bare Scrapy nothing.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", *command, *settings],
        cwd=PROJECT,
        env=environment | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"scrapy {' '.join(command)} ended with {process.returncode}")
    return Run(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)  # nginx reads it as a user of its own
    try:
        with ThreadPoolExecutor(1) as beside:
            python = beside.submit(peers) if options.peers else None
            paths = build(folder / "site", options.pages)
        server, url = serve(folder)
        try:
            measure(folder, url, paths, options.pairs, python and python.result())
        finally:
            server.terminate()
            server.wait()
    finally:
        shutil.rmtree(folder)


def in_turns(pairs: int, kinds: dict[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Start each of ``kinds``, and all of them again."""
    found: dict[str, list[Run]] = {kind: [] for kind in kinds}
    for pair in range(pairs):
        for kind, start in kinds.items():
            found[kind].append(start())
        print(f"pair {pair + 1}: " + ", ".join(f"{kind} {runs[-1].wall:.1f} s" for kind, runs in found.items()), flush=True)
    return found


def row(kind: str, runs: list[Run], bare: list[Run], pages: int) -> str:
    """Return the line of the table for ``runs``."""
    ratio = statistics.median(one.wall / run.wall for one, run in zip(bare, runs, strict=True))
    wall, cpu = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu"))
    memory, least = (max(run.memory for run in some) for some in (runs, bare))
    cells = [f"{kind:24}", len(runs), f"{pages / wall:7.0f}", f"{ratio:.2f}", f"{1000 * cpu / pages:.2f}", f"{memory / 1e6:.0f} MB"]
    return f"| {' | '.join(map(str, cells))} | {(memory - least) / pages:,.0f} bytes | {cpu / wall:.0%} |"


def measure(folder: Path, url: str, paths: list[str], pairs: int, python: str | None) -> None:
    """Print the tables; those of the peers when there is a ``python`` that has them."""
    addresses, real = folder / "local.txt", folder / "real.txt"
    archive = folder / "archive"

    def ask_for(some: list[str]) -> None:
        addresses.write_text("\n".join(url + path for path in some))
        real.write_text("\n".join(f"https://{ReferencePages.host}{path}" for path in some))

    def bare() -> Run:
        return run("runspider", "bench/bare_spider.py", "-a", f"urls={addresses}", "-s", "ADDONS={}")

    def ours(*more: str) -> Run:
        shutil.rmtree(archive, ignore_errors=True)
        kept = ("-s", f"ARCHIVE_DIR={archive}", "-s", f"JSONLINES_PATH={archive}.jsonl")
        Path(f"{archive}.jsonl").unlink(missing_ok=True)
        found = run("crawl", "sputnik", "-a", f"base_url={url}", "-a", f"urls={real}", *kept, *more)
        with open(f"{archive}.jsonl", encoding="utf-8") as file:
            lines, wanted = sum(1 for _ in file), len(real.read_text().split())
        assert lines == wanted, f"{lines} articles of {wanted}"
        return found

    no_capture, reader = ("-s", "CAPTURE_ENABLED=False"), ("-s", "READERS=1")
    ask_for(paths[:PART_PAGES])
    alone = in_turns(1, {BARE: bare, "no capture, one process": lambda: ours(*no_capture), "everything, one process": ours})
    ask_for(paths)
    kinds = {BARE: bare, "no capture, a reader": lambda: ours(*no_capture, *reader), EVERYTHING: lambda: ours(*reader)}
    found = in_turns(pairs, kinds)
    print(f"\n{len(paths)} pages of {PAGE_BYTES / 1000:.0f} kB, medians; in one process {len(paths[:PART_PAGES])}\n")
    print(f"| {'':24} | pairs | pages/s | of bare Scrapy | CPU ms a page | most memory | more than bare, a page | CPU of wall |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for runs, count in ((found, len(paths)), (alone, len(paths[:PART_PAGES]))):
        for kind in runs if runs is found else list(runs)[1:]:
            print(row(kind, runs[kind], runs[BARE], count))
    print("\n| stage | CPU ms a page |\n| --- | --- |")
    print(f"| download (bare Scrapy) | {1000 * statistics.median(run.cpu for run in found[BARE]) / len(paths):.2f} |")
    some = paths[:STAGED]
    files = [folder / "site" / f"{path.lstrip('/')}.gz" for path in some]
    for stage, milliseconds in stages(files, [f"https://{ReferencePages.host}{path}" for path in some]).items():
        print(f"| {stage} | {milliseconds:.2f} |")
    if python:
        everything = len(paths) / statistics.median(run.wall for run in found[EVERYTHING])
        measure_peers(addresses, everything, python)


def measure_peers(addresses: Path, everything: float, python: str) -> None:
    part = addresses.with_name("part.txt")
    part.write_text("\n".join(addresses.read_text().split()[:PEER_PAGES]))
    print("\n| peer | pages/s | newsarchive is faster by |\n| --- | --- | --- |")
    for peer in ("trafilatura", "newspaper4k", "news-please"):
        done = subprocess.run([python, "bench/peers.py", peer, str(part)], cwd=PROJECT, capture_output=True, text=True)
        said = re.search(r"^(\d+) ([\d.]+) ([\d.]+)$", done.stdout, re.MULTILINE)
        if not said:
            print(f"| {peer} | failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode} | |")
            continue
        pace = PEER_PAGES / float(said[2])
        print(f"| {peer} | {pace:.1f} ({said[1]} of {PEER_PAGES} had a text) | {everything / pace:.1f} |")


if __name__ == "__main__":
    main()
