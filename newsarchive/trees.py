"""The parsed tree of a page: made once, for all who read the page."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from lxml import etree
from scrapy.http import TextResponse

# Of an answer's size there is a bound already.
PARSER = etree.HTMLParser(recover=True, encoding="utf8", huge_tree=True)
NOTHING = b"<html/>"

_trees: WeakKeyDictionary[TextResponse, etree._Element] = WeakKeyDictionary()


def tree_of(response: TextResponse) -> etree._Element:
    """Return the parsed page.

    It is read as by Scrapy's selector, into plain elements: each of lxml.html's costs twice as much to look at.
    """
    if (root := _trees.get(response)) is None:
        root = etree.fromstring(_in_utf8(response) or NOTHING, PARSER)
        _trees[response] = root = etree.fromstring(NOTHING, PARSER) if root is None else root
    return root


def forget_tree(response: TextResponse) -> None:
    """Let go of the tree of ``response``, which weighs ten times its bytes, before all others do of the response."""
    _trees.pop(response, None)


def _in_utf8(response: TextResponse) -> bytes:
    """Return the page in UTF-8, without white space around it and without NUL, at which the parser would end."""
    body = response.body.strip()
    # As it comes, as a rule: then it is not decoded, to be encoded again.
    if response.encoding == "utf-8" and body.startswith(b"<") and body.endswith(b">") and b"\0" not in body and is_utf8(body):
        return body
    return response.text.strip().replace("\x00", "").encode()


def is_utf8(body: bytes) -> bool:
    """Tell whether ``body`` is UTF-8, or ASCII."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
