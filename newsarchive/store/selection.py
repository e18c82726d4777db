"""Which articles leave the archive: for exports, as rows that stream or as a copy of the whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from newsarchive.items import ARTICLE_FIELDS
from newsarchive.store.archive import Archive

FIELDS = ", ".join(ARTICLE_FIELDS)


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
    """A cursor. Instead of present articles the texts that came since, those that were superseded meanwhile as well: a
    text of before may become the present one again."""

    def where(self) -> tuple[str, list]:
        """Return an SQL condition on a text ``a`` and its parameters; ``after`` is not in it."""
        conditions, parameters = ["1"], []
        for condition, value in (("a.site = ?", self.site), ("a.day >= ?", self.since), ("a.day <= ?", self.until)):
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


def rows(archive: Archive, selection: Selection, columns: str = FIELDS) -> Iterator[sqlite3.Row]:
    """Yield ``columns`` of the texts that ``selection`` selects, in the order in which they came into the archive."""
    where, parameters = selection.where()
    if selection.after is None:
        query, values = f"select {columns}, seq from article a where {where} order by seq", parameters
    else:
        parts = [f"select {columns}, seq from {table} a where seq > ? and {where}" for table in ("article", "revision")]
        query, values = f"{' union all '.join(parts)} order by seq", [selection.after, *parameters] * len(parts)
    yield from archive.db.execute(query, values)


def copy(archive: Archive, selection: Selection, path: Path) -> tuple[int, int]:
    """Write a consistent copy of ``archive`` to ``path``, with the selected articles alone, each with all its texts.

    Return how many articles are in it, and the cursor of its moment.
    """
    archive.db.execute("vacuum into ?", (str(path),))
    where, parameters = selection.where()
    if selection.after is not None:
        where += " and (a.seq > ? or exists (select 1 from revision r where r.id = a.id and r.seq > ?))"
        parameters += [selection.after] * 2
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma journal_mode = off")  # a copy that is not whole goes
        # Whose text is hidden, and which files belong to the archive, is not the copy's to tell.
        hidden = db.execute("update withdrawal set kept = null where kept is not null").rowcount
        db.execute("delete from jsonlines")
        if where != "1":
            db.execute(f"create temp table wanted as select a.id from article a where {where}", parameters)
            db.execute("create unique index temp.wanted_id on wanted (id)")
            for table, column in (
                ("article", "id"), ("revision", "id"), ("page", "id"),
                ("sighting", "page"), ("alias", "page"), ("image_file", "page"),
            ):  # fmt: skip
                db.execute(f"delete from {table} where {column} not in (select id from wanted)")
            db.execute("insert into article_fts(article_fts) values ('rebuild')")
        if where != "1" or hidden:
            db.execute("vacuum")
        count = db.execute("select count(*) from article").fetchone()[0]
        return count, db.execute("select value from counter where name = 'text'").fetchone()[0]
