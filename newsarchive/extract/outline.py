"""A page measured in one pass: how much each element says, in links and beside them, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from lxml import etree

from newsarchive.extract.select import BREAKS, text_of
from newsarchive.extract.text import plain

# Not <head>: a page without <body> has all of its text there, as libxml2 reads it.
# Read by no reader, or by one who uses the page and does not read the article.
UNSAID = frozenset(
    "script style noscript template svg math title select option textarea button iframe object canvas datalist dialog map"
    " audio video picture input label".split()
)
# A class of its own, not one of those that hide a thing on small screens.
HIDDEN_NAME = re.compile(r"(?:^|\s)(?:hidden|is-hidden|d-none|hide)(?=\s|$)(?!.*(?:^|\s)(?:sm|md|lg|xl|d-\w+)[:-])")
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
BLOCKS = (BREAKS - {"br", "option"}) | {"body", "html", "a-block"}
COUNTED = frozenset("a img h1 h2".split())
ROOM = 60_000
"""Elements inside those of which a text is asked, in all: they may be nested as deep as the parser goes."""
MAX_NAME = 300
"""Characters of a class that are looked at."""
DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
DENSITY = 3
"""What a character says in scripts of syllables or words, in letters."""


class Outline:
    """The elements of a page in document order, and what each says.

    Elements ``left_out`` say nothing. Lengths are characters without white space at the ends; in scripts without blanks
    each counts :data:`DENSITY` times.
    """

    def __init__(self, root: etree._Element, left_out: Collection[etree._Element] = ()):
        self.elements: list[etree._Element] = list(root.iter(etree.Element))
        self.number = {element: n for n, element in enumerate(self.elements)}
        count = len(self.elements)
        self.parent = [-1] * count
        self.end = list(range(1, count + 1))
        """Number behind the last element inside."""
        self.said, self.linked = [0] * count, [0] * count
        """Characters beside links, and in links, inside."""
        self.own, self.own_linked = [0] * count, [0] * count
        """The same of the lines that a block holds itself, none of them inside another block."""
        self.links, self.images, self.cards = [0] * count, [0] * count, [0] * count
        """How many links, pictures, and lines that are links, are inside."""
        self.names = [""] * count
        """Class and id; of a custom element its tag as well."""
        self.unsaid = [False] * count
        """Inside what is hidden, or is read by no reader."""
        self.holder = [0] * count
        """The nearest block around, or itself."""
        self.headings: list[int] = []
        """The ``<h1>``."""
        self.second: list[int] = []
        """The ``<h2>``."""
        self._room = ROOM
        self._measure(root, left_out)
        self._add_up()

    def _measure(self, root: etree._Element, left_out: Collection[etree._Element]) -> None:
        number, parents, said, linked, own, own_linked = self.number, self.parent, self.said, self.linked, self.own, self.own_linked
        unsaid, holder, links, images, names, length = self.unsaid, self.holder, self.links, self.images, self.names, _length
        in_link = [False] * len(self.elements)
        odd: dict[str, bool] = {}
        for n, element in enumerate(self.elements):
            tag = element.tag
            parent = parents[n] = number.get(element.getparent(), -1) if n else -1
            if n:
                hidden, holder[n], in_link[n] = unsaid[parent], holder[parent], in_link[parent]
            else:
                hidden = False
            if tag in BLOCKS:
                holder[n] = n
            if (is_odd := odd.get(tag)) is None:
                is_odd = odd[tag] = tag in COUNTED or tag in UNSAID or "-" in tag
            if is_odd:
                if tag == "a":
                    links[n], in_link[n] = 1, True
                elif tag == "img":
                    images[n] = 1
                elif tag == "h1":
                    self.headings.append(n)
                elif tag == "h2":
                    self.second.append(n)
                hidden = hidden or tag in UNSAID
            if left_out and element in left_out:
                hidden = True
            if not hidden and element.keys():
                name, own_id, style = element.get("class"), element.get("id"), element.get("style")
                if name or own_id:
                    name = names[n] = f"{(name or '')[:MAX_NAME]} {(own_id or '')[:MAX_NAME]}"
                    hidden = _hidden_name(name)
                hidden = hidden or element.get("hidden") is not None or bool(style and HIDDEN.search(style[:MAX_NAME]))
            if is_odd and "-" in tag:
                names[n] += f" {tag}"
            unsaid[n] = hidden
            if not hidden and (text := element.text) and (size := length(text)):
                (linked if in_link[n] else said)[n] += size
                (own_linked if in_link[n] else own)[holder[n]] += size
            if n and not unsaid[parent] and (text := element.tail) and (size := length(text)):
                (linked if in_link[parent] else said)[parent] += size
                (own_linked if in_link[parent] else own)[holder[parent]] += size
        for comment in root.iter(etree.Comment, etree.PI):
            parent = number.get(comment.getparent(), -1)
            if (text := comment.tail) and parent >= 0 and not unsaid[parent] and (size := length(text)):
                (linked if in_link[parent] else said)[parent] += size
                (own_linked if in_link[parent] else own)[holder[parent]] += size

    def _add_up(self) -> None:
        parents, end, said, linked, links = self.parent, self.end, self.said, self.linked, self.links
        images, cards = self.images, self.cards
        for n, size in enumerate(self.own_linked):
            if size and self.card(n):
                cards[n] = 1
        for n in range(len(parents) - 1, 0, -1):
            parent = parents[n]
            said[parent] += said[n]
            linked[parent] += linked[n]
            links[parent] += links[n]
            images[parent] += images[n]
            cards[parent] += cards[n]
            if end[n] > end[parent]:
                end[parent] = end[n]

    def card(self, n: int) -> bool:
        """Tell whether ``n`` holds a line that is a link."""
        return self.own_linked[n] >= 20 and 4 * self.own[n] < self.own_linked[n]

    def text(self, n: int) -> str:
        """Return what ``n`` says, on one line; nothing when what was asked before had :data:`ROOM` elements inside."""
        self._room -= self.end[n] - n - 1
        if self._room < 0:
            return ""
        left_out = [self.elements[inner] for inner in range(n + 1, self.end[n]) if self.unsaid[inner]]
        return plain(text_of(self.elements[n], left_out))

    def around(self, n: int) -> Iterator[int]:
        """Yield the numbers of the elements around ``n``, the nearest first."""
        while (n := self.parent[n]) >= 0:
            yield n


def _length(text: str) -> int:
    size = len(text.strip())
    if size and not text.isascii() and (dense := len(DENSE.findall(text))):
        size += (DENSITY - 1) * dense
    return size


@lru_cache(maxsize=4096)
def _hidden_name(names: str) -> bool:
    return bool(HIDDEN_NAME.search(names))
