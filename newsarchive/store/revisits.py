"""Re-visits: which stored articles are looked at again, so that a request finds as many edits as it can."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsarchive.dates import stamp
from newsarchive.store.pages import SEEN_LIVE, Cover, Page, soon
from newsarchive.store.rates import born_at

EXPLORED = 10
"""One request in so many goes where most would be found if all sections edited alike: a quiet one is looked at now and then."""

SPARE = 2
"""So many times the pages that are wanted are ranked, for some turn out to be taken, or second-hand."""


@dataclass(frozen=True)
class Revisiting:
    """What is worth a re-visit."""

    min_hours: float = 1
    """After the last visit."""

    max_days: float = 365
    """The age after which nothing is looked at again."""

    min_chance: float = 0.02
    """That the article was edited since."""


class Revisits:
    """Chooses among the stored pages.

    They are ranked anew each time, and not by a time that was noted at the last visit: what was measured meanwhile of a
    section counts at once for all its pages.
    """

    def __init__(self, archive):
        self.archive = archive

    def claim(self, crawl: int, cover: Cover, limit: int, wanted: Revisiting) -> list[Page]:
        """Claim up to ``limit`` stored pages that ``cover`` covers, those that were edited most probably first."""
        began, now = self.archive.crawls.began(crawl), self.archive.now()
        # Ranked outside the transaction: nobody waits for it.
        ranked = self._ranked(cover, limit, wanted, began, now) if limit > 0 else []
        claimed: list[Page] = []
        with self.archive.transaction() as db:
            live = set(self.archive.crawls.live())
            for id, fetched_at in ranked:
                if len(claimed) == limit:
                    break
                row = db.execute(
                    """select p.url, p.day, p.fetched_at, p.lease_by, p.lease_until, a.flags
                    from page p join article a on a.id = p.id where p.id = ? and p.state = 'stored'""",
                    (id,),
                ).fetchone()
                if row is None or row["fetched_at"] != fetched_at or (row["lease_by"] in live and row["lease_until"] >= now):
                    continue  # another crawl has or had it meanwhile
                if '"second_hand"' not in row["flags"]:  # what a web archive told the site has no more
                    claimed.append(Page(id, row["url"], row["day"]))
            self.archive.pages.lease([page.id for page in claimed], crawl)
        return claimed

    def _ranked(self, cover: Cover, limit: int, wanted: Revisiting, began: str, now: str) -> list[tuple[str, str]]:
        """Ids, and times of the last visit."""
        curves = self.archive.rates.curves(cover.site)
        least = -math.log1p(-min(wanted.min_chance, 0.999))
        rested = stamp(datetime.fromisoformat(now) - timedelta(hours=wanted.min_hours))
        best: list[tuple[float, str, str]] = []
        even: list[tuple[float, str, str]] = []
        present = datetime.fromisoformat(now).timestamp()
        for id, day, seen_at, fetched_at, newer, published_at, section in self._stored(cover, wanted, began, now):
            born = datetime.fromisoformat(born_at(published_at, day, seen_at)).timestamp()
            old = max(0.0, present - born) / 3600
            if newer:
                _keep(best, (math.inf, id, fetched_at), SPARE * limit)
            elif old <= 24 * wanted.max_days and not rested < fetched_at <= soon(now):
                # A visit in the future was one by a clock that was wrong: nobody knows when.
                then = max(0.0, datetime.fromisoformat(fetched_at).timestamp() - born) / 3600 if fetched_at <= soon(now) else 0.0
                # The chance is 1 - exp(-expected), and so in the same order.
                for heap, curve in ((best, curves[section]), (even, curves.whole)):
                    expected = curve.until(old) - curve.until(then)
                    if expected >= least:
                        _keep(heap, (expected, id, fetched_at), SPARE * limit)
        return _mixed(sorted(best, reverse=True), sorted(even, reverse=True), SPARE * limit)

    def _stored(self, cover: Cover, wanted: Revisiting, began: str, now: str) -> Iterable[tuple]:
        live = self.archive.crawls.live()
        day = (datetime.fromisoformat(now) - timedelta(days=min(wanted.max_days, 300_000) + 1)).date().isoformat()
        of_section, names = "", []
        if cover.sections:
            marks = ", ".join("?" * len(cover.sections))
            of_section = f"""and (lower(a.section) in ({marks})
              or exists (select 1 from json_each(a.tags) where lower(value) in ({marks}))
              or exists (select 1 from sighting where page = p.id and lower(section) in ({marks})))"""
            names = [*cover.sections] * 3
        # What was never seen on the site itself is not asked for there.
        return self.archive.db.execute(
            f"""select p.id, p.day, p.first_seen_at, p.fetched_at, p.reason = 'newer', a.published_at,
              coalesce(lower(a.section), '')
            from page p join article a on a.id = p.id
            where p.site = ? and p.state = 'stored' and (p.fetched_at < ? or p.fetched_at > ?)
              and (p.day is null or p.day >= ? or p.reason = 'newer') and (p.day is null or p.day between ? and ?)
              and (p.due_at is null or p.due_at <= ?)
              and (p.lease_by is null or p.lease_by not in ({", ".join("?" * len(live))}) or p.lease_until < ?)
              and (exists ({SEEN_LIVE.format("p.id")}) or not exists (select 1 from sighting where page = p.id))
              {of_section}""",
            (cover.site, began, soon(now), day, cover.since or "", cover.until or "9999", now, *live, now, *names),
        )


def _keep(heap: list, one: tuple, size: int) -> None:
    """Add ``one`` to the ``size`` largest."""
    if len(heap) < size:
        heapq.heappush(heap, one)
    elif one > heap[0]:
        heapq.heapreplace(heap, one)


def _mixed(best: Sequence[tuple], even: Sequence[tuple], size: int) -> list[tuple[str, str]]:
    """The best in order, every :data:`EXPLORED` th from ``even``."""
    found: dict[str, str] = {}
    rows, others = iter(best), iter(even)
    while len(found) < size:
        turn = others if len(found) % EXPLORED == EXPLORED - 1 else rows
        row = next((row for row in turn if row[1] not in found), None)
        if row is None:
            rest = [row for row in (*rows, *others) if row[1] not in found]
            return [*found.items(), *dict((row[1], row[2]) for row in rest).items()][:size]
        found[row[1]] = row[2]
    return list(found.items())
