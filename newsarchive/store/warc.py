"""WARC 1.1 files (ISO 28500:2017): written record by record, read at an offset, mended after a crash.

Each record is a gzip member of its own. A file is called ``*.warc.gz.open`` while it is written and loses the ending when
it is whole. Offsets count from the file's beginning to the member of the record.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from newsarchive.store.members import member

OPEN = ".open"
BUFFER_BYTES = 1 << 20
"""What comes between two syncs is written at once, as a rule."""

Headers = list[tuple[str, str]]

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


class WarcError(Exception):
    """A record cannot be read; the message says which and why."""


def payload_digest(payload: bytes) -> str:
    """Return the digest of ``payload`` in the form that WARC tools expect.

    >>> payload_digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(payload).digest()).decode()


@dataclass(frozen=True)
class Place:
    """Where a record is."""

    file: str
    """Name of the file in ``warc/``, without ``.open``."""

    offset: int


@dataclass
class Record:
    """One record, as read."""

    headers: dict[str, str]
    """WARC headers, names in lower case."""

    http: Headers
    """Headers of the HTTP message inside."""

    status: int
    """Of a response; 0 else."""

    payload: bytes
    """The HTTP body as it came, still encoded."""


def exchange(
    url: str, date: str, ip: str | None, request: bytes | None, response: bytes, payload: bytes, digest: str,
    revisit: tuple[str, str, str] | None = None, packed: bool = False,
) -> list[bytes]:  # fmt: skip
    """Return the record of a response and, behind it, that of its request, each a gzip member.

    ``request`` (None: not known) and ``response`` are HTTP messages without body. ``revisit`` is profile, address and
    date of the capture that has the same payload, which is then not written again. ``packed``: the payload is so already,
    and would get no smaller.
    """
    fields: Headers = [("WARC-Target-URI", url), ("WARC-Date", date), ("WARC-Payload-Digest", digest)]
    if ip:
        fields.append(("WARC-IP-Address", ip))
    kind = "response"
    if revisit:
        kind, payload = "revisit", b""
        if revisit[0] == NOT_MODIFIED:
            response = b""  # what replays its head answers 304 to a reader who asked for a page
        fields += [("WARC-Profile", revisit[0]), ("WARC-Refers-To-Target-URI", revisit[1]), ("WARC-Refers-To-Date", revisit[2])]
    identity, type = _identity(), "application/http; msgtype=response"
    records = [_record(kind, identity, fields, type, *((response, payload) if packed else (response + payload,)))]
    if request is not None:
        fields = [("WARC-Target-URI", url), ("WARC-Date", date), ("WARC-Concurrent-To", identity)]
        records.append(_record("request", _identity(), fields, "application/http; msgtype=request", request))
    return records


def resource(url: str, date: str, type: str, payload: bytes, digest: str) -> list[bytes]:
    """Return the record of what was made here and not sent by a server, such as a page as a browser drew it."""
    fields = [("WARC-Target-URI", url), ("WARC-Date", date), ("WARC-Payload-Digest", digest)]
    return [_record("resource", _identity(), fields, type, payload)]


def _identity() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _record(kind: str, identity: str, fields: Headers, type: str, block: bytes, packed: bytes = b"") -> bytes:
    """A record whose content is ``block`` and, behind it, what is ``packed`` already."""
    whole = block + packed
    fields = [("WARC-Type", kind), ("WARC-Record-ID", identity), *fields, ("WARC-Block-Digest", payload_digest(whole))]
    head = header_lines("WARC/1.1", [*fields, ("Content-Type", type), ("Content-Length", str(len(whole)))])
    end = b"\r\n\r\n"
    return member(head + block, packed + end) if packed else member(head + block + end)


class WarcWriter:
    """Writes records into files of at most ``max_bytes`` in ``folder``; ``info`` fills each file's ``warcinfo``.

    ``name`` begins the file names and must be this process's own. Not for several threads at once.
    """

    def __init__(self, folder: Path, name: str, info: dict[str, str], max_bytes: int):
        self.folder, self.name, self.info, self.max_bytes = folder, name, info, max_bytes
        self.serial = 0
        self.file = None
        self.path: Path | None = None
        self.size = 0
        """Of the open file, with what is not brought to it yet."""
        self.unsynced = self.torn = False

    def append(self, records: list[bytes]) -> Place:
        """Write ``records``, which stay together in a file, and return where the first of them is."""
        if self.file is None:
            self._open()
        elif self.size >= self.max_bytes:
            self.close()
            self._open()
        place = Place(self.path.name.removesuffix(OPEN), self.size)
        for record in records:
            self._write(record)
        return place

    def sync(self) -> None:
        """Bring everything that was written to the disk."""
        if self.unsynced:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.unsynced = False

    def close(self) -> None:
        """Sync, and give the open file its name; one that ends in a part of a record keeps its ending."""
        if self.file:
            file = self.file
            try:
                self.sync()
            finally:
                self.file = None
                file.close()
            if self.torn:
                return
            self.path.rename(self.path.with_name(self.path.name.removesuffix(OPEN)))
            sync_folder(self.folder)

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.serial += 1
        self.path = self.folder / f"{self.name}-{self.serial:05}.warc.gz{OPEN}"
        self.file, self.size = open(self.path, "xb", BUFFER_BYTES), 0
        sync_folder(self.folder)
        block = "".join(f"{name}: {value}\r\n" for name, value in self.info.items() if value).encode()
        fields = [("WARC-Date", self.info["date"]), ("WARC-Filename", self.path.name.removesuffix(OPEN))]
        self._write(_record("warcinfo", _identity(), fields, "application/warc-fields", block))

    def _write(self, record: bytes) -> None:
        self.unsynced = self.torn = True
        self.file.write(record)
        self.torn = False
        self.size += len(record)


def header_lines(first: str, fields: Headers) -> bytes:
    """Return the head of a record, with the empty line that ends it."""
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in fields), "", ""]).encode("utf-8", "surrogateescape")


def http_message(first_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the head of an HTTP message."""
    return "\r\n".join([first_line, *(f"{name}: {value}" for name, value in headers), "", ""]).encode("latin-1", "replace")


MAX_HEAD = 1 << 18
"""Bytes; the head of a record or of an HTTP message that is longer is none."""

# A line may end in LF alone: RFC 9112, 2.2.
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


def locate(folder: Path, name: str) -> Path:
    """Return the path of the WARC file ``name``, which may still be open."""
    path = folder / name
    return path if path.exists() else folder / f"{name}{OPEN}"


def read_record(path: Path, offset: int) -> Record:
    """Return the record at ``offset`` of ``path``. Raises :class:`WarcError`."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = b"".join(_member_at(file))
    except (OSError, zlib.error) as error:
        raise WarcError(f"no record at {offset} of {path}: {error}") from None
    head, _, rest = data.partition(b"\r\n\r\n")
    first, headers = head_of(head, "utf-8")
    fields = {name.lower(): value for name, value in headers}
    if not first.startswith("WARC/") or not fields.get("content-length", "").isdecimal():
        raise WarcError(f"no record at {offset} of {path}")
    return record_of(fields, rest[: int(fields["content-length"])])


def record_of(fields: dict[str, str], block: bytes) -> Record:
    """Return the record with the WARC headers ``fields``, names in lower case, and the content ``block``.

    Raises :class:`WarcError`.
    """
    if "application/http" not in fields.get("content-type", ""):
        return Record(fields, [], 0, block)
    end = END_OF_HEAD.search(block, 0, MAX_HEAD)
    if end is None and len(block) > MAX_HEAD:
        raise WarcError(f"a head of more than {MAX_HEAD} bytes")
    head, payload = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    first, http = head_of(head)
    status = re.match(r"HTTP/\S+ (\d{3})", first)
    return Record(fields, http, int(status[1]) if status else 0, payload)


def head_of(head: bytes, charset: str = "latin-1") -> tuple[str, Headers]:
    """Return first line and fields of the head of an HTTP message, or of a record (ISO 28500, 4: UTF-8)."""
    # Not splitlines(): a value may hold what elsewhere ends a line.
    first, *lines = head.decode(charset, "surrogateescape").replace("\r\n", "\n").split("\n")
    return first, [(name.strip(), value.strip()) for line in lines for name, colon, value in [line.partition(":")] if colon]


def _member_at(file) -> Iterator[bytes]:
    """The unpacked pieces of one gzip member; raises zlib.error when it is not whole."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    while not unpacker.eof:
        piece = file.read(65536)
        if not piece:
            raise zlib.error("the member ends too soon")
        yield unpacker.decompress(piece)


def mend(path: Path, begin: int = 0) -> int:
    """Cut off what a crash left half written at the end of ``path``, an ``.open`` file, and give it its name.

    ``begin`` is the offset of a record that is known to be whole, where the search begins. Returns how many bytes were cut
    off. A file without any whole record is removed.
    """
    size = path.stat().st_size
    # A disk may have lost more than a crash leaves torn: then nothing is known of what is left.
    whole = _end_of_last_member(path, begin if begin < size else 0)
    if whole == 0:
        path.unlink()
        return size
    if whole < size:
        with open(path, "r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    path.rename(path.with_name(path.name.removesuffix(OPEN)))
    sync_folder(path.parent)
    return size - whole


def _end_of_last_member(path: Path, begin: int) -> int:
    with open(path, "rb") as file:
        file.seek(begin)
        end = begin
        unpacker, rest = zlib.decompressobj(zlib.MAX_WBITS + 16), b""
        while piece := rest or file.read(1 << 20):
            rest = b""
            try:
                unpacker.decompress(piece)
            except zlib.error:
                return end
            if unpacker.eof:
                rest = unpacker.unused_data
                end = file.tell() - len(rest)
                unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
        return end


def sync_folder(folder: Path) -> None:
    """Bring names in ``folder`` to the disk: without it a power cut may forget a file that was synced itself."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
