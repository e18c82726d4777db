"""Pages: the frontier and the ledger. A page is claimed before it is asked for, and every outcome is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from newsarchive.dates import stamp
from newsarchive.items import Article
from newsarchive.revisions import folded
from newsarchive.store.schema import STATES

LEASE = timedelta(hours=1)
SEEN_LIVE = "select 1 from sighting where page = {} and via is null and source <> 'warc'"
"""SQL: a listing of the site itself showed a page, not only a web archive or a file of others."""

# How long a page that could not be had waits for its next try; after the last it is given up.
DISTANCES = [
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
]

GONE_FOR_GOOD = "HTTP 410"
GONE_AGAIN = [timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
"""How long after each answer a page that is gone, or is led away from for the time being, is asked for again.

A site in trouble says 404 of everything, or sends every reader to one page.
"""
AWAY = ("gone", "moved")


@dataclass(frozen=True)
class Page:
    """A page that a crawl holds."""

    id: str
    url: str
    day: str | None
    """Publication day, as far as it is known."""

    via: str | None = None
    """A web archive's capture, to be asked for instead of ``url``."""


@dataclass(frozen=True)
class Cover:
    """The pages that a crawl's arguments cover. Empty means: all."""

    site: str
    sources: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    """Names, in lower case."""

    since: str | None = None
    until: str | None = None


class Pages:
    """The tables ``page`` and ``alias``."""

    def __init__(self, archive):
        self.archive = archive

    def claim(self, crawl: int, cover: Cover, limit: int, gone: bool = False) -> list[Page]:
        """Claim up to ``limit`` pages that ``cover`` covers and that are due, newest first.

        They wait, or with ``gone`` are gone or moved for all that is known, and stay so until they are found again.
        """
        past = cover.sources == ("wayback",)
        if gone and past:
            return []
        due = "(state = 'waiting' or reason = 'newer') and state in ('waiting', 'stored') and (due_at is null or due_at <= ?)"
        if gone:  # without a time: by an archive's older version
            due = f"""state in {AWAY} and reason <> '{GONE_FOR_GOOD}' and exists ({SEEN_LIVE.format("p.id")})
              and coalesce(due_at, case when state = 'gone' and tries = 0 then '' end) <= ?"""
        seen, parameters = "", []
        if cover.sources or cover.sections:
            seen = "and exists (select 1 from sighting s where s.page = p.id"
            if cover.sources:
                seen += f" and s.source in ({marks(cover.sources)})"
                parameters += cover.sources
            if cover.sections:
                seen += f" and (s.section is null or lower(s.section) in ({marks(cover.sections)}))"
                parameters += cover.sections
            seen += ")"
        with self.archive.transaction() as db:
            now, live = self.archive.now(), self.archive.crawls.live()
            rows = db.execute(
                f"""select id, url, day,
                  exists ({SEEN_LIVE.format("p.id")}) as live,
                  (select max(via) from sighting where page = p.id) as via
                from page p
                where site = ? and {due}
                  and (lease_by is null or lease_by not in ({marks(live)}) or lease_until < ?)
                  and (day is null or day between ? and ?) {seen}
                order by day desc limit ?""",
                (cover.site, now, *live, now, cover.since or "", cover.until or "9999", *parameters, limit),
            ).fetchall()
            self.lease([row["id"] for row in rows], crawl)
        return [Page(row["id"], row["url"], row["day"], row["via"] if past or not row["live"] else None) for row in rows]

    def outcome(
        self, page: str, state: str, reason: str | None = None, addresses: Iterable[str] = (), passing: bool = False
    ) -> None:
        """Note that ``page`` was had and is in ``state`` now. What the archive has of its text stays.

        ``passing``: it may be back, and is asked for again as one that is gone.
        """
        with self.archive.transaction() as db:
            now = self.archive.now()
            row = db.execute("select state, tries from page where id = ?", (page,)).fetchone()
            again = passing or (state == "gone" and reason != GONE_FOR_GOOD)
            tries = row["tries"] + 1 if again and row and row["state"] == state else 0
            due_at = _gone_until(tries, now) if again else None
            had = db.execute(
                """update page set state = ?, reason = ?, tries = ?, due_at = ?, fetched_at = ?, lease_by = null,
                lease_until = null where id = ? and state <> 'withdrawn'""",
                (state, reason, tries, due_at, now, page),
            ).rowcount
            self.enter_aliases((address, page) for address in addresses if had)

    def failed(self, page: str, reason: str, at_last: str = "given_up") -> str:
        """Note that ``page`` could not be had; it waits longer each time, then is ``at_last``. Return its state.

        A stored page stays stored, unless what failed says at last that it is gone; its text stays in any case.
        """
        with self.archive.transaction() as db:
            now = self.archive.now()
            row = db.execute("select state, reason, tries from page where id = ?", (page,)).fetchone()
            if row["state"] == "withdrawn":
                return "withdrawn"
            tries = row["tries"] + 1
            state, due_at = row["state"], None
            if state in AWAY:  # nothing was learned
                reason, due_at = row["reason"], _gone_until(tries, now)
            elif tries > len(DISTANCES):
                state = "stored" if state == "stored" and at_last != "gone" else at_last
            else:
                due_at = stamp(datetime.fromisoformat(now) + DISTANCES[tries - 1])
            if state == "stored":  # what was stored stays; the change that was announced is still to be fetched
                reason = "newer" if due_at else None
                due_at = due_at or stamp(datetime.fromisoformat(now) + DISTANCES[-1])  # no re-visit before
            db.execute(
                "update page set state = ?, reason = ?, tries = ?, due_at = ?, lease_by = null, lease_until = null where id = ?",
                (state, reason, tries, due_at, page),
            )
        return state

    def count_by_state(self, site: str) -> dict[str, int]:
        """Return how many pages of ``site`` are in each state."""
        rows = self.archive.db.execute("select state, count(*) from page where site = ? group by state", (site,))
        return dict.fromkeys(STATES, 0) | {state: count for state, count in rows}

    def owed(self, site: str) -> int:
        """Return how many sighted pages of ``site`` wait or were given up."""
        (count,) = self.archive.db.execute(
            "select count(*) from page where site = ? and state in ('waiting', 'given_up')", (site,)
        ).fetchone()
        return count

    def again(self, pages: Sequence[str], crawl: int) -> list[Page]:
        """Claim those of ``pages`` that still wait, though they are not due: they failed in ``crawl``, which is at its end.

        What fails once more in one crawl is one failure: the try is given back.
        """
        with self.archive.transaction() as db:
            rows = [
                row
                for row in rows_in(db, "page", "id", pages, " and tries > 0 and lease_by is null")
                if row["state"] == "waiting" or row["reason"] == "newer"
            ]
            db.executemany("update page set tries = tries - 1 where id = ?", ((row["id"],) for row in rows))
            self.lease([row["id"] for row in rows], crawl)
        return [Page(row["id"], row["url"], row["day"]) for row in rows]

    def postpone(self, page: str, reason: str, seconds: float = 0) -> None:
        """Let ``page`` wait for its next try, ``seconds`` at least, without counting this as one."""
        distance = max(DISTANCES[0], timedelta(seconds=seconds))
        due_at = stamp(datetime.fromisoformat(self.archive.now()) + distance)
        with self.archive.transaction() as db:
            db.execute(
                "update page set due_at = ?, lease_by = null, lease_until = null where id = ? and state <> 'withdrawn'",
                (due_at, page),
            )
            db.execute("update page set reason = ? where id = ? and state = 'waiting'", (reason, page))

    def clock_set_back(self) -> None:
        """Let no page wait for a time that a clock gave which was wrong."""
        with self.archive.transaction() as db:
            db.execute("update page set due_at = null where due_at is not null and state in ('waiting', 'stored')")

    def held(self, crawl: int) -> int:
        """Return how many pages ``crawl`` holds."""
        return self.archive.db.execute("select count(*) from page where lease_by = ?", (crawl,)).fetchone()[0]

    def lease(self, pages: Sequence[str], crawl: int) -> None:
        """Give ``pages`` to ``crawl`` for some time."""
        until = stamp(datetime.fromisoformat(self.archive.now()) + LEASE)
        self.archive.db.executemany(
            "update page set lease_by = ?, lease_until = ? where id = ?", ((crawl, until, page) for page in pages)
        )

    def renew(self, crawl: int) -> None:
        """Lengthen the leases of ``crawl`` that have less than half their time left."""
        now = datetime.fromisoformat(self.archive.now())
        with self.archive.transaction() as db:
            db.execute(
                "update page set lease_until = ? where lease_by = ? and lease_until < ?",
                (stamp(now + LEASE), crawl, stamp(now + LEASE / 2)),
            )

    def stored(self, visited: str | None, article: Article, addresses: Iterable[str]) -> None:
        """Enter ``article``, read on the page ``visited``, as stored.

        A page that stood under its address goes over to the true page with its sightings and addresses; a page with
        another number of its own has moved there.
        """
        with self.archive.transaction() as db:
            now = self.archive.now()
            db.execute(
                """insert into page (id, site, key, url, first_seen_at) values (?, ?, ?, ?, ?) on conflict do nothing""",
                (article.id, article.site, article.key, article.url, now),
            )
            if visited and visited != article.id:
                self.moved(visited, article.id, passing=bool(article.visit and article.visit.passing))
            at = self._visited_at(article, now)
            db.execute(
                """update page set state = 'stored', reason = null, tries = 0, due_at = null, url = ?, day = coalesce(?, day),
                fetched_at = case when fetched_at > ? and fetched_at <= ? then fetched_at else ? end,
                lease_by = null, lease_until = null where id = ?""",
                (article.url, article.day, at, soon(now), at, article.id),
            )
            self.enter_aliases((address, article.id) for address in addresses)

    @staticmethod
    def _visited_at(article: Article, now: str) -> str:
        """When the page was as ``article`` has it: of a second-hand one when it was captured, not when we came by it."""
        return stamp(datetime.fromisoformat(article.fetched_at)) if "second_hand" in article.flags else now

    def stands_apart(self, article: Article, address: str) -> bool:
        """Tell whether ``article``, read at ``address``, is another than the one that its page calls itself.

        So it is when a listing of the site shows that one too, or the archive has it, with another headline or date. A
        template that was filled with the wrong address must not swallow the site. Addresses that end in the same word lead
        to one article.
        """
        db = self.archive.db
        row = db.execute("select state from page where id = ?", (article.id,)).fetchone()
        if row is None or row["state"] == "withdrawn" or _last_word(address) == _last_word(article.url):
            return False
        other = db.execute("select headline, published_at from article where id = ?", (article.id,)).fetchone()
        if other is None:
            return self.archive.sightings.seen_live(article.id)
        return (folded(other["headline"]), other["published_at"]) != (folded(article.headline), article.published_at)

    def moved(self, page: str, into: str, passing: bool = False) -> None:
        """What was seen as ``page`` is the page ``into``; ``passing``: as a redirect for the time being says.

        A page that has a text of its own, or that may be led away from for a while, stays a page.
        """
        db = self.archive.db
        own = db.execute("select 1 from article where id = ?", (page,)).fetchone()
        apart = own or (passing and self.archive.sightings.seen_live(page) and self.archive.sightings.seen_live(into))
        self.archive.sightings.take_over(page, into)
        if page.partition(":")[2].startswith("http") and not apart:
            self._merge(page, into)
        else:
            self.outcome(page, "moved", f"to {into}", passing=passing)

    def _merge(self, page: str, into: str) -> None:
        db = self.archive.db
        db.execute("delete from sighting where page = ?", (page,))
        db.execute("update alias set page = ? where page = ?", (into, page))
        db.execute(
            "update page set first_seen_at = min(first_seen_at, (select first_seen_at from page where id = ?)) where id = ?",
            (page, into),
        )
        db.execute("delete from page where id = ?", (page,))

    def enter_aliases(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Note which addresses led to which pages."""
        self.archive.db.executemany("insert into alias (url, page) values (?, ?) on conflict do nothing", pairs)


def _last_word(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def _gone_until(tries: int, now: str) -> str | None:
    """When a page that is away, and was so ``tries`` times again, is asked for once more; None: never."""
    return stamp(datetime.fromisoformat(now) + GONE_AGAIN[tries]) if tries < len(GONE_AGAIN) else None


def soon(now: str) -> str:
    """Return a time that no clock of this machine has reached at ``now``: what lies behind it was written by a wrong one."""
    return stamp(datetime.fromisoformat(now) + timedelta(minutes=1))


def rows_in(
    db: sqlite3.Connection, table: str, column: str, values: Sequence[str], also: str = "", parameters: tuple = ()
) -> Iterator[sqlite3.Row]:
    """Yield the rows of ``table`` whose ``column`` is one of ``values``, and for which ``also`` holds."""
    for start in range(0, len(values), 500):
        part = values[start : start + 500]
        yield from db.execute(f"select * from {table} where {column} in ({marks(part)}){also}", (*part, *parameters))


def marks(values: Sequence) -> str:
    """Return as many question marks as there are ``values``."""
    return ", ".join("?" * len(values))
