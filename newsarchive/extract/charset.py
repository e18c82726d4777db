"""In which charset a page is, and whether that can be relied on."""

from __future__ import annotations

import codecs

from scrapy.http import TextResponse
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

GUESSED = "charset_guessed"
WRONG = "charset_wrong"
SINGLE_BYTE = ("iso8859", "cp125", "koi8", "latin")


def declared_encoding(response: TextResponse) -> str | None:
    """Return the charset that BOM, header or ``<meta>`` declare, as Python calls it; None when none does."""
    header = (response.headers.get("Content-Type") or b"").decode("latin-1")
    return read_bom(response.body)[0] or http_content_type_encoding(header) or html_body_declared_encoding(response.body)


def in_its_charset(response: TextResponse, encoding: str | None) -> tuple[TextResponse, str | None]:
    """Return ``response`` as it is to be read, and a flag for the article on it.

    ``encoding`` is the site's own for pages that declare none. Those that are UTF-8 need no telling: text of another charset
    is hardly ever valid UTF-8 by chance.
    """
    declared = declared_encoding(response)
    if declared:
        other = codecs.lookup(declared).name.startswith(SINGLE_BYTE) and not response.body.isascii()
        return response, WRONG if other and _is_utf8(response.body) else None
    if _is_utf8(response.body):
        return response, None
    if encoding:
        return response.replace(encoding=resolve_encoding(encoding) or encoding), None
    return response, GUESSED


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
