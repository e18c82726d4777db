"""CSS selectors and XPath on a parsed page, compiled once."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree
from parsel.csstranslator import HTMLTranslator


@lru_cache(maxsize=512)
def compiled(query: str) -> etree.XPath:
    """Return ``query`` as a compiled XPath. It is XPath when it begins with ``/``, ``.`` + ``/`` or ``(``, else CSS."""
    if not query.startswith(("/", "./", "(")):
        query = HTMLTranslator().css_to_xpath(query, prefix="descendant-or-self::")
    # Smart strings would keep the whole tree alive as long as one value lives.
    return etree.XPath(query, smart_strings=False)


def elements(root: etree._Element, query: str) -> list[etree._Element]:
    """Return the elements below ``root`` that ``query`` finds; none for an empty query."""
    return compiled(query)(root) if query else []


def first(root: etree._Element, query: str) -> etree._Element | None:
    """Return the first element that ``query`` finds. Of CSS alternatives the one that stands first in the list wins."""
    if not query:
        return None
    alternatives = [query] if query.startswith(("/", "./", "(")) else query.split(",")
    for alternative in alternatives:
        if found := compiled(alternative.strip())(root):
            return found[0]
    return None


def strings(root: etree._Element, query: str) -> list[str]:
    """Return what ``query`` finds as text: strings as they are, of elements all text inside."""
    return [x if isinstance(x, str) else text_of(x) for x in compiled(query)(root)]


@lru_cache(maxsize=1)
def _text() -> etree.XPath:
    return etree.XPath("string()", smart_strings=False)


def text_of(element: etree._Element) -> str:
    """Return all text inside ``element``."""
    return _text()(element)
