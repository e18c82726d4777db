"""A page measured in one pass: how much each element says, in links and beside them, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from newsarchive.extract.select import BREAKS, text_of
from newsarchive.extract.text import plain

# Read by no reader, or by one who uses the page and does not read the article.
UNSAID = frozenset(
    "script style noscript template svg math head title select option textarea button iframe object canvas datalist dialog map"
    " audio video picture input label".split()
)
# A class of its own, not one of those that hide a thing on small screens.
HIDDEN_NAME = re.compile(r"(?:^|\s)(?:hidden|is-hidden|d-none|hide)(?=\s|$)(?!.*(?:^|\s)(?:sm|md|lg|xl|d-\w+)[:-])")
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
BLOCKS = (BREAKS - {"br", "option"}) | {"body", "html", "a-block"}
DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
DENSITY = 3
"""What a character says in scripts of syllables or words, in letters."""


class Outline:
    """The elements of a page in document order, and what each says.

    Lengths are characters without white space at the ends; in scripts without blanks each counts :data:`DENSITY` times.
    """

    def __init__(self, root: etree._Element):
        self.elements: list[etree._Element] = [e for e in root.iter() if isinstance(e.tag, str)]
        self.number = {element: n for n, element in enumerate(self.elements)}
        count = len(self.elements)
        self.parent = [-1] * count
        self.end = list(range(1, count + 1))
        """Number behind the last element inside."""
        self.said, self.linked = [0] * count, [0] * count
        """Characters beside links, and in links, inside."""
        self.own, self.own_linked = [0] * count, [0] * count
        """The same of the lines that a block holds itself, none of them inside another block."""
        self.links = [0] * count
        self.images = [0] * count
        self.names = [""] * count
        """Class and id."""
        self.headings = [n for n, element in enumerate(self.elements) if element.tag == "h1"]
        self._measure(root)

    def _measure(self, root: etree._Element) -> None:
        number, parents, end = self.number, self.parent, self.end
        said, linked, own, own_linked, links = self.said, self.linked, self.own, self.own_linked, self.links
        count = len(self.elements)
        holder, in_link, unsaid = [0] * count, [False] * count, [False] * count
        for n, element in enumerate(self.elements):
            tag, attributes = element.tag, element.attrib
            parent = parents[n] = number.get(element.getparent(), -1)
            if attributes:
                self.names[n] = f"{attributes.get('class', '')} {attributes.get('id', '')}"
            if "-" in tag:  # a custom element
                self.names[n] += f" {tag}"
            holder[n] = n if tag in BLOCKS or parent < 0 else holder[parent]
            in_link[n] = tag == "a" or (parent >= 0 and in_link[parent])
            unsaid[n] = (
                tag in UNSAID
                or (parent >= 0 and unsaid[parent])
                or "hidden" in attributes
                or bool(self.names[n] and HIDDEN_NAME.search(self.names[n]))
                or bool((style := attributes.get("style")) and HIDDEN.search(style))
            )
            links[n] = int(tag == "a")
            self.images[n] = int(tag == "img")
            if not unsaid[n] and (text := element.text) and (length := self._length(text)):
                (linked if in_link[n] else said)[n] += length
                (own_linked if in_link[n] else own)[holder[n]] += length
        # Comments have tails, too.
        for element in root.iter():
            if (tail := element.tail) and (parent := number.get(element.getparent(), -1)) >= 0 and not unsaid[parent]:
                if length := self._length(tail):
                    (linked if in_link[parent] else said)[parent] += length
                    (own_linked if in_link[parent] else own)[holder[parent]] += length
        self.cards = [int(self.card(n)) for n in range(count)]
        """Lines inside that are links."""
        self.unsaid = unsaid
        """Inside what is hidden, or is read by no reader."""
        self.holder = holder
        """The nearest block around, or itself."""
        for n in range(count - 1, 0, -1):
            parent = parents[n]
            if parent >= 0:
                said[parent] += said[n]
                linked[parent] += linked[n]
                links[parent] += links[n]
                self.cards[parent] += self.cards[n]
                self.images[parent] += self.images[n]
                end[parent] = max(end[parent], end[n])

    @staticmethod
    def _length(text: str) -> int:
        length = len(text.strip())
        if length and not text.isascii() and (dense := len(DENSE.findall(text))):
            length += (DENSITY - 1) * dense
        return length

    def card(self, n: int) -> bool:
        """Tell whether ``n`` holds a line that is a link."""
        return self.own_linked[n] >= 20 and 4 * self.own[n] < self.own_linked[n]

    def text(self, n: int) -> str:
        """Return what ``n`` says, on one line."""
        left_out = [self.elements[inner] for inner in range(n + 1, self.end[n]) if self.unsaid[inner]]
        return plain(text_of(self.elements[n], left_out))

    def around(self, n: int) -> Iterator[int]:
        """Yield the numbers of the elements around ``n``, the nearest first."""
        while (n := self.parent[n]) >= 0:
            yield n
