"""Where the body of an article stands on a page that nobody described, and what stands in it and is none of it."""

from __future__ import annotations

import re

from lxml import etree

from newsarchive.extract.select import elements, first

# Names that templates of many sites give to what surrounds or interrupts an article.
FURNITURE = re.compile(
    r"(^|[\s_-])(related|recommend\w*|recirc\w*|teasers?|newsletters?|comments?|disqus|outbrain|taboola|share|sharing|social"
    r"|promo\w*|advert\w*|ads?|sponsored|breadcrumbs?|byline|authors?|tags?|taglist|topics|read-?more|more-?(stories|news|on)"
    r"|most-?read|trending|popular|cookie\w*|consent|paywall|subscri\w+|sidebar|widget|toolbar|print|captions?|copyright"
    r"|sr-only|screen-reader\w*|visually-?hidden)($|[\s_-])",
    re.I,
)
OUTSIDE = frozenset(("aside", "nav", "footer", "figure", "figcaption", "form", "header", "button", "noscript", "template"))
LEAST = 25
"""Characters beside links: shorter paragraphs are captions, buttons and bylines."""


def body_container(root: etree._Element) -> list[etree._Element]:
    """Return the element that holds the body, none when no paragraph does: ``articleBody``, else by where the text is."""
    if (marked := first(root, "[itemprop=articleBody]")) is not None and elements(marked, "p"):
        return [marked]
    everything = list(root.iter(etree.Element))
    outside: set[etree._Element] = set()
    for element in everything:
        if element.tag in OUTSIDE or element.getparent() in outside:
            outside.add(element)
    said = unlinked(root)
    own: dict[etree._Element, int] = {}
    inside: dict[etree._Element, int] = {}
    for element in reversed(everything):  # what is inside comes before what is around it
        if element.tag == "p" and element not in outside and said[element] >= LEAST:
            inside[element] = said[element]
            own[element.getparent()] = own.get(element.getparent(), 0) + said[element]
        if (parent := element.getparent()) is not None and element in inside:
            inside[parent] = inside.get(parent, 0) + inside[element]
    own.pop(None, None)
    if not own:  # all of it stands where no article should
        parents = [p.getparent() for p in root.iter("p") if p.getparent() is not None]
        return [max(parents, key=said.__getitem__)] if parents else []
    return [_risen(max(own, key=own.__getitem__), own, inside)]


def _risen(best: etree._Element, own: dict[etree._Element, int], inside: dict[etree._Element, int]) -> etree._Element:
    """Rise to the ancestor that gains much text: pages put each stretch of an article into an element of its own."""
    chosen, held = best, own[best]
    for ancestor in best.iterancestors():
        if ancestor.tag in ("body", "html"):
            break
        if inside[ancestor] >= (1.05 if ancestor.tag == "article" else 1.3) * held:
            chosen, held = ancestor, inside[ancestor]
        if ancestor.tag in ("article", "main"):
            break
    return chosen


def furniture(container: etree._Element) -> set[etree._Element]:
    """Return the elements inside ``container`` that are no text of the article: by their names, and lists of links."""
    said = unlinked(container)
    found: set[etree._Element] = set(container.iter("h1"))
    linking: set[etree._Element] = set()
    for around in container.iter("a"):
        while around is not None and around is not container and around not in linking:
            linking.add(around)
            around = around.getparent()
    for element in container.iterdescendants("div", "section", "ul", "ol", "p", "span", "table", "article"):
        named = FURNITURE.search(f"{element.get('class', '')} {element.get('id', '')}")
        if (named and 2 * said[element] < said[container]) or (
            element.tag in ("ul", "ol") and said[element] < LEAST and element in linking
        ):
            found.add(element)
    return found


def unlinked(root: etree._Element) -> dict[etree._Element, int]:
    """Return how many characters each element says beside its links, in one pass."""
    said: dict[etree._Element, int] = {}
    for element in reversed(list(root.iter())):
        if not isinstance(element.tag, str) or element.tag in ("a", "script", "style"):
            length = 0
        else:
            length = said.get(element, 0) + len((element.text or "").strip())
        said[element] = length
        if element is not root and (parent := element.getparent()) is not None:
            said[parent] = said.get(parent, 0) + length + len((element.tail or "").strip())
    return said
