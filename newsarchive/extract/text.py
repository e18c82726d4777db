"""Plain text out of what pages hold."""

from __future__ import annotations

import re
import unicodedata

from w3lib.html import remove_tags, replace_entities

# C0 and C1 controls but white space; bidirectional overrides, which would reorder a reader's screen; BOM, soft hyphen.
UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
SPACE = re.compile(r"\s+")
TWICE = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
NO_LETTERS = re.compile(r"[\W_]+")
NO_ASCII_LETTERS = {n: None for n in range(128) if not chr(n).isalnum()}
MARKUP = re.compile(r"<[a-zA-Z/!]|&[#\w]+;")


def plain(text: str) -> str:
    """Return ``text`` on one line: white space folded, control characters gone.

    >>> plain(" a\\n\\u00a0 b\\x00 ")
    'a b'
    """
    folded = " ".join(text.split())
    # Printable is far less than what is not unprintable here; most text is, and needs no more.
    return folded if folded.isprintable() else SPACE.sub(" ", UNPRINTABLE.sub("", text)).strip()


def decoded(text: str) -> str:
    """Return ``text`` of an attribute as :func:`plain`; entities that were escaped twice are resolved.

    >>> decoded("AT&amp;T <b> grows")
    'AT&T <b> grows'
    """
    return plain(replace_entities(text) if TWICE.search(text) else text)


def split_tags(values: list[str]) -> list[str]:
    """Return tags: one text may list several, several texts are one each.

    >>> split_tags(["syria, middle east"]), split_tags(["Washington, D.C.", "US"])
    (['syria', 'middle east'], ['Washington, D.C.', 'US'])
    """
    if len(values) == 1:
        values = re.split(r"[,;|]", values[0])
    return [tag for value in values if (tag := plain(value))]


def unmarked(text: str) -> str:
    """Return ``text`` of a metadata value as :func:`plain`, its tags and entities resolved.

    >>> unmarked("AT&amp;T <b>grows</b>")
    'AT&T grows'
    """
    if MARKUP.search(text):
        text = replace_entities(remove_tags(replace_entities(text)))
    return plain(text)


def letters(text: str) -> str:
    """Return the letters and digits of ``text``, case folded: the same however it was cut into paragraphs.

    >>> letters("It ended.\\nThen") == letters("it ended.Then")
    True
    """
    if text.isascii():
        return text.translate(NO_ASCII_LETTERS).lower()
    return NO_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()
