"""Listings that call everything changed, and those that can be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.items import Article, Link
from newsarchive.revisions import content_hash
from newsarchive.store.archive import Archive

SITEMAP = "https://news.example/sitemap.xml"
BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
COUNT = 40


class Site:
    """An archive, and a sitemap of forty articles that is walked once a day."""

    def __init__(self, folder):
        self.now = BEGIN
        self.archive = Archive(folder / "archive.db", clock=lambda: self.now)

    def walk(self, day: int, stamps: list[datetime], text: str = "the same", listing: str = SITEMAP) -> list[int]:
        """Walk the sitemap on a day, store what is due, and return its numbers."""
        self.now = BEGIN + timedelta(days=day)
        crawl = self.archive.crawls.begin("news", {})
        walk, *_ = self.archive.listings.begin(crawl, "news", "sitemap", listing, None, None, None)
        links = [self.link(n, stamp) for n, stamp in enumerate(stamps)]
        found = self.archive.sightings.sight("sitemap", listing, None, links, walk=walk, crawl=crawl, limit=1000)
        self.now += timedelta(minutes=5)
        due = [int(one.link.key) for one in found if one.claimed]
        for n in due:
            self.archive.articles.store(self.article(n, text), crawl, f"news:{n}")
        self.archive.crawls.end(crawl, "finished", {})
        return due

    def link(self, n: int, stamp: datetime) -> Link:
        url = f"https://news.example/{n}.html"
        return Link(url, None, stamp.isoformat(timespec="seconds"), site="news", key=str(n), address=url, day="2026-02-28")

    def article(self, n: int, text: str) -> Article:
        url = f"https://news.example/{n}.html"
        made = Article(id=f"news:{n}", site="news", key=str(n), url=url, headline=text, extractor="1")
        made.content_hash = content_hash(made)
        return made


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.archive.close()


ALL = list(range(COUNT))
OLD = [BEGIN - timedelta(hours=3 * n + 1) for n in ALL]


def spread(day: int) -> list[datetime]:
    """Times all over the day before a walk: of no one moment."""
    return [BEGIN + timedelta(days=day) - timedelta(minutes=30 * n + 30) for n in ALL]


def together(day: int) -> list[datetime]:
    """Times of a sitemap that is made anew every night."""
    return [BEGIN + timedelta(days=day) - timedelta(hours=6, seconds=n) for n in ALL]


def test_newer_times_of_some_make_these_due(site):
    assert site.walk(0, OLD) == ALL
    assert site.walk(1, OLD) == []
    some = [BEGIN + timedelta(hours=20) if n % 2 else stamp for n, stamp in enumerate(OLD)]
    assert site.walk(1, some) == ALL[1::2]


@pytest.mark.parametrize("hours", [0, 6])
def test_times_of_one_moment_make_nothing_due(site, hours):
    """The present time, or that of the night in which the sitemap was made."""
    assert site.walk(0, [BEGIN - timedelta(hours=hours)] * COUNT) == ALL
    for day in (1, 2):
        made = BEGIN + timedelta(days=day, hours=-hours)
        assert site.walk(day, [made + timedelta(seconds=n) for n in ALL]) == []
    # New articles are fetched all the same, and so is what waits.
    made = BEGIN + timedelta(days=3, hours=-hours)
    assert site.walk(3, [made] * (COUNT + 2)) == [40, 41]


def test_times_that_call_everything_changed_in_vain_are_believed_once(site):
    assert site.walk(0, OLD) == ALL
    assert site.walk(1, spread(1)) == ALL
    assert site.walk(2, spread(2)) == []
    assert site.walk(3, spread(3)) == []


def test_times_that_told_the_truth_are_believed_again(site):
    assert site.walk(0, OLD) == ALL
    for day in (1, 2, 3):
        assert site.walk(day, spread(day), f"text {day}") == ALL


def test_a_listing_that_becomes_honest_is_believed_again(site):
    assert site.walk(0, OLD) == ALL
    assert site.walk(1, together(1)) == []
    one = [BEGIN + timedelta(days=1, hours=20) if n == 7 else stamp for n, stamp in enumerate(together(1))]
    assert site.walk(2, one) == [7]
    assert site.walk(3, spread(3)) == ALL


def test_a_small_file_of_a_sitemap_is_judged_with_the_large_ones(site):
    assert site.walk(0, OLD) == ALL
    assert site.walk(1, together(1)) == []
    assert site.walk(2, together(2)[:3]) == []
    # Of a listing that is small altogether nobody can tell.
    assert site.walk(3, together(3)[:3], listing="https://news.example/other.xml") == [0, 1, 2]
