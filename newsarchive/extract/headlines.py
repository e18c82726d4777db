"""The headline that a page shows, among those that it declares."""

from __future__ import annotations

import re

from lxml import etree

from newsarchive.extract.select import strings
from newsarchive.extract.text import plain

MOST = 50
"""First headings of a page that are looked at."""


def shown_headline(root: etree._Element, declared: list[str]) -> str | None:
    """Return the first ``<h1>`` that shares most of its words with a headline of ``declared``; None when none does.

    Metadata often holds the headline for search or social media, another one than the reader sees.
    """
    known = [words for text in declared if (words := _words(text))]
    for text in map(plain, strings(root, "//h1")[:MOST]):
        words = _words(text)
        if words and any(2 * len(words & others) > min(len(words), len(others)) for others in known):
            return text
    return None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
