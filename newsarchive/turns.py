"""Several crawls on one archive ask a host in turn, and are together as polite to it as one."""

from __future__ import annotations

import asyncio
from time import monotonic

from scrapy import Request

from newsarchive.slowdown import CHECK_SECONDS, Stopped
from newsarchive.trouble import ArchiveTrouble

SHARED_SECONDS = 60
"""A host that no other crawl asked for so long is this one's alone."""


class HostTurns:
    """Holds a request until its host's next turn, while another crawl is at work on the archive.

    A crawl on its own looks once a host whether an earlier one left a pause there; Scrapy's slots hold its delay.
    """

    def __init__(self, crawler):
        self.crawler = crawler
        settings = crawler.settings
        self.longest = max(settings.getfloat("RETRY_AFTER_MAX"), settings.getfloat("CRAWL_DELAY_MAX"))
        self.locks: dict[str, asyncio.Lock] = {}
        self.shared: dict[str, bool] = {}
        """Slot → whether its last turn was taken beside other crawls."""
        self.mine: dict[str, str | None] = {}
        """Slot → the next turn as this crawl left it."""
        self.met: dict[str, float] = {}
        """Slot → when another crawl was last seen to have taken a turn (monotonic)."""
        self.limits: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def wait(self, request: Request) -> None:
        """Return when ``request``, which the downloader is about to send, has its turn. Raises :class:`Stopped`."""
        try:
            await self._take(request)
        except ArchiveTrouble as error:
            raise Stopped(f"the crawl stops: {error}") from None

    async def _take(self, request: Request) -> None:
        ledger = getattr(self.crawler.spider, "ledger", None)
        key = self.crawler.engine.downloader.get_slot_key(request)
        slot = self.crawler.engine.downloader.slots.get(key)
        if ledger is None or slot is None or (not ledger.others() and self.shared.get(key) is False):
            return
        async with self.locks.setdefault(key, asyncio.Lock()):
            others = ledger.others()
            # Another may have asked a moment ago without a turn, as long as it was alone.
            earliest = monotonic() + (slot.delay if others and not self.shared.get(key) else 0)
            delay = slot.download_delay()
            turn = None
            while turn is None or turn.left:
                # A turn is taken when the request is sent, not before: a busy crawl would come late to it.
                left = earliest - monotonic() if turn is None else turn.left
                if left > 0:
                    await asyncio.sleep(min(left, CHECK_SECONDS))
                    if not self.crawler.crawling:
                        raise Stopped("the crawl was stopped")
                if earliest <= monotonic():
                    turn = ledger.take_turn(key, delay, self.longest)
            self._divide(key, slot, others, turn.before)
            # The slot had let it go before it waited here, and counts the delay from then.
            slot.lastseen = max(slot.lastseen, monotonic())
            self.shared[key], self.mine[key] = others > 0, turn.after

    def _divide(self, key: str, slot, others: int, before: str | None) -> None:
        """The requests that a host may have under way at once are divided among those that ask it."""
        if key not in self.met or before != self.mine.get(key):
            self.met[key] = monotonic()
        limit = self.limits.setdefault(key, slot.concurrency)
        shared = others and monotonic() - self.met[key] < SHARED_SECONDS
        slot.concurrency = max(1, limit // (others + 1)) if shared else limit
