"""Files of JSON Lines that are kept in step with the archive: how far each came, and which texts it lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from newsarchive.store.columns import AS_BYTES

FIELDS = f"{AS_BYTES}, seq"

UNREAD = -1
"""The size of a file that has to be read to know what it holds."""


class JsonLines:
    """The table ``jsonlines``. Texts are rows of ``article`` and ``revision``; ``seq`` is the order in which they came."""

    def __init__(self, archive):
        self.archive = archive

    def get(self, path: str) -> tuple[int, int] | None:
        """Return the last text in the file ``path`` and its size in bytes then; None when it has to be read to know."""
        row = self.archive.db.execute("select seq, bytes from jsonlines where path = ? and bytes >= 0", (path,)).fetchone()
        return row and (row["seq"], row["bytes"])

    def put(self, path: str, seq: int, bytes: int) -> None:
        """Note that all texts up to ``seq`` are in ``path``, which then has ``bytes``."""
        with self.archive.transaction() as db:
            db.execute("insert or replace into jsonlines (path, seq, bytes) values (?, ?, ?)", (path, seq, bytes))

    def forget(self, path: str) -> None:
        """Note that ``path`` has to be read to know what it holds. It stays a file of the archive, and loses what is erased."""
        self.put(path, 0, UNREAD)

    def texts(self, after: int, limit: int) -> Iterator[sqlite3.Row]:
        """Yield up to ``limit`` texts that came after the text ``after``, in order, as :data:`AS_BYTES`."""
        return iter(
            self.archive.db.execute(
                f"""select {FIELDS} from article where seq > ? union all select {FIELDS} from revision where seq > ?
                order by seq limit ?""",
                (after, after, limit),
            )
        )

    def has(self, page: str, content_hash: str) -> bool:
        """Tell whether the archive has this text of ``page``, or has withdrawn it."""
        return bool(
            self.archive.db.execute(
                """select 1 from article where id = ?1 and content_hash = ?2
                union all select 1 from revision where id = ?1 and content_hash = ?2
                union all select 1 from withdrawal where page = ?1""",
                (page, content_hash),
            ).fetchone()
        )

    def take(self, texts: Iterable[tuple[str, str]]) -> Iterator[bool]:
        """Remember ``texts`` of a file, each an id and a content hash, for :meth:`missing`.

        Yield for each whether it belongs there: the first of its kind, of an article that was not withdrawn.
        """
        db = self.archive.db
        # A temporary table, not a set: a file may hold millions.
        db.execute("drop table if exists temp.had")
        db.execute("create temp table had (id text, hash text, primary key (id, hash)) without rowid")
        for text in texts:
            found = db.execute(
                "insert or ignore into temp.had select ?, ? where not exists (select 1 from withdrawal where page = ?)",
                (*text, text[0]),
            )
            yield found.rowcount == 1

    def missing(self, after: int, limit: int) -> Iterator[sqlite3.Row]:
        """Yield up to ``limit`` texts that :meth:`take` was not given and that came after the text ``after``, in order."""
        lacks = "seq > ? and not exists (select 1 from temp.had where had.id = t.id and had.hash = t.content_hash)"
        return iter(
            self.archive.db.execute(
                f"""select {FIELDS} from article t where {lacks} union all select {FIELDS} from revision t where {lacks}
                order by seq limit ?""",
                (after, after, limit),
            )
        )
