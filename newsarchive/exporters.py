"""The archive as a file: streamed, written under a temporary name, renamed when whole."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from json.encoder import encode_basestring
from pathlib import Path
from typing import BinaryIO

from newsarchive.items import ARTICLE_FIELDS
from newsarchive.store.archive import Archive
from newsarchive.store.schema import JSON_FIELDS

# A cell that begins so is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
CSV_COLUMNS = (
    "id site key url headline alternative_headline description created_at published_at modified_at day section tags authors"
    " genre language text lead_image images publisher copyright_year is_accessible_for_free flags revision content_hash"
    " fetched_at"
).split()


@dataclass(frozen=True)
class Selection:
    """Which articles are exported. Empty means: all."""

    site: str | None = None
    section: str | None = None
    """As an article belongs to a section: by its listing, its own section or a tag."""

    since: str | None = None
    """First publication day."""

    until: str | None = None
    after: int | None = None
    """A cursor: articles that came into the archive, or were revised, since it was given."""

    def where(self) -> tuple[str, list]:
        """Return an SQL condition on ``article a`` and its parameters."""
        conditions, parameters = ["1"], []
        for condition, value in (
            ("a.site = ?", self.site),
            ("a.day >= ?", self.since),
            ("a.day <= ?", self.until),
            ("a.seq > ?", self.after),
        ):
            if value is not None:
                conditions.append(condition)
                parameters.append(value)
        if self.section is not None:
            name = self.section.casefold()
            conditions.append(
                """(lower(a.section) = ? or exists (select 1 from json_each(a.tags) where lower(value) = ?)
                or exists (select 1 from sighting s where s.page = a.id and lower(s.section) = ?))"""
            )
            parameters += [name] * 3
        return " and ".join(conditions), parameters


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``, which takes its place when the block ends well, and goes when it does not."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def rows(archive: Archive, selection: Selection) -> Iterator[sqlite3.Row]:
    """Yield the rows of ``article`` that ``selection`` selects, in the order in which they came into the archive."""
    where, parameters = selection.where()
    yield from archive.db.execute(f"select * from article a where {where} order by seq", parameters)


def json_line(row: sqlite3.Row) -> str:
    """Return a row of ``article`` or ``revision`` as a JSON line: the fields of the contract in their order."""
    return "{" + ", ".join(f'"{name}": {_json_value(name, row[name])}' for name in ARTICLE_FIELDS) + "}\n"


def _json_value(name: str, value) -> str:
    if value is None:
        return "null"
    if name in JSON_FIELDS:  # as it stands in the archive: no need to read it
        return value
    if name == "is_accessible_for_free":
        return "true" if value else "false"
    return encode_basestring(value) if isinstance(value, str) else str(value)


def export_jsonl(archive: Archive, selection: Selection, out: BinaryIO) -> int:
    """Write JSON Lines. Return how many articles."""
    count = 0
    for row in rows(archive, selection):
        out.write(json_line(row).encode())
        count += 1
    return count


def export_csv(archive: Archive, selection: Selection, out: BinaryIO) -> int:
    """Write CSV, one row an article, safe to open in a spreadsheet: no cell is a formula. Return how many articles."""
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)  # the mark tells spreadsheets UTF-8
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    count = 0
    for row in rows(archive, selection):
        writer.writerow([safe_cell(value) for value in _csv_values(row)])
        count += 1
    text.detach()
    return count


def _csv_values(row: sqlite3.Row) -> Iterator[str | int | None]:
    lead = next((image["url"] for image in json.loads(row["images"]) if image["role"] == "lead"), None)
    special = {
        "tags": lambda: ", ".join(json.loads(row["tags"])),
        "authors": lambda: "; ".join(author["name"] for author in json.loads(row["authors"])),
        "flags": lambda: ", ".join(json.loads(row["flags"])),
        "publisher": lambda: row["publisher"] and json.loads(row["publisher"])["name"],
        "lead_image": lambda: lead,
        "images": lambda: len(json.loads(row["images"])),
    }
    for column in CSV_COLUMNS:
        yield special[column]() if column in special else row[column]


def safe_cell(value: str | int | None) -> str | int | None:
    """Return ``value`` so that a spreadsheet shows it and does not run it.

    >>> safe_cell("=1+1")
    "'=1+1"
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def export_sqlite(archive: Archive, selection: Selection, path: Path) -> int:
    """Write a copy of the archive to ``path``, consistent though crawls go on, with the selected articles alone.

    Return how many articles.
    """
    path.unlink(missing_ok=True)
    archive.db.execute("vacuum into ?", (str(path),))
    where, parameters = selection.where()
    with sqlite3.connect(path, isolation_level=None) as copy:
        if where != "1":
            copy.execute(f"delete from article where id not in (select a.id from article a where {where})", parameters)
            for table in ("revision", "page"):
                copy.execute(f"delete from {table} where id not in (select id from article)")
            for table in ("sighting", "alias", "image_file"):
                copy.execute(f"delete from {table} where page not in (select id from article)")
            copy.execute("insert into article_fts(article_fts) values ('rebuild')")
            copy.execute("vacuum")
        count = copy.execute("select count(*) from article").fetchone()[0]
    copy.close()
    return count


STREAMS: dict[str, Callable[[Archive, Selection, BinaryIO], int]] = {"jsonl": export_jsonl, "csv": export_csv}
"""Formats that are written from begin to end, to standard output as well."""

FILES: dict[str, Callable[[Archive, Selection, Path], int]] = {"sqlite": export_sqlite}
"""Formats that need a file."""
