"""Random histories of walks on one listing: a walk that calls itself whole has left nothing out."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.discovery.walk import Listing, Walk
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


def walk_once(dice: random.Random, ledger: ArchiveLedger, articles: list, pins: list, size: int, since, until, dated: bool) -> Walk:
    walk = Walk(Listing("sections", URL, "world"), since, until, dice.choice([10_000, 10_000, 10_000, 3]))
    ledger.begin(walk)
    dies = dice.random() < 0.15
    place = 0
    while walk.end is None:
        shown = (pins if place == 0 else []) + articles[place : place + size]
        links = [link(number, at, dated) for number, at in shown]
        place += size
        inside = [one for one in links if walk.holds(one)]
        known = {one.link.key for one in ledger.sight(walk, inside, 500) if one.known} if inside else set()
        walk.take(links, known, [f"{URL}{place}"] if place < len(articles) else [])
        if dies and dice.random() < 0.4:
            return walk
    ledger.step(walk, None)
    ledger.end(walk)
    return walk


@pytest.mark.parametrize("seed", range(250))
def test_a_whole_walk_left_nothing_out(tmp_path, seed):
    dice = random.Random(seed)
    archive = Archive(tmp_path / "archive.db")
    articles: list[tuple[int, datetime]] = []
    pins: list[tuple[int, datetime]] = []
    size, dated = dice.choice([3, 5, 8]), dice.random() < 0.7
    for _ in range(dice.randint(2, 6)):
        for _ in range(dice.randint(0, 25)):
            number = len(articles) + 1
            articles.insert(0, (number, BEGIN + timedelta(hours=6 * number)))
        if articles and dice.random() < 0.4:
            pins = dice.sample(articles, min(len(articles), dice.randint(1, 2)))
        today = (BEGIN + timedelta(hours=6 * len(articles))).date()
        since = (today - timedelta(days=dice.randint(0, 15))).isoformat() if dice.random() < 0.5 else None
        until = (today - timedelta(days=dice.randint(0, 8))).isoformat() if dice.random() < 0.25 else None
        if since and until and until < since:
            since, until = until, since
        crawl = archive.crawls.begin("news", {})
        walk = walk_once(dice, ArchiveLedger(archive, "news", None, crawl, None), articles, pins, size, since, until, dated)
        archive.crawls.end(crawl, "finished", {})
        if walk.end in WHOLE:
            have = {key for (key,) in archive.db.execute("select key from page")}
            deep = min(since or "", walk.covers) if until is None else since or ""
            lacking = [n for n, at in articles if deep <= at.date().isoformat() <= (until or "9999") and str(n) not in have]
            assert not lacking
    archive.close()
