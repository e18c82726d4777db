"""Takes records out of WARC files, and quotes out of records, without moving any other record.

A gzip member is replaced by one of the same length: what it lacks is filled up in the comment of its header (RFC 1952).
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from newsarchive.store.linktexts import LinkTexts
from newsarchive.store.members import GZIP_END, members, readable
from newsarchive.store.quotes import Quote, Quotes
from newsarchive.store.warc import Headers, WarcError, header_lines, payload_digest, sync_folder

ERASED = "newsarchive-erased"
REDACTED = "newsarchive-redacted"
MAX_BYTES = 64 * 1024 * 1024
# Nobody's words stand in these.
NO_TEXT = ("image/", "video/", "audio/", "font/")
CHARSET = re.compile(rb"""charset=["']?([\w.:-]+)""", re.I)

TARGET = re.compile(rb"^WARC-Target-URI:\s*<?([^\s>]+)", re.I | re.M)


@dataclass(frozen=True)
class Treated:
    """A record that was taken out, or that lost a quote, now or before."""

    offset: int
    digest: str | None
    """Of the payload that is left; None when the record is gone."""


@dataclass(frozen=True)
class Eraser:
    """What is to be taken out of WARC files."""

    quotes: Quotes
    owner: Callable[[str], str | None]
    """Tells to which erased article an address leads: its records go as a whole."""

    spare: Callable[[str, set[Quote]], set[Quote]]
    """Returns the quotes that may stay on the page at an address: its own article has the same words."""

    now: str
    """As WARC has times."""

    links: LinkTexts | None = None
    """Finds what pages say of erased articles where they link to them."""

    def erase(self, path: Path) -> tuple[list[Treated], list[int]]:
        """Take out of the file ``path`` what is to go, under a temporary name that then takes its place.

        Returns the records that it lacks now, those of earlier runs included, and where damaged ones stand of which what
        follows the damage could not be searched. A link to the file elsewhere keeps the old one.
        """
        treated: list[Treated] = []
        unsearched: list[int] = []
        instead: list[tuple[int, bytes]] = []
        for one in members(path):
            if one.whole:
                found = self._judge(one.data)
            elif self._tells(one.data):
                found = tombstone(self.now), None
            else:
                unsearched.append(one.offset)
                continue
            if found is None:
                continue
            record, digest = found
            if record is not None:
                member = packed(record, one.length)
                if member is None:  # it became no shorter: then as a whole
                    digest, member = None, packed(tombstone(self.now), one.length)
                if member is None:
                    raise WarcError(f"the record at {one.offset} of {path} is too short for the note that it was erased")
                instead.append((one.offset, member))
            treated.append(Treated(one.offset, digest))
        if instead:
            _replace(path, instead)
        return treated, unsearched

    def _tells(self, data: bytes) -> bool:
        """Tell whether the beginning of a damaged record shows that it is to go."""
        url = TARGET.search(data)
        if url and self.owner(url[1].decode("utf-8", "surrogateescape")):
            return True
        _, payload = _split(data.partition(b"\r\n\r\n")[2])
        texts = (data, readable(payload)) if payload[:2] == b"\x1f\x8b" else (data,)
        return any(self.quotes.found(text.decode("utf-8", "replace")) for text in texts)

    def _judge(self, data: bytes) -> tuple[bytes | None, str | None] | None:
        """The record that takes the place of ``data`` (None: it stays, having lost it before) and the payload's digest."""
        first, fields, block = parts(data)
        names = {name.lower(): value for name, value in fields}
        if ERASED in names:
            return None, None
        if names.get("warc-type") == "warcinfo":
            return None
        url = names.get("warc-target-uri", "").strip("<>")
        if self.owner(url):
            return tombstone(self.now), None
        message = "application/http" in names.get("content-type", "")
        head, payload = _split(block) if message else (b"", block)
        if head and self.quotes.found(head.decode("latin-1")):
            return tombstone(self.now), None
        body = text_of(head or f"Content-Type: {names.get('content-type', '')}".encode(), payload)
        quotes = self.quotes.found(body[0]) if body else set()
        quotes = quotes and quotes - self.spare(url, quotes)
        words = self.links.found(url, body[0]) if body and self.links else []
        if quotes or words:
            redacted = self._redact(first, fields, head, body, quotes, words)
            return redacted or (tombstone(self.now), None)
        return (None, names.get("warc-payload-digest")) if REDACTED in names else None

    def _redact(
        self, first: str, fields: Headers, head: bytes, body: tuple[str, str, bool], quotes, words
    ) -> tuple[bytes, str] | None:
        text, charset, gzipped = body
        edges = [0, *(edge for span in words for edge in span), len(text)]
        text = "".join(text[begin:end] if n % 2 == 0 else "x" * (end - begin) for n, (begin, end) in enumerate(pairwise(edges)))
        try:
            payload = self.quotes.without(text, quotes).encode(charset, "surrogateescape")
        except UnicodeEncodeError:
            return None
        if self.quotes.found(payload.decode(charset, "surrogateescape")) & quotes:
            return None
        if gzipped:
            payload = gzip.compress(payload, 0, mtime=0)  # the member around it packs better than one inside another
        if head:
            status, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            own = ("content-encoding", "transfer-encoding", "content-length")
            lines = [line for line in lines if line.partition(":")[0].strip().lower() not in own]
            head = "\r\n".join([status, *lines, f"Content-Length: {len(payload)}", "", ""]).encode("latin-1")
        block, digest = head + payload, payload_digest(payload)
        fresh = {"warc-payload-digest": digest, "warc-block-digest": payload_digest(block), "content-length": str(len(block))}
        fields = [(name, fresh.get(name.lower(), value)) for name, value in fields if name.lower() != REDACTED]
        fields.append(("Newsarchive-Redacted", self.now))
        return header_lines(first, fields) + block + b"\r\n\r\n", digest


def quoting(quotes: Quotes, head: bytes, payload: bytes) -> bool:
    """Tell whether an HTTP message has one of ``quotes``."""
    body = text_of(head, payload)
    return bool(quotes.found(head.decode("latin-1")) or (body and quotes.found(body[0])))


def text_of(head: bytes, payload: bytes) -> tuple[str, str, bool] | None:
    """Return the text of a payload, its charset, and whether it was a gzip file; None when it has none that can be read."""
    fields = {n.strip().lower(): v.strip() for line in head.split(b"\r\n") for n, c, v in [line.partition(b":")] if c}
    kind = fields.get(b"content-type", b"").decode("latin-1").lower()
    if not payload or kind.startswith(NO_TEXT):
        return None
    try:
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            payload = _dechunked(payload)
        for encoding in reversed(fields.get(b"content-encoding", b"").lower().split(b",")):
            payload = _unpacked(payload, encoding.strip())
        if gzipped := payload[:2] == b"\x1f\x8b":
            payload = _unpacked(payload, b"gzip")
    except (ValueError, zlib.error):
        return None
    named = CHARSET.search(kind.encode()) or CHARSET.search(payload[:2048])
    charset = named[1].decode("latin-1") if named else "utf-8"
    try:
        text = payload.decode(charset, "surrogateescape")
        if text.encode(charset, "surrogateescape") == payload:
            return text, charset, gzipped
    except (LookupError, UnicodeError):
        pass
    return payload.decode("latin-1"), "latin-1", gzipped


def _dechunked(payload: bytes) -> bytes:
    """RFC 9112, 7.1. What is not chunked is returned as it is: many archives undo it and leave the header."""
    found, place = [], 0
    while match := re.compile(rb"([\da-fA-F]+)[^\r\n]*\r\n").match(payload, place):
        size = int(match[1], 16)
        if size == 0:
            return b"".join(found)
        found.append(payload[match.end() : match.end() + size])
        place = match.end() + size + 2
    return payload


def _unpacked(payload: bytes, encoding: bytes) -> bytes:
    if encoding in (b"", b"identity"):
        return payload
    if encoding in (b"gzip", b"x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(payload, MAX_BYTES)
    if encoding == b"deflate":
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj().decompress(payload, MAX_BYTES)
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload, MAX_BYTES)
    raise ValueError(encoding)


def tombstone(now: str) -> bytes:
    """Return the record that stands where another was erased."""
    fields = [("WARC-Type", "metadata"), ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid4()}>"), ("WARC-Date", now)]
    return header_lines("WARC/1.1", [*fields, ("Newsarchive-Erased", now), ("Content-Length", "0")]) + b"\r\n\r\n"


def packed(record: bytes, length: int) -> bytes | None:
    """Return ``record`` as a gzip member of ``length`` bytes; None when it does not fit."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = packer.compress(record) + packer.flush()
    rest = length - 18 - len(stream)
    if rest < 0:
        return None
    comment = b" " * (rest - 1) + b"\0" if rest else b""
    head = b"\x1f\x8b\x08" + (b"\x10" if rest else b"\0") + b"\0\0\0\0\x02\xff"
    return head + comment + stream + GZIP_END.pack(zlib.crc32(record), len(record) & 0xFFFFFFFF)


def parts(data: bytes) -> tuple[str, Headers, bytes]:
    """Return first line, fields and block of a record. Raises WarcError when it is none."""
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    fields = [(name.strip(), value.strip()) for line in lines for name, colon, value in [line.partition(":")] if colon]
    length = next((value for name, value in fields if name.lower() == "content-length"), "")
    if not first.startswith("WARC/") or not length.isdecimal():
        raise WarcError(f"no WARC record: {first[:60]!r}")
    return first, fields, rest[: int(length)]


def _split(block: bytes) -> tuple[bytes, bytes]:
    head, gap, payload = block.partition(b"\r\n\r\n")
    return head + gap, payload


def _replace(path: Path, members: list[tuple[int, bytes]]) -> None:
    part = path.with_name(f".{path.name}.part")
    shutil.copyfile(path, part)
    shutil.copymode(path, part)
    with open(part, "r+b") as file:
        for offset, member in members:
            file.seek(offset)
            file.write(member)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)
