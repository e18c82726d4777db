"""The start page of a site that nobody described: what it says of feeds, sections, archives and further hosts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit, urlunsplit

from lxml import etree
from scrapy.http import HtmlResponse

from newsarchive.discovery.lists import Above, anchors, base_of, linked, words_of
from newsarchive.discovery.pagers import archive_of, page_number, says_more, says_next
from newsarchive.discovery.sections import name_of
from newsarchive.discovery.shapes import Shapes, likely, shape
from newsarchive.discovery.words import apart, never
from newsarchive.trees import tree_of
from newsarchive.urls import clean_url, registrable_domain

MOST_FEEDS, MOST_SECTIONS, MOST_HOSTS = 5, 100, 12
USUAL_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml", "/sitemap-index.xml", "/news-sitemap.xml", "/sitemap-news.xml")
USUAL_FEEDS = ("/feed/", "/rss.xml", "/feed.xml", "/atom.xml", "/rss")

FEEDS = etree.XPath("//link[contains(concat(' ', normalize-space(@rel), ' '), ' alternate ')][@href]")
FEED_TYPE = re.compile(r"^\s*application/(?:rss|atom)\+xml", re.I)
MENU = re.compile(
    r"^(?:main-?|primary-?|site-?|top-?|nav-?|header-?)*(?:menu|nav|navbar|navigation|rubriken|sections)(?:$|[-_])", re.I
)
NO_MENU = frozenset(("article", "main", "footer", "aside"))
ARCHIVE_WORDS = frozenset("archive archives archiv archivo archivio arkiv archief arquivo arşiv архив архів アーカイブ".split())
# Behind these words of a menu stand no listings of articles.
STATIC = frozenset(
    "jobs job karriere careers career shop store e-paper epaper help hilfe advertise advertising werbung anzeigen tickets games"
    " weather wetter donate spenden support us app apps horoskop horoscope puzzles crosswords kreuzworträtsel rätsel".split()
)
# Hosts of a domain that have no news of their own.
OTHER_HOSTS = re.compile(
    r"^(?:shop|store|jobs?|stellen\w*|abo\w*|subscri\w*|account|login|sso|my|mein|id|auth|mail|ads?|anzeigen|werbung|forum|tickets?|cdn"
    r"|static|assets|img|images?|media|api|amp|m|mobile?|epaper|e-paper|archiv\w*|newsletter|support|help|hilfe|data|search|suche)\d*\.",
    re.I,
)
NEWS_LINKS = 3
"""So many links that look like articles make another host one of the site."""


@dataclass
class Found:
    """What a site has: addresses, as far as they are known."""

    feeds: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    news_sitemaps: list[str] = field(default_factory=list)
    """Of :attr:`sitemaps` those of the newest articles, which are short."""

    sections: dict[str, str] = field(default_factory=dict)
    no_sections: list[str] = field(default_factory=list)
    """Addresses of the menu that listed no article."""

    archives: list[str] = field(default_factory=list)
    """Formats, see :class:`newsarchive.discovery.pagers.DateArchive`; the finest alone."""

    archive_roots: list[str] = field(default_factory=list)
    """The pages that link to them."""

    archives_list: bool = False
    """An archive was seen that lists articles: it is no calendar of other things."""

    hosts: list[str] = field(default_factory=list)
    everything: bool = False
    """A sitemap names more than the newest articles."""

    surveyed_on: str = ""
    """The day on which all this was found out; the menu is read anew by every crawl."""

    def as_learned(self) -> dict:
        """Return it as plain data, for :meth:`of`."""
        return asdict(self)

    @classmethod
    def of(cls, learned: dict) -> Found:
        return cls(**{name: value for name, value in learned.items() if name in cls.__dataclass_fields__})

    def add_archives(self, page: str, urls: Iterable[str]) -> str | None:
        """Note the archives among the links ``urls`` of ``page``; return the newest of them, None when there was none."""
        urls = [url for url in urls if archive_of(url) and url != page]
        found = [archive_of(url) for url in urls]
        if not found:
            return None
        # Of a day in several forms, or of days and of months, the finest that is used most.
        span = min((archive.since[:7] != archive.until[:7], archive.since != archive.until) for archive in found)
        finest = [a for a in found if (a.since[:7] != a.until[:7], a.since != a.until) == span]
        self.archives = [format for format, _ in Counter(archive.format for archive in finest).most_common(3)]
        if not archive_of(page):
            self.archive_roots = list(dict.fromkeys([*self.archive_roots, page]))
        today = datetime.now(UTC).date().isoformat()
        return max(urls, key=lambda url: (archive_of(url).since <= today, archive_of(url).until))


def feeds_of(response: HtmlResponse) -> list[str]:
    """Return the feeds that a page names; none of comments."""
    root = tree_of(response)
    base = base_of(response, root)
    found = [linked(base, link.get("href")) for link in FEEDS(root) if FEED_TYPE.match(link.get("type", ""))]
    return [url for url in dict.fromkeys(found) if url and "comment" not in url.lower()][:MOST_FEEDS]


def hosts_of(response: HtmlResponse, shapes: Shapes) -> list[str]:
    """Return the hosts of the page's domain to which it links as news, or as a section of its menu; its own first."""
    own = urlsplit(response.url).hostname
    domain = registrable_domain(own)
    seen: dict[str, set[str]] = {}
    sections: set[str] = set()
    root, above = tree_of(response), Above(_frames)
    for a, url in anchors(response, root):
        host = urlsplit(url).hostname
        if not host or host == own or registrable_domain(host) != domain or OTHER_HOSTS.match(host):
            continue
        if shapes.judge(url) is not False and likely(url):
            seen.setdefault(host, set()).add(url)
        elif _is_front(url) and host not in (domain, f"www.{domain}") and _in_menu(a, above) and not _in_another_language(a, root):
            seen.setdefault(host, set())
            sections.add(host)
    return [own, *[host for host, urls in seen.items() if len(urls) >= NEWS_LINKS or host in sections][:MOST_HOSTS]]


def sections_of(response: HtmlResponse, hosts: Iterable[str], shapes: Shapes) -> dict[str, str]:
    """Return the sections that the page's menu names, name → address; the name is in lower case, as the menu writes it."""
    root, hosts = tree_of(response), frozenset(hosts)
    links = [
        (a, url) for a, url in anchors(response, root) if urlsplit(url).hostname in hosts and not _in_another_language(a, root)
    ]
    own = urlsplit(response.url).hostname.removeprefix("www.")
    links = [
        (a, url)
        for a, url in links
        if url.rstrip("/") != response.url.rstrip("/")
        and not (_is_front(url) and urlsplit(url).hostname.removeprefix("www.") == own)
    ]
    # The page's own list, a footer of imprints and the tags under a story are no menu, unless there is no other.
    above = Above(_frames)
    menu = [(a, url) for a, url in links if _in_menu(a, above)]
    found = _sections(menu, shapes)
    if len(found) < 2:
        outside = [(a, url) for a, url in links if not any(e.tag in ("article", "footer", "main") for e in above(a))]
        found |= _sections([(a, url) for a, url in outside if not _in_menu(a, above) and not likely(url)], shapes)
    if len(found) < 2:
        # A number in the query may be a section's as well: words that are short are no headline.
        named = [(a, url) for a, url in links if not likely(urlunsplit(urlsplit(url)._replace(query=""))) and not never(url)]
        found |= _sections([(a, url) for a, url in named if not likely(url) or len(words_of(a).split()) <= 2], shapes)
    return dict(list(found.items())[:MOST_SECTIONS])


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def _in_another_language(a: etree._Element, root: etree._Element) -> bool:
    """Tell whether a link leads to the site's edition in another language, which is another site's menu."""
    there, here = a.get("hreflang", ""), root.get("lang", "")
    return bool(there and here) and there[:2].casefold() != here[:2].casefold()


def _sections(links: list[tuple[etree._Element, str]], shapes: Shapes) -> dict[str, str]:
    found: dict[str, str] = {}
    known: set[str] = set()
    for a, url in links:
        words, url = words_of(a).casefold(), clean_url(url)
        path = urlsplit(url).path
        if not 0 < len(words) <= 40 or len(words.split()) > 4 or words in STATIC or says_next(words) or says_more(words):
            continue
        front = path in ("", "/")
        if shapes.judge(url) is True or apart(url) or url in known:
            continue
        # The front page of a host of its own; and some sites have all under one path: /?cat=4
        if not shapes.page(url) and not (front and not page_number(url)):
            continue
        # A long name alone may be a section's, a number with it is a story's.
        if path.count("/") > 4 or "{name-n}" in shape(url)[0] or (words in ARCHIVE_WORDS) or words.isdigit():
            continue
        if words in found:  # "news" of sport beside "news" of culture
            words = f"{name_of(path.strip('/').rpartition('/')[0])} {words}".strip()
        if words not in found:
            found[words] = url
            known.add(url)
    return found


def _frames(element: etree._Element) -> bool:
    """Tell whether an element says that what is in it is a menu, or none."""
    if element.tag in NO_MENU or element.tag in ("nav", "header") or element.get("role") in ("navigation", "menubar"):
        return True
    return any(MENU.match(x) for x in (element.get("class") or "").split() + [element.get("id") or ""])


def _in_menu(a: etree._Element, above: Above) -> bool:
    return bool(frames := above(a)) and frames[-1].tag not in NO_MENU


def archive_pages(response: HtmlResponse, hosts: Iterable[str]) -> list[str]:
    """Return the pages that the links "Archive" lead to."""
    hosts = frozenset(hosts)
    return list(
        dict.fromkeys(
            url
            for a, url in anchors(response, tree_of(response))
            if urlsplit(url).hostname in hosts and words_of(a).casefold().strip(" :»") in ARCHIVE_WORDS
        )
    )[:2]


def usual_places(start: str, paths: Iterable[str]) -> list[str]:
    """Return the addresses of ``paths`` on the host of ``start``."""
    return [urljoin(start, path) for path in paths]
