"""Listings: each walk of a section, a sitemap or a feed, and how deep it went."""

from __future__ import annotations

from datetime import date, timedelta

from newsarchive.store.schema import WHOLE

INTERRUPTED = ("stopped", "error", "bound")
"""Ends of a walk that saw all from its top down to where it was, so that another may go on there."""


class Listings:
    """The table ``listing``."""

    def __init__(self, archive):
        self.archive = archive

    def begin(self, crawl: int, site: str, source: str, url: str, section: str | None, since: str | None, until: str | None):
        """Enter a walk; return its id, and rows of earlier ones of the same listing that vouch for a part of it.

        The last that was whole and as deep as this is asked to be (None: there was none); and those since then that were
        interrupted, newest first, if they were not asked to be less deep.
        """
        with self.archive.transaction() as db:
            live = self.archive.crawls.live()
            for row in db.execute(
                """select id, crawl from listing where site = ? and url = ? and "end" is null""", (site, url)
            ).fetchall():
                if row["crawl"] not in live:  # it was killed
                    self.end(row["id"], "stopped", None)
            whole = db.execute(
                f"""select id, covers, until from listing where site = ? and source = ? and url = ? and "end" in {WHOLE}
                and covers <= ? order by id desc limit 1""",
                (site, source, url, since or ""),
            ).fetchone()
            interrupted = db.execute(
                f"""select id, at, until from listing where site = ? and source = ? and url = ? and id > ?
                and "end" in {INTERRUPTED} and pages > 0 and at <> url and coalesce(since, '') <= ? order by id desc""",
                (site, source, url, whole["id"] if whole else 0, since or ""),
            ).fetchall()
            walk = db.execute(
                "insert into listing (crawl, site, source, url, section, since, until, started_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (crawl, site, source, url, section, since, until, self.archive.now()),
            ).lastrowid
        return walk, whole, interrupted

    def step(self, walk: int, *, pages: int, links: int, new: int, reached: str | None, at: str | None) -> None:
        """Note how far a walk came."""
        with self.archive.transaction() as db:
            db.execute(
                "update listing set pages = ?, links = ?, new = ?, reached = ?, at = ? where id = ?",
                (pages, links, new, reached, at, walk),
            )

    def end(self, walk: int, end: str, covers: str | None, reason: str | None = None) -> None:
        """Close a walk; ``end`` as the contract names it, ``covers`` as :attr:`Earlier.covers`."""
        with self.archive.transaction() as db:
            db.execute(
                """update listing set "end" = ?, covers = ?, reason = ?, ended_at = ? where id = ?""",
                (end, covers, reason, self.archive.now(), walk),
            )
            self.archive.gaps.after_walk(walk)

    def whole_since(self, site: str, source: str, url: str, at: str) -> bool:
        """Tell whether a walk of the listing that began after ``at`` was whole."""
        row = self.archive.db.execute(
            f"""select 1 from listing where site = ? and source = ? and url = ? and started_at > ? and "end" in {WHOLE}""",
            (site, source, url, at),
        )
        return row.fetchone() is not None

    def came_to(self, site: str, source: str, url: str) -> str | None:
        """Return where the last walk of the listing may be gone on with; None when it was whole, or there was none."""
        row = self.archive.db.execute(
            """select "end", at from listing where site = ? and source = ? and url = ? order by id desc limit 1""",
            (site, source, url),
        ).fetchone()
        return row["at"] if row and row["end"] not in WHOLE else None

    def drop(self, walk: int) -> None:
        """Forget a walk whose listing does not exist."""
        with self.archive.transaction() as db:
            db.execute("delete from listing where id = ?", (walk,))

    def whole_days(self, site: str, since: str, until: str, crawl: int, at: str) -> set[str]:
        """Return the days between ``since`` and ``until`` whose day listing was walked whole, last time it was walked.

        A walk of a day that was not over yet vouches for no more than it could see: it counts when it was the same ``crawl``'s,
        or began after ``at``.
        """
        rows = self.archive.db.execute(
            """select since, "end", crawl, started_at from listing where id in (
              select max(id) from listing where site = ? and source = 'days' and since between ? and ? group by url)""",
            (site, since, until),
        )
        return {
            row["since"]
            for row in rows
            if row["end"] in WHOLE and (row["crawl"] == crawl or row["started_at"] >= min(at, over_everywhere(row["since"])))
        }


def over_everywhere(day: str) -> str:
    """Return when ``day`` has ended in the last time zone of the world, UTC-12, as text to compare with times of the ledger."""
    return f"{date.fromisoformat(day) + timedelta(days=1)}T12:00:00"
