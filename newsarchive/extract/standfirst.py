"""The standfirst: what stands between the headline and the text of an article, and sums it up."""

from __future__ import annotations

import re

from lxml import etree

from newsarchive.extract.furniture import called_furniture
from newsarchive.extract.outline import Outline
from newsarchive.extract.phrases import at_the_edge, no_text
from newsarchive.extract.text import letters

# What newsrooms of many languages call it.
NAME = re.compile(
    r"(stand-?first|(?<![a-z])(lead|lede|intro|introduction|introtext|teaser|teasertext|spot|deck|dek|lid|perex|abstract|excerpt|summary|synopsis)(?![a-z])"
    r"|sub-?title|sub-?head(ing|line)?(?![a-z])|vorspann|anleser|anlauf|chapo|chapeau|sapo(?![a-z])|ingress|entradilla|bajada|copete|sottotitolo"
    r"|sommario|catenaccio|occhiello|strap-?line|tagline|manchet|underrubrik|preamble|description|headline2|second-?headline)",
    re.I,
)
LEAST, MOST = 25, 1_200
"""Characters."""
BEFORE = 60
"""Elements before the text that are looked at where the page does not show its headline."""
SAME = 60
"""Letters by which the page's own description is recognised; it is often cut, or goes on."""
PLACE = 30
"""Letters of a place before it."""
OUTSIDE = frozenset("figure figcaption nav aside footer form button ul ol table blockquote".split())


def standfirst(outline: Outline, headline: int | None, begin: int, known: list[str]) -> etree._Element | None:
    """Return the element of the standfirst among those before number ``begin``, where the text begins.

    It is told by its name, or by saying what the page's metadata describes the article with. ``known`` are those
    descriptions; ``headline`` is the number of the headline's element.
    """
    descriptions = [said for text in known if len(said := letters(text)) >= LEAST]
    n = outline.end[headline] if headline is not None and headline < begin else max(0, begin - BEFORE)
    named = None
    while n <= begin:
        element, said, linked = outline.elements[n], outline.said[n], outline.linked[n]
        names = outline.names[n]
        if (
            outline.unsaid[n]
            or element.tag in OUTSIDE
            or not said
            or (names and said < MOST and called_furniture(names) and not NAME.search(names))
        ):
            n = outline.end[n] if outline.end[n] <= begin or n == begin else n + 1
            continue
        if LEAST <= said <= MOST and 2 * linked < said:
            text = outline.text(n)
            words = letters(text)
            if words and not no_text(text) and not at_the_edge(text):
                if any(said[:SAME] in words[: SAME + PLACE] and len(words) <= 3 * len(said) for said in descriptions):
                    return _innermost(outline, n)
                if named is None and n < begin and (NAME.search(names) or element.get("itemprop") == "description"):
                    named = element
        n += 1
    return named


def _innermost(outline: Outline, n: int) -> etree._Element:
    """Return the innermost element that says all that ``n`` says."""
    inner = n + 1
    while inner < outline.end[n]:
        if outline.said[inner] + outline.linked[inner] == outline.said[n] + outline.linked[n]:
            n = inner
        inner += 1
    return outline.elements[n]
