"""Packed bodies: unpacked when they are whole, and refused when they were cut off."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable

import brotli
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from newsarchive.extract.charset import readable
from newsarchive.store.warc import WarcError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 64 * 1024 * 1024
ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
"""Beginnings of a frame, and of one that is to be skipped (RFC 8878, 3.1)."""

FIRST, PIECE = 1 << 10, 1 << 16
"""So many bytes are unpacked at once, at the beginning of a member and later at most."""

IN_ONE_GO = 1_000_000
"""What unpacks to fewer bytes, as most pages do, needs no pieces."""


GZIP = ("gzip", "x-gzip")


class TornBody(Exception):
    """A packed body has no end; what could be unpacked of it would pass for a short page."""


class UnpackingMiddleware(HttpCompressionMiddleware):
    """Scrapy's own, which gives what it can of a torn body (2.19), and an error instead."""

    def __init__(self, *, crawler):
        super().__init__(crawler=crawler)
        self.limits = [crawler.settings.getint(name) for name in ("DOWNLOAD_MAXSIZE", "DOWNLOAD_WARNSIZE")]

    def process_response(self, request: Request, response: Response) -> Response:
        packed = response.body
        names = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").lower()
        limits = [request.meta.get("download_maxsize", self.limits[0]), request.meta.get("download_warnsize", self.limits[1])]
        if names in GZIP and (body := _in_one_go(packed, min(filter(None, (*limits, IN_ONE_GO))))) is not None:
            self.stats.inc_value("httpcompression/response_bytes", len(body))
            self.stats.inc_value("httpcompression/response_count")
            return readable(_with(response, body))
        whole = super().process_response(request, response)
        if whole is not response and packed:
            encoding = names.split(",")[-1].strip()
            # RFC 1952, 2.3.1: gzip ends with the size of what was packed. Most bodies pass by this alone.
            if encoding in GZIP and int.from_bytes(packed[-4:], "little") == len(whole.body) & 0xFFFFFFFF:
                return readable(whole)
            try:
                DECODERS.get(encoding, bytes)(packed)
            except (ValueError, zlib.error):
                raise TornBody(f"{encoding} body without its end, {len(packed)} bytes") from None
        return readable(whole)


def unpacked(response: Response) -> Response:
    """Return ``response`` with its ``Content-Encoding`` undone. Raises :class:`newsarchive.store.warc.WarcError`."""
    header = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").lower()
    body = response.body
    for encoding in reversed([name.strip() for name in header.split(",") if name.strip()]):
        if encoding not in DECODERS:
            raise WarcError(f"{response.url} is packed with {encoding}")
        try:
            body = DECODERS[encoding](body)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise WarcError(f"{response.url} cannot be unpacked: {error}") from None
    return readable(_with(response.copy(), body))


def _with(response: Response, body: bytes) -> Response:
    """Return ``response``, which is used no more, with ``body``, unpacked."""
    response.headers.pop("Content-Encoding", None)
    kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
    # What it was before may have had another encoding.
    encoding = {"encoding": None} if issubclass(kind, TextResponse) else {}
    return response.replace(cls=kind, body=body, **encoding)


def _in_one_go(packed: bytes, limit: int) -> bytes | None:
    """Unpack gzip that is one whole member of less than ``limit`` bytes; None: it is anything else."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, limit)
    except zlib.error:
        return None
    return body if unpacker.eof and not unpacker.unused_data and len(body) < limit else None


def _whole(body: bytes, ended: bool) -> bytes:
    """Return ``body``, unpacked, when its packed form came to its end: half a page would pass for a short one."""
    if not ended:
        raise ValueError("it has no end, or is larger than any page")
    return body


def _brotli(body: bytes) -> bytes:
    unpacker = brotli.Decompressor()
    try:
        return _whole(unpacker.process(body, output_buffer_limit=MAX_BYTES), unpacker.is_finished())
    except brotli.error as error:
        raise ValueError(error) from None


def _gzip(body: bytes) -> bytes:
    """One member, or several one after the other (RFC 1952, 2.2)."""
    return _members(body, re.compile(rb"\x1f\x8b"), lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))


def _zstd(body: bytes) -> bytes:
    """One frame, or several one after the other; those that are to be skipped unpack to nothing."""
    try:
        return _members(body, ZSTD, zstd.ZstdDecompressor)
    except zstd.ZstdError as error:
        raise ValueError(error) from None


def _members(body: bytes, begin: re.Pattern, new: Callable) -> bytes:
    """Unpack what ``body`` holds one after the other, each with an unpacker of its own; what stands behind is padding."""
    pieces, at, size = [], 0, 0
    while not at or begin.match(body, at):
        unpacker, step = new(), FIRST
        while not unpacker.eof:
            # In pieces, small ones first: an unpacker that is done gives back a copy of what it was not to have.
            packed = body[at : at + step]
            piece = unpacker.decompress(packed, MAX_BYTES - size + 1)
            size += len(piece)
            pieces.append(_whole(piece, bool(packed) and size <= MAX_BYTES))
            at += len(packed) - len(unpacker.unused_data)
            step = min(step * 2, PIECE)
    return b"".join(pieces)


def _deflate(body: bytes) -> bytes:
    """RFC 9110, 8.4.1.2: zlib format; some servers send it bare."""
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        unpacker = zlib.decompressobj(bits)
        try:
            return _whole(unpacker.decompress(body, MAX_BYTES), unpacker.eof)
        except zlib.error as error:
            last = error
    raise last


DECODERS = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd, "identity": bytes}
