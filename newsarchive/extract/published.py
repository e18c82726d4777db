"""When an article was published, where its page shows that and no metadata tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from newsarchive.dates import Time, parse_time
from newsarchive.extract.outline import Outline
from newsarchive.extract.select import compiled, text_of
from newsarchive.extract.text import plain
from newsarchive.written_dates import written_time

NAME = re.compile(
    r"(?<![a-z])(pub-?date|dates?|datum|datetime|date-?time|time|timestamp|publi\w*|posted\w*|dateline|fecha|fechas|data|created|meta\w*|byline|info"
    r"|entry-date|post-date|article-date|datepublished|veroeffentlicht\w*|erstellt|jour|heure|dato|pvm|stand)(?![a-z])",
    re.I,
)
# What pages that are drawn by a script keep for it.
STATE = re.compile(
    r'\\?"(?:date_?Published|published(?:_?At|_?Date|_?Time|_?On)?|publish(?:_?Date|ed_time|Time)|pub_?Date|publication_?Date'
    r'|first_?Published\w*|createDate|created(?:_?At|Date)|articleDate)\\?"\s*:\s*\\?"?'
    r"(?P<at>20\d\d-\d\d-\d\d[T ]?[\d:.+Z-]{0,20}|1\d{9}(?:\d{3})?\b)",
    re.I,
)
BEFORE, BEHIND = 40, 25
"""Elements before and behind an article in which it may be dated."""
INSIDE = 2_000
"""Elements of an article that may hold its date."""
LINE = 160
"""Characters: who dates an article says no more."""
MAX_STATE = 3_000_000


def published(
    outline: Outline, headline: int | None, container: int | None, begin: int, zone: str, month_first: bool
) -> Time | None:
    """Return the time of publication: of a ``<time>``, of an element named so, or of a line beside headline or text.

    ``headline`` and ``container`` are numbers of elements, and ``begin`` that where the text begins. The second value
    tells whether it was marked up as a time.
    """
    top = headline if headline is not None and headline <= begin else max(0, begin - BEFORE)
    last = outline.end[container] if container is not None else begin
    head, inside = range(top, begin), range(begin, last)[:INSIDE]
    places = (
        head,
        range(max(0, top - BEFORE), top)[::-1],
        inside,
        range(last, min(last + BEHIND, len(outline.elements))),
    )
    for place in places[:3]:
        for n in place:
            element = outline.elements[n]
            if element.tag == "time" and not _in_teaser(outline, n, last):
                said = parse_time(element.get("datetime") or "", zone) or written_time(plain(text_of(element)), zone, month_first)
                if said:
                    return said, True
    for place in places:
        for n in _lines(outline, place, inside=place is places[2]):
            if NAME.search(outline.names[n]) and (said := written_time(outline.text(n), zone, month_first)):
                return said, False
    for place in (places[0], places[1], places[3]):
        for n in _lines(outline, place):
            if said := written_time(outline.text(n), zone, month_first):
                return said, False
    # The first lines of the text, and its last.
    edges = (*islice(_lines(outline, range(begin, last)), 3), *islice(_lines(outline, range(begin, last)[::-1]), 2))
    for n in edges:
        if outline.said[n] < LINE / 2 and (said := written_time(outline.text(n), zone, month_first)):
            return said, False
    # "27.1.2022 - The river rose again": a date may begin the text.
    start = outline.text(begin)[:20] if container is not None else ""
    return (written_time(start, zone, month_first) if start[:1].isdigit() else None), False


def _lines(outline: Outline, place: range, inside: bool = False) -> Iterator[int]:
    for n in place:
        said = outline.said[n] + outline.linked[n]
        if 6 <= said <= LINE and not outline.unsaid[n] and not (inside and outline.elements[n].tag == "p" and said > LINE / 2):
            yield n


def _in_teaser(outline: Outline, n: int, last: int) -> bool:
    """Tell whether a link is around ``n``, or stands beside it as another article's headline does."""
    if any(outline.elements[a].tag in ("a", "aside", "nav", "footer") for a in outline.around(n)):
        return True
    parent = outline.parent[n]
    return parent >= 0 and outline.cards[parent] > 0 and outline.said[parent] < LINE


def kept_for_scripts(root: etree._Element) -> str | None:
    """Return the first time of publication in the data that the page keeps for its scripts."""
    for script in compiled("//script[not(@src)]")(root):
        text = (script.text or "")[:MAX_STATE]
        if ("ub" in text or "reate" in text) and (m := STATE.search(text)):
            return m["at"]
    return None
