"""Picture files: Scrapy's ``FilesPipeline``, fed from the archive, so that what was not fetched is not forgotten."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider, DownloadCancelledError, IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.pipelines.files import FilesPipeline, FSFilesStore

from newsarchive.ledger import ArchiveLedger
from newsarchive.middlewares import RobotsUnavailable
from newsarchive.pictures import TYPES, measured
from newsarchive.slowdown import HostClosed, Stopped
from newsarchive.store.images import Picture
from newsarchive.store.warc import sync_folder
from newsarchive.urls import is_address

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""So many pictures are asked for before the next are claimed: a stop waits for no more."""


@dataclass
class Pictures:
    """What the pipeline fetches together."""

    pictures: list[Picture]


class NotKept(Exception):
    """A picture is not kept; ``state`` is as in the table ``image_file``."""

    def __init__(self, state: str, reason: str):
        super().__init__(reason)
        self.state = state


class WholeFilesStore(FSFilesStore):
    """A file has its name once it is whole, and what is there is not written again: its name is its digest."""

    async def persist_file(self, path, buf, info, meta=None, headers=None) -> None:
        await asyncio.to_thread(self._write, Path(self.basedir, path), buf.getvalue())

    @staticmethod
    def _write(path: Path, body: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with open(part, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)


class ImageFilesPipeline(FilesPipeline):
    """Keeps the largest declared rendition of each photo, as it was sent, in ``ARCHIVE_DIR/images/``.

    Articles pass through. The pictures that wait in the archive are fetched beside the crawl, a few at a time; a crawl
    ends when all that it may fetch are had.
    """

    LOG_FAILED_RESULTS = False
    STORE_SCHEMES = {**FilesPipeline.STORE_SCHEMES, "": WholeFilesStore, "file": WholeFilesStore}

    def __init__(self, store_uri, *, crawler):
        super().__init__(store_uri, crawler=crawler)
        self.max_bytes = crawler.settings.getint("IMAGE_MAX_BYTES")
        self.left = crawler.settings.getint("IMAGES_MAX_BYTES")
        self.news = asyncio.Event()
        self.busy = self.closing = False
        self.task: asyncio.Task | None = None
        crawler.signals.connect(self._begin, signals.spider_opened)
        crawler.signals.connect(self._idle, signals.spider_idle)
        crawler.signals.connect(self._came, signals.bytes_received)
        for signal in (signals.item_scraped, signals.item_dropped):
            crawler.signals.connect(self._item_left, signal)

    @classmethod
    def from_crawler(cls, crawler):
        if not crawler.settings.getbool("KEEP_IMAGES"):
            raise NotConfigured
        return super().from_crawler(crawler)

    def _begin(self) -> None:
        self.ledger = self.crawler.spider.ledger
        if isinstance(self.ledger, ArchiveLedger):
            self.ledger.want_missing_images()
            self.busy = True
            self.task = asyncio.ensure_future(self._fetch())

    async def _fetch(self) -> None:
        while not self.closing:
            self.news.clear()
            self.busy = True
            pictures = self.ledger.claim_images(AT_ONCE) if self.left > 0 else []
            if pictures:
                await super().process_item(Pictures(pictures))
                self.spiderinfo.downloaded.clear()  # the archive knows them
                continue
            self.busy = False
            await self.news.wait()

    def _came(self, data: bytes, request: Request) -> None:
        """Count what is fetched of pictures, kept or not."""
        if request.meta.get("kind") == "image":
            before, self.left = self.left, self.left - len(data)
            if self.left <= 0 < before:
                logger.info("IMAGES_MAX_BYTES are fetched: the other pictures wait for the next crawl")

    def _item_left(self) -> None:
        self.news.set()

    def _idle(self) -> None:
        if self.task and not self.task.done() and (self.busy or self.news.is_set()):
            raise DontCloseSpider

    async def close_spider(self) -> None:
        self.closing = True
        self.news.set()
        if self.task:
            await self.task

    async def process_item(self, item):
        return item

    def get_media_requests(self, item: Pictures, info) -> list[Request]:
        meta = {"kind": "image", "allow_offsite": True, "download_maxsize": self.max_bytes, "download_warnsize": 0}
        requests = []
        for picture in item.pictures:
            if is_address(picture.url):
                requests.append(Request(picture.url, meta=dict(meta)))
            else:
                self.ledger.image_failed(picture.url, "broken", "no address that can be asked")
        return requests

    def media_to_download(self, request, info, *, item=None) -> None:
        """The archive says what is to be fetched."""

    async def media_downloaded(self, response: Response, request: Request, info, *, item=None):
        if response.status in (404, 410):
            raise NotKept("gone", f"HTTP {response.status}")
        if response.status in (401, 402, 403, 451):
            raise NotKept("refused", f"HTTP {response.status}")
        if response.status != 200:
            raise NotKept("waiting", f"HTTP {response.status}")
        type, width, height = measured(response.body)
        if type is None:
            raise NotKept("broken", f"{len(response.body)} bytes that are no whole picture of a kind that is kept")
        found = await super().media_downloaded(response, request, info, item=item)
        digest = hashlib.sha256(response.body).hexdigest()
        self.ledger.image_stored(
            request.url, file=found["path"], digest=digest, type=type, bytes=len(response.body), width=width, height=height
        )
        self.crawler.stats.inc_value("archive/image/stored")
        return found

    def media_failed(self, failure, request: Request, info) -> None:
        """Record why the picture is not kept."""
        error = failure.value
        if isinstance(error, (HostClosed, Stopped)):  # it waits for the next crawl, and was not tried
            self.crawler.stats.inc_value("archive/image/postponed")
            return
        if isinstance(error, NotKept):
            state, reason = error.state, str(error)
        elif isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(error):  # as sent, or unpacked
            state, reason = "too_large", f"more than IMAGE_MAX_BYTES ({self.max_bytes} bytes)"
        elif isinstance(error, IgnoreRequest) and not isinstance(error, RobotsUnavailable):  # robots.txt, or no public host
            state, reason = "refused", str(error)
        else:
            state, reason = "waiting", f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
        self.ledger.image_failed(request.url, state, reason)
        self.crawler.stats.inc_value(f"archive/image/{state}")

    def file_path(self, request, response=None, info=None, *, item=None) -> str:
        digest = hashlib.sha256(response.body).hexdigest()
        ending = next(ending for start, at, _, ending in TYPES if response.body[at:].startswith(start))
        return f"{digest[:2]}/{digest}.{ending}"
