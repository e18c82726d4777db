"""Live reports on pages that nobody described: their entries, and when each was written."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice, takewhile
from typing import Any

from lxml import etree

from newsarchive.dates import iso, parse_time
from newsarchive.extract.furniture import called_furniture
from newsarchive.extract.outline import Outline
from newsarchive.extract.text import letters, plain
from newsarchive.items import Block

CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3])[:.h][0-5]\d(?!\d)")
# What readers say has its times as well.
COMMENTS = re.compile(r"comment|komment|coment|discuss|forum|reply|replies", re.I)
LEAST, MOST = 3, 1_000
"""Entries of a report: fewer are other parts of a text that have a time, more are not looked at."""
SHARE = 0.5
"""Of a text: so much of it is said by the entries of a live report."""
BEGIN, WITHIN = 40, 600
"""Letters by which an entry is told from others, and how far into it they may begin."""
DEEP = 20
"""Elements between a time and all that holds entries."""


def entries(
    outline: Outline, container: int, updates: list[dict[str, Any]]
) -> tuple[dict[etree._Element, str], set[etree._Element]]:
    """Return the elements inside ``container`` that are entries of a live report, each with its time as the page gives it,
    and those that show these times.

    They stand beside each other, are called the same, show a time of day each, and say most of the text. ``updates`` are
    those that JSON-LD declares; it gives the day to what shows a clock alone. A time that nothing gives is empty.
    """
    beside: dict[tuple[int, str, str], dict[int, tuple[str, int]]] = defaultdict(dict)
    times = [n for n in range(container + 1, outline.end[container]) if outline.elements[n].tag == "time"]
    for time in times[: 2 * MOST]:
        if given := _given(outline, time):
            around = [time, *islice(takewhile(lambda n: n != container, outline.around(time)), DEEP)]
            # From outside: in what is none of the text nothing is an entry of it.
            for n in takewhile(lambda n: not _is_other(outline.names[n]), reversed(around)):
                beside[outline.parent[n], outline.elements[n].tag, _name(outline, n)].setdefault(n, (given, time))
    found = max(beside.values(), key=lambda group: (len(group), sum(outline.said[n] for n in group)), default={})
    said = sum(outline.said[n] + outline.linked[n] for n in found)
    if len(found) < LEAST or said < SHARE * outline.said[container] / (2 if updates else 1):
        return {}, set()
    declared = _declared(outline, list(found)[:MOST], updates) if updates else {}
    known = {n: declared.get(n) or ("" if CLOCK.fullmatch(found[n][0]) else found[n][0]) for n in list(found)[:MOST]}
    # A clock alone may stand in any list; with a day it is that of an entry.
    if sum(map(bool, known.values())) < LEAST:
        return {}, set()
    return {outline.elements[n]: given for n, given in known.items()}, {outline.elements[found[n][1]] for n in known if known[n]}


def not_shown(updates: list[dict[str, Any]], text: str, zone: str) -> list[Block]:
    """Return the ``updates`` of a live report as entries where the page draws them by a script: ``text`` has none of them."""
    found: list[Block] = []
    said = letters(text)
    begins = [letters(part)[:BEGIN] for update in updates for part in update["paragraphs"][:1]]
    if any(len(begin) >= BEGIN / 2 and begin in said for begin in begins):
        return []
    for update in updates:
        if texts := [text for text in (update["headline"], *update["paragraphs"]) if text]:
            block: Block = {"type": "entry", "text": "\n".join(texts)}
            if time := parse_time(update["published_at"] or "", zone):
                block["at"] = iso(time.at)
            found.append(block)
    return found


def _is_other(names: str) -> bool:
    return called_furniture(names) or bool(COMMENTS.search(names))


def _given(outline: Outline, n: int) -> str:
    """Return the time of day in ``<time>`` number ``n``, with its day where the page gives that."""
    element = outline.elements[n]
    for name in ("datetime", "data-time", "data-datetime"):
        text = element.get(name) or ""
        if "T" in text.upper() and CLOCK.search(text) and parse_time(text):
            return text
    m = CLOCK.search(plain("".join(element.itertext())[:100]))
    return m[0] if m else ""


def _name(outline: Outline, n: int) -> str:
    """Return the first word of what an element is called; further ones tell a pinned entry from the others."""
    return ((outline.elements[n].get("class") or "").split() or [""])[0]


def _declared(outline: Outline, found: list[int], updates: list[dict[str, Any]]) -> dict[int, str]:
    """Return the times of those entries ``found`` that begin as one of ``updates``, or have its anchor."""
    anchors = {update["anchor"]: update["published_at"] for update in updates[:MOST] if update["anchor"]}
    begins = [
        (begin, update["published_at"])
        for update in updates[:MOST]
        for text in (update["headline"], *update["paragraphs"][:1])
        if len(begin := letters(text or "")[:BEGIN]) >= BEGIN / 2
    ]
    dated: dict[int, str] = {}
    for n in found:
        if own := anchors.get(outline.elements[n].get("id") or ""):
            dated[n] = own
            continue
        text = letters(outline.text(n)[:WITHIN])
        if own := next((at for begin, at in begins if begin in text), None):
            dated[n] = own
    return dated
