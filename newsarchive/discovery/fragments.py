"""What a script loads behind a list: JSON that holds pieces of HTML, or addresses."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from scrapy.http import HtmlResponse, Response, TextResponse

from newsarchive.discovery.lists import linked

MOST_VALUES = 20_000
FAULTS = frozenset(("error", "errors", "exception"))
"""Names under which a service says what went wrong: that is no end of a list."""

LINK = re.compile(r"(?:url|link|href|permalink|path|canonical_?url|web_?url|share_?url)$", re.I)
NEXT = re.compile(r"next(?:_?page)?(?:_?(?:url|link|href))?$|(?:load_?)?more_?(?:url|link|href)$", re.I)


def page_of(response: Response) -> tuple[HtmlResponse, str | None] | None:
    """Return the page that the JSON of ``response`` makes, and where it says that the list goes on; None when it is no JSON.

    >>> page, more = page_of(TextResponse("https://example.org/api", body=b'{"html": "<a href=/a>A</a>", "next": "/api?after=1"}'))
    >>> page.css("a::attr(href)").get(), more
    ('/a', 'https://example.org/api?after=1')
    """
    if not isinstance(response, TextResponse) or response.text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        data = json.loads(response.text)
    except (ValueError, RecursionError):
        return None
    if not data or (isinstance(data, dict) and FAULTS & data.keys()):
        return None
    pieces, more = [], None
    for name, text in _strings(data):
        if NEXT.match(name):
            more = more or linked(response.url, text)
        elif "<" in text:
            pieces.append(text)
        elif LINK.match(name) and (url := linked(response.url, text)):
            pieces.append(f'<div><a href="{escape(url)}"></a></div>')
    body = f"<html><body>{''.join(pieces)}</body></html>"
    return HtmlResponse(response.url, body=body.encode(), encoding="utf-8"), more


def _strings(data: Any) -> list[tuple[str, str]]:
    """Every text in ``data`` with the name under which it stands, in the order of the document."""
    found: list[tuple[str, str]] = []
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting and len(found) < MOST_VALUES:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(value.items())
        elif isinstance(value, list):
            waiting += ((name, one) for one in reversed(value))
        elif isinstance(value, str):
            found.append((name, value))
    return found
