"""The crawl's own row in the archive: begun, kept alive, and closed with what was counted."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.misc import load_object

from newsarchive.ledger import ArchiveLedger
from newsarchive.pipelines import ArchivePipeline
from newsarchive.store.archive import Archive
from newsarchive.warcfiles import open_captures

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5


def archive_path(settings) -> Path:
    """Return the path of the archive's database."""
    return Path(settings["ARCHIVE_DIR"]) / "archive.db"


def archive_enabled(settings) -> bool:
    """Tell whether crawls with these settings keep an archive: whether ``ArchivePipeline`` was not switched off."""
    return all(
        priority is not None
        for pipeline, priority in settings.getdict("ITEM_PIPELINES").items()
        if load_object(pipeline) is ArchivePipeline
    )


class CrawlMonitor:
    """Opens the archive for a crawl, unless ``ArchivePipeline`` is switched off, and closes it when all is written."""

    def __init__(self, crawler):
        self.crawler = crawler
        self.archive = Archive(archive_path(crawler.settings))
        self.heartbeat: asyncio.Task | None = None
        self.closing = asyncio.Event()
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        if not archive_enabled(crawler.settings) or not hasattr(crawler.spider, "ledger"):
            raise NotConfigured
        return cls(crawler)

    def spider_opened(self, spider) -> None:
        settings = self.crawler.settings
        self.crawl = self.archive.crawls.begin(spider.name, spider.given)
        self.captures = open_captures(self.archive, self.crawl, spider.name, settings)
        spider.ledger = ArchiveLedger(
            self.archive, spider.name, type(spider), self.crawl, self.captures, settings.getbool("KEEP_IMAGES")
        )
        self.heartbeat = asyncio.ensure_future(self._beat())

    async def _beat(self) -> None:
        while not self.closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), HEARTBEAT_SECONDS)
            await self.captures.settle()
            self.captures.quotes = self.archive.withdrawals.quotes()
            self.archive.crawls.touch(self.crawl, self.crawler.stats.get_stats())
            self.archive.pages.renew(self.crawl)

    def _forget(self) -> None:
        """Take out of this crawl's files what an erased article left there, whether it was erased before or meanwhile."""
        withdrawals = self.archive.withdrawals
        if self.captures.tainted or withdrawals.erased_since(self.archive.crawls.began(self.crawl)):
            with self.archive.transaction():  # what waits to be cited comes first
                pass
            for fault in withdrawals.clean(files=self.captures.files(), step=logger.debug):
                logger.error("Something of a withdrawn article is left: %s", fault)

    async def spider_closed(self, spider, reason: str) -> None:
        self.closing.set()  # not cancelled: it may be in the middle of what must be whole
        await self.heartbeat
        await self.captures.close()
        self._forget()
        self.archive.crawls.end(self.crawl, reason, self.crawler.stats.get_stats())
        owed = self.archive.pages.owed(spider.name)
        self.archive.close()
        if reason not in ("finished", "max_articles"):
            logger.info("Stopped (%s): %d articles are owed. The same command goes on from here.", reason, owed)
        elif owed:
            logger.info("%d articles are owed. The same command, or a later crawl, goes on with them.", owed)
