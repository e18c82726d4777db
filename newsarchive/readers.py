"""Processes that read articles beside the crawl, which then only fetches and stores. See :mod:`newsarchive.readerprocess`."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from collections import deque

from scrapy import Request, signals
from scrapy.http import HtmlResponse, Response

from newsarchive.readerprocess import HEAD, Read, asked

logger = logging.getLogger(__name__)

GOODBYE_SECONDS = 5
"""So long a process may take to end when there is nothing to read any more."""


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
    """One process. It answers in the order in which it is asked, and is started again when a page was its end."""

    def __init__(self, site: list[str]):
        self.site = site
        self.waiting: deque[tuple[bytes, asyncio.Future[Read | None]]] = deque()
        """What was asked, and the answers to come."""

    async def start(self) -> None:
        # What can be imported here can be there, in a project's folder as in an egg.
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "newsarchive.readerprocess", *self.site),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        )
        self._listening = asyncio.ensure_future(self._listen())

    async def read(self, response: HtmlResponse) -> Read | None:
        """Return what a page holds; None when reading it failed. Raises :class:`ReaderDied` when it was too much."""
        question, answer = asked(response), asyncio.get_running_loop().create_future()
        self.waiting.append((question, answer))
        self.process.stdin.write(question)
        return await answer

    async def _listen(self) -> None:
        while True:
            try:
                head = await self.process.stdout.readexactly(HEAD.size)
                packed = await self.process.stdout.readexactly(*HEAD.unpack(head))
            except asyncio.IncompleteReadError:
                break
            _, answer = self.waiting.popleft()
            if not answer.done():  # the crawl was stopped meanwhile
                answer.set_result(pickle.loads(packed))
        if self.waiting:
            logger.warning("A process that reads articles ended (status %s); starting another", await self.process.wait())
            _, read = self.waiting.popleft()
            await self.start()
            self.process.stdin.writelines(question for question, _ in self.waiting)
            if not read.done():
                read.set_exception(ReaderDied("the process that read it ended"))

    async def stop(self) -> None:
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), GOODBYE_SECONDS)
        except TimeoutError:
            self.process.kill()
        await self._listening
