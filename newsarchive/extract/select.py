"""CSS selectors and XPath on a parsed page, compiled once."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from lxml import etree
from parsel.csstranslator import HTMLTranslator


def is_xpath(query: str) -> bool:
    """Tell whether ``query`` is XPath, which begins with ``/``, ``./``, ``(`` or ``descendant``; else it is CSS."""
    return query.startswith(("/", "./", "(", "descendant"))


@lru_cache(maxsize=512)
def compiled(query: str) -> etree.XPath:
    """Return ``query``, CSS or XPath, as a compiled XPath."""
    if not is_xpath(query):
        query = HTMLTranslator().css_to_xpath(query, prefix="descendant-or-self::")
    # Smart strings would keep the whole tree alive as long as one value lives.
    return etree.XPath(query, smart_strings=False)


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
