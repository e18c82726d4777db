"""XML of sitemaps and feeds, which comes from strangers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import TypeVar

from lxml import etree
from scrapy.http import Response
from scrapy.utils.gz import gunzip, gzip_magic_number

MAX_BYTES = 64 * 1024 * 1024
"""A sitemap has at most 50 MB (sitemaps.org)."""


T = TypeVar("T")

SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True, "remove_pis": True}
"""Nothing is fetched, and nothing grows."""

UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class ListingError(Exception):
    """A listing cannot be read; the message says what was found instead."""


# What libxml2 says when a document stops before its end; other faults, such as a bare "&", cost nothing.
TORN = (etree.ErrorTypes.ERR_TAG_NOT_FINISHED, etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_DOCUMENT_EMPTY)


def parse_xml(response: Response) -> tuple[etree._Element, str | None]:
    """Return the root of the XML in ``response``, packed with gzip or not, and what is wrong with it (None: nothing).

    Entities are not resolved and nothing is fetched. What is torn is read as far as it goes. Raises
    :class:`ListingError` when there is no XML in it.
    """
    return _parsed(_body(response))


def read_entries(
    response: Response, names: dict[str, str], read: Callable[[str, etree._Element], T | None]
) -> tuple[str, list[T], str | None]:
    """Return the root's local name, what ``read`` makes of its entries, and what is wrong, as :func:`parse_xml` has it.

    ``names``: the root's local name → that of its entries. Each is let go of when it was read: as a tree 50,000 of them want
    60 MB. ``read`` is given the root's name and the entry; what is None or empty is left out.
    """
    body, found = _body(response), []
    parts = etree.iterparse(BytesIO(body), tag=[f"{{*}}{name}" for name in names.values()], recover=True, **SAFE)
    with suppress(etree.XMLSyntaxError):
        for _, entry in parts:
            # What stands in a document's own entities is given here as well, under none of its elements.
            parent = entry.getroottree().getroot()
            if entry.getparent() is parent and names.get(kind := local_name(parent)) == local_name(entry):
                found.append(read(kind, entry))
                while parent[0] is not entry:
                    del parent[0]
        if not parts.error_log:
            return local_name(parts.root), [one for one in found if one], None
    # Read in pieces, what is damaged is given up sooner.
    root, fault = _parsed(body)
    kind = local_name(root)
    found = [read(kind, entry) for entry in children(root, names.get(kind, ""))]
    return kind, [one for one in found if one], fault


def _body(response: Response) -> bytes:
    if not gzip_magic_number(response):
        return response.body.strip()
    try:
        return gunzip(response.body, max_size=MAX_BYTES).strip()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ListingError(f"broken gzip: {error}") from None


def _parsed(body: bytes) -> tuple[etree._Element, str | None]:
    parser = etree.XMLParser(recover=True, **SAFE)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ListingError(f"no XML: {error}") from None
    if root is None:
        raise ListingError(f"no XML, it begins with {body[:40]!r}")
    torn = next((error.message for error in parser.error_log if error.type in TORN), None)
    # Junk behind the tear is an error of another kind; that the root was never closed is sure.
    if not torn and len(root) and not body.startswith(UTF_16) and not _closed(root, body):
        torn = f"</{local_name(root)}> is missing"
    if torn and len(root):
        # What was being written at the tear may be half an address, and that of another article.
        last = root
        while len(last):
            last = last[-1]
        last.getparent().remove(last)
    return root, torn and f"torn XML: {torn}"


def _closed(root: etree._Element, body: bytes) -> bool:
    name = local_name(root).encode()
    return re.search(rb"</(?:[\w.-]+:)?" + re.escape(name) + rb"\s*>", body) is not None


def local_name(element: etree._Element) -> str:
    """Return the name of ``element`` without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: etree._Element, *names: str) -> list[etree._Element]:
    """Return the children of ``element`` with one of the local ``names``, whatever their namespace."""
    return [child for child in element if isinstance(child.tag, str) and local_name(child) in names]


def text_at(element: etree._Element, *path: str) -> str | None:
    """Return the text of the first child along ``path`` of local names; None when it is missing or empty."""
    for name in path:
        found = children(element, name)
        if not found:
            return None
        element = found[0]
    return "".join(element.itertext()).strip() or None
