"""What the ledger says of listings, for a recount of them from their captures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from newsarchive.store.archive import Archive


@dataclass(frozen=True)
class ListingCapture:
    """The answer of a listing to one crawl."""

    file: str
    offset: int
    url: str
    site: str
    base_url: str | None
    """The mirror that was asked in the site's place."""

    since: str
    """The first day that the crawl looked for there; empty: without bound."""

    until: str
    dated: bool
    """The listing may give times of its own, which go before the day in an address."""


def listing_captures(archive: Archive) -> Iterator[ListingCapture]:
    """Yield the listings' answers with status 200 whose bytes are kept, in the order of their files.

    Of which walk an answer is that is no walk's first is not known: then the narrowest of the crawl's walks counts, those
    of single days aside.
    """
    rows = archive.db.execute(
        """select c.file, c."offset", c.url, w.site, r.arguments, max(coalesce(w.since, '')) as since,
          min(coalesce(w.until, '9999')) as until, max(w.source not in ('days', 'sitemap')) as dated
        from capture c join crawl r on r.id = c.crawl join listing w on w.crawl = c.crawl and (w.url = c.url
          or (w.source <> 'days' and not exists (select 1 from listing x where x.crawl = c.crawl and x.url = c.url)))
        where c.kind = 'listing' and c.status = 200 and c.file is not null
        group by c.file, c."offset", c.url, c.crawl, w.site order by c.file, c."offset" """
    )
    for row in rows:
        values = {name: row[name] for name in ("file", "offset", "url", "site", "since", "until")}
        yield ListingCapture(**values, base_url=json.loads(row["arguments"]).get("base_url"), dated=bool(row["dated"]))


def kept(archive: Archive, site: str) -> bool:
    """Tell whether the bytes of all answers are kept from which sightings of ``site`` came."""
    (lost,) = archive.db.execute(
        """select count(*) from (select crawl, sum(pages) as pages from listing
          where site = ? and source in ('sections', 'days', 'sitemap', 'feed') group by crawl) w
        where pages > (select count(*) from capture c
          where c.crawl = w.crawl and c.kind = 'listing' and c.status in (200, 304) and c.file is not null)""",
        (site,),
    ).fetchone()
    return not lost


def knows(archive: Archive, page: str, addresses: list[str]) -> bool:
    """Tell whether the ledger has ``page``, or a page to which one of ``addresses`` leads."""
    marks = ", ".join("?" * len(addresses))
    return bool(
        archive.db.execute(
            f"select 1 from page where id = ? union all select 1 from alias where url in ({marks}) limit 1", (page, *addresses)
        ).fetchone()
    )


def sighted(archive: Archive, site: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each page of ``site`` that a captured listing is said to show, with its addresses.

    A page that took over the sightings of another one is left out.
    """
    rows = archive.db.execute(
        """select distinct s.page from sighting s join listing w on w.id = s.walk
        where w.site = ? and s.source in ('sections', 'days', 'sitemap', 'feed')
          and s.page not in (select substr(reason, 4) from page where state = 'moved' and reason like 'to %')""",
        (site,),
    ).fetchall()
    for (page,) in rows:
        yield page, [row[0] for row in archive.db.execute("select url from alias where page = ?", (page,))]
