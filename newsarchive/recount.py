"""The ledger recounted: every captured listing is read once more, by code that shares nothing with the crawl's own.

Nothing here knows a site's selectors. Every address on a listing that is an article's counts, so that a link which the
crawl overlooked is found.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import urljoin, urlsplit

from newsarchive.mirror import Mirror
from newsarchive.store.archive import Archive
from newsarchive.store.checks import NAMED, Finding
from newsarchive.store.shown import ListingCapture, kept, knows, listing_captures, sighted
from newsarchive.store.warc import Record, WarcError, locate, read_record
from newsarchive.urls import Addresses, clean_url, not_amp

ADDRESS = re.compile(
    r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))|<(?:\w+:)?(?:loc|link|guid)\b[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)""", re.I
)
LONGEST = 256 * 1024 * 1024


def recount(archive: Archive, addresses: Mapping[str, Addresses], menus: Mapping[str, str]) -> Iterator[Finding]:
    """Yield articles that a captured listing shows and the ledger does not know, and the other way round.

    ``addresses`` and ``menus`` are those of each site; a menu is no listing, though it is captured as one.
    """
    folder = archive.path.parent / "warc"
    shown: dict[str, set[str]] = defaultdict(set)
    unknown: dict[str, dict[str, str]] = defaultdict(dict)
    place, found = None, frozenset()
    for capture in listing_captures(archive):
        if capture.site not in addresses or capture.url == menus.get(capture.site):
            continue
        if place != (place := (capture.file, capture.offset)):
            try:
                found = frozenset(links(read_record(locate(folder, capture.file), capture.offset)))
            except WarcError as error:
                found = frozenset()
                yield Finding(f"the listing {capture.url} cannot be read again: {error}", "put the file back")
        for url in found:
            if capture.base_url:
                url = Mirror(capture.base_url, [urlsplit(capture.url).hostname]).real(url)
            if not (article := addresses[capture.site].article(url)):
                continue
            key, day = article
            page, also = f"{capture.site}:{key}", [url, clean_url(not_amp(url))]
            shown[capture.site].update([page, *also])
            if _asked_for(capture, day) and not knows(archive, page, also):
                unknown[capture.site].setdefault(page, capture.url)
    for site, pages in unknown.items():
        named = ", ".join(f"{page} on {listing}" for page, listing in list(pages.items())[:NAMED])
        what = f"{len(pages)} articles that captured listings of {site} show are not in the ledger: {named}"
        yield Finding(what, f"scrapy crawl {site} with the section again, or their addresses with urls=FILE")
    for site in addresses:
        if kept(archive, site):
            yield from _never_shown(archive, site, shown[site])


def _never_shown(archive: Archive, site: str, shown: set[str]) -> Iterator[Finding]:
    found = [page for page, urls in sighted(archive, site) if page not in shown and not shown.intersection(urls)]
    if found:
        named = ", ".join(found[:NAMED])
        yield Finding(
            f"{len(found)} pages of {site} were sighted, and no captured listing shows them: {named}", "report it as a bug"
        )


def _asked_for(capture: ListingCapture, day: str | None) -> bool:
    """Tell whether the crawl had to record a link of ``day``.

    At the ends of a stretch the time that a listing gives may be of the next day: there nobody can tell.
    """
    if day is None:
        return capture.since == "" and capture.until == "9999"
    if capture.dated:
        return capture.since < day < capture.until
    return capture.since <= day <= capture.until


def links(record: Record) -> Iterator[str]:
    """Yield every address in a captured page, sitemap or feed."""
    base = record.headers.get("warc-target-uri", "").strip("<>")
    for match in ADDRESS.finditer(_text(record)):
        address = unescape(next(group for group in match.groups() if group is not None)).strip()
        try:
            yield urljoin(base, address)
        except ValueError:  # such as an unclosed bracket in the host
            continue


def _text(record: Record) -> str:
    body = record.payload
    try:
        for name, value in record.http:
            if name.lower() == "content-encoding" and "deflate" in value.lower():
                body = zlib.decompressobj(zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS).decompress(body, LONGEST)
        while body[:2] == b"\x1f\x8b":  # by Content-Encoding, or the file itself
            body = gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise WarcError(f"it cannot be unpacked: {error}") from None
    return body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
