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
        text = response.text.strip().replace("\x00", "").encode()
        root = etree.fromstring(text or NOTHING, PARSER)
        _trees[response] = root = etree.fromstring(NOTHING, PARSER) if root is None else root
    return root


def forget_tree(response: TextResponse) -> None:
    """Let go of the tree of ``response``, which weighs ten times its bytes, before all others do of the response."""
    _trees.pop(response, None)
