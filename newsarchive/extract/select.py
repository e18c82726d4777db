"""CSS selectors and XPath on a parsed page, compiled once."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from lxml import etree
from parsel import Selector
from parsel.csstranslator import HTMLTranslator
from scrapy.http import TextResponse


def tree_of(response: TextResponse) -> etree._Element:
    """Return the parsed page, the same for all who ask."""
    try:
        return response.selector.root
    except ValueError:  # Scrapy's selector cannot stand a broken <base href>
        return Selector(text=response.text).root


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


# Elements between which words do not run together.
BREAKS = frozenset(
    "address article aside blockquote br caption center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead tr ul".split()
)

_text = etree.XPath("string()", smart_strings=False)


def text_of(element: etree._Element, left_out: Collection[etree._Element] = ()) -> str:
    """Return all text inside ``element`` but that of elements ``left_out``, as it would be read.

    Words of two paragraphs do not run together.
    """
    if not len(element):
        return element.text or ""
    if not left_out and not any(inner.tag in BREAKS for inner in element.iterdescendants()):
        return _text(element)
    pieces = [element.text or ""]
    walker = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, inner in walker:
        if inner is element:
            continue
        if inner.tag in BREAKS:
            pieces.append("\n")
        if event != "start":
            pieces.append(inner.tail or "")
        elif inner in left_out:
            walker.skip_subtree()
        else:
            pieces.append(inner.text or "")
    return "".join(pieces)
