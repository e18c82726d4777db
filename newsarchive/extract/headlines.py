"""The headline of an article: the one shown, told from kickers and site names by what the page's metadata say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from itertools import islice

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
PATH = re.compile(r"bread-?_?crumb|brotkrum|ariane|migas", re.I)
AROUND = 5
"""Elements around a heading by which the path above an article is told."""
SHORT = 300
"""Characters, and ten for an element: what stands beside a heading and is larger is no part of a path."""
LONG = 4
"""Words: a heading of an ``<article>`` that says less may be a section's."""
TAIL = 3
"""Words that some origins put behind the headline of another."""
DECLARED = ("jsonld", "opengraph")
"""Origins whose headline an ``<h2>`` repeats where it is the one that is shown."""
PARTS = re.compile(r"\s*\|\s*|\s*[:|/•·»ㅣ｜：]\s+|\s+[-–—:|/•·»ㅣ｜]+\s*|(?<=\S)[ㅣ｜：](?=\S)")
# Both are counted by libxml2: broken pages put half of what they say into a heading, and that into the next.
_size = etree.XPath("string-length() + 10 * count(.//*)")
# The site's name stands behind the headline, or before it.
TITLES = ("//meta[@name='twitter:title' or @property='twitter:title']/@content", "/html/head/title")


def headline(
    root: etree._Element, declared: dict[str, str], site: set[str], sections: Collection[str] = ()
) -> tuple[str, str] | None:
    """Return the article's headline and its origin; None when the page has none.

    ``declared`` are the headlines of other origins, ``site`` the names of the site in letters, ``sections`` of its
    sections, which are no part of a headline. Of the headings ``<h1>`` the one most like a declared headline is shown to
    the reader; metadata often hold another, for search or social media. Where that one only ends the path above the
    article, the heading below it counts. Where JSON-LD and OpenGraph alike put before it what stands above the heading,
    that is part of it.
    """
    known = {origin: plain(text) for origin, text in declared.items() if isinstance(text, str) and plain(text)}
    for name, query in zip(("twitter", "title"), TITLES, strict=True):
        if text := next((text for found in strings(root, query) if (text := plain(found))), None):
            known[name] = text
    known = {origin: _without_site(text, site) for origin, text in known.items()}
    if shown := _shown(root, known, site):
        return _with_kicker(known, shown, {tuple(words(section)) for section in sections}) or (shown, "html")
    title = known.pop("title", "")
    if not known and len(only := _others(root, site, 2)) == 1:
        return only[0], "html"
    votes = Counter(tuple(words(text)) for text in (*known.values(), title))
    best = max(known, key=lambda origin: votes[tuple(words(known[origin]))], default=None)
    if not best:
        return None
    # Some put the section's name behind the headline; who leaves it out has the headline.
    best = min((origin for origin in known if _begins(known[best], known[origin])), key=lambda origin: len(known[origin]))
    return known[best], "opengraph" if best == "twitter" else best


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


def _begins(whole: str, text: str) -> bool:
    """Tell whether ``whole`` is ``text``, or that and a few words more behind a dash or bar."""
    behind = whole[len(text) :] if whole.startswith(text) else ""
    return whole == text or (bool(re.match(r"\s*[-–—|·ㅣ｜]", behind)) and len(words(behind)) <= TAIL)


def _shown(root: etree._Element, known: dict[str, str], site: set[str]) -> str | None:
    """Return the heading of the article without its kicker."""
    wanted = []
    for text in known.values():
        whole = words(text)
        wanted += [whole, *(part for end in _ends(text) if 2 * len(part := words(end)) >= len(whole))]
    if not wanted:
        return next(iter(_others(root, site)), None)
    declared = [words(text) for text in known.values()]
    best, most, place = None, ALIKE, None
    headings = _headings(root, "//h1")
    for heading in headings:
        text = _text(heading, wanted)[:MAX_TEXT]
        if "".join(words(text)) in site:
            continue
        rest = _without_kicker(heading, known, words(text))
        likeness = max((_alike(words(variant), other) for variant in (text, rest) if variant for other in wanted), default=0.0)
        if likeness > most:
            best, most, place = rest or text, likeness, heading
    # What no origin calls so, or stands in the path to the article, may be a name for search engines.
    if place is None or words(best) not in declared or _ends_path(place):
        below = _below(root, known, words(best or ""))
        if below or best:
            return below or best
        own = (text for heading in headings if _is_of_article(heading) and len(words(text := plain(text_of(heading)))) >= LONG)
        return next(own, None)
    return best


def _headings(root: etree._Element, query: str) -> list[etree._Element]:
    """Return the first headings that ``query`` finds, but none that holds half a page."""
    return [heading for heading in compiled(query)(root)[:MOST] if _size(heading) <= 4 * MAX_TEXT]


def _others(root: etree._Element, site: set[str], most: int = MOST) -> list[str]:
    """Return what those of the first headings ``<h1>`` say that do not name the site."""
    return [text for heading in _headings(root, "//h1")[:most] if "".join(words(text := plain(text_of(heading)))) not in site]


def _below(root: etree._Element, known: dict[str, str], above: list[str]) -> str | None:
    """Return the first ``<h2>`` that says what an origin calls the headline; None when it says no more than the one ``above``."""
    declared = {tuple(words(known[origin])): known[origin] for origin in reversed(DECLARED) if origin in known}
    for heading in _headings(root, "//h2"):
        text = _text(heading, [list(said) for said in declared])[:MAX_TEXT]
        whole = tuple(words(text))
        rest = _without_kicker(heading, known, list(whole))
        if whole in declared or (rest and tuple(words(rest)) in declared):
            # A line of several elements has no colon where a line of text has one.
            return None if list(whole) == above else rest or (declared[whole] if len(heading) else text)
    return None


def _ends_path(heading: etree._Element) -> bool:
    """Tell whether ``heading`` is the last part of the path to the article, behind links to sections."""
    around = [heading, *islice(heading.iterancestors(), AROUND)]
    for element in around:
        if element.tag == "nav":
            return True
        named = f"{element.get('class', '')} {element.get('id', '')} {element.get('itemtype', '')}"
        if element.tag not in ("article", "main", "body", "html") and PATH.search(named):
            return True
    part = next((e for e in around[:-1] if (parent := e.getparent()) is not None and len(parent) > 1), heading)
    before = [e for e in islice(part.itersiblings(preceding=True), AROUND) if isinstance(e.tag, str)]
    if any(_size(e) > SHORT for e in before):
        return False
    saying = [e for e in before if plain(text_of(e))]
    return len(saying) > 1 and all(map(_is_link, saying))


def _is_link(element: etree._Element) -> bool:
    """Tell whether all that ``element`` says is one link."""
    text = plain(text_of(element))
    return any(plain(text_of(a)) == text for a in element.iter("a"))


def _is_of_article(heading: etree._Element) -> bool:
    around = [element.tag for element in heading.iterancestors()]
    return "article" in around and not {"aside", "nav", "a", "section"} & set(around[: around.index("article")])


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
