"""The section of an article, by the path that its page shows above it."""

from __future__ import annotations

import re

from newsarchive.extract.outline import Outline
from newsarchive.extract.text import letters

NAME = re.compile(
    r"bread-?_?crumbs?|brotkrum|ariane|migas|rubrik|(?<![a-z])(rubri(c|que)|section-?name|category|ressort|kicker)(?![a-z])", re.I
)
FIRST = frozenset("home startseite start accueil inicio início portada hjem etusivu główna главная news".split())
BEFORE = 120
"""Elements before the headline among which the path may stand."""
MOST, LONGEST = 6, 40
"""Links of a path, and characters of a section's name."""


def section(outline: Outline, headline: int | None, begin: int, title: str, site: set[str]) -> str | None:
    """Return the last link of the path above the article that is neither the front page nor the article itself."""
    top = headline if headline is not None and headline <= begin else begin
    said = letters(title)
    for n in range(max(0, top - BEFORE), max(top, begin)):
        if not NAME.search(outline.names[n]) or not 0 < outline.links[n] <= MOST:
            continue
        links = [inner for inner in range(n, outline.end[n]) if outline.elements[inner].tag == "a" and outline.linked[inner]]
        texts = [text for link in links if 1 < len(text := outline.text(link)) <= LONGEST]
        own = [text for text in texts if text.casefold() not in FIRST and letters(text) not in site and letters(text) != said]
        if own:
            return own[-1]
    return None
