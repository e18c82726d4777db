"""Captures: every answer of a server, by address."""

from __future__ import annotations

COLUMNS = ("crawl", "url", "fetched_at", "status", "etag", "last_modified", "digest", "file", "offset", "kind")


class Captures:
    """The table ``capture``. Rows wait in memory for the next transaction: they never cost one of their own."""

    def __init__(self, archive):
        self.archive = archive
        self.waiting: list[tuple] = []

    def add(self, **capture) -> None:
        """Keep a row with the columns of :data:`COLUMNS`; those left out are null."""
        self.waiting.append(tuple(capture.get(name) for name in COLUMNS))

    def write_waiting(self) -> None:
        """Write the rows that wait, inside a transaction that is open."""
        if self.waiting:
            names = ", ".join(f'"{name}"' for name in COLUMNS)
            self.archive.db.executemany(f"insert into capture ({names}) values ({', '.join('?' * len(COLUMNS))})", self.waiting)
            self.waiting.clear()
