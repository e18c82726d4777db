"""Processes that read articles beside the crawl, which then only fetches and stores. See :mod:`newsarchive.readerprocess`."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable

from scrapy import Request, signals
from scrapy.http import HtmlResponse, Response

from newsarchive.readerprocess import HEAD, Read, asked

logger = logging.getLogger(__name__)

GOODBYE_SECONDS = 5
"""So long a process may take to end when there is nothing to read any more."""
MOST_DEATHS = 3


class ReaderDied(Exception):
    """A process ended while it read a page."""


class ReadingMiddleware:
    """Has the pages of articles read by ``READERS`` processes, while others are fetched; ``reading`` in meta is what was found.

    The outermost of the downloader's middlewares: what comes here is what the spider gets.
    """

    def __init__(self, crawler):
        self.crawler = crawler
        self.readers: list[Reader] = []

    @classmethod
    def from_crawler(cls, crawler):
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    async def spider_opened(self, spider) -> None:
        site = [spider.rules.__module__, spider.rules.__name__] if spider.rules else []
        self.readers = [Reader(site) for _ in range(self.crawler.settings.getint("READERS"))]
        await asyncio.gather(*(reader.start() for reader in self.readers))

    async def spider_closed(self, spider) -> None:
        await asyncio.gather(*(reader.stop() for reader in self.readers))

    async def process_response(self, request: Request, response: Response) -> Response:
        if request.meta.get("kind") == "article" and response.status == 200 and isinstance(response, HtmlResponse):
            reader = min(self.readers, key=lambda reader: len(reader.waiting))
            request.meta["reading"] = await reader.read(response)
        return response


class Reader:
    """One process. It answers in the order in which it is asked, and is started again when it ended before the crawl."""

    def __init__(self, site: list[str]):
        self.site = site
        self.waiting: deque[tuple[bytes, asyncio.Future[Read | None]]] = deque()
        """What was asked, and the answers to come."""
        self.process: asyncio.subprocess.Process | None = None
        """None before it is started, and when there is none any more."""
        self.ending = False
        self._deaths = 0
        """How often in a row it ended without an answer."""

    async def start(self) -> None:
        # What can be imported here can be there, in a project's folder as in an egg.
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "newsarchive.readerprocess", *self.site),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        )
        self.process.stdin.writelines(question for question, _ in self.waiting)
        self._listening = asyncio.ensure_future(self._listen(self.process))

    async def read(self, response: HtmlResponse) -> Read | None:
        """Return what a page holds; None: the crawl is to read it. Raises :class:`ReaderDied` when it was too much."""
        if self.process is None:
            return None
        question, answer = asked(response), asyncio.get_running_loop().create_future()
        self.waiting.append((question, answer))
        self.process.stdin.write(question)
        return await answer

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        while True:
            try:
                head = await process.stdout.readexactly(HEAD.size)
                packed = await process.stdout.readexactly(*HEAD.unpack(head))
            except asyncio.IncompleteReadError:
                break
            self._deaths = 0
            found = _unpacked(packed)
            self._answer(lambda answer, found=found: answer.set_result(found))
        if self.ending:
            return
        self._deaths += 1
        logger.warning("A process that reads articles ended (status %s)", await process.wait())
        if self.waiting:
            self._answer(lambda answer: answer.set_exception(ReaderDied("the process that read it ended")))
        if self._deaths < MOST_DEATHS:
            await self.start()
            if self.ending:  # meanwhile
                self.process.stdin.close()
            return
        logger.error("Processes that read articles end without an answer: the crawl reads what is left itself")
        self.process = None
        while self.waiting:
            self._answer(lambda answer: answer.set_result(None))

    def _answer(self, give: Callable[[asyncio.Future], None]) -> None:
        """Give the answer to the first that waits, unless the crawl was stopped meanwhile."""
        _, answer = self.waiting.popleft()
        if not answer.done():
            give(answer)

    async def stop(self) -> None:
        self.ending = True
        if self.process is None:
            return
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), GOODBYE_SECONDS)
        except TimeoutError:
            self.process.kill()
        await self._listening


def _unpacked(answer: bytes) -> Read | None:
    try:
        return pickle.loads(answer)
    except Exception as error:  # whatever it is, nobody waits for ever
        logger.error("What was read cannot be unpacked (%s: %s): the crawl reads the page itself", type(error).__name__, error)
        return None
