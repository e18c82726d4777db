"""The archive as a file: streamed, written under a temporary name, renamed when whole."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from json.encoder import encode_basestring
from pathlib import Path
from typing import BinaryIO

from newsarchive.items import ARTICLE_FIELDS
from newsarchive.store.archive import Archive
from newsarchive.store.columns import AS_BYTES
from newsarchive.store.schema import INTEGER_FIELDS, JSON_FIELDS
from newsarchive.store.selection import Selection, rows
from newsarchive.store.warc import sync_folder

CONTROLS = bytes(range(32))
ESCAPED = CONTROLS + b'"\\'
"""What a JSON string cannot have as it is (RFC 8259, 7)."""

# A cell that begins so is a formula to some spreadsheet, blanks and full-width signs (for East Asian settings) included.
FORMULA = re.compile(r"[\s\x00-\x1f\ufeff]*[=+\-@|%＝＋－＠]|[\t\r\n]")
CSV_COLUMNS = (
    "id site key url headline alternative_headline description created_at published_at modified_at day section tags authors"
    " genre language text lead_image images publisher copyright_year is_accessible_for_free flags revision content_hash"
    " fetched_at"
).split()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``, which takes its place when the block ends well, and goes when it does not.

    A process that is killed leaves it, and the next one takes it over. Raises OSError when another process is at work on it.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file")
    temporary = path.with_name(f".{path.name}.part")
    with open(temporary, "ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(held.fileno()), os.stat(temporary)):  # it was renamed since
                raise FileNotFoundError
        except OSError:
            raise OSError(f"another process writes {path}") from None
        try:
            held.truncate(0)
            yield temporary
            os.fsync(held.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def json_line(row: sqlite3.Row) -> bytes:
    """Return a row of ``article`` or ``revision``, as :data:`AS_BYTES`, as a JSON line: the contract's fields in their order."""
    return LINE % tuple([b"null" if value is None else write(value) for write, value in zip(WRITERS, row)])  # noqa: B905


def _quoted(value: bytes) -> bytes:
    """Return UTF-8 as a JSON string, escaped as the standard library does without ``ensure_ascii``."""
    # Many times as fast as a regular expression, for the long texts have line ends at least.
    if len(value.translate(None, ESCAPED)) < len(value):
        value = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        if len(value.translate(None, CONTROLS)) < len(value):
            value = re.sub(rb"[\x00-\x1f]", lambda found: encode_basestring(found[0].decode())[1:-1].encode(), value)
    return b'"%b"' % value


def _writer(name: str) -> Callable[..., bytes]:
    if name == "is_accessible_for_free":
        return lambda value: b"true" if value else b"false"
    if name in INTEGER_FIELDS:
        return b"%d".__mod__
    return bytes if name in JSON_FIELDS else _quoted  # JSON as it stands in the archive: no need to read it


LINE = ("{" + ", ".join(f'"{name}": %b' for name in ARTICLE_FIELDS) + "}\n").encode()
WRITERS = [_writer(name) for name in ARTICLE_FIELDS]


def export_jsonl(archive: Archive, selection: Selection, out: BinaryIO) -> int:
    """Write JSON Lines. Return how many articles."""
    count = 0
    for row in rows(archive, selection, AS_BYTES):
        out.write(json_line(row))
        count += 1
    return count


def export_csv(archive: Archive, selection: Selection, out: BinaryIO) -> int:
    """Write CSV, one row an article, safe to open in a spreadsheet: no cell is a formula. Return how many articles."""
    out.write(BOM_UTF8 + csv_line(CSV_COLUMNS))  # the mark tells spreadsheets UTF-8
    count = 0
    columns = ", ".join("null" if column == "lead_image" else column for column in CSV_COLUMNS)
    for row in rows(archive, selection, columns):
        words = _csv_words(row)
        out.write(csv_line([words.get(column, value) for column, value in zip(CSV_COLUMNS, row)]))  # noqa: B905
        count += 1
    return count


def _csv_words(row: sqlite3.Row) -> dict[str, str | int | None]:
    """Return the cells that are made of JSON."""
    columns = row["tags"], row["authors"], row["flags"], row["images"], row["publisher"] or "null"
    tags, authors, flags, images, publisher = json.loads(f"[{','.join(columns)}]")
    return {
        "tags": ", ".join(tags),
        "authors": "; ".join([author["name"] for author in authors]),
        "flags": ", ".join(flags),
        "publisher": publisher and publisher["name"],
        "lead_image": next((image["url"] for image in images if image["role"] == "lead"), None),
        "images": len(images),
    }


def csv_line(values: Iterable[str | int | None]) -> bytes:
    """Return a row as the standard library's ``csv`` writes it, but for formulas.

    >>> print(csv_line(["=1+1", None, 2, "a, b"]).decode().rstrip())
    '=1+1,,2,"a, b"
    """
    return (",".join([_cell(value) for value in values]) + "\r\n").encode()


def _cell(value: str | int | None) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    if FORMULA.match(value):
        value = f"'{value}"
    # The csv module looks at each character by itself, which is two thirds of the cost of an export.
    if "," in value or '"' in value or "\n" in value or "\r" in value:
        value = value.replace('"', '""')
        return f'"{value}"'
    return value


STREAMS: dict[str, Callable[[Archive, Selection, BinaryIO], int]] = {"jsonl": export_jsonl, "csv": export_csv}
"""Formats that are written from begin to end, to standard output as well."""
