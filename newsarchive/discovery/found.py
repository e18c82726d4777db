"""Sources of a site that nobody described, made of what its start page and robots.txt name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urljoin, urlsplit

from lxml import etree
from scrapy.http import HtmlResponse, Response

from newsarchive.discovery.feed import Feed
from newsarchive.discovery.fragments import page_of
from newsarchive.discovery.listing import Chunk, Listing
from newsarchive.discovery.lists import anchors, list_links, next_page, times_by
from newsarchive.discovery.pagers import archive_of
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.sections import Sections, name_of, slug
from newsarchive.discovery.shapes import Shapes
from newsarchive.discovery.sitemap import Sitemap
from newsarchive.discovery.words import original_of
from newsarchive.items import Link
from newsarchive.trees import tree_of

# Files of an index that name no articles, by their own names.
OTHER_KINDS = (
    r"(?:tags?|topics?|categor(?:y|ies)|authors?|users?|pages?(?![-_.]?\d)|images?|videos?|attachments?|taxonom(?:y|ies)|keywords?"
    r"|people|events?|products?|static|galler(?:y|ies))"
)
OTHER_FILES = re.compile(
    rf"(?<![a-z]){OTHER_KINDS}(?:[-_.]?(?:sitemap|index)?[-_.\d]*)(?:\.xml|\.gz|\.php|$)|sitemap[-_]{OTHER_KINDS}(?![a-z])", re.I
)
MONTH_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-_/.]?(0[1-9]|1[0-2]))?(?:[-_/.]?([0-3]\d))?(?!\d)")


@dataclass(frozen=True)
class FoundFeeds(Feed):
    """Several feeds."""

    address: str = ""
    addresses: tuple[str, ...] = ()

    def listings(self, days: Iterable[str]) -> list[Listing]:
        return [listing for address in self.addresses for listing in Feed(address).listings(days)]


@dataclass(frozen=True)
class FoundSitemaps(Sitemap):
    """Several sitemaps. Files of an index whose names say that they hold tags, authors or other days are passed over."""

    address: str = ""
    addresses: tuple[str, ...] = ()

    def listings(self, days: Iterable[str]) -> list[Listing]:
        return [listing for address in self.addresses for listing in Sitemap(address).listings(days)]

    def _wanted(self, entry: etree._Element, response: Response, zone: str, since: str | None, until: str | None) -> str | None:
        url = super()._wanted(entry, response, zone, since, until)
        if url is None or holds_no_articles(url):
            return None
        if (since or until) and (m := MONTH_IN_NAME.search(url)):
            first, last = (f"{m[1]}-{m[2] or low}-{m[3] or day}" for low, day in (("01", "01"), ("12", "31")))
            if last < (since or "") or first > (until or "9999"):
                return None
        return url


def holds_no_articles(url: str) -> bool:
    """Tell whether a sitemap's own name says that it has tags, authors or pictures.

    >>> holds_no_articles("https://example.org/category-sitemap.xml"), holds_no_articles("https://example.org/post-sitemap2.xml")
    (True, False)
    """
    return bool(OTHER_FILES.search(urlsplit(url).path))


@dataclass(frozen=True)
class FoundSections(Sections):
    """The sections that a menu names: ``names`` are name → address. Which of a page's links are articles, ``shapes`` tell."""

    address: str = "{}"
    names: dict[str, str] = field(default_factory=dict)
    front: str = ""
    """Address of the start page."""

    shapes: Shapes = field(default_factory=Shapes)

    def find(self, wanted: str) -> tuple[str, str] | None:
        if wanted.startswith(("http://", "https://", "/")):
            url = urljoin(self.front, wanted)
            path = urlsplit(url).path.rstrip("/")
            for name, declared in self.names.items():
                if urlsplit(declared).path.rstrip("/") == path and urlsplit(declared).query == urlsplit(url).query:
                    return name, declared
            return name_of(path.strip("/")), url
        if exact := [(name, url) for name, url in self.names.items() if slug(name) == slug(wanted)]:
            return exact[0]
        return next(
            ((name, url) for name, url in self.names.items() if slug(wanted) == slug(name_of(urlsplit(url).path.strip("/")))), None
        )

    @property
    def menu(self) -> str:
        return self.front

    def read(self, response: Response, zone: str, since: str | None = None, until: str | None = None) -> Chunk:
        further = None
        if not isinstance(response, HtmlResponse):
            loaded = page_of(response)
            if loaded is None:
                raise ListingError(f"no page: {response.headers.get('Content-Type', b'no type').decode('latin-1')}")
            response, further = loaded
        root = tree_of(response)
        listed = dict(list_links(response, root, self.shapes))
        times = times_by(listed, zone)
        links = {url: Link(url, times.get(url)) for url in listed.values()}
        more = further or next_page(response, root, self.shapes)
        links.pop(more, None)
        copies = [url for url in links if (original := original_of(url)) != url and original in links]
        return Chunk([link for url, link in links.items() if url not in copies], [more] if more else [])


@dataclass(frozen=True)
class FoundDays(FoundSections):
    """Archives by date. ``formats`` take a day; with ``tree`` they are walked from ``roots``, the pages that link to them."""

    formats: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    tree: bool = False

    def listings(self, days: Iterable[str]) -> list[Listing]:
        """Return a listing for each of ``days``, or for its month or year where the site has no finer archive."""
        if self.tree:
            return [Listing("days", root, newest_first=False) for root in self.roots]
        daily = any("d}" in format or "day}" in format for format in self.formats)
        found = {fmt.format(date.fromisoformat(day)): day for day in days for fmt in self.formats}
        return [Listing("days", url, newest_first=False, day=day if daily else None) for url, day in found.items()]

    def read(self, response: Response, zone: str, since: str | None = None, until: str | None = None) -> Chunk:
        """Return links, the rest of a day that has several pages, and the days of a month or year."""
        chunk = super().read(response, zone, since, until)
        if not isinstance(response, HtmlResponse):
            return chunk
        here = archive_of(response.url)
        articles = any(self.shapes.judge(link.url) is not False for link in chunk.links)
        # "Next" may be the next day, and a calendar has no end.
        more = [url for url in chunk.more if not archive_of(url)]
        within, around = [], []
        for _, url in anchors(response, tree_of(response)):
            there = archive_of(url)
            if there is None or there.until < (since or "") or there.since > (until or "9999") or url == response.url:
                continue
            inside = here is None or (here.since <= there.since and there.until <= here.until)
            (within if inside else around).append(url)
        if here is not None or self.tree:
            more += within
        if self.tree and (articles or within):
            more += around
        chunk.more = list(dict.fromkeys(more))
        return chunk
