"""The gzip members of our own WARC files, a record each, past what is damaged."""

from __future__ import annotations

import contextlib
import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 16
MAX_BYTES = 64 * 1024 * 1024

GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""RFC 1952, 2.3: no name, no time, no system."""

GZIP_END = struct.Struct("<II")
"""Checksum and size of what was packed."""

STORED = struct.Struct("<BHH")
"""Head of a block that is not packed: whether it is the last, its length, and that inverted (RFC 1951, 3.2.4)."""

STORED_BYTES = 0xFFFF

SHORT = -12, 5
SHORT_BYTES = 1 << 12
"""A packer of so short a window packs so short a text as well, and is made in a sixth of the time."""


@dataclass(frozen=True)
class Member:
    """A gzip member of a file."""

    offset: int
    length: int
    data: bytes
    """What is in it; when it is damaged as far as that can be read."""

    whole: bool


def member(text: bytes, packed: bytes = b"") -> bytes:
    """Return a gzip member (RFC 1952) of ``text`` and ``packed``, which is packed already and stands there as it is."""
    packer = zlib.compressobj(6, zlib.DEFLATED, *(SHORT if len(text) < SHORT_BYTES else (-zlib.MAX_WBITS,)))
    pieces = [GZIP_HEAD, packer.compress(text)]
    if packed:
        pieces.append(packer.flush(zlib.Z_FULL_FLUSH))  # what follows begins at a byte
        for at in range(0, len(packed), STORED_BYTES):
            part = packed[at : at + STORED_BYTES]
            pieces += (STORED.pack(at + STORED_BYTES >= len(packed), len(part), len(part) ^ 0xFFFF), part)
    else:
        pieces.append(packer.flush())
    pieces.append(GZIP_END.pack(zlib.crc32(packed, zlib.crc32(text)), len(text) + len(packed) & 0xFFFFFFFF))
    return b"".join(pieces)


def members(path: Path) -> Iterator[Member]:
    """Yield each gzip member; one that is damaged reaches to the next that begins a record."""
    with open(path, "rb") as file:
        offset, piece = 0, b""
        while piece := piece or file.read(PIECE):
            unpacker, length, data, fault = zlib.decompressobj(zlib.MAX_WBITS + 16), 0, [], False
            while not unpacker.eof and not fault:
                try:
                    data.append(unpacker.decompress(piece))
                except zlib.error:
                    fault = True
                    break
                length += len(piece) - len(unpacker.unused_data)
                piece = unpacker.unused_data if unpacker.eof else file.read(PIECE)
                fault = not piece and not unpacker.eof
            if fault:
                length = _next_record(file, offset) - offset
                file.seek(offset)
                data, piece = [readable(file.read(length))], b""
            yield Member(offset, length, b"".join(data), not fault)
            offset += length


def _next_record(file: BinaryIO, offset: int) -> int:
    """Return where the next member that begins a record stands behind ``offset``; the file's size when there is none."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while (offset := data.find(b"\x1f\x8b\x08", offset + 1)) >= 0:
            with contextlib.suppress(zlib.error):
                if zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(data[offset : offset + PIECE], 5) == b"WARC/":
                    return offset
        return len(data)


def readable(member: bytes) -> bytes:
    """Return what comes out of a damaged ``member`` before the damage, up to :data:`MAX_BYTES`."""
    unpacker, data, size = zlib.decompressobj(zlib.MAX_WBITS + 16), [], 0
    # What a piece gives before its damage is lost with it, so the last one is read byte by byte.
    for step in (PIECE, 1):
        before = unpacker
        with contextlib.suppress(zlib.error):
            while member and size < MAX_BYTES:
                before = unpacker.copy()
                data.append(unpacker.decompress(member[:step], MAX_BYTES))
                size, member = size + len(data[-1]), member[step:]
        unpacker = before
    return b"".join(data)
