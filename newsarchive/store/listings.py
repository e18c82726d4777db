"""Listings: each walk of a section, a sitemap or a feed, and how deep it went."""

from __future__ import annotations

from dataclasses import dataclass

from newsarchive.store.schema import WHOLE


@dataclass(frozen=True)
class Earlier:
    """How the walk before this one ended."""

    whole: bool
    covers: str | None
    """The oldest day back to which it vouches for the listing; ``''``: to its end; None: for nothing."""


class Listings:
    """The table ``listing``."""

    def __init__(self, archive):
        self.archive = archive

    def begin(self, crawl: int, site: str, source: str, url: str, section: str | None, since: str | None, until: str | None):
        """Enter a walk; return its id, and the last one of the same listing (None: there was none)."""
        with self.archive.transaction() as db:
            last = db.execute(
                """select "end", covers from listing where site = ? and source = ? and url = ? order by id desc limit 1""",
                (site, source, url),
            ).fetchone()
            walk = db.execute(
                "insert into listing (crawl, site, source, url, section, since, until, started_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (crawl, site, source, url, section, since, until, self.archive.now()),
            ).lastrowid
        return walk, last and Earlier(last["end"] in WHOLE, last["covers"])

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

    def drop(self, walk: int) -> None:
        """Forget a walk whose listing does not exist."""
        with self.archive.transaction() as db:
            db.execute("delete from listing where id = ?", (walk,))

    def whole_days(self, site: str, since: str, until: str) -> set[str]:
        """Return the days between ``since`` and ``until`` whose day listing was walked whole, last time it was walked."""
        rows = self.archive.db.execute(
            """select since, "end" from listing where id in (
              select max(id) from listing where site = ? and source = 'days' and since between ? and ? group by url)""",
            (site, since, until),
        )
        return {row["since"] for row in rows if row["end"] in WHOLE}
