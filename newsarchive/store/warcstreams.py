"""The bytes of a WARC file from begin to end, record by record: of one that is not packed, and of one that is gzip."""

from __future__ import annotations

import os
import re
import zlib
from typing import BinaryIO

from newsarchive.store.warc import END_OF_HEAD, MAX_HEAD

FIRST, PIECE = 1 << 10, 1 << 16
"""So many bytes are read at once, at the beginning of a member and later at most."""

HEAD_PIECES = 16
"""So many pieces hold the longest head, and no more are put together."""

PADDING = re.compile(rb"\0*")
GZIP = b"\x1f\x8b\x08"
FOLLOWS = (b"\r", b"\n", b"W", b"")
"""What may stand behind a block: an empty line, another record, or the end."""

BEGIN = re.compile(rb"WARC/[01]\.\d+\r?\n")


class Damaged(Exception):
    """What follows is no record, or one that ends too soon."""


class Plain:
    """The bytes of a file that is not packed."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.buffer = b""
        self.begun = 0
        """Where in the file the present record begins, or the member that holds its first byte."""
        self.inside = False
        """A record has begun and is not at its end."""

    def more(self) -> bytes:
        """Return the next bytes; none at the end."""
        return self.file.read(PIECE)

    def _fill(self, wanted: int) -> None:
        while len(self.buffer) < wanted and (piece := self.more()):
            self.buffer += piece

    def _need_some(self) -> None:
        self.buffer = self.buffer or self.more()
        if not self.buffer:
            raise Damaged

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
            raise Damaged
        self.inside = True
        return True

    def close_record(self) -> None:
        """Check what follows a block: else its length was wrong."""
        self.inside = False
        self._fill(2)
        if self.buffer[:1] not in FOLLOWS:
            raise Damaged

    def head(self) -> bytes:
        """Take the lines up to the empty one."""
        for _ in range(HEAD_PIECES):
            if end := END_OF_HEAD.search(self.buffer):
                head, self.buffer = self.buffer[: end.start()], self.buffer[end.end() :]
                return head
            piece = self.more()
            if not piece or len(self.buffer) > MAX_HEAD:
                break
            self.buffer += piece
        raise Damaged

    def take(self, length: int) -> bytes:
        """Take exactly ``length`` bytes."""
        self._check(length)
        pieces, missing = [], length
        while missing:
            self._need_some()
            piece, self.buffer = self.buffer[:missing], self.buffer[missing:]
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes, which are never held together."""
        self._check(length)
        self.file.seek(self.place() + length)
        self.buffer = b""

    def _check(self, length: int) -> None:
        """Raise Damaged when ``length`` is wrong, before so much is read: else each wrong one would cost the whole file."""
        here, end = self.file.tell(), self.place() + length
        if end > os.fstat(self.file.fileno()).st_size:
            raise Damaged
        self.file.seek(end)
        if self.file.read(1) not in FOLLOWS:
            raise Damaged
        self.file.seek(here)

    def resume(self) -> bool:
        """Go to where the next record may begin, behind the first byte of the damaged one; False when there is none."""
        self.file.seek(self.begun + 1)
        self.buffer, self.inside = b"", False
        while True:
            if m := BEGIN.search(self.buffer):
                self.buffer = self.buffer[m.start() :]
                return True
            self.buffer = self.buffer[-16:]
            if not (piece := self.more()):
                return False
            self.buffer += piece


class Gzip(Plain):
    """The unpacked bytes of a gzip file's members, one after the other. What a member unpacks to is asked for in pieces."""

    def __init__(self, file: BinaryIO):
        super().__init__(file)
        self._seek(0)

    def _seek(self, at: int) -> None:
        """Begin at a member."""
        self.file.seek(at)
        self.packed, self.used = b"", 0
        self.member = at
        """Where the present member begins."""
        self._begin()

    def _begin(self) -> None:
        self.unpacker, self.step = zlib.decompressobj(zlib.MAX_WBITS + 16), FIRST
        self.fresh = True
        """Nothing of the present member is unpacked yet."""

    def more(self) -> bytes:
        while True:
            if self.used == len(self.packed):
                self.packed, self.used = self.file.read(PIECE), 0
            if self.unpacker.eof:
                self.used = PADDING.match(self.packed, self.used).end()
                if self.packed and self.used == len(self.packed):
                    continue
                self.member = self.file.tell() - len(self.packed) + self.used
                self._begin()
            if not self.packed:
                return b""
            # In pieces, small ones first: an unpacker that is done gives back a copy of what it was not to have.
            given = self.packed[self.used : self.used + self.step]
            piece = self.unpacker.decompress(given, PIECE)
            # At the end of a member zlib calls the same bytes unused, and unconsumed as well (Python 3.11).
            left = self.unpacker.unused_data if self.unpacker.eof else self.unpacker.unconsumed_tail
            self.used += len(given) - len(left)
            self.step = min(self.step * 2, PIECE)
            if piece:
                if self.fresh and self.inside and BEGIN.match(piece):
                    raise Damaged  # a record that goes on where another begins has a wrong length
                self.fresh = False
                return piece

    def place(self) -> int:
        return self.member

    def skip(self, length: int) -> None:
        while length:
            self._need_some()
            piece, self.buffer = self.buffer[:length], self.buffer[length:]
            length -= len(piece)

    def _check(self, length: int) -> None:
        """Nobody knows to how much a file unpacks."""

    def resume(self) -> bool:
        """Go to the next member behind the first byte of the one in which the damaged record begins."""
        self.buffer, self.inside, at = b"", False, self.begun + 1
        while True:
            self.file.seek(at)
            piece = self.file.read(PIECE)
            if not piece:
                return False
            found = piece.find(GZIP)
            if found >= 0:
                # Also when it cannot be unpacked: the next try begins behind it.
                self.begun = at + found
                self._seek(self.begun)
                return True
            at += max(len(piece) - len(GZIP) + 1, 1)
