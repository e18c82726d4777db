"""A crawl that is told to stop ends in seconds, whatever it waits for: a server that does not answer, a locked archive."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine

from scrapy import signals
from scrapy.http import Response

from newsarchive.slowdown import CHECK_SECONDS, Stopped

STOP_SECONDS = 3
"""A download that takes longer when the crawl was told to stop is broken off."""


class ToldToStop:
    """Called, tells whether a crawl was told to stop, also where its event loop cannot run and it does not know yet."""

    def __init__(self, crawler):
        self.crawler = crawler
        self.handler = None
        crawler.signals.connect(self._spider_opened, signals.spider_opened)

    def _spider_opened(self) -> None:
        self.handler = signal.getsignal(signal.SIGTERM)

    def __call__(self) -> bool:
        # Scrapy's handler of the first signal puts another one in its place, for a second.
        return self.handler is not None and (not self.crawler.crawling or signal.getsignal(signal.SIGTERM) != self.handler)


async def unless_stopped(crawler, download: Coroutine[None, None, Response]) -> Response:
    """Return what ``download`` gives; raise :class:`Stopped` when the crawl was told to stop and it does not end."""
    task = asyncio.ensure_future(download)
    left = STOP_SECONDS
    try:
        while not (await asyncio.wait([task], timeout=CHECK_SECONDS))[0]:
            left -= CHECK_SECONDS * (not crawler.crawling)
            if left <= 0:
                raise Stopped("the crawl was stopped")
        return task.result()
    finally:
        task.cancel()
