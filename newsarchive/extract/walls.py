"""What stands in an article's place: error pages that answer 200, and walls before the page.

Pure functions over an answer. Every rule wants several independent signs, measured on real pages: see
``tests/test_walls.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree
from scrapy.http import HtmlResponse, Response, TextResponse

from newsarchive.extract.html import canonical_link
from newsarchive.extract.jsonld import scripts
from newsarchive.extract.select import strings, text_of
from newsarchive.extract.signs import (
    BOT_HEADERS,
    BOT_MARKS,
    BOT_TITLE,
    BOT_WALL,
    CONSENT_MARKS,
    CONSENT_WALL,
    CONSENT_WORDS,
    ERROR_MARK,
    ERROR_PATH,
    NOT_FOUND,
    NOTICES,
    SOFT_404,
)
from newsarchive.extract.text import letters, plain, unmarked
from newsarchive.trees import tree_of
from newsarchive.urls import absolute

SHORT = 1_500
"""Characters of visible text; walls and error pages have fewer, menus included, than an article has alone."""

LONG = 6_000
"""No wall says so much; an error page with a menu and a list of favourites may."""


# The headline of an article; but that of microdata, see _declared. og:type alone makes none: some sites give it to every page.
DECLARED = (
    "descendant::*[@itemtype][contains(@itemtype, 'Article') or contains(@itemtype, 'Posting') or contains(@itemtype, 'Report')]"
    "//h1[@itemprop='name']",
    "//meta[@property='article:published_time' or @name='article:published_time'][1]/../meta[@property='og:title']/@content",
)
# As strings that know their element: to ask each element for its attribute costs four times as much.
_headlines = etree.XPath("descendant::*/@itemprop[. = 'headline']")
SAYS_SOMETHING = 12
"""Letters of a title that are more than a site's name or a section's."""

HEADLINE_JSON = re.compile(r'"headline"\s*:\s*"((?:[^"\\]|\\.)*)"')
ARTICLE_JSON = re.compile(r'"@type"\s*:\s*\[?\s*"(\w*Article|\w*Posting|Report|Review)"')
UNREAD = frozenset(("script", "style", "noscript", "template", "svg", "head", "select", "iframe"))

# A tree takes some 800 bytes an element: so many keep a crawl under 300 MB. The largest of 467 real pages has 10,305 tags.
MAX_TAGS = 250_000
MAX_DEPTH = 2048
"""libxml2 2.14 reads no deeper."""


def obstacle(response: Response, named: str | None = None) -> str | None:
    """Return what ``response`` is instead of the page that was asked for: its kind, a colon, the signs; None when it is none.

    ``named`` is an address under which it may go although it is another one's: a listing's pages often go by that of the first.

    Kinds are those of :mod:`newsarchive.extract.signs`, of which an answer that is no 200 is a bot or consent wall alone; and
    ``page of … tags``, which no memory should hold.
    """
    if len(response.body) > MAX_TAGS and (tags := response.body.count(b"<")) > MAX_TAGS:
        return f"page of {tags} tags"
    for name, value in BOT_HEADERS.items():
        if (response.headers.get(name) or b"").decode("latin-1").lower().startswith(value):
            return f"{BOT_WALL}: {name}"
    if not isinstance(response, HtmlResponse) or not response.body:
        return None
    root = tree_of(response)
    titles = [text for tag in ("title", "h1") for element in islice(root.iter(tag), 2) if (text := plain(text_of(element)))]
    if names_this_page(root, titles):  # nearly every page ends here, and cheaply
        return None
    length = visible_length(root, LONG)
    if length < LONG and (wall := _wall(root, response.body, titles, length)):
        return wall
    if response.status != 200:
        return None
    if length < SHORT and (said := _notice(titles)):
        return said
    lost = _lost(root, response, titles, named)
    if length < SHORT:
        lost.append("little text")
    # Two signs, and not those two alone that a true page may have.
    return f"{SOFT_404}: {', '.join(lost)}" if len(lost) >= 2 and set(lost) - {"noindex", "little text"} else None


def is_cut_by_depth(response: HtmlResponse) -> bool:
    """Tell whether the page is nested as deep as the parser goes: what lies deeper is not in its tree."""
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree_of(response), events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest >= MAX_DEPTH


def _wall(root: etree._Element, body: bytes, titles: list[str], length: int) -> str | None:
    if length < SHORT:
        if asks := next((title for title in titles if BOT_TITLE.search(title)), None):
            return f"{BOT_WALL}: {asks}"[:200]
        if tests := BOT_MARKS.search(body):
            return f"{BOT_WALL}: {tests[0].decode('latin-1')}"
    if asks := next((title for title in titles if CONSENT_WORDS.search(title)), None):
        return f"{CONSENT_WALL}: {asks}"[:200]
    if length < SHORT and (asks := CONSENT_MARKS.search(body)) and (length < 200 or CONSENT_WORDS.search(_text(root, SHORT))):
        return f"{CONSENT_WALL}: {asks[0].decode('latin-1')}"
    return None


def _notice(titles: list[str]) -> str | None:
    for kind, words in NOTICES:
        if said := next((title for title in titles if words.search(title)), None):
            return f"{kind}: {said}"[:200]
    return None


def names_this_page(root: etree._Element, titles: list[str]) -> bool:
    """Tell whether JSON-LD, microdata or OpenGraph declare an article whose headline is one of ``titles``, which the page shows.

    Walls keep the data of the page that they stand before, and error pages show teasers of other articles with theirs.
    """
    shown = [text for title in titles if (text := letters(title))]
    return any(
        text == title or (min(len(text), len(title)) >= SAYS_SOMETHING and (text in title or title in text))
        for headline in _declared(root)
        if (text := letters(unmarked(headline)))
        for title in shown
    )


def _declared(root: etree._Element) -> Iterator[str]:
    for script in scripts(root):
        if ARTICLE_JSON.search(text := script.text or ""):
            yield from map(_unquoted, HEADLINE_JSON.findall(text))
    headlines = [name.getparent() for name in _headlines(root)]
    yield from (content for element in headlines if (content := element.get("content")) is not None)
    yield from (text_of(element) for element in headlines if element.get("content") is None)
    for query in DECLARED:
        yield from strings(root, query)


def _unquoted(text: str) -> str:
    try:
        return json.loads(f'"{text}"')
    except ValueError:
        return text


def visible_length(root, enough: int) -> int:
    """Return how many characters a reader sees, links included; counting ends at ``enough``."""
    return len(_text(root, enough))


def _text(root, enough: int) -> str:
    pieces, length = [], 0
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        if event == "start" and element.tag in UNREAD:
            walker.skip_subtree()
        text = element.tail if event != "start" else None if element.tag in UNREAD else element.text
        piece = plain(text or "")
        length += len(piece)
        pieces.append(piece)
        if length >= enough:
            break
    return " ".join(filter(None, pieces))


def _lost(root, response: TextResponse, titles: list[str], named: str | None) -> list[str]:
    """The signs of an error page, each by another hand: words, template, canonical address, robots."""
    found = []
    said = next((title for title in titles if len(title) < 120 and NOT_FOUND.search(title)), None)
    if said:
        found.append(f"it says {said!r}")
    names = strings(root, "//body/@class | //body/@id | //html/@class | //main/@class | //main/@id")
    if any(ERROR_MARK.search(name) for name in names):
        found.append("marked as an error page")
    canonical = canonical_link(root)
    og = next(iter(strings(root, "//meta[@property='og:url']/@content")), None)
    for name, address in (("canonical link", canonical), ("og:url", og)):
        url = absolute(response.url, address)
        if url and url != named and _elsewhere(url, response.url):
            found.append(f"{name} to {url}")
            break
    if any("noindex" in value.lower() for value in strings(root, "//meta[@name='robots']/@content")):
        found.append("noindex")
    return found


def _elsewhere(url: str, asked: str) -> bool:
    """Tell whether ``url``, which the page gives as its own, is a front page or an error page."""
    path, own = urlsplit(url).path, urlsplit(asked).path
    if own in ("", "/"):
        return False
    return path in ("", "/") or (bool(ERROR_PATH.search(path)) and not ERROR_PATH.search(own))
