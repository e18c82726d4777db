"""Slows down when a server asks for it: ``Retry-After`` (RFC 9110, 10.2.3) of 429 and 503 holds the whole host."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.asyncio import create_looping_call

logger = logging.getLogger(__name__)

STATUSES = (429, 503)

UNSAID_SECONDS = 10
"""A 429 that does not say how long means so long; twice as long each time in a row."""

CHECK_SECONDS = 1
"""How soon a crawl that is told to stop lets go what it holds back."""


class HostClosed(IgnoreRequest):
    """A host wants nothing to be asked of it for longer than a crawl waits."""

    def __init__(self, message: str, seconds: float):
        super().__init__(message)
        self.seconds = seconds
        """From now, until it may be asked again."""


class Stopped(IgnoreRequest):
    """A crawl was told to stop before it sent a request."""


class SlowDownMiddleware:
    """Pauses the download slot of a host that asks for it, for ``RETRY_AFTER_MAX`` seconds at most.

    A host that wants to be left alone for longer is asked nothing more by this crawl: its pages wait in the archive.
    """

    def __init__(self, crawler):
        self.crawler = crawler
        self.longest = crawler.settings.getfloat("RETRY_AFTER_MAX")
        self.paused: dict[str, float] = {}
        """Slot → when it goes on (monotonic)."""
        self.closed: dict[str, float] = {}
        """Slot → when the host may be asked again, beyond this crawl's patience."""
        self.in_a_row: dict[str, int] = {}
        self.check = create_looping_call(self._let_go)
        crawler.signals.connect(self._open, signals.spider_opened)
        crawler.signals.connect(self._close, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if not self.crawler.crawling:
            raise Stopped("the crawl was stopped")
        key = self.crawler.engine.downloader.get_slot_key(request)
        if (until := self.closed.get(key, 0)) > monotonic():
            raise _closed(key, until)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        key = self.crawler.engine.downloader.get_slot_key(request)
        if response.status not in STATUSES or "cached" in response.flags:
            self.in_a_row.pop(key, None)
            return response
        seconds = retry_after(response)
        if seconds is None:
            if response.status != 429:
                return response
            if monotonic() >= self.paused.get(key, 0):  # those under way at once are one
                self.in_a_row[key] = self.in_a_row.get(key, 0) + 1
            seconds = min(UNSAID_SECONDS * 2 ** (self.in_a_row.get(key, 1) - 1), self.longest)
        self.crawler.stats.inc_value("archive/host/asked_to_slow_down")
        if seconds > self.longest:
            self._shut(key, seconds)
            raise _closed(key, self.closed[key])
        self._pause(key, seconds)
        return response

    def _pause(self, key: str, seconds: float) -> None:
        until = monotonic() + seconds
        if until <= self.paused.get(key, 0):
            return
        logger.info("%s answers that it is asked too much: nothing is asked of it for %.0f s", key, seconds)
        self.paused[key] = until
        if slot := self.crawler.engine.downloader.slots.get(key):
            # The slot counts its delay, which jitter may shorten, from here.
            slot.lastseen = until - slot.delay * max(0, 1 - slot.jitter)
        if ledger := getattr(self.crawler.spider, "ledger", None):
            ledger.pause(key, seconds)

    def _shut(self, key: str, seconds: float) -> None:
        if key not in self.closed:
            logger.error(
                "%s wants to be left alone for %.0f s, more than RETRY_AFTER_MAX (%.0f): this crawl asks nothing more of it",
                key,
                seconds,
                self.longest,
            )
        self.closed[key] = max(self.closed.get(key, 0), monotonic() + seconds)
        # What waits in the slot for its turn is to be asked later.
        slot = self.crawler.engine.downloader.slots.get(key)
        while slot and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(_closed(key, self.closed[key]))

    def _open(self) -> None:
        self.check.start(CHECK_SECONDS, now=False)

    def _let_go(self) -> None:
        """A crawl that was told to stop does not wait for a delay or a pause to end."""
        if not self.crawler.crawling:
            for slot in self.crawler.engine.downloader.slots.values():
                while slot.queue:
                    _, waiting = slot.queue.popleft()
                    waiting.errback(Stopped("the crawl was stopped"))

    def _close(self) -> None:
        if self.check.running:
            self.check.stop()


def _closed(key: str, until: float) -> HostClosed:
    seconds = max(until - monotonic(), 0)
    return HostClosed(f"{key} wants to be left alone", seconds)


def retry_after(response: Response, now: datetime | None = None) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, given as such or as a date; None when there is no sense in it."""
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - (now or datetime.now(UTC))).total_seconds(), 0)
