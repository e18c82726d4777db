"""Pages that list articles, in markup that nobody described: their own links, the times by them, and where they go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from lxml import etree
from scrapy.http import HtmlResponse
from w3lib.url import safe_url_string

from newsarchive.dates import iso, parse_time
from newsarchive.discovery.pagers import next_by_number, says_more, says_next
from newsarchive.discovery.shapes import Shapes
from newsarchive.urls import absolute, is_address

# Where a page keeps what is no part of its list, by the beginning of a class or an id.
BESIDE = re.compile(
    r"^(?:sidebar|breadcrumbs?|related|popular|most-?(?:read|popular|viewed)|meistgelesen|trending|recommend|navigation|nav|navbar|menu"
    r"|submenu|footer|site-footer|site-header|cookie|social|share|newsletter|promo|tagcloud|widget)(?:$|[-_])",
    re.I,
)
BESIDE_TAGS = frozenset(("nav", "footer", "aside"))
"""Elements that by their meaning hold no list of the page's own, however short that list is."""

BESIDE_ROLES = frozenset(("navigation", "banner", "contentinfo", "complementary", "search"))
BASES = etree.XPath("//base/@href", smart_strings=False)
ANCHORS = etree.XPath("//a[@href]")
IS_NEXT = "[contains(concat(' ', normalize-space(@rel), ' '), ' next ')]"
NEXT_LINKS = etree.XPath(f"//link{IS_NEXT} | //a{IS_NEXT}")
TIMES = etree.XPath(".//time/@datetime | .//@data-unixtime | .//*[@itemprop='datePublished']/@content", smart_strings=False)
FEW = 4
"""So few links beside a list are no list themselves."""

LOADED = ("data-next-url", "data-more-url", "data-next-page-url", "data-url")
LOADING = etree.XPath("|".join(f"//*[@{name}]" for name in LOADED))
LOADS = re.compile(r"(?:^|[\s_-])(?:load|show)?[-_]?(?:more|next|infinite|pager)(?:$|[\s_-])", re.I)
CLIMB = 6
"""So far above a link stands the element that holds its time."""


def anchors(response: HtmlResponse, root: etree._Element) -> list[tuple[etree._Element, str]]:
    """Return every link of a page with its absolute address."""
    base = base_of(response, root)
    found = [(a, linked(base, a.get("href"))) for a in ANCHORS(root)]
    return [(a, url.partition("#")[0]) for a, url in found if url and is_address(url)]


def base_of(response: HtmlResponse, root: etree._Element) -> str:
    """Return the address that a page's relative links are meant from."""
    return absolute(response.url, next(iter(BASES(root)), None)) or response.url


def linked(base: str, address: str | None) -> str | None:
    """Return an address as a request for it has it: letters outside ASCII are escaped, as in the address of a response."""
    url = absolute(base, address)
    return url if url is None or url.isascii() else safe_url_string(url)


def list_links(response: HtmlResponse, root: etree._Element, shapes: Shapes) -> list[tuple[etree._Element, str]]:
    """Return the links of a page's own list, as far as they may be articles: none of its menu, its footer, or beside the list."""
    links = [(a, url) for a, url in anchors(response, root) if shapes.judge(url) is not False and not _of_pager(a)]
    above = Above(_beside)
    held: dict[etree._Element, set[str]] = {}
    for a, url in links:
        for element in above(a):
            held.setdefault(element, set()).add(url)
    most = len({url for _, url in links}) / 2
    beside = {element for element, urls in held.items() if len(urls) <= max(most, FEW) and not _holds_all(element)}
    inside = [(a, url) for a, url in links if beside.isdisjoint(above(a))]
    # On a last page the favourites in the margin are more than the list.
    own = [(a, url) for a, url in inside if not any(element.tag in BESIDE_TAGS for element in above(a))]
    if own or not inside:
        return own or (links if len(links) > FEW else [])
    return inside


class Above:
    """The elements around a link of which ``says`` holds, the outermost first; each element is asked once.

    A page from the web may nest as deep as it likes: so many at most.
    """

    def __init__(self, says: Callable[[etree._Element], bool], most: int = 20):
        self.says, self.most = says, most
        self.known: dict[etree._Element, tuple[etree._Element, ...]] = {}

    def __call__(self, a: etree._Element) -> tuple[etree._Element, ...]:
        path = []
        for element in a.iterancestors():
            if element in self.known:
                break
            path.append(element)
        for element in reversed(path):
            parent = element.getparent()
            found = self.known.get(parent, ()) if parent is not None else ()
            self.known[element] = (*found, element) if len(found) < self.most and self.says(element) else found
        parent = a.getparent()
        return self.known.get(parent, ()) if parent is not None else ()


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
    base = base_of(response, root)
    for link in NEXT_LINKS(root):
        url = linked(base, link.get("href"))
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
    return rest.pop() if len(rest) == 1 else _loaded(response, root, shapes)  # several: one for each story


def _loaded(response: HtmlResponse, root: etree._Element, shapes: Shapes) -> str | None:
    """What a script would load behind the list, where an element names its address."""
    base = base_of(response, root)
    for element in LOADING(root):
        for name in LOADED:
            url = linked(base, element.get(name))
            named = name != "data-url" or LOADS.search(f"{element.get('class')} {element.get('id')} {words_of(element)}")
            if url and named and is_address(url) and shapes.judge(url) is not True and url != response.url:
                return url if urlsplit(url).hostname == urlsplit(response.url).hostname else None
    return None


def _above(path: str, query: str) -> set[str]:
    """The folders above a path, and the path itself, which leads nowhere new without a query."""
    parts = path.rstrip("/").split("/")
    return {"/".join(parts[:n]) for n in range(len(parts) + (not query))}


def times_by(listed: dict[etree._Element, str], zone: str) -> dict[str, str]:
    """Return address → the time in the smallest element around a link that has one, and no other article's link."""
    holds: dict[etree._Element, str | None] = {}
    """Element → the one article that it links to; None: several."""
    for a, url in listed.items():
        for element, _ in zip(a.iterancestors(), range(CLIMB), strict=False):
            if holds.setdefault(element, url) != url:
                holds[element] = None
    seen: set[etree._Element] = set()
    found: dict[str, str] = {}
    for a, url in listed.items():
        for element, _ in zip(a.iterancestors(), range(CLIMB), strict=False):
            if url in found or holds[element] is None:
                break
            if element in seen:
                continue
            seen.add(element)
            if times := TIMES(element):
                if at := next((iso(time.at) for text in times if (time := parse_time(text, zone))), None):
                    found[url] = at
                break
    return found
