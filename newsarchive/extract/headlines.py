"""The headline of an article: the one shown, told from kickers and site names by what the page's metadata say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from lxml import etree

from newsarchive.extract.select import compiled, strings, text_of
from newsarchive.extract.text import plain

MOST = 50
"""First headings of a page that are looked at."""
MAX_TEXT = 1_000
"""Characters of a headline."""
MOST_PARTS = 4
"""Dashes, colons and bars that may stand between a headline and what is none of it."""
NESTED = 8
"""Elements one in the other that may stand around a kicker: each is read whole."""
ALIKE = 0.4
"""Least F1 of the words of a heading and a declared headline: less is another article's heading, or a site's name."""
# What newsrooms call the line above a headline.
KICKER = re.compile(
    r"kicker|overline|over-line|topline|top-line|roofline|dachzeile|spitzmarke|eyebrow|pre-?title|super-?title|supra|catchline|rubri|antetitulo|cintillo"
    r"|volanta|ocho|section|category|topic|label|subtitle|prefix|tagline|vignet|stikk|(?<![a-z])tag(?![a-z])",
    re.I,
)
PARTS = re.compile(r"\s*\|\s*|\s*[:|/•·»ㅣ｜：]\s+|\s+[-–—:|/•·»ㅣ｜]+\s*|(?<=\S)[ㅣ｜：](?=\S)")
# The site's name stands behind the headline, or before it.
TITLES = ("//meta[@name='twitter:title' or @property='twitter:title']/@content", "/html/head/title")


def headline(
    root: etree._Element, declared: dict[str, str], site: set[str], sections: Collection[str] = ()
) -> tuple[str, str] | None:
    """Return the article's headline and its origin; None when the page has none.

    ``declared`` are the headlines of other origins, ``site`` the names of the site in letters, ``sections`` of its
    sections, which are no part of a headline. Of the headings ``<h1>``
    the one most like a declared headline is shown to the reader; metadata often hold another, for search or social
    media. Where JSON-LD and OpenGraph alike put before it what stands above the heading, that is part of it.
    """
    known = {origin: plain(text) for origin, text in declared.items() if isinstance(text, str) and plain(text)}
    for name, query in zip(("twitter", "title"), TITLES, strict=True):
        if text := next((text for found in strings(root, query) if (text := plain(found))), None):
            known[name] = text
    known = {origin: _without_site(text, site) for origin, text in known.items()}
    if shown := _shown(root, known, site):
        return _with_kicker(known, shown, {tuple(words(section)) for section in sections}) or (shown, "html")
    title = known.pop("title", "")
    if not known and len(only := [text for text in map(plain, strings(root, "//h1")[:2]) if "".join(words(text)) not in site]) == 1:
        return only[0], "html"
    votes = Counter(tuple(words(text)) for text in (*known.values(), title))
    best = max(known, key=lambda origin: votes[tuple(words(known[origin]))], default=None)
    return (known[best], "opengraph" if best == "twitter" else best) if best else None


def unlike(one: str, other: str) -> bool:
    """Tell whether two headlines share less than half of their words."""
    return 2 * _alike(words(one), words(other)) < 1


def words(text: str) -> list[str]:
    """Return the words of ``text``, by which two headlines are compared."""
    return re.findall(r"\w+", text.casefold())


def _alike(one: list[str], other: list[str]) -> float:
    if not one or not other:
        return 0.0
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))


def _shown(root: etree._Element, known: dict[str, str], site: set[str]) -> str | None:
    """Return the heading of the article without its kicker."""
    wanted = []
    for text in known.values():
        whole = words(text)
        wanted += [whole, *(part for end in _ends(text) if 2 * len(part := words(end)) >= len(whole))]
    if not wanted:
        return next((text for text in map(plain, strings(root, "//h1")[:MOST]) if "".join(words(text)) not in site), None)
    best, most = None, ALIKE
    for heading in compiled("//h1")(root)[:MOST]:
        text = _text(heading, wanted)[:MAX_TEXT]
        if "".join(words(text)) in site:
            continue
        rest = _without_kicker(heading, known, words(text))
        likeness = max((_alike(words(variant), other) for variant in (text, rest) if variant for other in wanted), default=0.0)
        if likeness > most:
            best, most = rest or text, likeness
    return best


def _text(heading: etree._Element, wanted: list[list[str]]) -> str:
    """Return the words of ``heading``; those of two elements run together unless metadata tell them apart."""
    text = plain(text_of(heading))
    if len(heading) and words(text) not in wanted:
        apart = plain(re.sub(r"(\w)\0(?=\w)", r"\1 ", "\0".join(heading.itertext("*"))).replace("\0", ""))
        if words(apart) in wanted:
            return apart
    return text


def _without_kicker(heading: etree._Element, known: dict[str, str], whole: list[str]) -> str | None:
    """Return what ``heading`` says behind its first element, when that is a kicker; else None."""
    if not len(heading) or (heading.text or "").strip():
        return None
    pieces = [child for child in heading if isinstance(child.tag, str) and plain(text_of(child))]
    for _ in range(NESTED):
        if len(pieces) != 1 or plain(pieces[0].tail or "") or not len(pieces[0]) or (pieces[0].text or "").strip():
            break
        pieces = [child for child in pieces[0] if isinstance(child.tag, str) and plain(text_of(child))]
    if not pieces:
        return None
    kicker = pieces[0]
    rest = plain((kicker.tail or "") + " " + " ".join(text_of(piece) + (piece.tail or "") for piece in pieces[1:]))
    rest = re.sub(r"^[\W_]*[:|/•·–—-]\s*", "", rest)
    said = words(rest)
    declared = [words(text) for origin, text in known.items() if origin not in ("microdata", "title")]
    if len(said) < 2 or (whole in declared and said not in declared):
        return None
    told = KICKER.search(f"{kicker.get('class', '')} {kicker.get('id', '')} {kicker.get('itemprop', '')}")
    return rest if told or any(words(part) == said for text in known.values() for part in (text, *_ends(text))) else None


def _ends(text: str) -> list[str]:
    """Return what ``text`` says without what stands before its first, or behind a later dash, colon or bar."""
    places = [m.span() for m in PARTS.finditer(text)]
    return [text[end:] for _, end in places[:2]] + [text[:start] for start, _ in places[-MOST_PARTS:]]


def _with_kicker(known: dict[str, str], shown: str, sections: set[tuple]) -> tuple[str, str] | None:
    """Return the headline of JSON-LD and OpenGraph alike that ends in the one ``shown``, and names what stands above it."""
    text = known.get("jsonld", "")
    own, said = words(shown), words(text)
    agreed = len(said) > len(own) and said[-len(own) :] == own and said == words(known.get("opengraph", ""))
    return (text, "jsonld") if agreed and tuple(said[: -len(own)]) not in sections else None


def _without_site(text: str, site: set[str]) -> str:
    """Return ``text`` without the name of the site, one of ``site``, behind or before it."""
    text = text[:MAX_TEXT]
    places = [m.span() for m in PARTS.finditer(text)]
    for start, end in places[: -MOST_PARTS - 1 : -1]:
        if "".join(words(text[end:])) in site:
            text = text[:start]
    for start, end in places[:MOST_PARTS]:
        if end < len(text) and "".join(words(text[:start])) in site:
            return text[end:]
    return text
