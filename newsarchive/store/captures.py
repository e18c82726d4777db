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

    def newest(self, url: str, status: int | None = 200) -> dict | None:
        """Return the newest capture of ``url`` with ``status`` (None: any) whose bytes are kept."""
        row = self.archive.db.execute(
            "select * from capture where url = ? and (status = ? or ? is null) and file is not null order by id desc limit 1",
            (url, status, status),
        ).fetchone()
        return row and dict(row)

    def has(self, url: str, fetched_at: str, digest: str) -> bool:
        """Tell whether ``url`` has a capture of this time and payload."""
        row = self.archive.db.execute(
            "select 1 from capture where url = ? and fetched_at = ? and digest = ? and file is not null", (url, fetched_at, digest)
        )
        return row.fetchone() is not None

    def get(self, id: int) -> dict:
        """Return the capture ``id``."""
        return dict(self.archive.db.execute("select * from capture where id = ?", (id,)).fetchone())

    def different(self, url: str) -> list[int]:
        """Return the captures of ``url`` with status 200 whose payload differs from that of the one before, oldest first."""
        rows = self.archive.db.execute(
            "select id, digest from capture where url = ? and status = 200 and file is not null order by id", (url,)
        )
        found, last = [], None
        for row in rows:
            if row["digest"] != last:
                found.append(row["id"])
            last = row["digest"]
        return found

    def every(self, url: str) -> list[int]:
        """Return the captures of ``url`` with status 200, and those that found it unchanged, oldest first."""
        rows = self.archive.db.execute(
            "select id from capture where url = ? and status in (200, 304) and file is not null order by id", (url,)
        )
        return [row["id"] for row in rows]

    def first_since(self, url: str, at: str) -> dict | None:
        """Return the first capture of ``url`` that was taken at ``at`` or later; None when there is none."""
        row = self.archive.db.execute(
            "select * from capture where url = ? and fetched_at >= ? and file is not null order by id limit 1", (url, at)
        ).fetchone()
        return row and dict(row)

    def last_offset(self, file: str) -> int:
        """Return the greatest offset in ``file`` that a capture cites; 0 when none does."""
        return self.archive.db.execute("""select max("offset") from capture where file = ?""", (file,)).fetchone()[0] or 0

    def newest_in(self, file: str) -> str | None:
        """Return when the newest capture that cites ``file`` was fetched; None when none does."""
        return self.archive.db.execute("select max(fetched_at) from capture where file = ?", (file,)).fetchone()[0]

    def forget_file(self, file: str) -> None:
        """Note that the bytes in ``file`` are not kept any more."""
        with self.archive.transaction() as db:
            db.execute("""update capture set file = null, "offset" = null where file = ?""", (file,))

    def write_waiting(self) -> None:
        """Write the rows that wait, inside a transaction that is open."""
        if self.waiting:
            names = ", ".join(f'"{name}"' for name in COLUMNS)
            self.archive.db.executemany(f"insert into capture ({names}) values ({', '.join('?' * len(COLUMNS))})", self.waiting)
            self.waiting.clear()
