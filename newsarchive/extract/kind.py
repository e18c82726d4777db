"""What a page calls itself: an article, or something else."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import HtmlResponse

from newsarchive.extract import opengraph
from newsarchive.extract.html import canonical_link
from newsarchive.extract.jsonld import scripts
from newsarchive.extract.select import compiled, text_of
from newsarchive.trees import tree_of
from newsarchive.urls import absolute

ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|NewsStory)$")
# Types of pages that are no articles, whatever else is described on them.
OTHER = frozenset(
    "CollectionPage ItemList SearchResultsPage ProfilePage AboutPage ContactPage CheckoutPage QAPage MediaGallery"
    " JobPosting".split()
)
PROFILES = ("profile", "book", "music", "product", "product.group", "profile.author")
TEASERS = 8
"""So many headings that are links make a page look like a list. Of 467 real articles 9 that say nothing have as many."""

LIST = "it does not call itself an article, and is a list of others"
NOTHING = "nothing on it says that it is an article"

MOST_THINGS = 1000
ITEMS = "//*[@itemtype][not(ancestor::*[@itemtype])]"
HEADINGS = "//*[self::h2 or self::h3 or self::h4][not(ancestor::aside or ancestor::footer or ancestor::nav)]//a/@href"
HEADED_LINKS = "//a[h2 or h3 or h4][not(ancestor::aside or ancestor::footer or ancestor::nav)]/@href"


def called(response: HtmlResponse) -> tuple[bool | None, str]:
    """Tell whether a page calls itself an article by its structured data, and how it calls itself.

    None: it does not say; then :data:`LIST` or :data:`NOTHING` is what can be seen.
    """
    root = tree_of(response)
    things = [thing for script in scripts(root) for thing in _things(text_of(script))]
    kinds = {kind for thing in things for kind in _types(thing)}
    articles = [thing for thing in things if any(ARTICLE.search(k) and k != "JobPosting" for k in _types(thing))]
    own = {urlsplit(url).path.rstrip("/") for url in (response.url, absolute(response.url, canonical_link(root))) if url}
    # A section's page may describe the story on its top.
    if any(_is_of(thing, own) for thing in articles) or (len(articles) == 1 and not _named(articles[0])):
        return True, "article"
    marked = [element.get("itemtype", "").rpartition("/")[2] for element in compiled(ITEMS)(root)]
    marked_articles = [kind for kind in marked if ARTICLE.search(kind) and kind != "JobPosting"]
    if len(marked_articles) == 1:
        return True, "article"
    if others := sorted((kinds | set(marked)) & OTHER):
        return False, f"it calls itself {others[0]}"
    og = opengraph.by_name(opengraph.properties(root))
    if {kind.lower() for kind in og.get("og:type", ())} & set(PROFILES):
        return False, f"it calls itself {og['og:type'][0]}"
    # Every page of some sites calls itself an article; one that was published says when.
    if "article" in og.get("og:type", ()) and og.get("article:published_time"):
        return True, "article"
    if len(articles) > 1 or len(marked_articles) > 1:
        return None, LIST
    headed = {absolute(response.url, href) for query in (HEADINGS, HEADED_LINKS) for href in compiled(query)(root)}
    if len(headed - {None}) >= TEASERS:
        return None, LIST
    return None, NOTHING


def _named(thing: dict[str, Any]) -> list[str]:
    """The paths under which an object says that it is to be found."""
    pages = [thing.get("url"), thing.get("@id"), thing.get("mainEntityOfPage")]
    names = [page.get("@id") or page.get("url") if isinstance(page, dict) else page for page in pages]
    urls = [absolute("https://name.invalid/", name) for name in names if isinstance(name, str)]
    return [path for url in urls if url and (path := urlsplit(url).path.rstrip("/"))]


def _is_of(thing: dict[str, Any], own: set[str]) -> bool:
    return any(path in own for path in _named(thing))


def _things(text: str) -> list[dict[str, Any]]:
    """The objects of a script, but not the parts of others: what a list names is no matter of the page itself."""
    try:
        waiting = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return []
    found: list[dict[str, Any]] = []
    while waiting and len(found) < MOST_THINGS:
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting += thing[:MOST_THINGS]
        elif isinstance(thing, dict):
            found.append(thing)
            waiting += [thing[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in thing]
    return found


def _types(thing: dict[str, Any]) -> list[str]:
    kinds = thing.get("@type")
    return [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]
