"""The pictures of an article on a page that nobody described: those of its text and its head, none of what surrounds them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from lxml import etree

from newsarchive.extract.furniture import CARD, CARDS
from newsarchive.extract.outline import Outline
from newsarchive.urls import absolute

# What templates call places whose pictures are no part of an article.
ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:related\w*|recommend\w*|recirc\w*|teasers?|newsletters?|comments?|outbrain|taboola|share(?:s|d|bar|buttons?|tools?|links?|-\w+)?|sharing|social\w*|promo\w*|advert\w*|ads?|adslot|sponsor\w*"
    r"|breadcrumbs?|byline|authors?\w*|avatar\w*|logo\w*|icons?|tag-?list|most-?\w+|trending|popular|sidebar|nav\w*|menu|pagination|signup|subscri\w+|read-?next|up-?next"
    r"|see-?also|bio|donat\w*|wp-block-query|more-?(?:stories|news|on)|profile\w*|emoji|badge|rating|cookie\w*|modal)(?=$|[\s_-])",
    re.I,
)
NO_PICTURE = re.compile(
    r"\.svg(\?|$)|^data:|(?:^|[/_.-])(logos?|icons?|avatars?|spacer|pixel|blank|placeholder|transparent|sprite|emoji|tracking|gravatar|default-?(image|avatar)?|loading|1x1|badge)(?:[/_.-]|$)"
    r"|/(count|track|pixel|beacon)|vgwort|doubleclick|scorecardresearch|facebook\.com/tr|gravatar\.com",
    re.I,
)
OUTSIDE = frozenset("aside nav footer form".split())
SMALL = 60
"""Pixels: smaller pictures are signs."""
BEFORE = 60
"""Elements before the headline that may hold the picture above it."""
SIZE = re.compile(
    r"([-_@](?:w|h)?\d{2,4}(?:x\d{2,4})?|[-_]\d{1,2}x|[-_](?:large|small|medium|thumb\w*|scaled|crop\w*|square|[sml]))+$", re.I
)
PAGE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|mp4)(?:\?|$)|^#|^javascript:|/(?:image|photo|bild|foto|galer|media)", re.I)


def places(
    outline: Outline, headline: int | None, container: int | None, begin: int
) -> tuple[list[etree._Element], list[etree._Element]]:
    """Return the ``<img>`` of an article's head, before the first paragraph, and those of its text, in document order."""
    if container is None:
        return [], []
    top = headline if headline is not None and headline <= begin else container
    # What holds both headline and text.
    around = next((a for a in (container, *outline.around(container)) if a <= top < outline.end[a]), container)
    around = next((a for a in (around, *outline.around(around)) if outline.elements[a].tag in ("article", "main")), around)
    start = max(around, top - BEFORE) if headline is not None else container
    head = [n for n in range(start, begin) if outline.elements[n].tag == "img" and _belongs(outline, n, around)]
    # A small picture above the text may show the author; one in a frame is of the article.
    if framed := [n for n in head if _captioned(outline, n)]:
        head = framed
    text = [n for n in range(begin, outline.end[container]) if outline.elements[n].tag == "img" and _belongs(outline, n, container)]
    return [outline.elements[n] for n in head], [outline.elements[n] for n in text]


def _belongs(outline: Outline, n: int, top: int) -> bool:
    """Tell whether picture ``n`` is one of the article's: not small, not a sign, and in nothing that is none of the article."""
    element = outline.elements[n]
    if any(
        re.fullmatch(r"\d{1,9}", value) and int(value) < SMALL
        for name in ("width", "height")
        if (value := (element.get(name) or "").strip().removesuffix("px"))
    ):
        return False
    if ELSEWHERE.search(outline.names[n]):
        return False
    for a in outline.around(n):
        around = outline.elements[a]
        if a <= top:
            return True
        if around.tag in OUTSIDE or ELSEWHERE.search(outline.names[a]):
            return False
        if (
            around.tag == "a"
            and (href := around.get("href"))
            and not PAGE.search(href)
            and (outline.linked[a] or not _captioned(outline, a))
        ):
            return False
        if around.tag == "article" and any(outline.elements[b].tag == "article" for b in outline.around(a)):
            return False
        if around.tag in CARDS and outline.cards[a] and outline.said[a] + outline.linked[a] <= CARD / 2:
            return False
    return True


def _captioned(outline: Outline, n: int) -> bool:
    return any(outline.elements[a].tag == "figure" for a in outline.around(n))


def is_picture(url: str) -> bool:
    """Tell whether an image at ``url`` may be a photo, and no sign, logo or counter."""
    return not NO_PICTURE.search(url)


@lru_cache(maxsize=1024)
def photo(url: str) -> frozenset[str]:
    """Return what in an address tells a photo whatever its size: its file's name, numbers and hashes.

    >>> photo("https://a.example/w/300/river-at-noon-300x200.jpg") & photo("https://a.example/river-at-noon.webp?w=9")
    frozenset({'river-at-noon'})
    """
    text = unquote(unquote(url))
    path = urlsplit(text).path
    stem = SIZE.sub("", re.sub(r"\.\w{3,4}$", "", path.rsplit("/", 1)[-1]))
    parts = {
        part.casefold()
        for part in re.split(r"[/?&=.,:;!@+%|_]", text.partition("//")[2].partition("/")[2])
        if len(part) >= 7 and re.search(r"\d", part)
    }
    return frozenset(parts | ({stem.casefold()} if len(stem) >= 6 else set()))


def with_roles(head: list[dict], text: list[dict], declared: list[dict], base: str) -> list[dict]:
    """Return all images, the lead photo first: the one that the article's head shows, else the one that metadata declare.

    A declared photo that the page does not show, though it shows a lead, is made for sharing.
    """
    head, text = ([image for image in images if is_picture(image["url"])] for images in (head, text))
    lead = photo(absolute(base, head[0]["url"]) or "") if head else None
    shown = [photo(absolute(base, image["url"]) or "") for image in (*head, *text)] if lead is not None and declared else []
    found = (
        [image | {"role": "lead" if photo(absolute(base, image["url"]) or "") & lead else "body"} for image in head] if lead else []
    )
    first: frozenset[str] | None = None
    for image in declared:
        keys = photo(absolute(base, image["url"]) or "")
        first = keys if first is None else first
        if lead is not None:
            role = "lead" if keys & lead else "body" if any(keys & one for one in shown) else "share"
        else:
            role = "lead" if keys is first or keys & first else "body"
        found.append(image | {"role": role})
    return found + [image | {"role": "body"} for image in text]
