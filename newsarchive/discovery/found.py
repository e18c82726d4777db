"""Sources of a site that nobody described, made of what its start page and robots.txt name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urljoin, urlsplit

from lxml import etree
from parsel import Selector
from scrapy.http import HtmlResponse, Response

from newsarchive.dates import iso, parse_time
from newsarchive.discovery.feed import Feed
from newsarchive.discovery.pagers import archive_of, next_by_number, says_more, says_next
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.sections import Sections, name_of, slug
from newsarchive.discovery.shapes import Shapes
from newsarchive.discovery.sitemap import Sitemap
from newsarchive.discovery.walk import Chunk, Listing
from newsarchive.items import Link
from newsarchive.urls import absolute, is_address

# Files of an index that name no articles, by their own names.
OTHER_FILES = re.compile(
    r"(?<![a-z])(?:tags?|topics?|categor(?:y|ies)|authors?|users?|pages?|images?|videos?|attachments?|sections?|taxonom(?:y|ies)"
    r"|keywords?|people|events?|products?|static|archives?|gallery|galleries)(?:[-_.]?(?:sitemap|index)?[-_.\d]*)(?:\.xml|\.gz|\.php|$)|"
    r"sitemap[-_](?:tags?|categor|authors?|pages?|images?|videos?|sections?|tax)",
    re.I,
)
MONTH_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-_/.]?(0[1-9]|1[0-2]))?(?:[-_/.]?([0-3]\d))?(?!\d)")
# Where a page keeps what is no part of its list, by the beginning of a class or an id.
BESIDE = re.compile(
    r"^(?:sidebar|breadcrumbs?|related|popular|most-?(?:read|popular|viewed)|meistgelesen|trending|recommend|navigation|nav|navbar|menu"
    r"|submenu|footer|site-footer|site-header|cookie|social|share|newsletter|promo|tagcloud|widget)(?:$|[-_])",
    re.I,
)
BESIDE_TAGS = frozenset(("nav", "footer", "aside"))
BESIDE_ROLES = frozenset(("navigation", "banner", "contentinfo", "complementary", "search"))
BASES = etree.XPath("//base/@href", smart_strings=False)
ANCHORS = etree.XPath("//a[@href]")
IS_NEXT = "[contains(concat(' ', normalize-space(@rel), ' '), ' next ')]"
NEXT_LINKS = etree.XPath(f"//link{IS_NEXT} | //a{IS_NEXT}")
TIMES = etree.XPath(".//time/@datetime | .//@data-unixtime | .//*[@itemprop='datePublished']/@content", smart_strings=False)
FEW = 4
"""So few links beside a list are no list themselves."""

CLIMB = 6
"""So far above a link stands the element that holds its time."""


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
        if not isinstance(response, HtmlResponse):
            raise ListingError(f"no page: {response.headers.get('Content-Type', b'no type').decode('latin-1')}")
        root = tree_of(response)
        links: dict[str, Link] = {}
        listed = dict(list_links(response, root, self.shapes))
        for a, url in listed.items():
            found = links.setdefault(url, Link(url))
            found.published_at = found.published_at or _time(a, url, listed, zone)
        more = next_page(response, root, self.shapes)
        links.pop(more, None)
        return Chunk(list(links.values()), [more] if more else [])


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


def tree_of(response: HtmlResponse) -> etree._Element:
    """Return the parsed page."""
    try:
        return response.selector.root
    except ValueError:  # Scrapy's selector cannot stand a broken <base href>
        return Selector(text=response.text).root


def anchors(response: HtmlResponse, root: etree._Element) -> list[tuple[etree._Element, str]]:
    """Return every link of a page with its absolute address."""
    base = absolute(response.url, next(iter(BASES(root)), None)) or response.url
    found = [(a, absolute(base, a.get("href"))) for a in ANCHORS(root)]
    return [(a, url.partition("#")[0]) for a, url in found if url and is_address(url)]


def list_links(response: HtmlResponse, root: etree._Element, shapes: Shapes) -> list[tuple[etree._Element, str]]:
    """Return the links of a page's own list, as far as they may be articles: none of its menu, its footer, or beside the list."""
    links = [(a, url) for a, url in anchors(response, root) if shapes.judge(url) is not False and not _of_pager(a)]
    held: dict[etree._Element, set[str]] = {}
    for a, url in links:
        for element in a.iterancestors():
            held.setdefault(element, set()).add(url)
    most = len({url for _, url in links}) / 2
    beside = {
        element for element, urls in held.items() if _beside(element) and len(urls) <= max(most, FEW) and not _holds_all(element)
    }
    inside = [(a, url) for a, url in links if not any(element in beside for element in a.iterancestors())]
    return inside or (links if len(links) > FEW else [])


def _of_pager(a: etree._Element) -> bool:
    words = words_of(a)
    return (words.isdigit() and len(words) <= 3) or says_next(words)


def _beside(element: etree._Element) -> bool:
    if element.tag in BESIDE_TAGS or element.get("role") in BESIDE_ROLES:
        return True
    # The head of one story is a header too.
    if element.tag == "header":
        return not any(above.tag in ("article", "main", "section", "li") for above in element.iterancestors())
    return any(BESIDE.match(name) for name in (element.get("class") or "").split() + [element.get("id") or ""])


def _holds_all(element: etree._Element) -> bool:
    return element.tag in ("html", "body", "main") or next(element.iter("main"), None) is not None


def words_of(a: etree._Element) -> str:
    """Return the words of a link, or what it is called where it has none."""
    return " ".join("".join(a.itertext()).split()) or a.get("aria-label") or a.get("title") or ""


def next_page(response: HtmlResponse, root: etree._Element, shapes: Shapes) -> str | None:
    """Return where a listing goes on: the link that says so, else the page with the next number, else one called "next"."""
    here = urlsplit(response.url)
    for link in NEXT_LINKS(root):
        url = absolute(response.url, link.get("href"))
        if url and urlsplit(url).hostname == here.hostname and shapes.judge(url) is not True:
            return url
    links = [(url, words_of(a)) for a, url in anchors(response, root) if urlsplit(url).hostname == here.hostname]
    if found := next_by_number(response.url, links):
        return found
    own = {part for part in here.path.split("/") if part}
    rest: set[str] = set()
    for url, words in reversed(links):
        there = urlsplit(url)
        near = own & set(there.path.split("/")) or (there.path == here.path and there.query not in ("", here.query))
        if not near or url == response.url or shapes.judge(url) or there.path.rstrip("/") in _above(here.path, there.query):
            continue
        if says_next(words):
            return url
        if says_more(words):
            rest.add(url)
    return rest.pop() if len(rest) == 1 else None  # one for each story


def _above(path: str, query: str) -> set[str]:
    """The folders above a path, and the path itself, which leads nowhere new without a query."""
    parts = path.rstrip("/").split("/")
    return {"/".join(parts[:n]) for n in range(len(parts) + (not query))}


def _time(a: etree._Element, url: str, listed: dict[etree._Element, str], zone: str) -> str | None:
    """The time in the smallest element around a link that has one, and no other article's link."""
    for element, _ in zip(a.iterancestors(), range(CLIMB), strict=False):
        if any(listed.get(other, url) != url for other in element.iter("a")):
            return None
        if times := TIMES(element):
            return next((iso(time.at) for text in times if (time := parse_time(text, zone))), None)
    return None
