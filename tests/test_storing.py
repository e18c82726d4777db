"""Articles that come together are stored together, and one that cannot be harms no other."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from test_archive import archive, article, clock, crawl, link, sight, state  # noqa: F401

from newsarchive.items import Visit
from newsarchive.ledger import ArchiveLedger
from newsarchive.storing import TOGETHER
from newsarchive.trouble import ArchiveTrouble


@pytest.fixture
def ledger(archive, crawl):  # noqa: F811
    return ArchiveLedger(archive, "news.example", None, crawl, None)


def store(ledger, *articles) -> list:
    """Store ``articles`` at the same moment; return what they were, or what was raised."""

    async def all_at_once():
        return await asyncio.gather(*map(ledger.store, articles), return_exceptions=True)

    return asyncio.run(all_at_once())


def transactions(archive) -> list[str]:  # noqa: F811
    """The list to which every commit and rollback from now on is added."""
    seen: list[str] = []
    archive.db.set_trace_callback(lambda statement: statement in ("commit", "rollback") and seen.append(statement))
    return seen


def test_those_that_come_together_share_a_transaction(archive, ledger):  # noqa: F811
    seen = transactions(archive)
    assert store(ledger, *map(article, range(1, TOGETHER + 2))) == ["new"] * (TOGETHER + 1)
    assert seen == ["commit"] * 2
    assert archive.articles.count() == TOGETHER + 1
    assert ledger.new == TOGETHER + 1


def test_one_that_cannot_be_stored_harms_no_other(archive, ledger):  # noqa: F811
    bad = article(2)
    bad.language = object()
    found = store(ledger, article(1), bad, article(3))
    assert (found[0], found[2]) == ("new", "new") and isinstance(found[1], sqlite3.Error)
    assert sorted(row[0] for row in archive.db.execute("select id from article")) == [article(1).id, article(3).id]


def test_a_capture_that_waits_is_entered_once_when_its_transaction_is_tried_again(archive, ledger):  # noqa: F811
    bad = article(2)
    bad.language = object()
    archive.captures.add(url="https://news.example/1", fetched_at="2026-03-01T00:00:00Z", status=200, kind="article")
    store(ledger, article(1), bad)
    assert archive.db.execute("select count(*) from capture").fetchone()[0] == 1


def test_one_article_from_two_pages_at_the_same_moment_is_stored_once(archive, ledger, crawl):  # noqa: F811
    sight(archive, crawl, [link(1), link(2)])
    first, second = article(1), article(1)
    second.headline = "As the other page has it"
    first.visit, second.visit = Visit(article(1).id), Visit(article(2).id)
    assert store(ledger, first, second) == ["new", "unchanged"]
    assert archive.articles.get(first.id).headline == first.headline
    assert archive.db.execute("select count(*) from revision").fetchone()[0] == 0


def test_trouble_with_the_archive_is_that_of_all_and_waits_once(archive, tmp_path, crawl):  # noqa: F811
    archive.db.execute("pragma busy_timeout = 100")
    said = []

    def fail(error):
        said.append(str(error))
        return ArchiveTrouble("archive locked")

    ledger = ArchiveLedger(archive, "news.example", None, crawl, None, fail=fail)
    with sqlite3.connect(archive.path, isolation_level=None) as other:
        other.execute("begin immediate")
        seen = transactions(archive)
        found = store(ledger, article(1), article(2))
        other.execute("rollback")
    other.close()
    assert all(isinstance(one, ArchiveTrouble) for one in found) and set(said) == {"database is locked"}
    assert seen == []


def test_a_page_is_held_or_counted_at_every_moment(archive, ledger, crawl):  # noqa: F811
    """Else a crawl claims more than ``max_articles`` leave room for."""
    sight(archive, crawl, [link(n) for n in range(1, TOGETHER + 1)])
    articles = [article(n) for n in range(1, TOGETHER + 1)]
    for one in articles:
        one.visit = Visit(one.id)
    seen = []

    async def watched():
        storing = asyncio.gather(*map(ledger.store, articles))
        while not storing.done():
            await asyncio.sleep(0)
            seen.append(ledger.new + ledger.held())

    asyncio.run(watched())
    assert ledger.new == TOGETHER and set(seen) == {TOGETHER}
