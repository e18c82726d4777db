"""The body of an article: the visible blocks of its page, in reading order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree

from newsarchive.extract import live
from newsarchive.extract.blocks import Walk
from newsarchive.extract.containers import body_container
from newsarchive.extract.furniture import furniture
from newsarchive.extract.index import Index
from newsarchive.extract.outline import Outline
from newsarchive.extract.rules import BodyRules
from newsarchive.extract.select import text_of
from newsarchive.extract.standfirst import standfirst
from newsarchive.extract.text import letters, plain
from newsarchive.items import Block

MOST, MANY = 50, 1_000
"""Headings of a rank that may show the headline, and elements inside one: broken pages nest them."""
UNREAD = ("script", "style", "noscript", "template")


@dataclass
class Found:
    """The body of an article, and where it was found."""

    blocks: list[Block]
    containers: list[etree._Element]
    """Which hold the body; none: there is none."""

    outline: Outline | None = None
    """Of pages that nobody described."""

    headline: int | None = None
    """Number of the element that shows the headline."""

    container: int | None = None
    begin: int = 0
    """Number of the element where the text begins."""

    outside: set[etree._Element] = field(default_factory=set)
    """What stands in the container and is none of the article."""

    origin: str = "html"


def read_body(root: etree._Element, index: Index, rules: BodyRules, frame: str, base: str, zone: str) -> Found:
    """Return the body of the article in ``root`` as the site's ``rules`` describe it. ``index`` is that of the page.

    ``frame`` selects what stands around photos, whose captions are no text of the body. ``base`` makes addresses
    absolute; ``zone`` is that of an entry's time without offset.
    """
    containers = _outermost(index.elements(rules.within, root))
    leads = [lead for lead in index.elements(rules.lead, root) if plain(text_of(lead))][:1]
    return Found(_read(containers, leads, set(), index, rules, frame, base, zone), containers)


def find_body(
    root: etree._Element,
    index: Index,
    rules: BodyRules,
    frame: str,
    base: str,
    zone: str,
    headline: str = "",
    descriptions: Sequence[str] = (),
    updates: Sequence[dict[str, Any]] = (),
) -> Found:
    """As :func:`read_body`, on a page that nobody described.

    ``headline`` is not to be repeated by the body; ``descriptions`` tell the standfirst; ``updates`` are the entries of a
    live report that JSON-LD declares.
    """
    outline = Outline(root, index.matching(rules.drop))
    shown = _shown(outline, headline)
    container = body_container(outline, shown)
    if container is None:
        return Found([], [], outline, shown)
    entries, times = live.entries(outline, container, list(updates))
    outside, begin = furniture(outline, container, headline, entries)
    outside |= times
    lead = standfirst(outline, shown, begin, descriptions)
    containers = [outline.elements[container]]
    blocks = _read(containers, [] if lead is None else [lead], outside, index, rules, frame, base, zone, entries)
    if lead is not None:  # which some pages show again above the text
        said = letters(blocks[0]["text"])
        blocks = [block for block in blocks if block is blocks[0] or block["type"] == "embed" or letters(block["text"]) != said]
    return Found(blocks, containers, outline, shown, container, begin, outside)


def _read(
    containers,
    leads,
    outside: set[etree._Element],
    index: Index,
    rules: BodyRules,
    frame: str,
    base: str,
    zone: str,
    entries: Mapping[etree._Element, str] = MappingProxyType({}),
) -> list[Block]:
    blocks: list[Block] = [
        {"type": "lead", "text": plain(text_of(lead, [inner for inner in lead.iter(*UNREAD) if inner is not lead]))}
        for lead in leads
    ]
    for container in containers:
        blocks += Walk(container, index, rules, frame, base, zone, outside.union(leads), entries).blocks()
    return blocks


def _shown(outline: Outline, headline: str) -> int | None:
    """Return the number of the element that shows ``headline``, with or without its kicker."""
    wanted = letters(headline)
    first, second = ([n for n in some[:MOST] if outline.end[n] - n < MANY] for some in (outline.headings, outline.second))
    for n in first if wanted else ():
        said = letters(text_of(outline.elements[n]))
        if said and (said.endswith(wanted) or wanted.endswith(said)):
            return n
    # Of these there are many, and some say a word of it.
    return next((n for n in second if letters(text_of(outline.elements[n])).endswith(wanted)), None) if wanted else None


def _outermost(found: list[etree._Element]) -> list[etree._Element]:
    """Without those that stand inside another."""
    known = set(found)
    return [element for element in found if known.isdisjoint(element.iterancestors())]


def unknown_kinds(containers: list[etree._Element], index: Index, rules: BodyRules) -> set[str]:
    """Return the kinds of block in ``containers`` that the site's rules do not know."""
    found = [block.get("data-type") for container in containers for block in index.elements(rules.block, container)]
    return set(filter(None, found)) - rules.kinds
