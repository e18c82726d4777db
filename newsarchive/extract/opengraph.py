"""OpenGraph (ogp.me): ``<meta property="og:…">`` and ``article:…``."""

from __future__ import annotations

from typing import Any

from lxml import etree

from newsarchive.extract.text import decoded, split_tags

PREFIXES = ("og:", "article:")


def properties(root: etree._Element) -> list[tuple[str, str]]:
    """Return name and value of every ``og:*`` and ``article:*`` property of the page that has one, in order."""
    found = []
    for meta in root.iter("meta"):
        names = meta.get("property") or "", meta.get("name") or ""
        if any(name.startswith(PREFIXES) for name in names) and (value := decoded(meta.get("content") or "")):
            found.append((decoded(names[0] or names[1]), value))
    return found


def by_name(properties: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values of each property."""
    found: dict[str, list[str]] = {}
    for name, value in properties:
        found.setdefault(name, []).append(value)
    return found


def read(properties: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the article's fields as the page's OpenGraph ``properties`` give them."""
    og = by_name(properties)
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
        "images": _images(properties),
        "publisher": {"name": one["og:site_name"]} if "og:site_name" in one else None,
    }
    return {field: value for field, value in fields.items() if value}


def _images(properties: list[tuple[str, str]]) -> list[dict]:
    """Structured properties follow the image that they describe (ogp.me, "Structured Properties")."""
    found: list[dict] = []
    for name, value in properties:
        if name in ("og:image", "og:image:url"):
            if not (found and found[-1]["url"] == value):
                found.append({"url": value, "role": "share"})
        elif found and (part := {"og:image:width": "width", "og:image:height": "height", "og:image:alt": "alt"}.get(name)):
            found[-1].setdefault(part, value)
    return found
