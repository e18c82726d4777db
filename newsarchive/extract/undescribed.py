"""Fields of a page whose site nobody described: each out of the origins that have it, and of what the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from newsarchive.dates import Time, own_day, parse_time
from newsarchive.extract.authors import byline, doubtful, organizations, people
from newsarchive.extract.body import Found
from newsarchive.extract.images import described
from newsarchive.extract.index import Index
from newsarchive.extract.pictures import places, with_roles
from newsarchive.extract.published import kept_for_scripts, published
from newsarchive.extract.rules import ImageRules
from newsarchive.extract.tags import clean, shown_tags
from newsarchive.extract.text import letters
from newsarchive.urls import registrable_domain

SHOWN = "shown"
"""Origin of what stands in a page's lines or its scripts' data, and is marked as nothing."""
DAY = 86_400
# A day between slashes or dashes; eight digits in a row are more often a number.
ADDRESS_DAY = re.compile(r"/(20[0-4]\d)[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])(?=[/_-]|$)")
Findings = dict[str, dict[str, Any]]


def names_of_site(findings: Findings, address: str) -> set[str]:
    """Return what the site calls itself, in letters."""
    host = urlsplit(address).hostname or ""
    domain = registrable_domain(host)
    names = [domain, domain.partition(".")[0], host.partition(".")[0]]
    names += [(found.get("publisher") or {}).get("name") or "" for found in findings.values()]
    return {letters(name) for name in names} - {""}


def names_of_sections(findings: Findings) -> list[str]:
    """Return the names under which the origins file the article."""
    given = [found.get("section") or [] for found in findings.values()]
    return [text for section in given for text in (section if isinstance(section, list) else [section])]


def authors(findings: Findings, body: Found, site: set[str]) -> tuple[str, list[dict]]:
    """Return the origin that names people as authors, and them; the list is empty when none does."""
    doubted = None
    for origin in ("jsonld", "microdata", "byline", "opengraph", "html"):
        if origin == "byline":
            found = byline(body.outline, body.headline, body.container, body.begin, site) if body.outline else []
        else:
            found = people(findings[origin].get("authors", ()), site)
        origin = "html" if origin == "byline" else origin
        if found and not doubtful(found):
            return origin, found
        doubted = doubted or (found and (origin, found))
    # An agency or the publisher may sign; who put a page online does not.
    for origin in ("jsonld", "microdata", "html"):
        if found := organizations(findings[origin].get("authors", ())):
            return origin, found
    return doubted or ("html", [])


def tags(findings: Findings, body: Found, site: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield origins and their tags, those first that are most often right."""
    shown = shown_tags(body.outline, body.headline, body.container, body.begin) if body.outline else []
    for origin, found in (
        ("html", findings["html"].get("news_keywords", ())),
        ("opengraph", findings["opengraph"].get("tags", ())),
        ("jsonld", findings["jsonld"].get("tags", ())),
        ("microdata", findings["microdata"].get("tags", ())),
        ("html", shown),
        ("html", findings["html"].get("tags", ())),
    ):
        yield origin, clean(found, site)


def times(findings: Findings, root: etree._Element, body: Found, zone: str, address: str) -> Iterator[tuple[str, Time | str]]:
    """Yield times of publication with their origins, the likeliest first.

    Where origins disagree on the day, one counts that another has as well: of a declared, a shown, an address's.
    """
    declared = [
        (origin, time)
        for origin in ("jsonld", "microdata", "opengraph", "html")
        if (time := parse_time(str(findings[origin].get("published_at") or ""), zone))
    ]
    days = [_days(time) for _, time in declared]
    if declared and all(days[0] & day for day in days[1:]):
        yield from declared
        return
    changed = {time.at for found in findings.values() if (time := parse_time(str(found.get("modified_at") or ""), zone))}
    others = [pair for pair in _shown(findings, root, body, zone, address) if not declared or pair[1].at not in changed]
    # Some origins call the last change the publication.
    declared = [pair for pair in declared if pair[1].at not in changed] or declared
    found = declared + others
    known = [_days(time) for _, time in found]
    for n, pair in enumerate(found[: len(declared)]):
        if any(known[n] & other for other in known[:n] + known[n + 1 :]):
            yield pair
    yield from found


def _days(time: Time) -> set[str]:
    """Return the days that ``time`` may be: in UTC and by the page's own offset."""
    return {time.at.date().isoformat(), own_day(time) or time.at.date().isoformat()}


def _shown(findings: Findings, root: etree._Element, body: Found, zone: str, address: str) -> Iterator[tuple[str, Time]]:
    """Yield the time of publication that the page shows, or its scripts know, or its address."""
    language, host = str(findings["html"].get("language", "")), urlsplit(address).hostname or ""
    american = language.casefold() in ("en-us", "en_us") or (language[:2].casefold() == "en" and host.endswith(".com"))
    shown, marked = None, False
    if body.outline:
        shown, marked = published(body.outline, body.headline, body.container, body.begin, zone, american)
    kept = parse_time(kept_for_scripts(root) or "", zone)
    # A day that is shown is known better where the page's data tell the minute of it.
    if kept and (not shown or (shown.precision == "day" and abs((kept.at - shown.at).total_seconds()) < 1.5 * DAY)):
        yield SHOWN, kept
    if shown:
        yield "html" if marked else SHOWN, shown
    if dated := parse_time(str(findings["html"].get("dated") or ""), zone):
        yield "html", dated
    if (m := ADDRESS_DAY.search(urlsplit(address).path)) and (day := parse_time("-".join(m.groups()), zone)):
        yield "address", day


def images(findings: Findings, index: Index, body: Found, rules: ImageRules, base: str) -> list[dict]:
    """Return the images that the page shows and declares, with their roles."""
    if body.outline is None:
        return []
    shown = places(body.outline, body.headline, body.container, body.begin)
    head, text = (described(imgs, index, rules) for imgs in shown)
    declared = [image for origin in ("jsonld", "microdata") for image in findings[origin].get("images", ())]
    return with_roles(head, text, declared, base)
