"""What opens a gap of a listing, and what closes it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from newsarchive.items import Link
from newsarchive.store.archive import Archive

FEED = "https://news.example/feed.xml"
SITEMAP = "https://news.example/sitemap.xml"


class Site:
    """A site with one article a day, and an archive of it."""

    def __init__(self, folder):
        self.archive = Archive(folder / "archive.db")

    def link(self, number: int, shown: int | None = None) -> Link:
        url = f"https://news.example/{number}"
        day = (date(2026, 1, 1) + timedelta(shown or number)).isoformat()
        return Link(url, f"{day}T12:00:00+00:00", site="news", key=str(number), address=url, day=day)

    def walk(self, source: str, url: str, links: list[Link], end: str = "exhausted", covers: str | None = None) -> None:
        crawl = self.archive.crawls.begin("news", {})
        walk, *_ = self.archive.listings.begin(crawl, "news", source, url, None, None, None)
        self.archive.sightings.sight(source, url, None, links, walk=walk, crawl=crawl, limit=0)
        reached = min((link.day for link in links), default=None)
        self.archive.listings.step(walk, pages=1, links=len(links), new=0, reached=reached, at=None)
        self.archive.listings.end(walk, end, covers)
        self.archive.crawls.end(crawl, "finished", {})

    def feed(self, *links: Link) -> None:
        self.walk("feed", FEED, list(links))

    def numbered(self, newest: int, oldest: int) -> list[Link]:
        return [self.link(number) for number in range(newest, oldest - 1, -1)]

    def gaps(self) -> list[tuple]:
        return [tuple(row) for row in self.archive.db.execute("select reason, closed_by from gap")]


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.archive.close()


def test_a_feed_that_goes_on_where_it_was_has_no_gap(site):
    site.feed(*site.numbered(20, 11))
    site.feed(*site.numbered(29, 20))
    assert site.gaps() == []


@pytest.mark.parametrize("bridge", ["pinned", "dated anew"])
def test_one_article_that_is_pinned_or_dated_anew_bridges_no_gap(site, bridge):
    site.feed(*site.numbered(20, 11))
    site.feed(site.link(15, None if bridge == "pinned" else 41), *site.numbered(40, 31))
    assert site.gaps() == [("no overlap", None)]
    between = site.archive.db.execute("select since, until from gap").fetchone()
    assert tuple(between) == (site.link(20).day, site.link(31).day)


def test_a_feed_without_order_has_nothing_pinned(site):
    before, now = site.numbered(20, 11), site.numbered(25, 16)
    site.feed(*before[::2], *before[1::2])
    site.feed(*now[5:], *now[:5])
    assert site.gaps() == []


def test_a_sitemap_of_the_newest_alone_closes_no_gap(site):
    site.feed(*site.numbered(20, 11))
    site.feed(*site.numbered(40, 31))
    site.walk("sitemap", SITEMAP, site.numbered(40, 35), covers="")
    assert site.gaps() == [("no overlap", None)]
    site.walk("sitemap", SITEMAP, site.numbered(40, 1), covers="")
    assert site.gaps() == [("no overlap", "sitemap")]


def test_a_sitemap_closes_what_a_broken_walk_left_when_it_is_as_old_as_the_oldest_known(site):
    site.feed(*site.numbered(20, 11))
    site.walk("sections", "https://news.example/world/", site.numbered(40, 31), end="error")
    site.walk("sitemap", SITEMAP, site.numbered(40, 35), covers="")
    assert site.gaps() == [("error", None)]
    site.walk("sitemap", SITEMAP, site.numbered(40, 11), covers="")
    assert site.gaps() == [("error", "sitemap")]
