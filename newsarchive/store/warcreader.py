"""Other people's WARC files: read from begin to end, flat in memory, past what is damaged.

Plain and gzip, a member a record or one around all. Own files are read at an offset, see :mod:`newsarchive.store.warc`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from newsarchive.store.warc import END_OF_HEAD, MAX_HEAD, Record, WarcError, head_of, record_of

PIECE = 1 << 16
GZIP = b"\x1f\x8b\x08"
LENGTH = re.compile(r"[0-9]{1,18}")
BEGIN = re.compile(rb"WARC/[01]\.\d+\r?\n")


@dataclass
class Counts:
    """What a reading of a file passed over."""

    records: int = 0
    damaged: int = 0
    too_large: int = 0


class _Damaged(Exception):
    """What follows is no record, or one that ends too soon."""


def records(path: Path, kinds: frozenset[str], max_bytes: int, counts: Counts) -> Iterator[Record]:
    """Yield the HTTP and resource records of ``path`` whose ``WARC-Type`` is one of ``kinds``, in their order.

    A block larger than ``max_bytes`` is passed over, and so is what is damaged; ``counts`` says how often. Raises OSError
    when the file cannot be read at all.
    """
    with open(path, "rb") as file:
        packed = file.read(3) == GZIP
        file.seek(0)
        stream = _Gzip(file) if packed else _Plain(file)
        while True:
            try:
                if not stream.next_record():
                    return
                _, headers = head_of(stream.head(), "utf-8")
                fields = {name.lower(): value for name, value in headers}
                length = fields.get("content-length", "")
                if not LENGTH.fullmatch(length):
                    raise _Damaged
                wanted = fields.get("warc-type", "").lower() in kinds
                block = None
                if wanted and int(length) <= max_bytes:
                    block = stream.take(int(length))
                else:
                    stream.skip(int(length))
                stream.close_record()
                counts.records += 1
            except (_Damaged, zlib.error):
                counts.damaged += 1
                if not stream.resume():
                    return
                continue
            if block is not None:
                try:
                    yield record_of(fields, block)
                except WarcError:
                    counts.damaged += 1
            elif wanted:
                counts.too_large += 1


class _Plain:
    """The bytes of a file that is not packed."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.buffer = b""
        self.begun = 0
        """Where in the file the present record begins, or the member that holds its first byte."""

    def more(self) -> bytes:
        """Return the next bytes; none at the end."""
        return self.file.read(PIECE)

    def _fill(self, wanted: int) -> None:
        while len(self.buffer) < wanted and (piece := self.more()):
            self.buffer += piece

    def _need_some(self) -> None:
        self.buffer = self.buffer or self.more()
        if not self.buffer:
            raise _Damaged

    def place(self) -> int:
        """Return where in the file the bytes in the buffer begin."""
        return self.file.tell() - len(self.buffer)

    def next_record(self) -> bool:
        """Go to the next record's first byte; False when the file is at its end."""
        while True:
            self.buffer = self.buffer.lstrip(b"\r\n")
            if self.buffer:
                break
            if not (piece := self.more()):
                return False
            self.buffer = piece
        self.begun = self.place()
        self._fill(16)
        if not BEGIN.match(self.buffer):
            raise _Damaged
        return True

    def close_record(self) -> None:
        """Check that what follows a block is an empty line, another record, or the end: else its length was wrong."""
        self._fill(2)
        if self.buffer[:1] not in (b"\r", b"\n", b"W", b""):
            raise _Damaged

    def head(self) -> bytes:
        """Take the lines up to the empty one."""
        while True:
            if end := END_OF_HEAD.search(self.buffer):
                head, self.buffer = self.buffer[: end.start()], self.buffer[end.end() :]
                return head
            piece = self.more()
            if not piece or len(self.buffer) > MAX_HEAD:
                raise _Damaged
            self.buffer += piece

    def take(self, length: int) -> bytes:
        """Take exactly ``length`` bytes."""
        pieces, missing = [], length
        while missing:
            self._need_some()
            piece, self.buffer = self.buffer[:missing], self.buffer[missing:]
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes, which are never held together."""
        while length:
            self._need_some()
            piece, self.buffer = self.buffer[:length], self.buffer[length:]
            length -= len(piece)

    def resume(self) -> bool:
        """Go to where the next record may begin, behind the first byte of the damaged one; False when there is none."""
        self.file.seek(self.begun + 1)
        self.buffer = b""
        while True:
            if m := BEGIN.search(self.buffer):
                self.buffer = self.buffer[m.start() :]
                return True
            self.buffer = self.buffer[-16:]
            if not (piece := self.more()):
                return False
            self.buffer += piece


class _Gzip(_Plain):
    """The unpacked bytes of a gzip file's members, one after the other. What a member unpacks to is asked for in pieces."""

    def __init__(self, file: BinaryIO):
        super().__init__(file)
        self.packed = b""
        self.member = 0
        """Where the present member begins."""
        self.unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)

    def more(self) -> bytes:
        while True:
            if self.unpacker.eof:
                self.packed = self.unpacker.unused_data.lstrip(b"\0")
                self.member = self.file.tell() - len(self.packed)
                self.unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
            self.packed = self.packed or self.file.read(PIECE)
            if not self.packed:
                return b""
            piece = self.unpacker.decompress(self.packed, PIECE)
            self.packed = self.unpacker.unconsumed_tail
            if piece:
                return piece

    def place(self) -> int:
        return self.member

    def resume(self) -> bool:
        """Go to the next member behind the first byte of the one in which the damaged record begins."""
        self.buffer, at = b"", self.begun + 1
        while True:
            self.file.seek(at)
            piece = self.file.read(PIECE)
            if not piece:
                return False
            found = piece.find(GZIP)
            if found >= 0:
                # Also when it cannot be unpacked: the next try begins behind it.
                self.member = self.begun = at + found
                self.file.seek(self.member)
                self.packed = b""
                self.unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
                return True
            at += max(len(piece) - len(GZIP) + 1, 1)


CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r?\n")


def unchunked(body: bytes) -> bytes | None:
    """Return ``body`` with the chunks of ``Transfer-Encoding: chunked`` undone (RFC 9112, 7.1); None when it was cut off.

    Some writers undo them and leave the header: what does not begin with a chunk is given back as it is.
    """
    found, at = bytearray(), 0
    while m := CHUNK.match(body, at):
        size = int(m[1], 16)
        if size == 0:
            return bytes(found)
        at = m.end() + size
        if at > len(body):
            return None
        found += body[m.end() : at]
        at += 2 if body[at : at + 2] == b"\r\n" else 1 if body[at : at + 1] == b"\n" else 0
    return None if at else body
