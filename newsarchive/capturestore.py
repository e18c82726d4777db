"""The captures of a crawl, written into WARC files by a thread. Those of a replay: :mod:`newsarchive.replaystore`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scrapy import Request
from scrapy.http import Response

from newsarchive.store.archive import Archive
from newsarchive.store.captures import IMPORTED, LISTINGS
from newsarchive.store.warc import (
    IDENTICAL,
    NOT_MODIFIED,
    WarcWriter,
    exchange,
    payload_digest,
    resource,
)
from newsarchive.store.warc_erase import quoting
from newsarchive.warcmessages import header, request_head, response_head, warc_date

QUEUED_BYTES = 64 * 1024 * 1024
"""So much may wait to be written; then answers wait in their turn."""

AT_ONCE_BYTES = 256 * 1024
"""A record of a packed body that is no larger is made at once: a thread that asks for its turn costs more."""

UNSETTLED = 16
"""So many answers may wait for the disk: a kill loses them, and they are asked for again."""

DRAWN_TYPE = "text/html; charset=utf-8"

PACKED = re.compile(rb"(?i)\r\nContent-(?:Encoding: (?:x-gzip|gzip|br|zstd|deflate)|Type: image/(?:jpeg|webp|avif))\b")
"""In the head of an answer: its body gets no smaller by gzip."""


@dataclass
class Captured:
    """An answer that is being kept."""

    row: dict
    """As in the table ``capture``."""

    make: Callable[[], list[bytes]] | None = field(default=None, repr=False)
    """Gives its WARC records; None when they are in their file, or not kept."""

    safe: bool = False
    """The record is on the disk, and rows may cite it."""

    with_article: bool = False
    """Its row is entered in the transaction that stores the article, and not before: by it the record is known as read."""

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
        self.fault: Exception | None = None
        """Why nothing can be written any more: whatever is to be settled later is not on the disk either."""
        self.queued = self.syncing = 0
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
            "kind": IMPORTED if taken_at else request.meta.get("kind", "other"),
        }
        captured = Captured(row, with_article=taken_at is not None)
        self.waiting.append(captured)
        if self.folder is None:
            return captured
        if "dont_cache" in request.meta:  # asked whole, for what was there cannot be read
            before = None
        elif response.status == 304 or "capture_row" in request.meta:  # it speaks of the capture whose validators were sent
            before = request.meta.get("capture_row")
        else:
            before = self.archive.captures.newest(request.url, kind=row["kind"])
        date, body, heads, packed = warc_date(row["fetched_at"]), response.body, (None, b""), False
        if "playwright" in response.flags:
            make = partial(resource, response.url, date, DRAWN_TYPE, body, row["digest"])
        else:
            if revisit := self._revisit(row, before):
                row |= {name: before[name] for name in ("file", "offset", "digest")}
            ip = response.ip_address and str(response.ip_address)
            # The heads are made now: later middlewares change the headers of this very object.
            heads = None if taken_at else request_head(request), response_head(response)
            packed = PACKED.search(heads[1]) is not None
            make = partial(exchange, row["url"], date, ip, *heads, body, row["digest"], revisit, packed)
        if self.quotes:
            make = partial(self._looked_at, (heads[0] or b"") + heads[1], body, make)
        elif packed and len(body) <= AT_ONCE_BYTES:
            make = partial(list, make())  # which are there then
        captured.make = make
        self.queued += len(body)
        return captured

    def known(self, request: Request) -> dict | None:
        """Return the row of the capture that ``request`` is to ask whether it changed; None: ask for the whole."""
        kind = request.meta.get("kind", "other")
        row = self.archive.captures.newest(request.url, kind=kind) if self.folder else None
        return None if row is None or self._aging(kind, row) else row

    def snapshots(self, url: str) -> list[int]:
        """Nothing is replayed."""
        return []

    def _revisit(self, row: dict, before: dict | None) -> tuple[str, str, str] | None:
        """Profile, address and date of the capture that has the same payload."""
        if before is None:
            return None
        if row["status"] == 304:
            profile = NOT_MODIFIED
        elif row["status"] == before["status"] and row["digest"] == before["digest"] and not self._aging(row["kind"], before):
            profile = IDENTICAL
        else:
            return None
        return profile, before["url"], warc_date(before["fetched_at"])

    def _aging(self, kind: str, before: dict) -> bool:
        """A listing's bytes are written anew at half their time, so that no revisit outlives what it refers to."""
        if not self.retention or kind not in LISTINGS:
            return False
        return self.archive.captures.written_at(before) < self.archive.ago(self.retention / 2)

    async def room(self) -> None:
        """Wait until less than :data:`QUEUED_BYTES`, and less than :data:`UNSETTLED` answers, wait for the disk."""
        if len(self.waiting) + self.syncing >= UNSETTLED or self.queued > QUEUED_BYTES:
            await self.settle()

    async def settle(self, captured: Captured | None = None) -> None:
        """Bring what was captured so far to the disk, so that rows may cite it; nothing to do when ``captured`` is there."""
        async with self.settling:
            if captured is not None and captured.safe:
                return
            if self.fault:
                raise self.fault
            if not self.waiting:
                return
            waiting, self.waiting, queued = self.waiting, [], self.queued
            self.syncing = len(waiting)
            try:
                if self.folder:
                    await asyncio.wrap_future(self.thread.submit(self._write, waiting))
            except Exception as error:  # a full disk, or a record that cannot be made: nothing behind it is written either
                self.fault = error
                raise
            finally:
                self.syncing = 0
                self.queued -= queued
            for one in waiting:
                one.safe = True
                if not one.with_article:
                    self.archive.captures.add(**one.row)

    def _write(self, waiting: list[Captured]) -> None:
        for one in waiting:
            if one.make:
                place = self.writers[one.row["kind"] in LISTINGS].append(one.make())
                one.make = None
                one.row = vars(place) | one.row  # a revisit's place is that of what it repeats
        for writer in self.writers.values():
            writer.sync()

    def _looked_at(self, heads: bytes, body: bytes, make: Callable[[], list[bytes]]) -> list[bytes]:
        """Make records of ``heads`` and ``body``, in which something of an erased article may stand."""
        self.tainted = self.tainted or quoting(self.quotes, heads, body)
        return make()

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
