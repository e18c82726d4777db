"""Random histories of walks on one listing: a walk that calls itself whole has left nothing out."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.discovery.listing import Listing
from newsarchive.discovery.walk import Walk
from newsarchive.items import Link
from newsarchive.ledger import ArchiveLedger
from newsarchive.store.archive import Archive
from newsarchive.store.schema import WHOLE

URL = "https://news.example/world/"
BEGIN = datetime(2022, 1, 1, tzinfo=UTC)


def link(number: int, at: datetime, dated: bool) -> Link:
    url = f"https://news.example/{number}"
    time = at.isoformat(timespec="seconds") if dated else None
    return Link(url, published_at=time, site="news", key=str(number), address=url, day=at.date().isoformat())


class Site:
    """A listing whose continuations name the last article shown, or its place."""

    def __init__(self, dice: random.Random):
        self.articles: list[tuple[int, datetime]] = []
        self.pins: list[tuple[int, datetime]] = []
        self.size, self.dated, self.by_article = dice.choice([3, 5, 8]), dice.random() < 0.7, dice.random() < 0.5
        self.broken: set[str] = set()
        self.published = 0

    def publish(self, count: int) -> None:
        for _ in range(count):
            self.published += 1
            self.articles.insert(0, (self.published, BEGIN + timedelta(hours=6 * self.published)))

    def chunk(self, url: str) -> tuple[list[Link], list[str]] | None:
        """Links and continuation; None: it does not answer."""
        if url in self.broken:
            return None
        last = int(url.removeprefix(URL) or 0)
        place = sum(number >= last for number, _ in self.articles) if last and self.by_article else last
        shown = (self.pins if url == URL else []) + self.articles[place : place + self.size]
        more = place + self.size
        goes_on = [f"{URL}{self.articles[more - 1][0] if self.by_article else more}"] if more < len(self.articles) else []
        return [link(number, at, self.dated) for number, at in shown], goes_on


def walk_once(dice: random.Random, ledger: ArchiveLedger, site: Site, since, until, dies: float) -> Walk:
    walk = Walk(Listing("sections", URL, "world"), since, until, dice.choice([10_000, 10_000, 10_000, 3]))
    ledger.begin(walk)
    asked = [URL]
    while walk.end is None:
        if dice.random() < dies:
            return walk
        (url,) = asked
        found = site.chunk(url)
        if found is None:
            asked = walk.fail("HTTP 500")
            continue
        links, more = found
        inside = [one for one in links if walk.holds(one)]
        known = {one.link.key: one.walks for one in ledger.sight(walk, inside, 500) if one.walks} if inside else {}
        if dice.random() < dies:
            return walk
        asked = walk.take(links, known, more)
        if asked:
            ledger.step(walk, walk.comes_back_to)
    ledger.step(walk, None if walk.end in WHOLE else walk.comes_back_to)
    ledger.end(walk)
    return walk


@pytest.mark.parametrize("seed", range(400))
def test_a_whole_walk_left_nothing_out(tmp_path, seed):
    dice = random.Random(seed)
    archive = Archive(tmp_path / "archive.db")
    site = Site(dice)
    dies = dice.choice([0, 0.05, 0.2])
    for _ in range(dice.randint(2, 9)):
        site.publish(dice.randint(0, 25))
        articles = site.articles
        if dice.random() < 0.4:  # what was taken down moves all below it up
            for article in dice.sample(articles[:20], min(len(articles[:20]), dice.randint(1, 8))):
                articles.remove(article)
        if articles and dice.random() < 0.4:
            site.pins = dice.sample(articles, min(len(articles), dice.randint(1, 2)))
        numbers = range(1, site.published)
        site.broken = {f"{URL}{n}" for n in dice.sample(numbers, len(numbers) // 10)} if dice.random() < 0.3 else set()
        today = (BEGIN + timedelta(hours=6 * site.published)).date()
        since = (today - timedelta(days=dice.randint(0, 15))).isoformat() if dice.random() < 0.5 else None
        until = (today - timedelta(days=dice.randint(0, 8))).isoformat() if dice.random() < 0.25 else None
        if since and until and until < since:
            since, until = until, since
        crawl = archive.crawls.begin("news", {})
        walk = walk_once(dice, ArchiveLedger(archive, "news", None, crawl, None), site, since, until, dies)
        archive.crawls.end(crawl, "finished", {})
        if walk.end in WHOLE:
            have = {key for (key,) in archive.db.execute("select key from page")}
            deep = min(since or "", walk.covers) if until is None else since or ""
            lacking = [n for n, at in articles if deep <= at.date().isoformat() <= (until or "9999") and str(n) not in have]
            assert not lacking
    archive.close()


def test_twenty_interruptions_cost_a_chunk_or_two_each(tmp_path):
    """Each walk begins at the top, where there is news, and goes on where the last came to."""
    dice = random.Random(0)
    archive, site = Archive(tmp_path / "archive.db"), Site(dice)
    site.size, site.by_article = 5, True
    site.articles = [(n, BEGIN + timedelta(hours=6 * n)) for n in range(400, 0, -1)]
    pages = 0
    for n in range(21):
        crawl = archive.crawls.begin("news", {})
        ledger = ArchiveLedger(archive, "news", None, crawl, None)
        walk = Walk(Listing("sections", URL, "world"))
        ledger.begin(walk)
        asked = [URL]
        while asked and (n == 20 or walk.pages < 6):
            links, more = site.chunk(asked[0])
            known = {one.link.key: one.walks for one in ledger.sight(walk, links, 500) if one.walks}
            asked = walk.take(links, known, more)
            ledger.step(walk, walk.comes_back_to if asked else None)
        pages += walk.pages
        site.articles[:0] = [(1000 + 2 * n + 1, BEGIN + timedelta(days=200 + n)), (1000 + 2 * n, BEGIN + timedelta(days=200 + n))]
        if n == 20:
            ledger.end(walk)
        archive.crawls.end(crawl, "finished", {})
    assert (walk.end, walk.covers) == ("exhausted", "")
    assert {int(key) for (key,) in archive.db.execute("select key from page")} >= set(range(1, 401))
    assert pages <= (400 + 40) / 5 + 3 * 21
    archive.close()
