"""In which charset a page is, and whether that can be relied on."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache

from scrapy.http import Response, TextResponse
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

from newsarchive.trees import is_utf8

GUESSED = "charset_guessed"
WRONG = "charset_wrong"
SINGLE_BYTE = ("iso8859", "cp125", "koi8", "latin")
# Text encodings that Python made for itself; no page is in one of them.
PYTHONS_OWN = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")


def declared_encoding(response: TextResponse) -> str | None:
    """Return the charset that BOM, header or ``<meta>`` declare, as Python calls it; None when none does."""
    return next(filter(is_charset, _declared(response)), None)


def readable(response: Response) -> Response:
    """Return ``response`` so that its text can be had.

    What Python can look up and is no charset, as in ``charset=base64``, counts as not declared; by it Scrapy (2.19) raises.
    """
    if not isinstance(response, TextResponse):
        return response
    first = next(filter(None, _declared(response)), None)
    if first is None or is_charset(first):
        return response
    return response.replace(encoding=declared_encoding(response) or ("utf-8" if is_utf8(response.body) else "cp1252"))


def _declared(response: TextResponse) -> Iterator[str | None]:
    yield read_bom(response.body)[0]
    yield http_content_type_encoding((response.headers.get("Content-Type") or b"").decode("latin-1"))
    yield html_body_declared_encoding(response.body)


@lru_cache
def is_charset(name: str | None) -> bool:
    """Tell whether the encoding ``name`` can be that of a page."""
    if name is None or codecs.lookup(name).name in PYTHONS_OWN:
        return False
    try:
        b"a".decode(name, "replace")
    except LookupError:  # from bytes to bytes, or from text to text
        return False
    return True


def in_its_charset(response: TextResponse, encoding: str | None) -> tuple[TextResponse, str | None]:
    """Return ``response`` as it is to be read, and a flag for the article on it.

    ``encoding`` is the site's own for pages that declare none. Those that are UTF-8 need no telling: text of another charset
    is hardly ever valid UTF-8 by chance.
    """
    response = readable(response)
    declared = declared_encoding(response)
    if declared:
        other = codecs.lookup(declared).name.startswith(SINGLE_BYTE) and not response.body.isascii()
        return response, WRONG if other and is_utf8(response.body) else None
    if is_utf8(response.body):
        return response, None
    if encoding:
        return response.replace(encoding=resolve_encoding(encoding) or encoding), None
    return response, GUESSED
