"""Pages: the frontier and the ledger. A page is claimed before it is asked for, and every outcome is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsarchive.dates import stamp
from newsarchive.items import Article, Link
from newsarchive.store.stamps import Told

LEASE = timedelta(hours=1)
# How long a page that could not be had waits for its next try; after the last it is given up.
DISTANCES = [
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
]


AT_REST = ("stored", "gone", "moved", "not_article", "given_up")
"""States of a page that was had, and that a listing may call changed."""


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
class Sighted:
    """What the ledger says of a link."""

    link: Link
    page: Page
    new: bool
    """Nobody had seen the article before."""

    walks: tuple[int, int] | None
    """The first and the last walk that had sighted it on this listing; None: it was not sighted there before."""

    due: bool
    """It is to be asked for."""

    claimed: bool
    """This crawl holds it now and is to ask for it."""

    stamped: bool = False
    """The listing gives it a newer time, as it does to everything: that makes nothing due."""


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
    """The tables ``page``, ``alias`` and ``sighting``."""

    def __init__(self, archive):
        self.archive = archive

    def sight(
        self,
        source: str,
        listing: str,
        section: str | None,
        links: Sequence[Link],
        *,
        walk: int,
        crawl: int,
        limit: int,
        position: int = 1,
    ) -> list[Sighted]:
        """Record ``links`` of a listing, in order from ``position``, and claim up to ``limit`` of those that are due.

        A link is due when its article was never stored, or when the listing gives it a newer time than before, unless it
        stamps everything with the present time.
        """
        with self.archive.transaction() as db:
            now = self.archive.now()  # not before: another crawl may have stored what this one waited for
            ids = self._ids(links)
            began = self.archive.crawls.began(crawl)
            pages = {row["id"]: row for row in self._select("page", "id", ids)}
            seen = {
                row["page"]: row
                for row in self._select("sighting", "page", ids, " and source = ? and listing = ?", (source, listing))
            }
            live = set(self.archive.crawls.live())
            withdrawn = {page for page, row in pages.items() if row["state"] == "withdrawn"}
            found: dict[str, Sighted] = {}
            claims: list[str] = []
            told = [
                one
                for link, page in zip(links, ids, strict=True)
                if (one := self._told(pages.get(page), seen.get(page), link, now, began))
            ]
            newer = {one.page for one in told if one.newer}
            stamped = newer if newer and self.archive.stamps.on_everything(links[0].site, listing, told) else set()
            for n, (link, page) in enumerate(zip(links, ids, strict=True), position):
                if page in found:  # the same article once more, under another address
                    continue
                row, before = pages.get(page), seen.get(page)
                if row is None:
                    db.execute(
                        "insert into page (id, site, key, url, day, first_seen_at) values (?, ?, ?, ?, ?, ?)",
                        (page, link.site, page.removeprefix(f"{link.site}:"), link.address, link.day, now),
                    )
                due = row is None or (page not in stamped and self._due(row, before, link, now, began))
                if due and row is not None and row["state"] != "waiting":
                    self._reopen(page)
                free = row is None or row["lease_by"] not in live or row["lease_until"] < now
                claimed = due and free and len(claims) < limit
                if claimed:
                    claims.append(page)
                walks = (before["walk"], before["last_walk"]) if before else None
                there = Page(page, row["url"] if row else link.address, link.day)
                found[page] = Sighted(link, there, row is None, walks, due, claimed, page in stamped)
                self._enter_sighting(page, source, listing, section, n, link, now, walk)
            self._enter_aliases((link.url, page) for link, page in zip(links, ids, strict=True) if page not in withdrawn)
            self.lease(claims, crawl)
        return list(found.values())

    def claim(self, crawl: int, cover: Cover, limit: int) -> list[Page]:
        """Claim up to ``limit`` pages that ``cover`` covers and that are due, newest first."""
        now = self.archive.now()
        seen, parameters = "", []
        if cover.sources or cover.sections:
            seen = "and exists (select 1 from sighting s where s.page = p.id"
            if cover.sources:
                seen += f" and s.source in ({_marks(cover.sources)})"
                parameters += cover.sources
            if cover.sections:
                seen += f" and (s.section is null or lower(s.section) in ({_marks(cover.sections)}))"
                parameters += cover.sections
            seen += ")"
        with self.archive.transaction() as db:
            live = self.archive.crawls.live()
            rows = db.execute(
                f"""select id, url, day,
                  exists (select 1 from sighting where page = p.id and via is null) as live,
                  (select max(via) from sighting where page = p.id) as via
                from page p
                where site = ? and (state = 'waiting' or reason = 'newer') and state in ('waiting', 'stored')
                  and (due_at is null or due_at <= ?)
                  and (lease_by is null or lease_by not in ({_marks(live)}) or lease_until < ?)
                  and (day is null or day between ? and ?) {seen}
                order by day desc limit ?""",
                (cover.site, now, *live, now, cover.since or "", cover.until or "9999", *parameters, limit),
            ).fetchall()
            self.lease([row["id"] for row in rows], crawl)
        past = cover.sources == ("wayback",)
        return [Page(row["id"], row["url"], row["day"], row["via"] if past or not row["live"] else None) for row in rows]

    def outcome(self, page: str, state: str, reason: str | None = None, addresses: Iterable[str] = ()) -> None:
        """Note that ``page`` was had and is in ``state`` now. What the archive has of its text stays."""
        with self.archive.transaction() as db:
            had = db.execute(
                """update page set state = ?, reason = ?, tries = 0, due_at = null, fetched_at = ?, lease_by = null,
                lease_until = null where id = ? and state <> 'withdrawn'""",
                (state, reason, self.archive.now(), page),
            ).rowcount
            self._enter_aliases((address, page) for address in addresses if had)

    def failed(self, page: str, reason: str, at_last: str = "given_up") -> str:
        """Note that ``page`` could not be had; it waits longer each time, then is ``at_last``. Return its state.

        A stored page stays stored, unless what failed says at last that it is gone; its text stays in any case.
        """
        now = self.archive.now()
        with self.archive.transaction() as db:
            row = db.execute("select state, tries from page where id = ?", (page,)).fetchone()
            if row["state"] == "withdrawn":
                return "withdrawn"
            tries = row["tries"] + 1
            state, due_at = row["state"], None
            if tries > len(DISTANCES):
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
                for row in self._select("page", "id", pages, " and tries > 0 and lease_by is null")
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

    def section_names(self, site: str) -> set[str]:
        """Return the names of sections under which listings of ``site`` showed pages, in lower case."""
        rows = self.archive.db.execute(
            "select distinct lower(section) from listing where site = ? and section is not null", (site,)
        )
        return {row[0] for row in rows}

    def sections(self, page: str) -> set[str]:
        """Return the sections on whose listings ``page`` was sighted, in lower case."""
        rows = self.archive.db.execute(
            "select distinct lower(section) from sighting where page = ? and section is not null", (page,)
        )
        return {row[0] for row in rows}

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
        now = self.archive.now()
        with self.archive.transaction() as db:
            db.execute(
                """insert into page (id, site, key, url, first_seen_at) values (?, ?, ?, ?, ?) on conflict do nothing""",
                (article.id, article.site, article.key, article.url, now),
            )
            if visited and visited != article.id:
                self.moved(visited, article.id)
            at = self._visited_at(article, now)
            db.execute(
                """update page set state = 'stored', reason = null, tries = 0, due_at = null, url = ?, day = coalesce(?, day),
                fetched_at = case when fetched_at > ? and fetched_at <= ? then fetched_at else ? end,
                lease_by = null, lease_until = null where id = ?""",
                (article.url, article.day, at, soon(now), at, article.id),
            )
            self._enter_aliases((address, article.id) for address in addresses)

    @staticmethod
    def _visited_at(article: Article, now: str) -> str:
        """When the page was as ``article`` has it: of a second-hand one when it was captured, not when we came by it."""
        return stamp(datetime.fromisoformat(article.fetched_at)) if "second_hand" in article.flags else now

    def seen_live(self, page: str) -> bool:
        """Tell whether a listing of the site itself showed ``page``."""
        found = self.archive.db.execute("select 1 from sighting where page = ? and via is null and source <> 'warc'", (page,))
        return found.fetchone() is not None

    def moved(self, page: str, into: str) -> None:
        """What was seen as ``page`` is the page ``into``."""
        self._take_sightings(page, into)
        if page.partition(":")[2].startswith("http"):
            self._merge(page, into)
        else:
            self.outcome(page, "moved", f"to {into}")

    def _take_sightings(self, page: str, into: str) -> None:
        """Who linked to ``page`` linked to the page ``into``."""
        self.archive.db.execute(
            """insert into sighting select ?, source, listing, section, position, published_at, modified_at, first_seen_at,
            last_seen_at, walk, last_walk, via from sighting where page = ? on conflict do nothing""",
            (into, page),
        )

    def _merge(self, page: str, into: str) -> None:
        db = self.archive.db
        db.execute("delete from sighting where page = ?", (page,))
        db.execute("update alias set page = ? where page = ?", (into, page))
        db.execute(
            "update page set first_seen_at = min(first_seen_at, (select first_seen_at from page where id = ?)) where id = ?",
            (page, into),
        )
        db.execute("delete from page where id = ?", (page,))

    def _ids(self, links: Sequence[Link]) -> list[str]:
        """Page ids of ``links``: by number, else by an address that is known to lead to a page, else by the address."""
        unnumbered = [address for link in links if link.key.startswith("http") for address in (link.url, link.key)]
        known = {row["url"]: row["page"] for row in self._select("alias", "url", unnumbered)}
        return [known.get(link.url) or known.get(link.key) or f"{link.site}:{link.key}" for link in links]

    def _select(self, table: str, column: str, values: Sequence[str], also: str = "", parameters: tuple = ()):
        for start in range(0, len(values), 500):
            part = values[start : start + 500]
            marks = ", ".join("?" * len(part))
            yield from self.archive.db.execute(f"select * from {table} where {column} in ({marks}){also}", (*part, *parameters))

    def _due(self, row, before, link: Link, now: str, began: str) -> bool:
        if link.via:
            return self._due_from_the_past(row, now)
        if row["state"] == "waiting" or (row["state"] == "stored" and row["reason"] == "newer"):
            return row["due_at"] is None or row["due_at"] <= now
        if row["state"] not in AT_REST:
            return False
        fetched = row["fetched_at"] or ""
        if fetched > soon(now):  # by a clock that was wrong: nobody knows when, so a time of change is reason enough
            return bool(link.modified_at or link.published_at)
        if fetched >= began and (link.modified_at or "") <= fetched:  # another listing told this crawl already
            return False
        times = [time for time in (link.modified_at, link.published_at) if time]
        if before is None and self._is_second_hand(row):
            return True
        if before is None:  # no time of this listing to compare with: then the site must say that it changed after we came
            return bool(link.modified_at and fetched and link.modified_at > fetched)
        earlier = [time for time in (before["modified_at"], before["published_at"]) if time]
        return bool(times and earlier and max(times) > max(earlier))

    def _told(self, row, before, link: Link, now: str, began: str) -> Told | None:
        """What the listing says of a page that the crawl has no other reason to ask for."""
        times = [time for time in (link.modified_at, link.published_at) if time]
        if row is None or link.via or not times or row["state"] not in AT_REST or row["reason"] == "newer":
            return None
        if (row["fetched_at"] or "") >= began or (before is None and self._is_second_hand(row)):
            return None
        earlier = [time for time in (before["modified_at"], before["published_at"]) if time] if before else []
        return Told(row["id"], max(times), self._due(row, before, link, now, began), max(earlier, default=None))

    def _due_from_the_past(self, row, now: str) -> bool:
        """A web archive is asked for what nobody can have first-hand: never seen on the site, gone there, or given up."""
        if row["state"] == "waiting":
            live = self.archive.db.execute("select 1 from sighting where page = ? and via is null", (row["id"],)).fetchone()
            return live is None and (row["due_at"] is None or row["due_at"] <= now)
        return row["state"] in ("gone", "given_up")

    def _is_second_hand(self, row) -> bool:
        found = self.archive.db.execute(
            "select 1 from article where id = ? and flags like '%\"second_hand\"%'", (row["id"],)
        ).fetchone()
        return row["state"] == "stored" and found is not None

    def _reopen(self, page: str) -> None:
        """A listing says that ``page`` changed: it is to be fetched again, though the crawl may die before it is."""
        self.archive.db.execute(
            """update page set state = case when exists (select 1 from article where id = page.id) then 'stored' else 'waiting' end,
            reason = 'newer', due_at = null, tries = 0 where id = ?""",
            (page,),
        )

    def _enter_sighting(self, page, source, listing, section, position, link: Link, now, walk) -> None:
        self.archive.db.execute(
            """insert into sighting values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (page, source, listing) do update set section = excluded.section, position = excluded.position,
              last_walk = excluded.last_walk,
              published_at = coalesce(excluded.published_at, published_at),
              modified_at = coalesce(excluded.modified_at, modified_at), last_seen_at = excluded.last_seen_at,
              via = coalesce(excluded.via, via)""",
            (page, source, listing, section, position, link.published_at, link.modified_at, now, now, walk, walk, link.via),
        )

    def _enter_aliases(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.archive.db.executemany("insert into alias (url, page) values (?, ?) on conflict do nothing", pairs)


def soon(now: str) -> str:
    """Return a time that no clock of this machine has reached at ``now``: what lies behind it was written by a wrong one."""
    return stamp(datetime.fromisoformat(now) + timedelta(minutes=1))


def _marks(values: Sequence) -> str:
    return ", ".join("?" * len(values))
