"""OpenGraph (ogp.me): ``<meta property="og:…">`` and ``article:…``."""

from __future__ import annotations

from typing import Any

from lxml import etree

from newsarchive.extract.select import compiled
from newsarchive.extract.text import decoded, split_tags

METAS = (
    "//meta[starts-with(@property, 'og:') or starts-with(@property, 'article:') or starts-with(@name, 'og:')"
    " or starts-with(@name, 'article:')]"
)


def properties(root: etree._Element) -> dict[str, list[str]]:
    """Return every ``og:*`` and ``article:*`` property of the page with its values, in order."""
    found: dict[str, list[str]] = {}
    for meta in compiled(METAS)(root):
        if value := decoded(meta.get("content") or ""):
            found.setdefault(decoded(meta.get("property") or meta.get("name")), []).append(value)
    return found


def read(root: etree._Element, og: dict[str, list[str]]) -> dict[str, Any]:
    """Return the article's fields as its OpenGraph properties ``og`` give them."""
    one = {name: values[0] for name, values in og.items()}
    fields = {
        "headline": one.get("og:title"),
        "description": one.get("og:description"),
        "published_at": one.get("article:published_time"),
        "modified_at": one.get("article:modified_time") or one.get("og:updated_time"),
        "section": one.get("article:section"),
        "tags": split_tags(og.get("article:tag", [])),
        "authors": [{"name": x, "url": None} for x in og.get("article:author", []) if not x.startswith("http")],
        "language": one.get("og:locale"),
        "images": _images(root),
        "publisher": {"name": one["og:site_name"]} if "og:site_name" in one else None,
    }
    return {field: value for field, value in fields.items() if value}


def _images(root: etree._Element) -> list[dict]:
    """Structured properties follow the image that they describe (ogp.me, "Structured Properties")."""
    found: list[dict] = []
    for meta in compiled("//meta[starts-with(@property, 'og:image') or starts-with(@name, 'og:image')]")(root):
        name, value = meta.get("property") or meta.get("name"), decoded(meta.get("content") or "")
        if name in ("og:image", "og:image:url") and value:
            if not (found and found[-1]["url"] == value):
                found.append({"url": value, "role": "share"})
        elif found and (part := {"og:image:width": "width", "og:image:height": "height", "og:image:alt": "alt"}.get(name)):
            found[-1].setdefault(part, value)
    return found
