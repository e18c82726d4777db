"""``JSONLINES_PATH``: a file that is kept in step with the archive, see :mod:`newsarchive.jsonlinesfile`."""

from __future__ import annotations

import asyncio
import logging
import os
from urllib.parse import urlsplit
from urllib.request import url2pathname

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from newsarchive.jsonlinesfile import JsonLinesFile
from newsarchive.monitor import archive_enabled, open_archive
from newsarchive.stopping import ToldToStop
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.trouble import FAULTS, line_of

logger = logging.getLogger(__name__)


class JsonLinesExtension:
    """Writes what the archive has new, every few seconds and when the crawl ends. Off: ``JSONLINES_PATH`` is empty."""

    def __init__(self, crawler):
        self.interval = 2 * crawler.settings.getfloat("HEARTBEAT_SECONDS")
        # A connection of its own: its transactions are not the crawl's.
        self.archive = open_archive(crawler.settings, ToldToStop(crawler))
        self.file = JsonLinesFile(self.archive, crawler.settings["JSONLINES_PATH"])
        self.loop = create_looping_call(self._beat)
        self.writing: asyncio.Task | None = None
        self.fault = ""
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        settings = crawler.settings
        if not settings["JSONLINES_PATH"] or not archive_enabled(settings) or not hasattr(crawler.spider, "ledger"):
            raise NotConfigured
        return cls(crawler)

    def spider_opened(self) -> None:
        self.loop.start(self.interval, now=True)

    def _beat(self) -> None:
        if self.writing is None or self.writing.done():
            self.writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        try:
            while self.file.write():
                await asyncio.sleep(0)
            self.fault = ""
        except (*FAULTS, ArchiveError) as error:
            # The archive has the texts; the file gets them as soon as it can be written.
            if self.fault != str(error):
                self.fault = str(error)
                logger.error("%s is behind the archive: %s", self.file.path, line_of(error))

    async def spider_closed(self) -> None:
        if self.loop.running:
            self.loop.stop()
        if self.writing:
            await self.writing
        await self._write()
        self.archive.close()


def feed_path(uri: str) -> str:
    """Return the path of a feed in a file; an address of another kind stays as it is."""
    parts = urlsplit(uri)
    return url2pathname(parts.path) if parts.scheme == "file" else uri


def check_jsonlines(archive: Archive, settings) -> None:
    """Mend the file in ``JSONLINES_PATH``, or raise in one line why it cannot be kept."""
    path = settings["JSONLINES_PATH"]
    if not path:
        return
    file = JsonLinesFile(archive, path)
    for uri in settings.getdict("FEEDS"):
        if os.path.realpath(feed_path(str(uri))) == file.name:
            raise ValueError(f"{path} is JSONLINES_PATH and a feed as well; a file has one writer")
    if not file.path.parent.is_dir():
        raise ValueError(f"JSONLINES_PATH is {path}, and there is no folder {file.path.parent}")
    try:
        file.write()
    except OSError as error:
        raise ValueError(f"JSONLINES_PATH is {path}, which cannot be written: {error.strerror}") from None
