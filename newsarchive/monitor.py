"""The crawl's own row in the archive: begun, kept alive, and closed with what was counted."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.misc import load_object

from newsarchive.alarms import OF_ALL, judge
from newsarchive.alarms.case import Case
from newsarchive.alarms.sending import send_alarms
from newsarchive.capturestore import CaptureStore
from newsarchive.ledger import ArchiveLedger
from newsarchive.pipelines import ArchivePipeline
from newsarchive.replaystore import ReplayStore
from newsarchive.stopping import ToldToStop
from newsarchive.store.alarms import Alarm
from newsarchive.store.archive import Archive
from newsarchive.trouble import FAULTS, ArchiveTrouble, line_of, reason_of
from newsarchive.warcfiles import open_captures

logger = logging.getLogger(__name__)


def archive_path(settings) -> Path:
    """Return the path of the archive's database."""
    return Path(settings["ARCHIVE_DIR"]) / "archive.db"


def open_archive(settings, stopping: Callable[[], bool] | None = None) -> Archive:
    """Return the archive of a crawl with these settings."""
    return Archive(archive_path(settings), busy_seconds=settings.getfloat("ARCHIVE_BUSY_SECONDS"), stopping=stopping)


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
        self.archive = open_archive(crawler.settings, ToldToStop(crawler))
        self.heartbeat = create_looping_call(self._beat)
        self.beating: asyncio.Task | None = None
        self.crawl: int | None = None
        self.captures: CaptureStore | ReplayStore | None = None
        self.closing: asyncio.Task | None = None
        self.alarms: list[Alarm] = []
        """Those of the site, and of the archive, that are on when the crawl has ended."""
        self.nothing_came = False
        """Whether the site was down, or refused everything; known when the crawl has ended."""
        self.trouble: str | None = None
        """Why the archive cannot be used any more."""
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        if not archive_enabled(crawler.settings) or not hasattr(crawler.spider, "ledger"):
            raise NotConfigured
        return cls(crawler)

    def spider_opened(self, spider) -> None:
        settings = self.crawler.settings
        # Scrapy says each request and each item, and throws away behind the logger what is below the level.
        logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])
        try:
            self.crawl = self.archive.crawls.begin(spider.site, spider.given)
            self.captures = open_captures(self.archive, self.crawl, spider.site, settings)
        except FAULTS as error:
            raise self.fail(error) from None
        spider.ledger = ArchiveLedger(
            self.archive, spider.site, spider.rules, self.crawl, self.captures, settings.getbool("KEEP_IMAGES"), self.fail
        )
        self.heartbeat.start(settings.getfloat("HEARTBEAT_SECONDS"), now=False)

    def fail(self, error: Exception) -> Exception:
        """End the crawl because of ``error``, in one line; return what to raise instead of it: itself when it is a bug."""
        reason = reason_of(error)
        if reason is None:
            return error
        if self.trouble is None:
            self.trouble = reason
            logger.error("The crawl stops: %s", line_of(error))
            if isinstance(self.crawler.spider.ledger, ArchiveLedger):
                self.crawler.spider.ledger.trouble = reason
            if self.captures:  # else Scrapy is still about to open the spider, and closes it itself
                self.closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))
        return ArchiveTrouble(self.trouble)

    def _beat(self) -> None:
        # The call must not return a coroutine (Scrapy 2.19).
        if self.beating is None or self.beating.done():
            self.beating = asyncio.ensure_future(self._touch())

    async def _touch(self) -> None:
        if self.trouble:
            return
        try:
            await self.captures.settle()
            self.captures.quotes = self.archive.withdrawals.quotes()
            self.archive.crawls.touch(self.crawl, self.crawler.stats.get_stats())
            self.archive.pages.renew(self.crawl)
            self.archive.fold_log()
        except FAULTS as error:
            if self.fail(error) is error:
                raise

    def _forget(self) -> None:
        """Take out of this crawl's files what an erased article left there, whether it was erased before or meanwhile."""
        withdrawals = self.archive.withdrawals
        if self.captures.tainted or withdrawals.erased_since(self.archive.crawls.began(self.crawl)):
            with self.archive.transaction():  # what waits to be cited comes first
                pass
            for fault in withdrawals.clean(files=self.captures.files(), step=logger.debug):
                logger.error("Something of a withdrawn article is left: %s", fault)

    async def spider_closed(self, spider, reason: str) -> None:
        if self.heartbeat.running:
            self.heartbeat.stop()
        if self.beating:
            await self.beating
        owed: int | str = "some"
        try:
            owed = self.archive.pages.owed(spider.site)
            if self.captures:
                await self._close_captures()
                if not self.trouble:
                    self._forget()
            reason = self.trouble or reason
            if self.crawl:
                if not self.trouble:
                    self._count_room()
                self.archive.crawls.end(self.crawl, reason, self.crawler.stats.get_stats())
                if not self.trouble:
                    await self._alarms()
            self.archive.close()
        except sqlite3.DatabaseError as error:
            # What the archive holds is whole; the crawl's row stays open, and the next crawl takes its pages.
            if self.fail(error) is error:
                raise
            reason = self.trouble
            self.archive.db.close()
        if reason not in ("finished", "max_articles"):
            logger.info("Stopped (%s): %s articles are owed. The same command goes on from here.", reason, owed)
        elif owed:
            logger.info("%d articles are owed. The same command, or a later crawl, goes on with them.", owed)

    def _count_room(self) -> None:
        with suppress(OSError):
            self.crawler.stats.set_value("archive/disk/free", shutil.disk_usage(self.archive.path.parent).free)

    async def _alarms(self) -> None:
        """Judge the crawl by the archive's history, say which alarms are on, and send what is news."""
        settings = self.crawler.settings
        if settings["REPLAY"]:  # it says nothing of the site
            return
        case = Case(self.archive, self.crawl, settings.getfloat("ALARM_DISK_DAYS"), settings.getfloat("ALARM_DISK_BYTES"))
        self.nothing_came = case.nothing_came
        self.alarms = self.archive.alarms.judge(case.site, self.crawl, judge(case), OF_ALL)
        for alarm in self.alarms:
            logger.warning("Alarm: %s (%s): %s", alarm.kind.replace("_", " "), alarm.subject, alarm.reason)
        await send_alarms(self.archive, settings)

    async def _close_captures(self) -> None:
        """Close the WARC files; one that cannot be written stays open, and the next crawl mends it."""
        try:
            await self.captures.close()
        except OSError as error:
            self.fail(error)
