"""Reads an article again from the bytes of its capture, with today's code."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import brotli
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from newsarchive.extract.article import load_article
from newsarchive.extract.rules import SiteRules
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.store.warc import WarcError
from newsarchive.urls import memento
from newsarchive.warcmessages import read_response

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 64 * 1024 * 1024
# What a visit decides, and not the page's text; it stays as it is.
OF_THE_VISIT = ("id", "site", "key", "revision", "fetched_at", "capture", "extractor", "content_hash")
VISIT_FLAGS = ("rendered", "second_hand", "future_date")


def reread(old: Article, folder: Path, site: type[SiteRules] | None) -> Article:
    """Return ``old`` as its capture, in the WARC files of ``folder``, reads today.

    Raises :class:`newsarchive.store.warc.WarcError` when it has no capture, or one that cannot be read.
    """
    if old.capture is None:
        raise WarcError(f"{old.id} has no capture")
    response = unpacked(read_response(folder, old.capture))
    if past := memento(response.url):
        response = response.replace(url=past[1])
    if not isinstance(response, TextResponse):
        raise WarcError(f"the capture of {old.id} is no text")
    new = load_article(response, site)
    new.id, new.site, new.key = old.id, old.site, old.key
    new.revision, new.fetched_at, new.capture = old.revision, old.fetched_at, old.capture
    new.flags += [flag for flag in old.flags if flag in VISIT_FLAGS and flag not in new.flags]
    return new


def differing_fields(old: Article, new: Article) -> list[str]:
    """Return the fields that the page decides and in which ``new`` is not ``old``."""
    return [field for field in ARTICLE_FIELDS if field not in OF_THE_VISIT and getattr(old, field) != getattr(new, field)]


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
    headers = response.headers.copy()
    headers.pop("Content-Encoding", None)
    kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
    return kind(response.url, status=response.status, headers=headers, body=body, flags=response.flags)


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


def _zstd(body: bytes) -> bytes:
    unpacker = zstd.ZstdDecompressor()
    try:
        return _whole(unpacker.decompress(body, MAX_BYTES), unpacker.eof)
    except zstd.ZstdError as error:
        raise ValueError(error) from None


def _gzip(body: bytes) -> bytes:
    """One member, or several one after the other (RFC 1952, 2.2); what stands behind them is padding."""
    found = b""
    while True:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        found += _whole(unpacker.decompress(body, MAX_BYTES - len(found) + 1), unpacker.eof)
        body = unpacker.unused_data
        if not body.startswith(b"\x1f\x8b") or len(found) > MAX_BYTES:
            return found


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
