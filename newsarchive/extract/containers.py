"""Where the body of an article stands on a page that nobody described."""

from __future__ import annotations

import re
from functools import lru_cache

from newsarchive.extract.furniture import called_furniture
from newsarchive.extract.outline import Outline

OUTSIDE = frozenset("aside nav footer figure figcaption form header menu".split())
LEAST = 25
"""Characters beside links: shorter paragraphs are captions, buttons and bylines."""
ENOUGH = 1_000
"""Characters of an article that stands for itself."""
# Names that templates give to the element of the text, and of those the ones that leave no doubt.
BODY_NAME = re.compile(
    r"(?:^|[\s_-])(?:article|story|post|entry|news|page|detail|main)?[\s_-]*(?:body|text|content|copy|richtext)(?:[\s_-]|$)", re.I
)
SURE_NAME = re.compile(
    r"(?:article|story|post|entry|news|blog)(?:[_-]*(?:detail|full|main|page))?[_-]*(?:body|text|copy)(?:$|\s|[_-]+content)|(?:entry|post|article)[_-]*content(?:$|\s)",
    re.I,
)


def body_container(outline: Outline, headline: int | None = None) -> int | None:
    """Return the number of the element that holds the body, None when there is no text.

    ``headline`` is the number of the element that shows the headline: what stands before it is no text of the article.

    That with the most text, less what stands in it and is no text of an article: its menus, teasers and footers.
    """
    elements, parents, own, own_linked = outline.elements, outline.parent, outline.own, outline.own_linked
    count, whole = len(elements), outline.said[0] if outline.said else 0
    outside = [False] * count
    begin = headline if headline is not None and sum(own[headline:]) > whole / 4 else 0
    value = [0.0] * count
    said, names = outline.said, outline.names
    for n, element in enumerate(elements):
        if not said[n] and not outline.linked[n]:
            continue
        if n and outside[parents[n]]:
            outside[n] = True
        elif 2 * said[n] < whole:
            tag = element.tag
            if tag in OUTSIDE or (names[n] and tag != "p" and tag != "body" and called_furniture(names[n]) and not _sure(names[n])):
                outside[n] = True
        text, link = own[n], own_linked[n]
        if not text and not link:
            continue
        if outside[n] or n < begin:
            value[n] = -(text + link) / 2
        elif text >= LEAST and link < 0.5 * (text + link):
            value[n] = text - link / 2 if element.tag not in ("li", "dd", "dt") else text / 2 - link
        else:
            value[n] = -link
    for n in range(count - 1, 0, -1):
        if parents[n] >= 0:
            value[parents[n]] += value[n]
    best, most = None, 0.0
    for n in range(count):
        if value[n] <= 0 or outline.unsaid[n] or elements[n].tag in ("p", "html"):
            continue
        weight = value[n]
        if elements[n].get("itemprop") == "articleBody":
            weight *= 2
        elif outline.names[n]:
            weight *= _weight(outline.names[n])
        if weight >= most:  # of those that say the same the innermost
            best, most = n, weight
    if best is None:  # a few words; the most that one paragraph says
        best = max(
            (n for n in range(count) if elements[n].tag == "p" and own[n] and parents[n] >= 0), key=own.__getitem__, default=None
        )
        return None if best is None else parents[best]
    if elements[best].tag != "article":
        for n in range(best + 1, outline.end[best]):
            # The next article may be shown below this one.
            if elements[n].tag == "article":
                return n if value[n] > max(ENOUGH, value[best] / 3) else best
    return best


@lru_cache(maxsize=4096)
def _sure(names: str) -> bool:
    return bool(SURE_NAME.search(names))


@lru_cache(maxsize=4096)
def _weight(names: str) -> float:
    return 1.5 if SURE_NAME.search(names) else 1.1 if BODY_NAME.search(names) else 1.0
