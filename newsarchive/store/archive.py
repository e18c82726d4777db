"""An archive: one SQLite file, open for several crawls at once and for any reader meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from newsarchive.dates import stamp
from newsarchive.store.alarms import Alarms
from newsarchive.store.articles import Articles
from newsarchive.store.captures import Captures
from newsarchive.store.crawls import Crawls
from newsarchive.store.drawn import Drawn
from newsarchive.store.gaps import Gaps
from newsarchive.store.hosts import Hosts
from newsarchive.store.images import ImageFiles
from newsarchive.store.jsonlines import JsonLines
from newsarchive.store.learned import Learned
from newsarchive.store.listings import Listings
from newsarchive.store.pages import Pages
from newsarchive.store.rates import EditRates
from newsarchive.store.revisits import Revisits
from newsarchive.store.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES, VIEWS
from newsarchive.store.sightings import Sightings
from newsarchive.store.stamps import Stamps
from newsarchive.store.withdrawals import Withdrawals

BUSY_SECONDS = 60
"""So long a transaction waits for another program that holds the archive."""

STOPPING_SECONDS = 3
"""The same when it is told to stop meanwhile."""

SLICE_SECONDS = 1
"""No signal is seen while SQLite itself waits: where one may come it waits so long at a time."""

CHECKPOINT_SECONDS = 1
LOG_BYTES = 64_000_000
"""A write-ahead log that is larger is folded into the file while crawls are at work."""


class ArchiveError(Exception):
    """An archive cannot be used; the message is one line that says why and what would do."""


class NoArchiveError(ArchiveError):
    """There is no archive, or its first crawl is just about to make it."""


class DamagedError(ArchiveError):
    """The file of an archive is damaged, or is none."""


class Archive:
    """The archive in the SQLite file ``path``, made when it does not exist.

    ``clock`` gives the present time, aware; ``older`` lets an archive of an older schema be opened, to be migrated;
    ``busy_seconds`` is how long a transaction waits for another program, and ``stopping`` tells when that is no use any more.
    Raises :class:`ArchiveError` when the file is no
    archive, belongs to another version of the project, or cannot be opened.
    """

    schema: int
    """The version of the tables."""

    def __init__(
        self,
        path: Path | str,
        *,
        read_only: bool = False,
        older: bool = False,
        busy_seconds: float = BUSY_SECONDS,
        stopping: Callable[[], bool] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.path = Path(path)
        self._older = older
        self._busy_seconds = busy_seconds
        self._stopping = stopping
        self._clock = clock
        self._depth = 0
        try:
            self.db = self._connect(read_only)
        except (sqlite3.OperationalError, OSError) as error:
            raise ArchiveError(f"cannot open the archive {self.path}: {error}") from None
        except sqlite3.DatabaseError as error:
            raise DamagedError(f"{self.path} is damaged, or no archive ({error}); scrapy check-archive says more") from None
        self.crawls = Crawls(self)
        self.pages = Pages(self)
        self.sightings = Sightings(self)
        self.listings = Listings(self)
        self.gaps = Gaps(self)
        self.drawn = Drawn(self)
        self.articles = Articles(self)
        self.rates = EditRates(self)
        self.revisits = Revisits(self)
        self.stamps = Stamps(self)
        self.learned = Learned(self)
        self.captures = Captures(self)
        self.images = ImageFiles(self)
        self.hosts = Hosts(self)
        self.withdrawals = Withdrawals(self)
        self.jsonlines = JsonLines(self)
        self.alarms = Alarms(self)

    def _connect(self, read_only: bool, medium: bool = False) -> sqlite3.Connection:
        if read_only:
            if not self.path.is_file():
                raise NoArchiveError(f"there is no archive {self.path}: crawl first, or set ARCHIVE_DIR")
            log = self.path.with_name(f"{self.path.name}-wal").exists()
            address = f"{self.path.absolute().as_uri()}?mode=ro"
            if medium:
                address += "&immutable=1"
            db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=self._busy_seconds)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, isolation_level=None, timeout=self._busy_seconds)
        db.row_factory = sqlite3.Row
        try:
            if not read_only:
                db.execute("pragma journal_mode = wal")
                # A power cut may cost the last transactions, never a part of one; what they held is fetched again.
                db.execute("pragma synchronous = normal")
            self._check(db, read_only)
        except sqlite3.OperationalError as error:
            db.close()
            if not read_only or medium or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN:
                raise
            # Nothing can be made beside it, as on a CD. Without a write-ahead log nobody is at work on it.
            if log:
                error.args = (f"{error}; copy it, with its write-ahead log, to where its folder can be written",)
                raise
            return self._connect(read_only, medium=True)
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection, read_only: bool) -> None:
        def found() -> tuple[int, int, bool]:
            # One statement: another process may be making the archive.
            query = "select *, exists (select 1 from sqlite_master) from pragma_application_id, pragma_user_version"
            return tuple(db.execute(query).fetchone())

        nothing = (0, 0, 0)
        if found() == nothing and not read_only:
            db.execute("begin immediate")
            try:
                if found() == nothing:
                    for statement in statements(TABLES + VIEWS):
                        db.execute(statement)
                    db.execute(f"pragma application_id = {APPLICATION_ID}")
                    db.execute(f"pragma user_version = {SCHEMA_VERSION}")
                db.execute("commit")
            except BaseException:
                db.execute("rollback")
                raise
        application, schema, _ = last = found()
        if last == nothing:
            raise NoArchiveError(f"there is no archive in {self.path} yet: crawl first, or set ARCHIVE_DIR")
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
            self._begin()
            waiting = self.captures.waiting.copy()
        self._depth += 1
        try:
            yield self.db
            if self._depth == 1:
                self.captures.write_waiting()
                self.db.execute("commit")
        except BaseException:
            # SQLite itself rolls back after some errors, such as a full disk.
            if self._depth == 1:
                self.captures.waiting = waiting
                if self.db.in_transaction:
                    self.db.execute("rollback")
            raise
        finally:
            self._depth -= 1

    def _wait_for_others(self, seconds: float) -> None:
        """Let SQLite wait so long for another program."""
        self.db.execute(f"pragma busy_timeout = {int(seconds * 1000)}")

    def _begin(self) -> None:
        if self._stopping is None:
            self.db.execute("begin immediate")
            return
        began = monotonic()
        self._wait_for_others(min(SLICE_SECONDS, self._busy_seconds))
        try:
            while not self._begun(monotonic() - began):
                pass
        finally:
            self._wait_for_others(self._busy_seconds)

    def _begun(self, waited: float) -> bool:
        try:
            self.db.execute("begin immediate")
        except sqlite3.OperationalError as error:
            patience = STOPPING_SECONDS if self._stopping() else self._busy_seconds
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or waited >= patience:
                raise
            return False
        return True

    def sites(self) -> list[str]:
        """Return the sites of which the archive has pages or listings."""
        rows = self.db.execute(
            """select site from page union
            select site from listing l where not exists (select 1 from sighting s where s.source = l.source and s.listing = l.url)
            order by 1"""
        )
        return [row[0] for row in rows]

    def now(self) -> str:
        """The present time as the ledger writes it."""
        return stamp(self._clock())

    def ago(self, days: float) -> str:
        """The time ``days`` before now, as the ledger writes it."""
        return stamp(self._clock() - timedelta(days=days))

    def fold_log(self, limit: int = LOG_BYTES) -> None:
        """Fold a write-ahead log of more than ``limit`` bytes into the file, when all readers have its end within a second.

        SQLite itself does so only at a moment without readers, which never comes when they overlap.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        if not log.exists() or log.stat().st_size <= limit:
            return
        self._wait_for_others(CHECKPOINT_SECONDS)
        try:
            self.db.execute("pragma wal_checkpoint(truncate)")
        except sqlite3.OperationalError:  # another crawl does it, or writes
            pass
        finally:
            self._wait_for_others(self._busy_seconds)

    def close(self) -> None:
        """Write what waits, fold the write-ahead log into the file, close."""
        try:
            if self.captures.waiting:
                with self.transaction():
                    pass
            # A reader or another crawl may be at work: then the next one to close does it.
            with suppress(sqlite3.DatabaseError):
                self._wait_for_others(CHECKPOINT_SECONDS)
                self.db.execute("pragma wal_checkpoint(truncate)")
        finally:
            self.db.close()


def statements(script: str) -> Iterator[str]:
    """Yield the statements of an SQL script, triggers whole."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
