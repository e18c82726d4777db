"""Recognises where a page quotes an erased text, without keeping that text: lengths and salted hashes of its letters alone."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

LEAST = 10
"""Letters of a headline, a description, a lead or a slug that are taken for a quote; fewer are everybody's words."""
LEAST_BLOCK = 40
"""The same for a paragraph: feeds may carry the whole text."""
LEAST_CUT = 20
"""Letters of the beginning of a headline, a description or a lead that are taken for a quote where the text is cut."""
CUT_STEP = 16
CUT_LONGEST = 300
"""Beginnings are known in such steps, and up to here; what a cut text has beyond the last step is not compared."""
BEGIN = 8

# Entities (also escaped twice), JSON escapes and percent-coded bytes stand for letters; each CJK sign is a word.
TOKEN = re.compile(
    r"&(?:amp;)*(?:\#\d{1,7}|\#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,30});|\\u[\da-fA-F]{4}|\\[nrtbf]|(?:%[\da-fA-F]{2})+"
    r"|[\u2e80-\uffdc]|[^\W_\u2e80-\uffdc]+"
)
TAG = re.compile(r"<[^<>]*>")
# Where a text ends on a page, or goes on with dots; as it is, escaped, or in JSON.
END = re.compile(r"""[<>"\0…]|\.\.\.|&(?:amp;)*(?:hellip|quot|lt|gt|\#0*8230|\#0*34|\#[xX]2026);|\\["n]|\\u2026|$""")


@dataclass(frozen=True)
class Quote:
    """A text of the erased article ``page``, as far as it must be known to be found."""

    page: str
    letters: int
    begin: int
    """Checksum of its first letters."""

    hash: str
    """Of its letters, salted with ``page``."""

    word: int | None = None
    """Checksum of its longest word, which nobody escapes: a page without it needs no closer look; None: it has none."""

    slug: bool = True
    """Looked for in addresses too."""

    cut: bool = False
    """The beginning of a text: a quote only where little follows before an end."""


def quote_of(page: str, text: str, least: int = LEAST, slug: bool = True) -> Quote | None:
    """Return what is kept of ``text``; None when it is too short to be a quote."""
    letters = letters_of(text)
    if len(letters) < least:
        return None
    return Quote(page, len(letters), checksum(letters), hash_of(page, letters), _word(TOKEN.findall(text)), slug)


def cuts_of(page: str, text: str, least: int) -> Iterator[Quote]:
    """Yield the beginnings of ``text`` by which a teaser is known that cuts it."""
    tokens = [(match[0], _letters(match[0])) for match in TOKEN.finditer(text)]
    letters = "".join(piece for _, piece in tokens)
    for length in range(least, min(len(letters), CUT_LONGEST), CUT_STEP):
        begin = letters[:length]
        yield Quote(page, length, checksum(begin), hash_of(page, begin), _word(_within(tokens, length)), slug=False, cut=True)


def _within(tokens: Iterable[tuple[str, str]], length: int) -> Iterator[str]:
    """Yield the tokens that are whole within the first ``length`` letters."""
    for token, piece in tokens:
        length -= len(piece)
        if length < 0:
            return
        yield token


def _word(tokens: Iterable[str]) -> int | None:
    word = max((token for token in tokens if token.isascii() and token.isalnum()), key=len, default="").lower()
    return checksum(word) if word else None


def hash_of(page: str, text: str) -> str:
    """Return a hash of ``text`` that nobody can look up."""
    return hashlib.sha256(f"{page} {text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def checksum(text: str) -> int:
    """Return a number for the beginning of ``text``: many have the same."""
    return zlib.crc32(text[:BEGIN].encode("utf-8", "surrogatepass")) & 0xFFFF


def letters_of(text: str) -> str:
    """Return the letters and digits of ``text`` as they are compared.

    >>> letters_of("Don&#39;t caf\\\\u00e9 &amp;quot;X&amp;quot; a-slug")
    'dontcafexaslug'
    """
    return "".join(_letters(match[0]) for match in TOKEN.finditer(text))


def _letters(token: str) -> str:
    if token[0] == "&":
        token = unescape(unescape(token.replace("amp;", "") if token.count(";") > 1 else token))
    elif token[0] == "\\":
        token = chr(int(token[2:], 16)) if token[1] == "u" else ""
    elif token[0] == "%":
        token = unquote_to_bytes(token).decode("utf-8", "ignore")
    elif token.isascii():
        return token.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", token).casefold() if c.isalnum())


class Quotes:
    """Finds ``quotes`` in pages."""

    def __init__(self, quotes: Iterable[Quote] = ()):
        self.by_begin: dict[int, list[Quote]] = {}
        for quote in quotes:
            self.by_begin.setdefault(quote.begin, []).append(quote)

    def found(self, text: str) -> set[Quote]:
        """Return the quotes that ``text`` has."""
        words = {checksum(token.lower()) for token in set(TOKEN.findall(text))} | {None}
        if not any(quote.word in words for quotes in self.by_begin.values() for quote in quotes):
            return set()
        return {quote for tags in ((), _tags(text)) for quote, _ in self._matches(text, tags)}

    def without(self, text: str, quotes: set[Quote]) -> str:
        """Return ``text`` with an ``x`` for every letter of ``quotes``; markup, punctuation and length stay."""
        for tags in ((), _tags(text)):
            spans = [token.span() for quote, tokens in self._matches(text, tags) if quote in quotes for token in tokens]
            for start, end in spans:
                text = f"{text[:start]}{'x' * (end - start)}{text[end:]}"
        return text

    def _matches(self, text: str, tags: Iterable[tuple[int, int]]) -> Iterator[tuple[Quote, list[re.Match]]]:
        """Quotes in ``text`` with their tokens; what stands in ``tags`` is read over."""
        tokens = list(_outside(TOKEN.finditer(text), tags))
        pieces = [_letters(token[0]) for token in tokens]
        stream = "".join(pieces)
        place = 0
        for n, piece in enumerate(pieces):
            for quote in self.by_begin.get(checksum(stream[place : place + BEGIN]), ()) if piece else ():
                if hash_of(quote.page, stream[place : place + quote.letters]) != quote.hash:
                    continue
                last, rest = n, quote.letters
                while rest > len(pieces[last]):
                    rest -= len(pieces[last])
                    last += 1
                if quote.cut:
                    end = END.search(text, tokens[last].end()).start()
                    over = sum(1 for token in tokens[last + 1 : last + 1 + CUT_STEP] if token.start() < end)
                    if len(letters_of(text[tokens[last].start() : end])) - rest >= CUT_STEP:
                        continue
                    last += over
                if quote.slug or re.search(r"\s|&|\\", text[tokens[n].start() : tokens[last].end()]):
                    yield quote, tokens[n : last + 1]
            place += len(piece)


def _tags(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in TAG.finditer(text)]


def _outside(tokens: Iterable[re.Match], spans: Iterable[tuple[int, int]]) -> Iterator[re.Match]:
    spans = iter(spans)
    start, end = next(spans, (None, None))
    for token in tokens:
        while end is not None and token.start() >= end:
            start, end = next(spans, (None, None))
        if start is None or token.start() < start:
            yield token


def slug_of(address: str, key: str) -> str:
    """Return the words in the path of ``address``, without the article's ``key``.

    >>> slug_of("https://courier.example/2026/03/01/a-ferry-without-engine-1000434", "1000434")
    'a-ferry-without-engine'
    """
    segments = [re.sub(rf"\b{re.escape(key)}\b", "", segment) for segment in urlsplit(address).path.split("/")]
    longest = max(segments, key=len, default="")
    return re.sub(r"^[\W\d_]+|[\W_]+$", "", re.sub(r"\.\w{2,5}$", "", longest))


def words_of(text: str) -> set[str]:
    """Return the words of ``text`` with four letters or more, as they are compared."""
    return {word for match in TOKEN.finditer(text) if len(word := _letters(match[0])) >= 4 and not word.isdigit()}


def texts_of(row: dict[str, Any]) -> list[str]:
    """Return what listings quote of the article in a row of ``article`` or ``revision``."""
    leads = [block["text"] for block in json.loads(row["body"]) if block["type"] == "lead"]
    og = [text for name, texts in json.loads(row["og"]).items() if re.search(r":(title|description)$", name) for text in texts]
    images = [text for image in json.loads(row["images"]) for text in (image.get("caption"), image.get("alt"))]
    return [text for text in (row["headline"], row["alternative_headline"], row["description"], *leads, *og, *images) if text]


def blocks_of(row: dict[str, Any]) -> list[str]:
    """Return the blocks of its body, the items of lists one by one as well."""
    return [text for block in json.loads(row["body"]) for text in (block["text"], *block.get("items", ())) if text]


def texts_at(archive, url: str) -> list[str]:
    """Return what the article at ``url`` says, one for each text that ``archive`` has of it."""
    query = "select r.* from {} r join alias a on a.page = r.id where a.url = ?"
    rows = [dict(row) for table in ("article", "revision") for row in archive.db.execute(query.format(table), (url,))]
    return ["\0".join([*texts_of(row), *blocks_of(row)]) for row in rows]
