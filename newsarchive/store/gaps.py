"""Gaps: stretches of a listing that no walk saw, until a source closes them."""

from __future__ import annotations

from newsarchive.dates import days_between
from newsarchive.store.schema import WHOLE

NO_STRETCH = ("urls", "warc", "wayback")
"""Sources that show no stretch of time of a site."""


class Gaps:
    """The table ``gap``.

    A gap opens when a walk was not whole, or when it shows nothing that the walk before had shown. It closes when the same
    listing is walked whole and deep enough, when all its days are walked as day listings, or when the sitemap is.
    """

    def __init__(self, archive):
        self.archive = archive

    def after_walk(self, walk: int) -> None:
        """Open and close gaps after ``walk`` has ended; inside its transaction."""
        row = self.archive.db.execute("select * from listing where id = ?", (walk,)).fetchone()
        if row["source"] in NO_STRETCH:
            return
        if row["end"] not in WHOLE:
            until = min(filter(None, (row["reached"], row["until"], row["started_at"][:10])))
            if not self._by_days(row, row["since"], until):
                self._open(row, row["since"], until, row["end"])
            return
        if between := self._missed_overlap(row):
            self._open(row, *between, "no overlap")
            if row["source"] == "feed":
                return
        self._close(row)

    def _open(self, row, since: str | None, until: str | None, reason: str) -> None:
        db = self.archive.db
        known = db.execute(
            "select id, since, until from gap where site = ? and source = ? and listing = ? and reason = ? and closed_at is null",
            (row["site"], row["source"], row["url"], reason),
        ).fetchone()
        if known:
            since = None if since is None or known["since"] is None else min(since, known["since"])
            until = max(until or "", known["until"] or "") or None
            db.execute("update gap set since = ?, until = ? where id = ?", (since, until, known["id"]))
        else:
            db.execute(
                "insert into gap (site, source, listing, section, since, until, reason, opened_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (row["site"], row["source"], row["url"], row["section"], since, until, reason, self.archive.now()),
            )

    def _missed_overlap(self, row) -> tuple[str, str] | None:
        """The newest day seen before and the oldest seen now, when ``row`` shows nothing of what was seen before; else None."""
        db = self.archive.db
        place = (row["source"], row["url"], row["id"])
        (before,) = db.execute(
            """select max(p.day) from sighting s join page p on p.id = s.page
            where s.source = ? and s.listing = ? and s.walk < ?""",
            place,
        ).fetchone()
        if before is None or row["links"] == 0:
            return None
        if row["until"] is not None and row["source"] != "feed":  # it was not asked for the newest
            return None
        shown = db.execute(
            """select p.day, s.walk from sighting s join page p on p.id = s.page
            where s.source = ? and s.listing = ? and s.last_walk = ? order by s.position desc""",
            place,
        ).fetchall()
        unpinned = _unpinned(shown)
        if any(walk < row["id"] for _, walk in unpinned):
            return None
        return before, max(before, min((day for day, _ in unpinned if day), default=before))

    def _close(self, row) -> None:
        db = self.archive.db
        for gap in db.execute("select * from gap where site = ? and closed_at is null", (row["site"],)).fetchall():
            if self._fills(row, gap):
                db.execute(
                    "update gap set closed_at = ?, closed_by = ? where id = ?", (self.archive.now(), row["source"], gap["id"])
                )

    def _by_days(self, row, since: str | None, until: str, at: str | None = None) -> bool:
        """Tell whether the days from ``since`` to ``until`` were all walked whole as day listings; ``at`` as there."""
        if not since:
            return False
        whole = self.archive.listings.whole_days(row["site"], since, until, row["crawl"], at or row["started_at"])
        return set(days_between(since, until)) <= whole

    def _fills(self, row, gap) -> bool:
        since, until = (gap["since"] or "")[:10], (gap["until"] or "9999")[:10]
        if row["source"] == "feed" and (row["url"], gap["source"]) == (gap["listing"], "feed") and gap["reason"] != "no overlap":
            return True  # a feed that was not to be had, and now shows what it showed before
        if row["source"] == "days":
            return bool(gap["since"] and since <= row["since"] <= until and self._by_days(row, since, until, gap["opened_at"]))
        same = row["source"] == gap["source"] and row["url"] == gap["listing"]
        if same and gap["reason"] == "no overlap" and (row["reached"] or "9999") > since:
            return False  # that it had come to its end was said before
        deep = row["covers"] is not None and row["covers"] <= since and (row["until"] is None or row["until"] >= until)
        return deep and (same or (row["source"] == "sitemap" and self._reaches(row, since)))

    def _reaches(self, row, since: str) -> bool:
        """Tell whether no article of ``since`` or later is known that is older than what ``row`` showed.

        A sitemap of the newest articles alone has an end too.
        """
        older = self.archive.db.execute(
            "select 1 from page where site = ? and day >= ? and day < ? limit 1", (row["site"], since, row["reached"] or "9999")
        ).fetchone()
        return older is None


def _unpinned(shown: list[tuple[str | None, int]]) -> list[tuple[str | None, int]]:
    """Return those of ``shown`` (day and first walk, from the bottom up) that have nothing newer below them.

    What was pinned, or dated anew, tells nothing of what lies between. A listing without order has nothing pinned.
    """
    newest, found = "", []
    for day, walk in shown:
        if (day or newest) >= newest:
            newest = day or newest
            found.append((day, walk))
    return found if 2 * len(found) > len(shown) else shown
