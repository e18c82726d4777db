"""What an archive can say of itself, as plain data."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from typing import Any

from newsarchive.dates import days_between
from newsarchive.store.archive import Archive
from newsarchive.store.schema import EXCLUDED, OWED, STATES, WHOLE

# Pages whose text is second-hand. What the article says of it lies behind its text, so only those are read that some listing
# of the past showed.
SECOND_HAND = """second_hand (id) as materialized (
  select id from article where id in (select page from sighting where via is not null or source in ('wayback', 'warc'))
    and flags like '%"second_hand"%'
)"""
SECTION = "coalesce({}.section, (select section from article where id = p.id))"

# As the view ``coverage`` has it, in one pass over the pages, and with nothing read of an article that a sighting tells.
ROWS = f"""with {SECOND_HAND}
select +p.site as site, s.source, {SECTION.format("s")} as section, p.day, p.state, count(*) as pages,
  sum(p.id in (select id from second_hand)) as second_hand
from page p cross join sighting s on s.page = p.id
where ({{site}}) and not exists (
  select 1 from sighting o where o.page = s.page and o.source = s.source and o.listing < s.listing
  and (o.section is s.section or {SECTION.format("o")} is {SECTION.format("s")})
)
group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4"""

# A page may be in many rows; totals count it once.
TOTALS = f"""with {SECOND_HAND}
select +p.site as site, p.state, p.reason, count(*) as pages, max(p.tries) as tries, min(p.due_at) as due_at,
  sum(p.id in (select id from second_hand)) as second_hand
from page p where ({{site}}) and exists (select 1 from sighting s where s.page = p.id)
group by 1, 2, 3 order by 1, 2, pages desc"""


def coverage(archive: Archive, site: str | None = None) -> list[dict[str, Any]]:
    """Return one report a site: ``totals``, ``rows`` (source, section, day), ``excluded``, ``owed``, ``listings``, ``missing``.

    A site is ``complete`` when nothing is owed, every listing was walked whole as deep as it was asked to be, and no gap
    is open; ``missing`` names in words what is not so.
    """
    where, parameters = ("p.site = ?", (site,)) if site else ("1", ())
    rows: dict[str, list[sqlite3.Row]] = defaultdict(list)
    totals: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for found, query in ((rows, ROWS), (totals, TOTALS)):
        for row in archive.db.execute(query.format(site=where), parameters):
            found[row["site"]].append(row)
    return [_coverage(archive, name, rows[name], totals[name]) for name in ([site] if site else archive.sites())]


def _coverage(archive: Archive, site: str, rows: list[sqlite3.Row], totals: list[sqlite3.Row]) -> dict[str, Any]:
    states = Counter()
    for row in totals:
        states[row["state"]] += row["pages"]
    sums = {"seen": sum(states.values()), "stored": states["stored"], "excluded": sum(states[s] for s in EXCLUDED)}
    sums |= {"owed": sum(states[s] for s in OWED), **{state: states[state] for state in STATES if state != "stored"}}
    sums["second_hand"] = sum(row["second_hand"] for row in totals if row["state"] == "stored")
    listings = _listings(archive, site)
    gaps = [dict(row) for row in archive.db.execute("select * from gap where site = ? and closed_at is null", (site,))]
    missing = _missing(states, listings, gaps)
    said = ("state", "reason", "pages")
    return {
        "site": site,
        "complete": not missing,
        "missing": missing,
        "totals": sums,
        "excluded": [{name: row[name] for name in said} for row in totals if row["state"] in EXCLUDED],
        "owed": [{name: row[name] for name in (*said, "tries", "due_at")} for row in totals if row["state"] in OWED],
        "rows": _by_place(rows),
        "listings": listings,
        "gaps": gaps,
        "images": archive.images.counts(site),
    }


def _by_place(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
    """Return one row for each source, section and day, with its pages by state, as the view ``coverage`` has it."""
    found: dict[tuple, dict[str, Any]] = {}
    for row in rows:
        place = tuple(row[name] for name in ("site", "source", "section", "day"))
        if place not in found:
            found[place] = dict(zip(("site", "source", "section", "day"), place, strict=True))
            found[place] |= {"seen": 0, **dict.fromkeys((*STATES, "excluded", "owed", "second_hand"), 0)}
        one, state = found[place], row["state"]
        one["seen"] += row["pages"]
        if state in one:  # else the archive is damaged: check-archive says so
            one[state] += row["pages"]
        one["excluded"] += row["pages"] * (state in EXCLUDED)
        one["owed"] += row["pages"] * (state in OWED)
        one["second_hand"] += row["second_hand"] * (state == "stored")
    return list(found.values())


def _listings(archive: Archive, site: str) -> list[dict[str, Any]]:
    """The last walk of each listing; ``whole`` also when days that were walked whole stand in for what it left out.

    A site without a listing of its own came in files that hold many sites.
    """
    own = archive.db.execute("select 1 from listing where site = ?", (site,)).fetchone()
    seen = (
        """(source, url) in (select distinct s.source, s.listing from sighting s join page p on p.id = s.page where p.site = ?)"""
    )
    rows = archive.db.execute(
        f"""select crawl, source, url, section, since, until, started_at, ended_at, pages, links, new, reached, covers, "end",
          reason
        from listing where id in (select max(id) from listing where {"site = ?" if own else seen} group by source, url)
        order by source, section, url""",
        (site,),
    )
    found = []
    for row in rows:
        listing = dict(row)
        listing["end"] = listing["end"] or "stopped"
        listing["whole"] = listing["end"] in WHOLE
        listing["by_days"] = False
        if not listing["whole"] and listing["source"] == "sections" and listing["since"]:
            last = min(filter(None, (listing["reached"], listing["until"], listing["started_at"][:10])))
            wanted = set(days_between(listing["since"], last))
            walked = archive.listings.whole_days(site, listing["since"], last, row["crawl"], row["started_at"])
            listing["by_days"] = listing["whole"] = wanted <= walked
        found.append(listing)
    return found


def _missing(states: Counter, listings: list[dict], gaps: list[dict]) -> list[str]:
    missing = []
    if states["waiting"]:
        missing.append(f"{states['waiting']} articles wait to be fetched")
    if states["given_up"]:
        missing.append(f"{states['given_up']} articles were given up")
    for listing in listings:
        if not listing["whole"]:
            name = listing["section"] or listing["url"]
            where = f" at {listing['reached']}" if listing["reached"] else ""
            because = f": {listing['reason']}" if listing["reason"] else ""
            missing.append(f"{listing['source']} {name} was not walked whole, it ended by {listing['end']}{where}{because}")
    cut = {listing["url"] for listing in listings if not listing["whole"]}
    for gap in gaps:
        if gap["listing"] in cut:  # said already
            continue
        missing.append(f"a gap in {gap['source']} {gap['section'] or gap['listing']} between {gap['since']} and {gap['until']}")
    if not listings:
        missing.append("no listing was walked")
    return missing


def fields(archive: Archive, site: str | None = None) -> list[dict[str, Any]]:
    """Return the filled share of each field of each site's articles."""
    where, parameters = ("where site = ?", (site,)) if site else ("", ())
    rows = archive.db.execute(f"select site, field, filled, articles from fields {where}", parameters)
    return [dict(row) | {"share": round(row["filled"] / row["articles"], 4)} for row in rows]


def changes(archive: Archive, site: str | None = None) -> list[dict[str, Any]]:
    """Return the revisions, newest first: which fields changed, when it was noticed, and whether the site said so."""
    where, parameters = ("where site = ?", (site,)) if site else ("", ())
    rows = archive.db.execute(f"select * from changes {where} order by superseded_at desc", parameters)
    return [dict(row) | {"changed": json.loads(row["changed"]), "silent": bool(row["silent"])} for row in rows]


def crawls(archive: Archive) -> list[dict[str, Any]]:
    """Return the crawls, newest first, with what they counted."""
    live = set(archive.crawls.live())
    found = []
    for row in archive.db.execute("select * from crawl order by id desc"):
        counts = json.loads(row["counts"])
        crawl = {name: row[name] for name in ("id", "spider", "started_at", "ended_at", "reason")}
        crawl["arguments"] = json.loads(row["arguments"])
        crawl["reason"] = crawl["reason"] or ("running" if row["id"] in live else "did not end")
        crawl["requests"] = counts.get("downloader/request_count", 0)
        crawl |= {name: counts.get(f"archive/article/{name}", 0) for name in ("new", "revised", "unchanged")}
        found.append(crawl)
    return found


def alarms(archive: Archive, site: str | None = None) -> list[dict[str, Any]]:
    """Return every alarm that there was, those that are on first."""
    return sorted((alarm.as_json() for alarm in archive.alarms.all(site)), key=lambda alarm: alarm["ended_at"] is not None)


def by_section(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return ``rows`` of a coverage report added up over their days."""
    groups: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        groups[row["source"], row["section"]].append(row)
    return [
        {
            "source": source,
            "section": section,
            "first": min((r["day"] for r in part if r["day"]), default=None),
            "last": max((r["day"] for r in part if r["day"]), default=None),
            **{name: sum(r[name] for r in part) for name in ("seen", "stored", "excluded", "owed", "second_hand")},
        }
        for (source, section), part in groups.items()
    ]
