"""Sightings: links to articles as listings show them, and what becomes of the pages that they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsarchive.items import Link
from newsarchive.store.pages import SEEN_LIVE, Page, rows_in, soon
from newsarchive.store.stamps import Told
from newsarchive.urls import slash_twin

AT_REST = ("stored", "gone", "moved", "not_article", "given_up")
"""States of a page that was had, and that a listing may call changed."""

LIVE = " and state in ('waiting', 'stored', 'withdrawn')"


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


class Sightings:
    """The table ``sighting``."""

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
            pages = {row["id"]: row for row in rows_in(self.archive.db, "page", "id", ids)}
            seen = {
                row["page"]: row
                for row in rows_in(self.archive.db, "sighting", "page", ids, " and source = ? and listing = ?", (source, listing))
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
                self._enter(page, source, listing, section, n, link, now, walk)
            self.archive.pages.enter_aliases(
                (link.url, page) for link, page in zip(links, ids, strict=True) if page not in withdrawn
            )
            self.archive.pages.lease(claims, crawl)
        return list(found.values())

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

    def seen_live(self, page: str) -> bool:
        """Tell whether a listing of the site itself showed ``page``."""
        return self.archive.db.execute(SEEN_LIVE.format("?"), (page,)).fetchone() is not None

    def take_over(self, page: str, into: str) -> None:
        """Who linked to ``page`` linked to the page ``into``."""
        self.archive.db.execute(
            """insert into sighting select ?, source, listing, section, position, published_at, modified_at, first_seen_at,
            last_seen_at, walk, last_walk, via from sighting where page = ? on conflict do nothing""",
            (into, page),
        )

    def _ids(self, links: Sequence[Link]) -> list[str]:
        """Page ids of ``links``: by number, else by an address that is known to lead to a page, else by the address.

        With a slash at its end or without, an address is one page's, unless the one that is known holds no article.
        """
        db = self.archive.db
        unnumbered = [address for link in links if link.key.startswith("http") for address in (link.url, link.key)]
        known = {row["url"]: row["page"] for row in rows_in(db, "alias", "url", unnumbered)}
        unknown = {key for link in links if (key := link.key).startswith("http") and not known.keys() & {key, link.url}}
        twins = {twin: key for key in unknown if (twin := slash_twin(key))}
        leads = [(twins[row["url"]], row["page"]) for row in rows_in(db, "alias", "url", list(twins))]
        live = {row["id"] for row in rows_in(db, "page", "id", [page for _, page in leads], LIVE)}
        known |= {key: page for key, page in leads if page in live}
        ids = []
        for link in links:
            page = known.get(link.url) or known.get(link.key) or f"{link.site}:{link.key}"
            if link.key in unknown and (twin := slash_twin(link.key)):
                known.setdefault(twin, page)  # further down on the same listing
            ids.append(page)
        return ids

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
        """A web archive is asked for what nobody can have first-hand: never seen on the site, gone there, refused, or given up."""
        if row["state"] == "waiting":
            return not self.seen_live(row["id"]) and (row["due_at"] is None or row["due_at"] <= now)
        return row["state"] in ("gone", "refused", "given_up")

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

    def _enter(self, page, source, listing, section, position, link: Link, now, walk) -> None:
        self.archive.db.execute(
            """insert into sighting values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (page, source, listing) do update set section = excluded.section, position = excluded.position,
              last_walk = excluded.last_walk,
              published_at = coalesce(excluded.published_at, published_at),
              modified_at = coalesce(excluded.modified_at, modified_at), last_seen_at = excluded.last_seen_at,
              via = coalesce(excluded.via, via)""",
            (page, source, listing, section, position, link.published_at, link.modified_at, now, now, walk, walk, link.via),
        )
