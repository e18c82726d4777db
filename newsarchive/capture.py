"""Capture: every answer of a server is kept, and is Scrapy's HTTP cache.

One object in Scrapy's own socket does three things: it writes answers into WARC files, asks again with their validators,
and gives them back when a crawl is replayed.
"""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import responses
from pathlib import Path

from scrapy import Request
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.httpobj import urlparse_cached

from newsarchive.store.archive import Archive
from newsarchive.store.captures import COLUMNS, Captures
from newsarchive.store.warc import (
    IDENTICAL,
    NOT_MODIFIED,
    Record,
    WarcError,
    WarcWriter,
    http_message,
    locate,
    payload_digest,
    read_record,
)
from newsarchive.store.warc_erase import quoting
from newsarchive.trouble import FAULTS

QUEUED_BYTES = 64 * 1024 * 1024
"""So much may wait to be written; then answers wait in their turn."""

LISTINGS = ("listing", "robots")
"""Kinds of capture that stand in files of their own, so that a rule may let them go."""


@dataclass
class Captured:
    """An answer that is being kept."""

    row: dict
    """As in the table ``capture``."""

    written: Future | None = field(default=None, repr=False)
    """Done when the record is in its file; None when it was there before, or is not kept."""

    safe: bool = False
    """The record is on the disk, and rows may cite it."""

    @property
    def reference(self) -> dict | None:
        """``{file, offset, digest}`` as an article has it; None when the bytes are not kept."""
        return {name: self.row[name] for name in ("file", "offset", "digest")} if self.row.get("file") else None


class CaptureStore:
    """The captures of one crawl: bytes in WARC files, written by a thread, and rows of the archive.

    ``folder`` None keeps no bytes. A listing's bytes are kept for ``retention`` days at least; 0: always.
    """

    def __init__(self, archive: Archive, crawl: int, folder: Path | None, name: str, info: dict, max_bytes: int, retention: float):
        self.archive, self.crawl, self.folder, self.retention = archive, crawl, folder, retention
        self.thread = ThreadPoolExecutor(1, "warc")
        self.writers = {
            listings: WarcWriter(folder, f"{name}-listings" if listings else name, info, max_bytes)
            for listings in ((False, True) if folder else ())
        }
        self.waiting: list[Captured] = []
        self.quotes = archive.withdrawals.quotes()
        """Of erased articles."""
        self.tainted = False
        """Something of an erased article was written."""
        self.queued = 0
        self.settling = asyncio.Lock()

    def add(self, request: Request, response: Response, taken_at: str | None = None) -> Captured:
        """Keep ``response``, which answers ``request``; another's capture, without its request, was ``taken_at`` a time."""
        row = {
            "crawl": self.crawl,
            "url": request.url,
            "fetched_at": taken_at or self.archive.now(),
            "status": response.status,
            "etag": header(response, "ETag"),
            "last_modified": header(response, "Last-Modified"),
            "digest": payload_digest(response.body),
            "kind": request.meta.get("kind", "other"),
        }
        captured = Captured(row)
        self.waiting.append(captured)
        if self.folder is None:
            return captured
        before = self.archive.captures.newest(request.url)
        writer = self.writers[row["kind"] in LISTINGS]
        if "playwright" in response.flags:
            captured.written = self.thread.submit(self._write_drawn, writer, captured, response)
        else:
            revisit = self._revisit(row, before)
            if revisit:
                row |= {name: before[name] for name in ("file", "offset", "digest")}
            # The heads are made now: later middlewares change the headers of this very object.
            heads = None if taken_at else request_head(request), response_head(response)
            captured.written = self.thread.submit(self._write, writer, captured, response, heads, revisit)
        size = len(response.body)
        self.queued += size
        loop = asyncio.get_running_loop()
        captured.written.add_done_callback(lambda _: loop.call_soon_threadsafe(self._dequeue, size))
        return captured

    def snapshots(self, url: str) -> list[int]:
        """Nothing is replayed."""
        return []

    def _dequeue(self, size: int) -> None:
        self.queued -= size

    def _revisit(self, row: dict, before: dict | None) -> tuple[str, str, str] | None:
        """Profile, address and date of the capture that has the same payload."""
        if before is None:
            return None
        if row["status"] == 304:
            profile = NOT_MODIFIED
        elif row["status"] == before["status"] and row["digest"] == before["digest"] and not self._aging(row, before):
            profile = IDENTICAL
        else:
            return None
        return profile, before["url"], warc_date(before["fetched_at"])

    def _aging(self, row: dict, before: dict) -> bool:
        """A listing's bytes are written anew at half their time, so that no revisit outlives what it refers to."""
        return bool(self.retention) and row["kind"] in LISTINGS and before["fetched_at"] < self.archive.ago(self.retention / 2)

    def _write(
        self, writer: WarcWriter, captured: Captured, response: Response, heads: tuple[bytes | None, bytes], revisit
    ) -> None:
        ip = response.ip_address and str(response.ip_address)
        # What came packed is only packed again because each record must be.
        level = 1 if b"\r\nContent-Encoding:" in heads[1] else 6
        row = captured.row
        self.tainted = self.tainted or bool(self.quotes and quoting(self.quotes, (heads[0] or b"") + heads[1], response.body))
        place = writer.write_exchange(
            row["url"], warc_date(row["fetched_at"]), ip, *heads, response.body, row["digest"], revisit, level
        )
        captured.row |= {} if revisit else vars(place)

    def _write_drawn(self, writer: WarcWriter, captured: Captured, response: Response) -> None:
        self.tainted = self.tainted or bool(self.quotes and quoting(self.quotes, b"", response.body))
        place = writer.write_resource(
            response.url, warc_date(captured.row["fetched_at"]), "text/html; charset=utf-8", response.body, captured.row["digest"]
        )
        captured.row |= vars(place)

    async def room(self) -> None:
        """Wait until less than :data:`QUEUED_BYTES` wait to be written."""
        if self.queued > QUEUED_BYTES and self.waiting and self.waiting[-1].written:
            await asyncio.wrap_future(self.waiting[-1].written)

    async def settle(self, captured: Captured | None = None) -> None:
        """Bring what was captured so far to the disk, so that rows may cite it; nothing to do when ``captured`` is there."""
        async with self.settling:
            if (captured is not None and captured.safe) or not self.waiting:
                return
            waiting, self.waiting = self.waiting, []
            if self.folder:
                await asyncio.wrap_future(self.thread.submit(self._sync))
            for one in waiting:
                if one.written:
                    one.written.result()  # a full disk ends the crawl here
                one.safe = True
                self.archive.captures.add(**one.row)

    def _sync(self) -> None:
        for writer in self.writers.values():
            writer.sync()

    async def close(self) -> None:
        """Settle, and give the files their names; what cannot be written any more keeps its ``.open``."""
        with ExitStack() as stack:
            stack.callback(self.thread.shutdown)
            for writer in self.writers.values():
                stack.callback(lambda writer=writer: self.thread.submit(writer.close).result())
            await self.settle()

    def files(self) -> list[Path]:
        """Return the files that were written."""
        return [path for writer in self.writers.values() for path in self.folder.glob(f"{writer.name}-?????.warc.gz")]


class ReplayStore:
    """The captures of another archive, in the folder ``source``, given back instead of asking anybody.

    What is given back is entered in ``archive`` as well; the WARC files are linked to, or copied where that cannot be.
    """

    def __init__(self, archive: Archive, crawl: int, source: Path, folder: Path):
        self.archive, self.crawl, self.folder = archive, crawl, folder
        self.source = source / "warc"
        replayed = Archive(source / "archive.db", read_only=True)
        self.captures: Captures = replayed.captures
        archive.withdrawals.take_over(replayed)
        self.tainted = False

    def find(self, request: Request) -> dict | None:
        """Return the row of the newest answer to ``request``, a 200 if there was one; or the one that its meta names."""
        if request.meta.get("kind") == "article" and "snapshot" not in request.meta:
            # Its texts one after the other, as the publisher put them there.
            request.meta["snapshot"], *request.meta["snapshots"] = self.snapshots(request.url) or [None]
        if number := request.meta.get("snapshot"):
            return self.captures.get(number)
        return self.captures.newest(request.url) or self.captures.newest(request.url, status=None)

    def snapshots(self, url: str) -> list[int]:
        """Return the captures of a listing that differ from the one before, oldest first."""
        return self.captures.different(url)

    def add(self, row: dict) -> Captured:
        """Enter a row of the other archive, and its file."""
        row = dict(row) | {"crawl": self.crawl}
        path = locate(self.source, row["file"])
        target = self.folder / row["file"]
        if not target.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                target.hardlink_to(path)
            except OSError:
                shutil.copyfile(path, target)
        self.archive.captures.add(**{name: row[name] for name in COLUMNS})
        return Captured(row, safe=True)

    async def room(self) -> None:
        pass

    async def settle(self, captured: Captured | None = None) -> None:
        pass

    async def close(self) -> None:
        pass

    def files(self) -> list[Path]:
        """Nothing is written."""
        return []


class NotCaptured(IgnoreRequest):
    """A replayed archive has no answer to a request."""


class CaptureStorage:
    """Scrapy's cache storage (``HTTPCACHE_STORAGE``) over the spider's ledger."""

    def __init__(self, settings):
        self.replay = bool(settings["REPLAY"])

    def open_spider(self, spider) -> None:
        self.store = spider.ledger.captures

    def close_spider(self, spider) -> None:
        """The ledger closes its store itself, after everything else."""

    def retrieve_response(self, spider, request: Request) -> Response | None:
        """Return the stored answer to ``request``; without replay one that has the validators alone."""
        if self.replay:
            row = self.store.find(request)
            if row is None or row["file"] is None:
                return None
            response = read_response(self.store.source, row)
            request.meta["captured"] = self.store.add(row)
            return response
        try:
            row = self.store.archive.captures.newest(request.url) if self.store.folder else None
        except FAULTS as error:  # here, for Scrapy takes whatever comes out for a broken entry of its cache
            if spider.ledger.fail(error) is error:
                raise
            return None
        if row is None or not (row["etag"] or row["last_modified"]):
            return None
        validators = {"ETag": row["etag"], "Last-Modified": row["last_modified"]}
        request.meta["capture_row"] = row
        return Response(request.url, headers={name: value for name, value in validators.items() if value})

    def store_response(self, spider, request: Request, response: Response) -> None:
        """Keep ``response``; where it is kept stands in the request's meta as ``captured``."""
        request.meta["captured"] = self.store.add(request, response)


class CapturePolicy:
    """Scrapy's cache policy (``HTTPCACHE_POLICY``): nothing is fresh but in a replay; 304 alone means unchanged."""

    def __init__(self, settings):
        self.replay = bool(settings["REPLAY"])

    def should_cache_request(self, request: Request) -> bool:
        return request.method == "GET" and urlparse_cached(request).scheme in ("http", "https")

    def should_cache_response(self, response: Response, request: Request) -> bool:
        return True

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """In a replay, yes; else ask with the validators of the last 200."""
        for name, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            if not self.replay and (value := cachedresponse.headers.get(validator)):
                request.headers[name] = value
        return self.replay

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        return response.status == 304


class CaptureMiddleware(HttpCacheMiddleware):
    """Scrapy's cache middleware, with a failure let through: a dead server must not look like an unchanged page."""

    def process_request(self, request: Request) -> Response | None:
        try:
            return super().process_request(request)
        except IgnoreRequest as error:
            raise NotCaptured("not in the replayed archive") from error

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        request.meta.pop("_dont_cache", None)
        known = request.meta.pop("cached_response", None)
        row = request.meta.pop("capture_row", None)
        if "cached" in response.flags or not self.policy.should_cache_request(request):
            return response
        try:
            self.storage.store_response(self.crawler.spider, request, response)
            await self.storage.store.room()
        except FAULTS as error:
            raise self.crawler.spider.ledger.fail(error) from None
        if known is None or not self.policy.is_cached_response_valid(known, response, request):
            return response
        self.stats.inc_value("archive/capture/not_modified")
        try:
            return read_response(self.storage.store.folder, row)
        except WarcError as error:
            # Its file was taken away: ask for the whole page.
            self.stats.inc_value("archive/capture/unreadable")
            self.crawler.spider.logger.error("Cannot read the capture of %s again: %s", request.url, error)
            again = request.replace(dont_filter=True)
            for name in ("If-None-Match", "If-Modified-Since"):
                again.headers.pop(name, None)
            again.meta["dont_cache"] = True
            return again

    def process_exception(self, request: Request, exception: Exception) -> None:
        request.meta.pop("cached_response", None)


def read_response(folder: Path, row: dict) -> Response:
    """Return the answer in the capture ``row``, with its file in ``folder``, as the downloader gave it.

    Raises :class:`newsarchive.store.warc.WarcError`.
    """
    record = read_record(locate(folder, row["file"]), row["offset"])
    return response_of(record)


def response_of(record: Record) -> Response:
    """Return the answer in a WARC record, its body still as it was sent."""
    url = record.headers.get("warc-target-uri", "").strip("<>")
    flags = []
    headers = Headers()
    for name, value in record.http:
        headers.appendlist(name, value)
    if record.headers.get("warc-type") == "resource":
        headers["Content-Type"], flags = record.headers["content-type"], ["playwright"]
    kind = responsetypes.from_args(headers=headers, url=url, body=record.payload)
    return kind(url, status=record.status or 200, headers=headers, body=record.payload, flags=flags)


def request_head(request: Request) -> bytes:
    """Return ``request`` as an HTTP message without body."""
    parts = urlparse_cached(request)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return http_message(f"{request.method} {path} HTTP/1.1", [("Host", parts.netloc), *request.headers.to_tuple_list()])


def response_head(response: Response) -> bytes:
    """Return ``response`` as an HTTP message without body; what only belongs to the way it came is left out."""
    phrase = responses.get(response.status, "")
    headers = [(n, v) for n, v in response.headers.to_tuple_list() if n.lower() not in ("transfer-encoding", "content-length")]
    headers.append(("Content-Length", str(len(response.body))))
    return http_message(f"{response.protocol or 'HTTP/1.1'} {response.status} {phrase}", headers)


def header(response: Response, name: str) -> str | None:
    """Return a header as text."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def warc_date(at: str) -> str:
    """Return a time of the ledger as WARC has it: with ``Z``."""
    return at.replace("+00:00", "Z")
