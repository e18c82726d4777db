"""A file with one line for each text of the archive, that no crash can tear, shorten or double.

A crawl that is killed may leave lines that its transaction did not enter in the archive; who writes next cuts them off. A
file that lacks what the archive says, or that came from elsewhere, is read first, and gets what it lacks.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO

from newsarchive.exporters import json_line
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.warc import sync_folder

logger = logging.getLogger(__name__)

BATCH = 500
"""So many texts are written in one transaction: others wait no longer for the archive."""

LONGEST = 64 * 1024 * 1024
"""No article's line is longer, in bytes."""

BEGIN = b'{"id": "'


class JsonLinesFile:
    """The file ``path``, kept in step with ``archive``. Several processes may do so at once; a file has one archive."""

    def __init__(self, archive: Archive, path: Path | str):
        # One file under two names would be two files to the archive.
        self.archive, self.path = archive, Path(os.path.realpath(path))
        self.table, self.name = archive.jsonlines, str(self.path)

    def write(self) -> int:
        """Append up to :data:`BATCH` texts that are not in the file, and return how many.

        0: it is in step, or another process brings it there.

        Raises :class:`ArchiveError` when the file holds something else than articles.
        """
        while True:
            with self.archive.transaction():
                if self._is_ours():
                    seq, size = self.table.get(self.name)
                    lines, seq = self._append(self.table.texts(seq, BATCH), seq, size)
                    if lines:
                        self.table.put(self.name, seq, self._size())
                    return lines
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._take_over()
            except BlockingIOError:
                return 0
            finally:
                os.close(folder)

    def _is_ours(self) -> bool:
        """Tell whether the file is as the archive says, once what a killed process appended is cut off."""
        place, size = self.table.get(self.name), self._size()
        if size == 0 and (place is None or place[1] > 0):
            self.table.put(self.name, 0, 0)
            return True
        if place is None:
            return False
        if size == place[1] == 0:
            return True
        if size >= place[1] > 0 and self._ends_line(place[1]):
            if size > place[1]:
                self._cut_rest(place[1])
            return True
        self.table.forget(self.name)
        return False

    def _cut_rest(self, begin: int) -> None:
        """Cut off what stands behind ``begin``: a killed process may have left it, and it is written anew.

        What the archive cannot write anew, for an older one was put back, is moved aside.
        """
        aside, moved = self._aside(), 0
        with open(self.path, "rb") as file, open(aside, "wb") as other:
            file.seek(begin)
            for line in file:
                text = _text_of(line)
                if not (self.table.has(*text) if text else not line.endswith(b"\n")):
                    other.write(line.rstrip(b"\n") + b"\n")
                    moved += 1
            other.flush()
            os.fsync(other.fileno())
        if moved:
            sync_folder(aside.parent)
            self.table.forget(str(aside))  # what is erased goes from there as well
            logger.warning("%d lines of %s are of no text of this archive, and stand in %s now", moved, self.path, aside)
        else:
            aside.unlink()
        logger.info("Mended %s: %d bytes that the archive does not know of are cut off", self.path, self._size() - begin)
        self._cut(begin)

    def _aside(self) -> Path:
        names = (self.path.with_name(f"{self.path.stem}.aside-{n}{self.path.suffix}") for n in count(1))
        return next(path for path in names if not path.exists())

    def _append(self, rows: Iterable, seq: int, size: int) -> tuple[int, int]:
        """Append ``rows`` to the file of ``size`` bytes. Return how many, and the ``seq`` of the last (as given: of none)."""
        lines = 0
        new = not self.path.exists()
        try:
            with open(self.path, "ab") as file:
                for row in rows:
                    file.write(json_line(row))
                    lines, seq = lines + 1, row["seq"]
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):  # the next one to write does it
                self._cut(size)
            raise
        if new:
            sync_folder(self.path.parent)
        return lines, seq

    def _take_over(self) -> None:
        """Read what the file holds, add what it lacks, and from then on keep it. Nothing is done when it changes meanwhile."""
        state = self._state()
        kept = list(self._runs())
        missing = seq = 0
        lines = BATCH
        while lines == BATCH:
            with self.archive.transaction():
                if self.table.get(self.name) is not None or self._state() != state:
                    return
                if not seq:
                    self._keep(kept)
                lines, seq = self._append(self.table.missing(seq, BATCH), seq, self._size())
                if lines < BATCH:
                    self.table.put(self.name, self.archive.articles.last_seq(), self._size())
            state = self._state()
            missing += lines
        logger.info("Mended %s: %d lines were missing", self.path, missing)

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Yield begin and end of each stretch of the file that stays: whole lines, each text once, none withdrawn."""
        begin = end = 0
        with open(self.path, "rb") as file:
            sizes: list[int] = []
            for belongs in self.table.take(self._texts(file, sizes)):
                size = sizes.pop()
                if not belongs:
                    if begin < end:
                        yield begin, end
                    begin = end + size
                end += size
        if begin < end:
            yield begin, end

    def _texts(self, file: BinaryIO, sizes: list[int]) -> Iterator[tuple[str, str]]:
        """Yield id and content hash of each line, its size in ``sizes``; the last line may be torn."""
        for n, line in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
            if text := _text_of(line):
                sizes.append(len(line))
                yield text
            elif line.endswith(b"\n") or not (line.startswith(BEGIN) or BEGIN.startswith(line)) or len(line) == LONGEST:
                raise ArchiveError(f"line {n} of {self.path} is no article; name another JSONLINES_PATH, or move that file away")

    def _keep(self, runs: list[tuple[int, int]]) -> None:
        """Leave nothing in the file but ``runs``, and end its last line."""
        if len(runs) > 1 or (runs and runs[0][0] > 0):
            part = self.path.with_name(f".{self.path.name}.part")
            with open(self.path, "rb") as source, open(part, "wb") as target:
                for begin, end in runs:
                    source.seek(begin)
                    while begin < end and (piece := source.read(min(1 << 20, end - begin))):
                        begin += target.write(piece)
                target.flush()
                os.fsync(target.fileno())
            part.replace(self.path)
            sync_folder(self.path.parent)
        else:
            self._cut(runs[0][1] if runs else 0)
        if self._size() and not self._ends_line(self._size()):
            with open(self.path, "ab") as file:
                file.write(b"\n")

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def _state(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _ends_line(self, at: int) -> bool:
        with open(self.path, "rb") as file:
            file.seek(at - 1)
            return file.read(1) == b"\n"

    def _cut(self, size: int) -> None:
        if self._size() > size:
            os.truncate(self.path, size)


def _text_of(line: bytes) -> tuple[str, str] | None:
    """Return id and content hash of the article in ``line``; None when there is none."""
    try:
        article = json.loads(line)
        text = article["id"], article["content_hash"]
    except (ValueError, TypeError, KeyError):
        return None
    return text if all(isinstance(value, str) for value in text) else None
