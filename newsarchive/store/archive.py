"""An archive: one SQLite file, open for several crawls at once and for any reader meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsarchive.dates import stamp
from newsarchive.store.articles import Articles
from newsarchive.store.captures import Captures
from newsarchive.store.crawls import Crawls
from newsarchive.store.gaps import Gaps
from newsarchive.store.images import ImageFiles
from newsarchive.store.listings import Listings
from newsarchive.store.pages import Pages
from newsarchive.store.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES, VIEWS
from newsarchive.store.withdrawals import Withdrawals

BUSY_SECONDS = 60


class ArchiveError(Exception):
    """An archive cannot be used; the message is one line that says why and what would do."""


class Archive:
    """The archive in the SQLite file ``path``, made when it does not exist.

    ``clock`` gives the present time, aware; ``older`` lets an archive of an older schema be opened, to be migrated. Raises
    :class:`ArchiveError` when the file is no archive, belongs to another version of the project, or cannot be opened.
    """

    schema: int
    """The version of the tables."""

    def __init__(
        self,
        path: Path | str,
        *,
        read_only: bool = False,
        older: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.path = Path(path)
        self._older = older
        self._clock = clock
        self._depth = 0
        try:
            self.db = self._connect(read_only)
        except (sqlite3.Error, OSError) as error:
            raise ArchiveError(f"cannot open the archive {self.path}: {error}") from None
        self.crawls = Crawls(self)
        self.pages = Pages(self)
        self.listings = Listings(self)
        self.gaps = Gaps(self)
        self.articles = Articles(self)
        self.captures = Captures(self)
        self.images = ImageFiles(self)
        self.withdrawals = Withdrawals(self)

    def _connect(self, read_only: bool) -> sqlite3.Connection:
        if read_only:
            if not self.path.is_file():
                raise ArchiveError(f"there is no archive {self.path}: crawl first, or set ARCHIVE_DIR")
            db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_SECONDS)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_SECONDS)
        db.row_factory = sqlite3.Row
        try:
            if not read_only:
                db.execute("pragma journal_mode = wal")
                # A power cut may cost the last transactions, never a part of one; what they held is fetched again.
                db.execute("pragma synchronous = normal")
            self._check(db, read_only)
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection, read_only: bool) -> None:
        def version() -> tuple[int, int]:
            return db.execute("pragma application_id").fetchone()[0], db.execute("pragma user_version").fetchone()[0]

        if version() == (0, 0) and not read_only:
            db.execute("begin immediate")
            try:
                if version() == (0, 0) and not db.execute("select 1 from sqlite_master").fetchone():
                    for statement in statements(TABLES + VIEWS):
                        db.execute(statement)
                    db.execute(f"pragma application_id = {APPLICATION_ID}")
                    db.execute(f"pragma user_version = {SCHEMA_VERSION}")
                db.execute("commit")
            except BaseException:
                db.execute("rollback")
                raise
        application, schema = version()
        if application != APPLICATION_ID:
            raise ArchiveError(f"{self.path} is an SQLite file, but no archive of newsarchive; set ARCHIVE_DIR to another folder")
        if schema > SCHEMA_VERSION:
            raise ArchiveError(
                f"{self.path} was written by a newer newsarchive (schema {schema}, here {SCHEMA_VERSION}); upgrade this one"
            )
        if schema < SCHEMA_VERSION and not self._older:
            raise ArchiveError(f"{self.path} has the older schema {schema}; run: scrapy migrate --apply")
        self.schema = schema

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is done inside; transactions may stand inside each other."""
        if self._depth == 0:
            self.db.execute("begin immediate")
        self._depth += 1
        try:
            yield self.db
        except BaseException:
            self._depth -= 1
            if self._depth == 0 and self.db.in_transaction:
                self.db.execute("rollback")
            raise
        self._depth -= 1
        if self._depth == 0:
            self.captures.write_waiting()
            self.db.execute("commit")

    def sites(self) -> list[str]:
        """Return the sites of which the archive has pages or listings."""
        return [row[0] for row in self.db.execute("select site from page union select site from listing order by 1")]

    def now(self) -> str:
        """The present time as the ledger writes it."""
        return stamp(self._clock())

    def ago(self, days: float) -> str:
        """The time ``days`` before now, as the ledger writes it."""
        return stamp(self._clock() - timedelta(days=days))

    def close(self) -> None:
        """Write what waits, fold the write-ahead log into the file, close."""
        if self.captures.waiting:
            with self.transaction():
                pass
        # A reader or another crawl may be at work: then the next one to close does it.
        with suppress(sqlite3.OperationalError):
            self.db.execute("pragma wal_checkpoint(truncate)")
        self.db.close()


def statements(script: str) -> Iterator[str]:
    """Yield the statements of an SQL script, triggers whole."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
