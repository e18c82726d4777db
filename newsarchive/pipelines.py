"""Item pipelines: each article once, and into the archive."""

from __future__ import annotations

from datetime import datetime, timedelta

from scrapy.exceptions import DropItem

from newsarchive.items import Article
from newsarchive.ledger import ArchiveLedger


class DuplicatesPipeline:
    """Drops an article that this crawl already had under another address.

    With an archive the two addresses become one page.
    """

    def __init__(self, crawler):
        self.crawler = crawler
        self.had: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def process_item(self, item):
        if not isinstance(item, Article):
            return item
        ledger = self.crawler.spider.ledger
        if isinstance(ledger, ArchiveLedger):
            duplicate = ledger.had(item)
        else:
            duplicate = item.id in self.had
            self.had.add(item.id)
        if duplicate:
            self.crawler.stats.inc_value("archive/article/duplicate")
            raise DropItem(f"Duplicate: {item.id} was read from another address", log_level="DEBUG")
        return item


class ArchivePipeline:
    """Stores articles in the archive, and passes on the new and the revised after their transaction."""

    def __init__(self, crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_item(self, item):
        if not isinstance(item, Article):
            return item
        outcome = await self.crawler.spider.ledger.store(item)
        stats = self.crawler.stats
        stats.inc_value(f"archive/article/{outcome}")
        # Of these days: how many come says whether a site is read as ever. One without a date is taken for new.
        if outcome == "new" and (item.day or "9999") >= (datetime.fromisoformat(item.fetched_at) - timedelta(days=1)).strftime(
            "%F"
        ):
            stats.inc_value("archive/article/fresh")
        for flag in item.flags:
            stats.inc_value(f"archive/flag/{flag}")
        if outcome not in ("new", "revised"):
            raise DropItem(f"{outcome.capitalize()}: {item.id}", log_level="DEBUG")
        return item


class AskedForPipeline:
    """Drops what the arguments ``section``, ``since`` and ``until`` did not ask for: it is no part of a crawl's feed."""

    def process_item(self, item):
        if isinstance(item, Article) and item.visit and not item.visit.counts:
            raise DropItem(f"Not asked for: {item.id}", log_level="DEBUG")
        return item
