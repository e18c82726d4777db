"""The blocks of a body: what an element shows, in reading order."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from lxml import etree

from newsarchive.dates import iso, parse_time
from newsarchive.extract.index import Index
from newsarchive.extract.rules import BodyRules
from newsarchive.extract.select import BREAKS, text_of
from newsarchive.extract.text import plain
from newsarchive.items import Block
from newsarchive.urls import absolute

# Cells of a row stand on one line.
BLOCK_TAGS = BREAKS - {"br", "option", "td", "th"}
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
EMBEDS = frozenset(("iframe", "embed", "object", "video", "audio"))
SKIPPED = frozenset(
    (
        "aside button canvas datalist dialog fieldset figcaption figure footer form head img input label link map math"
        " meta nav noscript option picture script select style svg template textarea title"
    ).split()
)
# Social media's own embedding code is a quotation that a script replaces.
POSTS = re.compile(r"\b(twitter-(tweet|video)|instagram-media|tiktok-embed|bluesky-embed|reddit-embed-bq)\b")
HIDDEN = re.compile(r"display\s*:\s*none")
PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")


def text_of_blocks(blocks: list[Block]) -> str:
    """Return ``blocks`` as plain text, joined by blank lines; embeds are left out."""
    return "\n\n".join(block["text"] for block in blocks if block["type"] != "embed" and block["text"])


class Walk:
    """One pass over a container in document order. Nothing recurses: a page may nest 100,000 elements."""

    def __init__(
        self,
        container: etree._Element,
        index: Index,
        rules: BodyRules,
        frame: str,
        base: str,
        zone: str,
        left_out: Collection[etree._Element] = (),
        dated: Mapping[etree._Element, str] = MappingProxyType({}),
    ):
        self.container, self.base, self.zone = container, base, zone
        self.dropped = index.matching(rules.drop).union(left_out)
        self.frames = index.matching(frame)
        self.quotes, self.cites = index.matching(rules.quote), index.matching(rules.cite)
        self.entries, self.entry_times = index.matching(rules.entry).union(dated), index.matching(rules.entry_time)
        self.dated = dated
        """Entries whose time is known without a rule that says where it stands."""
        self.reports = {entry.getparent() for entry in dated}
        """What holds entries: no list, whatever it is called."""
        self.found: list[Block] = []
        self.inline: list[str] = []
        # What open elements make of the text inside them: (element, kind, pieces collected so far).
        self.open: list[tuple[etree._Element, str, list[str]]] = []
        self.cite = self.at = ""
        # Embeds inside a quotation, a list or an entry, which come after it.
        self.held: list[Block] = []

    def blocks(self) -> list[Block]:
        done: etree._Element | None = None
        special = self.dropped.union(self.frames, self.quotes, self.cites, self.entries, self.entry_times)
        walker = etree.iterwalk(self.container, events=("start", "end", "comment", "pi"))
        for event, element in walker:
            if event == "start":
                if element.tag == "p" and not self.open and not len(element) and not element.keys() and element not in special:
                    done = element
                    if self.inline:
                        self._flush()
                    if text := plain(element.text or ""):
                        self.found.append({"type": "paragraph", "text": text})
                elif not self._enter(element):
                    walker.skip_subtree()
                elif element.text:
                    self.inline.append(element.text)
                continue
            if event == "end" and element is not done:
                self._leave(element)
            if element.tail and element is not self.container:
                self.inline.append(element.tail)
        self._flush()
        return self.found

    def _enter(self, element: etree._Element) -> bool:
        """Open ``element``; False when nothing inside it is text of the article."""
        tag = element.tag
        if element in self.dropped or "hidden" in element.attrib or HIDDEN.search(element.get("style", "")):
            return False
        if post := element.get("data-telegram-post"):
            self._embed([f"https://t.me/{post}"], element)
            return False
        if (element in self.frames or tag == "figure") and not _shows_text(
            element
        ):  # a film may stand where a photo does; what is said of it is a caption
            for inner in element.iter(*EMBEDS):
                self._embed(_addresses(inner), inner)
            return False
        if tag in EMBEDS:
            self._embed(_addresses(element), element)
            return False
        kind = self._kind(element, tag)
        if tag in SKIPPED - {"figure"} and kind != "cite" and element is not self.container and element not in self.cites:
            return False
        if kind == "post":
            links = [a.get("href") for a in element.iter("a")]
            self._embed([element.get("data-instgrm-permalink"), element.get("cite"), *links[::-1]], element)
            return False
        if kind or tag in BLOCK_TAGS:
            self._flush()
        if kind == "item" and self.open[-1][1] == "item":  # what stands before a nested list comes before its items
            self._collect(" ".join(self.open[-1][2]), "list")
            self.open[-1][2].clear()
        if kind:
            self.open.append((element, kind, []))
        elif tag == "br":
            self.inline.append("\n")
        elif tag in ("td", "th") and element.getprevious() is not None:
            self.inline.append(" | ")
        return True

    def _kind(self, element: etree._Element, tag: str) -> str | None:
        inside = self.open[-1][1] if self.open else None
        if element in self.entries:
            return "entry"
        if element in self.entry_times:
            return "at"
        if inside == "quote" and (element in self.cites or tag in ("cite", "footer")):
            return "cite"
        if tag == "blockquote" and POSTS.search(element.get("class", "")):
            return "post"
        if inside in (None, "entry"):
            if element in self.quotes or tag == "blockquote":
                return "quote"
            if inside is None and tag in ("ul", "ol") and element not in self.reports:
                return "list"
            if inside is None and tag in HEADINGS:
                return "heading"
        if tag == "li" and inside in ("list", "item"):
            return "item"
        return None

    def _leave(self, element: etree._Element) -> None:
        if element.tag in BLOCK_TAGS or (self.open and self.open[-1][0] is element):
            self._flush()
        if not self.open or self.open[-1][0] is not element:
            return
        _, kind, pieces = self.open.pop()
        if kind == "item":
            self._collect(" ".join(pieces), "list")
        elif kind == "cite":
            self.cite = plain(" ".join(pieces))
        elif kind == "at":
            self.at = element.get("datetime") or element.get("data-unixtime") or plain(" ".join(pieces))
        elif self.open:  # a quotation inside an entry
            self.open[-1][2].extend(pieces)
        else:
            self.at = self.at or self.dated.get(element, "")
            self._close(kind, pieces)

    def _close(self, kind: str, pieces: list[str]) -> None:
        if pieces:
            block: Block = {"type": kind, "text": (" " if kind == "heading" else "\n").join(pieces)}
            if kind == "quote" and self.cite:
                block["cite"] = self.cite
            elif kind == "list":
                block["items"] = pieces
            elif kind == "entry" and (time := parse_time(self.at, self.zone)):
                block["at"] = iso(time.at)
            self.found.append(block)
        self.found += self.held
        self.held.clear()
        self.cite = self.at = ""

    def _collect(self, text: str, kind: str) -> None:
        """Give ``text`` to the innermost open element of ``kind``: nested lists are read as one."""
        for _, open_kind, pieces in reversed(self.open):
            if open_kind == kind:
                if text:
                    pieces.append(text)
                return

    def _flush(self) -> None:
        """End the run of inline text. An empty line made of two ``<br>`` ends a paragraph as well."""
        if not self.inline:
            return
        if "\n" in self.inline:
            texts = [text for part in PARAGRAPH_END.split("".join(self._broken())) if (text := plain(part))]
        else:
            texts = [text] if (text := plain("".join(self.inline))) else []
        self.inline.clear()
        if self.open:
            self.open[-1][2].extend(texts)
        else:
            self.found.extend({"type": "paragraph", "text": text} for text in texts)

    def _broken(self) -> list[str]:
        # Only <br> breaks a line; line ends of the source are white space.
        return [piece if piece == "\n" else piece.replace("\n", " ") for piece in self.inline]

    def _embed(self, addresses: list[str | None], element: etree._Element) -> None:
        self._flush()
        url = next((url for address in addresses if (url := absolute(self.base, address))), None)
        if url:
            text = plain(element.get("title") or ("" if element.tag in EMBEDS else text_of(element)))
            (self.held if self.open else self.found).append({"type": "embed", "text": text, "url": url})


def _shows_text(element: etree._Element) -> bool:
    """Tell whether a figure shows a quotation or a table, and no picture."""
    return (
        element.tag == "figure"
        and not any(True for _ in element.iter("img", "picture", "svg", *EMBEDS))
        and (any(True for _ in element.iter("blockquote", "table", "p")))
    )


def _addresses(element: etree._Element) -> list[str | None]:
    """Where an embedded thing may come from, what loads later first."""
    names = ("data-src", "data-lazy-src", "src", "data")
    return [element.get(name) for name in names] + [source.get("src") for source in element.iter("source")]
