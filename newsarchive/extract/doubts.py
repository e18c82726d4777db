"""Whether a page has more of its article than was read from it, as it says itself."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from newsarchive.extract.text import letters

# Less is the dust of typography: a dash, a bracketed mark.
LACKING_LETTERS = 6
# Of an articleBody on a page that nobody described: captions and boxes that we leave out.
SPARE = 0.2
RUN = 24
"""Letters that are compared at once."""
MAX_WORDS = 100_000


def lacks(blocks: list[dict], findings: dict[str, dict[str, Any]], containers: list[etree._Element], spare: float) -> bool:
    """Tell whether the page's own ``articleBody`` has text that ``blocks`` lack: more than ``spare``, a share of it."""
    declared = findings["microdata"].get("article_body")
    marked = findings["microdata"].get("article_body_element")
    # A visible body that is marked up as articleBody cannot check itself.
    if marked is not None and any(marked in _line(container) or container in _line(marked) for container in containers):
        declared = None
    declared = declared or findings["jsonld"].get("article_body")
    if not declared:
        return False
    rest = letters(declared)
    body = [letters(text) for block in blocks for text in (*(block.get("items") or [block["text"]]), block.get("cite", ""))]
    if spare:
        known = {text[n : n + RUN] for text in body for n in range(len(text) - RUN + 1)}
        runs = [rest[n : n + RUN] for n in range(0, len(rest) - RUN + 1, RUN)]
        return sum(run not in known for run in runs) > spare * len(runs)
    for text in sorted(body, key=len, reverse=True):
        if text:
            rest = rest.replace(text, "\0", 1)
    everything = "".join(body)
    return any(len(piece) >= LACKING_LETTERS and piece not in everything for piece in rest.split("\0"))


def falls_short(text: str, findings: dict[str, dict[str, Any]]) -> bool:
    """Tell whether ``text`` has far fewer words than the page says that its article has."""
    count = str(findings["jsonld"].get("word_count") or "")
    return re.fullmatch(r"\d{1,9}", count) is not None and 2 * len(text.split()) < int(count) <= MAX_WORDS


def _line(element: etree._Element) -> list[etree._Element]:
    return [element, *element.iterancestors()]
