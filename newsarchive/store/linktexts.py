"""What a page says of erased articles where it links to them: the link's own words, and on a listing those of the whole item."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urljoin

from newsarchive.store.quotes import TOKEN, letters_of, texts_at
from newsarchive.urls import clean_url, not_amp

# Not what begins with <!: a CDATA section has words.
TAG = re.compile(r"<[a-zA-Z/?][^<>]*>")
NAME = re.compile(r"<(/?)([a-zA-Z][\w:.-]*)")
HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.I)
WORDS = re.compile(r"""\b(?:alt|title|aria-label)\s*=\s*("[^"]*"|'[^']*')""", re.I)
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
ADDRESS = frozenset(("loc", "link", "guid"))
"""Elements of sitemaps and feeds whose text is an address."""

KEPT = ADDRESS | frozenset("id pubdate updated published lastmod publication_date date time script style".split())
"""Elements that have nobody's words."""

WHOLE = frozenset("html body main ul ol table tbody rss channel feed urlset".split())
"""Elements that are more than one item, even where only one is left."""

LONGEST = 20_000
"""No item is longer."""

MANY = 100
"""A page with more links to erased articles is about nothing else from the first of them on."""


class LinkTexts:
    """Finds in a page the words that belong to links to erased articles.

    Every address of an erased article has one of ``parts``, which are looked for first. ``owner`` tells to which erased
    article an address leads, ``known`` whether it leads to an article, ``listed`` whether a page is a listing; ``own``
    returns the letters of the article at an address, which it keeps.
    """

    def __init__(
        self,
        parts: set[str],
        owner: Callable[[str], str | None],
        known: Callable[[str], bool],
        listed: Callable[[str], bool],
        own: Callable[[str], str],
    ):
        self.parts = parts
        self.owner, self.known, self.listed, self.own = owner, known, listed, own

    def found(self, page: str, text: str) -> list[tuple[int, int]]:
        """Return where in ``text``, the page at the address ``page``, such words stand."""
        if not any(part in text for part in self.parts):
            return []
        elements, links = _read(text)
        leads = {address: self._leads(page, address) for address in {address for _, address in links}}
        erased = [at for at, address in links if leads[address] == "erased"]
        others = [at for at, address in links if leads[address] == "other"]
        if not erased:
            return []
        listed, own = self.listed(page), self.own(page)
        found: set[tuple[int, int]] = set()
        spans = {span for at in erased[:MANY] for span in _spans(at, elements, others, listed)}
        if len(erased) > MANY:
            spans = {(erased[0], len(text))}
        for span in spans:
            words = list(_words(text, *span))
            if "".join(letters_of(text[begin:end]) for begin, end in words) not in own:
                found.update(words)
        return sorted(found)

    def _leads(self, page: str, address: str) -> str | None:
        """Tell whether ``address``, as the page gives it, leads to an ``erased`` article or to an ``other`` one."""
        try:
            url = urljoin(page, unescape(address).strip())
            names = {url, clean_url(url), clean_url(not_amp(url))}
        except ValueError:  # nobody's address
            return None
        return "erased" if any(map(self.owner, names)) else "other" if any(map(self.known, names)) else None


def links_of(archive, owner: Callable[[str], str | None]) -> LinkTexts:
    """Return what finds the words of links to the erased articles of ``archive``."""

    def there(query: str) -> Callable[[str], bool]:
        return lambda url: archive.db.execute(query, (url,)).fetchone() is not None

    rows = archive.db.execute(
        """select p.key, a.url from page p join withdrawal w on w.page = p.id left join alias a on a.page = p.id
        where w.mode = 'erase'"""
    )
    parts = {
        url.rstrip("/").rpartition("/")[2] if key.startswith("http") else key for key, *urls in rows for url in (key, *urls) if url
    }
    return LinkTexts(
        parts,
        owner,
        there("select 1 from alias where url = ?"),
        there("select 1 from capture where url = ? and kind = 'listing'"),
        lambda url: " ".join(map(letters_of, texts_at(archive, url))),
    )


def _read(text: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, str]]]:
    """Return begin, end and name of each element, and the place of each link with its address."""
    elements: list[tuple[int, int, str]] = []
    links: list[tuple[int, str]] = []
    opened: list[tuple[int, int, str]] = []
    for tag in TAG.finditer(text):
        named = NAME.match(tag[0])
        if not named:
            continue
        name = named[2].lower()
        if not named[1]:
            if href := HREF.search(tag[0]):
                links.append((tag.start(), next(group for group in href.groups() if group is not None)))
            if (name not in VOID and not tag[0].endswith("/>")) or (name == "link" and not href):
                opened.append((tag.start(), tag.end(), name))
            continue
        depth = next((n for n, one in enumerate(reversed(opened[-50:]), 1) if one[2] == name), 0)
        if depth:
            begin, inside, _ = opened[-depth]
            del opened[-depth:]
            elements.append((begin, tag.end(), name))
            if _local(name) in ADDRESS:
                links.append((begin, re.sub(r"<!\[CDATA\[|\]\]>", "", text[inside : tag.start()])))
    return elements, sorted(links)


def _spans(at: int, elements: list[tuple[int, int, str]], others: list[int], listing: bool) -> Iterator[tuple[int, int]]:
    """Yield where the link at ``at`` stands, and on a listing the largest element around it that has no other article's."""
    around = [(begin, end, name) for begin, end, name in elements if begin <= at < end]
    yield from ((begin, end) for begin, end, name in around if begin == at and name == "a")
    if listing:
        items = [
            (begin, end)
            for begin, end, name in around
            if name not in WHOLE and end - begin <= LONGEST and bisect_left(others, begin) == bisect_right(others, end)
        ]
        if items:
            yield max(items, key=lambda item: item[1] - item[0])


def _words(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the words between ``begin`` and ``end`` that a reader sees, but those that were taken out before."""
    inside, place = "", begin
    for tag in TAG.finditer(text, begin, end):
        if _local(inside) not in KEPT:
            yield from _tokens(text, place, tag.start())
        for value in WORDS.finditer(tag[0]):
            yield from _tokens(text, tag.start() + value.start(1), tag.start() + value.end(1))
        named = NAME.match(tag[0])
        inside, place = named[2].lower() if named and not named[1] else "", tag.end()
    if _local(inside) not in KEPT:
        yield from _tokens(text, place, end)


def _tokens(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    for token in TOKEN.finditer(text, begin, end):
        if set(token[0]) != {"x"} and not text.startswith("<![CDATA[", token.start() - 3):
            yield token.span()


def _local(name: str) -> str:
    return name.rpartition(":")[2]
