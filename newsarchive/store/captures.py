"""Captures: every answer of a server, by address."""

from __future__ import annotations

LISTINGS = ("listing", "robots")
"""Kinds of capture that stand in files of their own, so that a rule may let them go."""

IMPORTED = "imported"
"""The kind of a capture that others made: what the site itself answered is never told by it."""

REFUSED = (401, 402, 403, 451)
"""Statuses of a page that is there, and not for us."""

LASTING = (200, 301, 302, 303, 304, 307, 308, 404, 410)
"""Statuses that say what a page is, and not only that it could not be had."""

COLUMNS = ("crawl", "url", "fetched_at", "status", "etag", "last_modified", "digest", "file", "offset", "kind")


class Captures:
    """The table ``capture``. Rows wait in memory for the next transaction: they never cost one of their own."""

    def __init__(self, archive):
        self.archive = archive
        self.waiting: list[tuple] = []

    def add(self, **capture) -> None:
        """Keep a row with the columns of :data:`COLUMNS`; those left out are null."""
        self.waiting.append(tuple(capture.get(name) for name in COLUMNS))

    def newest(self, url: str, status: int | None = 200, kind: str | None = None) -> dict | None:
        """Return the newest capture of ``url`` with ``status`` (None: any) whose bytes are kept.

        Of those that stand together with captures of ``kind``; None: of all that the server gave this archive itself.
        """
        row = self.archive.db.execute(
            f"""select * from capture where url = ? and (status = ? or ? is null) and file is not null
            and {_beside(kind)} order by id desc limit 1""",
            (url, status, status),
        ).fetchone()
        return row and dict(row)

    def last_status(self, page: str) -> int | None:
        """Return the status of the site's own last answer at an address of ``page``; None: it was not asked, or forbids it."""
        row = self.archive.db.execute(
            f"""select c.status from capture c join alias a on a.url = c.url where a.page = ? and {_beside("article")}
            order by c.id desc limit 1""",
            (page,),
        ).fetchone()
        return row and row["status"]

    def has(self, url: str, fetched_at: str, digest: str) -> bool:
        """Tell whether ``url`` has a capture of this time and payload."""
        row = self.archive.db.execute(
            "select 1 from capture where url = ? and fetched_at = ? and digest = ? and file is not null", (url, fetched_at, digest)
        )
        return row.fetchone() is not None

    def at(self, url: str, id: int) -> dict | None:
        """Return what ``url`` was when the capture ``id`` was made: its last lasting answer until then, else its first one."""
        for bound in ("id <= ? order by id desc", "id > ? order by id"):
            row = self.archive.db.execute(
                f"""select * from capture where url = ? and status in {LASTING} and file is not null
                and {_beside(None)} and {bound} limit 1""",
                (url, id),
            ).fetchone()
            if row:
                return dict(row)
        return None

    def different(self, url: str, lasting: bool = False) -> list[int]:
        """Return the captures of ``url`` that the server gave and that differ from the one before, oldest first.

        Those with status 200; with ``lasting`` all that say what the page is.
        """
        statuses = LASTING if lasting else "(200)"
        rows = self.archive.db.execute(
            f"""select id, status, digest from capture
            where url = ? and status in {statuses} and file is not null and {_beside(None)} order by id""",
            (url,),
        )
        found, last = [], None
        for row in rows:
            # A 304 has the bytes that were there before.
            answer = (200 if row["status"] == 304 else row["status"], row["digest"])
            if answer != last:
                found.append(row["id"])
            last = answer
        return found

    def written_at(self, capture: dict) -> str:
        """Return when the bytes that ``capture`` cites were fetched; later ones that were equal cite them too."""
        return self.archive.db.execute(
            """select min(fetched_at) from capture where file = ? and "offset" = ?""", (capture["file"], capture["offset"])
        ).fetchone()[0]

    def record_at(self, file: str, offset: int) -> dict | None:
        """Return the capture whose record is at ``offset`` of ``file``, and not one of those that refer to it."""
        row = self.archive.db.execute(
            """select * from capture where file = ? and "offset" = ? order by id limit 1""", (file, offset)
        ).fetchone()
        return row and dict(row)

    def every(self, url: str) -> list[int]:
        """Return the captures of ``url`` with status 200, and those that found it unchanged, oldest first."""
        rows = self.archive.db.execute(
            f"""select id from capture where url = ? and status in (200, 304) and file is not null
            and {_beside(None)} order by id""",
            (url,),
        )
        return [row["id"] for row in rows]

    def first_since(self, url: str, at: str) -> dict | None:
        """Return the first capture of ``url`` that was taken at ``at`` or later; None when there is none."""
        row = self.archive.db.execute(
            f"""select * from capture where url = ? and fetched_at >= ? and file is not null
            and {_beside(None)} order by id limit 1""",
            (url, at),
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


def _beside(kind: str | None) -> str:
    """SQL: a capture stands together with those of ``kind``; None: it is not another's."""
    if kind == IMPORTED:
        return f"kind = '{IMPORTED}'"
    together = f" and kind {'in' if kind in LISTINGS else 'not in'} {LISTINGS}" if kind else ""
    return f"kind <> '{IMPORTED}'{together}"
