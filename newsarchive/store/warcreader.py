"""Other people's WARC files: read from begin to end, flat in memory, past what is damaged.

Plain and gzip, a member a record or one around all. Own files are read at an offset, see :mod:`newsarchive.store.warc`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsarchive.store.warc import Record, WarcError, head_of, record_of
from newsarchive.store.warcstreams import GZIP, Damaged, Gzip, Plain

TURN = 100
"""After so many records that are passed over others have their turn."""

LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass
class Counts:
    """What a reading of a file passed over."""

    records: int = 0
    damaged: int = 0
    too_large: int = 0


def records(path: Path, kinds: frozenset[str], max_bytes: int, counts: Counts) -> Iterator[Record | None]:
    """Yield the HTTP and resource records of ``path`` whose ``WARC-Type`` is one of ``kinds``, in their order.

    A block larger than ``max_bytes`` is passed over, and so is what is damaged; ``counts`` says how often. None is yielded
    now and then meanwhile, so that others have their turn. Raises OSError when the file cannot be read at all.
    """
    with open(path, "rb") as file:
        packed = file.read(3) == GZIP
        file.seek(0)
        stream = Gzip(file) if packed else Plain(file)
        passed = 0
        while True:
            record = None
            try:
                if not stream.next_record():
                    return
                record = _take(stream, kinds, max_bytes, counts)
            except WarcError:  # it ends where it should
                counts.damaged += 1
            except (Damaged, zlib.error):
                counts.damaged += 1
                if not stream.resume():
                    return
            passed += record is None
            if record is not None or passed % TURN == 0:
                yield record


def _take(stream: Plain, kinds: frozenset[str], max_bytes: int, counts: Counts) -> Record | None:
    _, headers = head_of(stream.head(), "utf-8")
    fields = {name.lower(): value for name, value in headers}
    length = fields.get("content-length", "")
    if not LENGTH.fullmatch(length):
        raise Damaged
    wanted = fields.get("warc-type", "").lower() in kinds
    if wanted and int(length) <= max_bytes:
        block = stream.take(int(length))
    else:
        stream.skip(int(length))
        block = None
    stream.close_record()
    counts.records += 1
    if block is None:
        counts.too_large += wanted
        return None
    if not _intact(fields.get("warc-block-digest", ""), block):
        raise WarcError("its bytes are not those of its digest")
    return record_of(fields, block)


def _intact(digest: str, block: bytes) -> bool:
    """Tell whether ``block`` has the digest ``sha1:…`` or ``sha256:…``, in base 32 or hexadecimal; others say nothing."""
    # That of the payload says nothing either: it is taken with or without chunks, packed or not, as each writer has it.
    name, _, told = digest.partition(":")
    if name.lower() not in ("sha1", "sha256"):
        return True
    found = hashlib.new(name.lower(), block)
    forms = found.hexdigest(), base64.b32encode(found.digest()).decode().lower().rstrip("=")
    return told.lower().rstrip("=") in forms


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
