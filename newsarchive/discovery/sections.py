"""Section fronts and what loads more of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.selector import Selector, SelectorList

from newsarchive.dates import iso, parse_time
from newsarchive.discovery.listing import Chunk, Listing
from newsarchive.discovery.loadmore import LoadMore, goes_on
from newsarchive.discovery.safexml import ListingError
from newsarchive.items import Link

MENU_LINKS = 5
"""So many links to its own host has a page of the site's, though it lists nothing."""

HIDDEN = re.compile(r"(?is)<!--.*?(?:-->|$)|<(script|style|template)\b.*?(?:</\1\s*>|$)")
NEVER_LEFT_OPEN = ("div", "section", "article", "main", "ul", "ol", "a")


@dataclass(frozen=True)
class Sections:
    """Pages that list the articles of a section, newest first, in chunks.

    ``address`` is that of a section, with ``{}`` for its path; ``names`` the declared sections, name → path. ``links`` is
    a CSS selector or XPath for the article links, ``item`` one for the element around a link that holds its times.
    """

    address: str
    names: dict[str, str] = field(default_factory=dict)
    links: str = "a"
    item: str = ""
    published: str = "time::attr(datetime)"
    """Inside an item: when the article was published."""

    modified: str = ""
    """Inside an item: when the article was changed."""

    more: str | LoadMore = "//a[@rel='next']/@href | //link[@rel='next']/@href"
    """Where the listing goes on, the last one found counts; or how a browser makes it show more."""

    def listing(self, name: str, url: str) -> Listing:
        """Return the listing of the section ``name`` at ``url``."""
        return Listing("sections", url, name.casefold())

    def find(self, wanted: str) -> tuple[str, str] | None:
        """Return name and address of the declared section ``wanted`` (a name, slug, path or address); None: not declared.

        A path or an address need not be declared.
        """
        if wanted.startswith(("http://", "https://", "/")):
            parts = urlsplit(wanted)
            # Whatever host of the site was named: one section is one listing.
            url = urljoin(self.address.format(""), parts.path + (f"?{parts.query}" if parts.query else ""))
            path = parts.path.strip("/")
            for name, declared in self.names.items():
                if declared.strip("/") == path:
                    return name, self.address.format(declared)
            return name_of(path), url
        for name, path in self.names.items():
            if slug(wanted) in (slug(name), slug(path), slug(name_of(path))):
                return name, self.address.format(path)
        return None

    def declares(self, url: str) -> bool:
        """Tell whether ``url`` is the front of a declared section, on whatever host."""
        path = urlsplit(url).path.rstrip("/")
        return path in {urlsplit(self.address.format(declared)).path.rstrip("/") for declared in self.names.values()}

    @property
    def menu(self) -> str:
        """Address of the page whose menu names the sections."""
        return urljoin(self.address.format(""), "/")

    def menu_links(self, response: TextResponse) -> list[tuple[str, str]]:
        """Return words and address of every link of the page that has the menu."""
        links = [
            (" ".join(link.css("*::text").getall()), _absolute(response, link.attrib["href"])) for link in response.css("a[href]")
        ]
        return [(" ".join(words.split()), url) for words, url in links if url]

    def find_in_menu(self, wanted: str, links: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
        """Return name and address of the section ``wanted`` among the ``links`` of a menu; None: it is not there.

        A link's words go before its path; the words are the section's name.
        """
        by_path = None
        for words, url in links:
            path = urlsplit(url).path.strip("/")
            if path and slug(wanted) == slug(words):
                return words.casefold(), url
            if path and slug(wanted) in (slug(path), slug(name_of(path))):
                by_path = by_path or ((words or name_of(path)).casefold(), url)
        return by_path

    def read(self, response: Response, zone: str, since: str | None = None, until: str | None = None) -> Chunk:
        """Return links and continuation of a section's page or chunk; times without offset are in ``zone``."""
        if not isinstance(response, TextResponse):
            raise ListingError(f"no page: {response.headers.get('Content-Type', b'no type').decode('latin-1')}")
        if not response.body.strip():
            raise ListingError("no article on it, for the answer is empty")
        chunk = Chunk()
        items = {item.root: item for item in _select(response, self.item)} if self.item else {}
        for link in _select(response, self.links):
            item = next((items[a] for a in link.root.iterancestors() if a in items), None)
            if url := _absolute(response, link.attrib.get("href", "")):
                chunk.links.append(Link(url, _time(item, self.published, zone), _time(item, self.modified, zone)))
        if isinstance(self.more, LoadMore):
            chunk.more = goes_on(response.url, response.body)
            return chunk
        urls = [url for address in _select(response, self.more).getall() if (url := _absolute(response, address))]
        # Other lists on the page have continuations too: that of this one has most of its path in common with it.
        own = set(urlsplit(response.url).path.split("/"))
        chunk.more = [max(reversed(urls), key=lambda url: len(own & set(urlsplit(url).path.split("/"))))] if urls else []
        if not chunk.more and isinstance(response, HtmlResponse) and _is_torn(response.text):
            chunk.fault = "torn HTML, and no continuation on it"
        return chunk


def is_empty_chunk(response: HtmlResponse) -> bool:
    """Tell whether a chunk without articles is a site's true one: without a word, or with the site's menu around it.

    A notice that stands in its place, of maintenance or a login, has words and hardly a link.
    """
    host = urlsplit(response.url).netloc
    own = {url for address in response.css("a::attr(href)").getall() if (url := _absolute(response, address))}
    if sum(urlsplit(url).netloc == host for url in own) >= MENU_LINKS:
        return True
    return not "".join(response.xpath("//text()[not(parent::script or parent::style)]").getall()).strip()


def _is_torn(page: str) -> bool:
    """Tell whether a page or a fragment of one stops inside a tag, or before its elements are closed.

    That ``</html>`` is missing is no sign alone: the end tag may be left out (HTML Living Standard, 13.1.2.4).
    """
    page = HIDDEN.sub("", page)
    if re.search(r"<[a-zA-Z/][^>]*$|<\W*$", page):
        return True
    if re.search(r"</(?:html|body)\s*>", page, re.I):
        return False
    return any(
        len(re.findall(rf"<{name}\b", page, re.I)) > len(re.findall(rf"</{name}\s*>", page, re.I)) for name in NEVER_LEFT_OPEN
    )


def _select(scope: TextResponse | Selector, query: str) -> SelectorList:
    return scope.xpath(query) if query.startswith(("/", "./", "(")) else scope.css(query)


def _time(item: Selector | None, query: str, zone: str) -> str | None:
    texts = _select(item, query).getall() if item is not None and query else []
    return next((iso(time.at) for text in texts if (time := parse_time(text, zone))), None)


def _absolute(response: TextResponse, address: str) -> str | None:
    try:
        url = response.urljoin(address.strip())
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None


def slug(name: str) -> str:
    """Return ``name`` in the form in which names are compared.

    >>> slug("Middle  East") == slug("middle-east") == slug("MiddleEast")
    True
    """
    return re.sub(r"[\W_]+", "", unquote(name)).casefold()


def name_of(path: str) -> str:
    """Return what a section's path calls it.

    >>> name_of("location_middle-east")
    'middle east'
    """
    return (
        re.sub(r"^(location|category|keyword|tag|person|organization)_", "", unquote(path).split("/")[-1])
        .replace("-", " ")
        .casefold()
    )
