from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from forked import forks
from reference_pages import ReferencePages

from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import Answer, DemoSite
from newsarchive.store.archive import Archive

PROJECT = Path(__file__).parents[1]
SHARED = PROJECT.parent / "shared"
# What the crawl decides, not the page.
OF_THE_CRAWL = ("og", "origins", "flags", "revision", "content_hash", "extractor", "fetched_at", "capture")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real pages, which stands beside a developer's checkout and CI's."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared is missing: CI must not pass over the tests of real pages")
        pytest.skip("../shared is not here: the tests of real pages are left out")
    return SHARED


@dataclass
class Crawl:
    """A crawl that ran in a child process."""

    code: int
    log: str
    folder: Path
    feed: Path

    def archive(self) -> Archive:
        return Archive(self.folder / "archive.db", read_only=True)

    def rows(self, query: str, *parameters) -> list[tuple]:
        archive = self.archive()
        try:
            return [tuple(row) for row in archive.db.execute(query, parameters)]
        finally:
            archive.close()

    def articles(self) -> dict[str, dict]:
        """The archive's articles by key, as the contract's records."""
        archive = self.archive()
        try:
            keys = [row["id"] for row in archive.db.execute("select id from article")]
            return {article.key: vars(article) for article in map(archive.articles.get, keys)}
        finally:
            archive.close()

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.feed.read_text(encoding="utf-8").splitlines()]

    def stats(self) -> dict:
        """Scrapy's stats of the last crawl."""
        return json.loads(self.rows("select counts from crawl order by id desc limit 1")[0][0])


def command(
    *arguments: str, cwd: Path = PROJECT, timeout: int = 300, fresh: bool = False, **environment: str
) -> subprocess.CompletedProcess:
    """Run ``scrapy`` with ``arguments``; a deprecation in any code of ours is an error.

    ``fresh``: as users do, in a process that has to import everything by itself.
    """
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}", **environment}
    if not fresh:
        return forks().run([*arguments], cwd, environment, timeout)
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:newsarchive", "-m", "scrapy", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture
def crawl(tmp_path) -> Callable[..., Crawl]:
    """Crawl ``demo.site``'s spider against it: ``crawl(demo, "-a", "section=world")``."""

    def run(demo: DemoSite | None, *arguments: str, spider: str = "", folder: Path | None = None, feed: str = "-o") -> Crawl:
        folder = folder or tmp_path / "archive"
        lines = tmp_path / "articles.jsonl"
        base = ["-a", f"base_url={demo.url}"] if demo else []
        done = command(
            "crawl",
            spider or demo.pages.site,
            *base,
            "-s",
            f"ARCHIVE_DIR={folder}",
            "-s",
            "DOWNLOAD_DELAY=0.002",
            feed,
            str(lines),
            *arguments,
        )
        for word in ("Deprecat", "never awaited", "never retrieved"):
            assert word not in done.stderr, done.stderr
        return Crawl(done.returncode, done.stderr, folder, lines)

    return run


@pytest.fixture
def play():
    """Start demo sites: ``play(ReferencePages, stories=40)``; they are ended with the test."""
    sites = []

    def start(
        pages: type[DemoPages] = DemoPages,
        override: Callable[[str], Answer | None] = lambda path: None,
        stories: int = 336,
        **options,
    ) -> DemoSite:
        site = DemoSite(pages(Newsroom(stories), **options), override).start()
        sites.append(site)
        return site

    yield start
    for site in sites:
        site.stop()


@pytest.fixture(params=[DemoPages, ReferencePages], ids=["demo", "sputnik"])
def site(request, play) -> DemoSite:
    """The demo newsroom in the demo site's own markup, and in the reference site's."""
    return play(request.param)


def assert_true(article: dict, expected: dict) -> None:
    """Every field of ``article`` that the page decides is as the newsroom made it up."""
    found = {name: value for name, value in article.items() if name not in OF_THE_CRAWL and name in expected}
    assert found == expected
