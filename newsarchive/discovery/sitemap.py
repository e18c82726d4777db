"""Sitemaps (sitemaps.org): indexes, files, ``lastmod`` and the news namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lxml import etree
from scrapy.http import Response

from newsarchive.dates import day_in, iso, parse_time
from newsarchive.discovery.listing import Chunk, Listing
from newsarchive.discovery.safexml import ListingError, read_entries, text_at
from newsarchive.items import Link


@dataclass(frozen=True)
class Sitemap:
    """The sitemap at ``address``, an index or a file, plain or gzip.

    ``span`` is a regular expression for the address of a file in the index, with groups ``since`` and ``until`` (eight
    digits): files outside the wanted days are passed over.
    """

    address: str
    span: str = ""

    def listings(self, days: Iterable[str]) -> list[Listing]:
        """Return the listings to walk; ``days`` is no matter here."""
        return [Listing("sitemap", self.address, newest_first=False)]

    def read(self, response: Response, zone: str, since: str | None = None, until: str | None = None) -> Chunk:
        """Return links, or the files of an index.

        A file last changed before ``since`` has no article of ``since`` or later.
        """

        def one(kind: str, entry: etree._Element) -> Link | str | None:
            if kind == "sitemapindex":
                return self._wanted(entry, response, zone, since, until)
            return _link(entry, response, zone)

        kind, found, fault = read_entries(response, {"sitemapindex": "sitemap", "urlset": "url"}, one)
        if kind == "sitemapindex":
            return Chunk(more=found, fault=fault)
        if kind != "urlset":
            raise ListingError(f"no sitemap: <{kind}> instead of <urlset> or <sitemapindex>")
        return Chunk(found, fault=fault)

    def _wanted(self, entry: etree._Element, response: Response, zone: str, since: str | None, until: str | None) -> str | None:
        url = _address(entry, response)
        changed = parse_time(text_at(entry, "lastmod") or "", zone)
        if url is None or (since and changed and day_in(changed.at, zone) < since):
            return None
        if self.span and (m := re.search(self.span, url)):
            first, last = (f"{d[:4]}-{d[4:6]}-{d[6:8]}" for d in (m["since"], m["until"]))
            if last < (since or "") or first > (until or "9999"):
                return None
        return url


@dataclass(frozen=True)
class Days(Sitemap):
    """One sitemap a day. ``address`` takes the day as a format: ``…?date_start={0:%Y%m%d}&date_end={0:%Y%m%d}``."""

    def listings(self, days: Iterable[str]) -> list[Listing]:
        """Return one listing for each of ``days``."""
        return [Listing("days", self.address.format(date.fromisoformat(day)), newest_first=False, day=day) for day in days]


def _address(entry: etree._Element, response: Response) -> str | None:
    url = text_at(entry, "loc")
    try:
        url = response.urljoin(url) if url else None
    except ValueError:
        return None
    return url if url and url.startswith(("http://", "https://")) else None


def _link(entry: etree._Element, response: Response, zone: str) -> Link | None:
    url = _address(entry, response)
    if url is None:
        return None
    published = parse_time(text_at(entry, "news", "publication_date") or "", zone)
    modified = parse_time(text_at(entry, "lastmod") or "", zone)
    return Link(url, published and iso(published.at), modified and iso(modified.at))
