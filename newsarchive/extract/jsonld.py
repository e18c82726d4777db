"""JSON-LD: the object of a page's ``<script type="application/ld+json">`` that describes its article."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from lxml import etree

from newsarchive.extract.select import text_of
from newsarchive.extract.text import split_tags, unmarked

# Comment and CDATA fences that some sites put around the object.
FENCE = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/|<!\[CDATA\[)|(?:-->|//\]\]>|/\*\]\]>\*/|\]\]>)\s*$")
PARAGRAPH_END = re.compile(r"\n+|(?:&lt;|<)/(?:p|h\d|li|div)(?:&gt;|>)|(?:(?:&lt;|<)br\s*/?(?:&gt;|>)\s*){2,}", re.I)
ARTICLE_TYPE = re.compile(r"(Article|Posting|Report|AnalysisNewsArticle|ReportageNewsArticle|Review)$")
MAX_OBJECTS = 5000
MAX_BYTES = 4_000_000


def read(root: etree._Element) -> dict[str, Any]:
    """Return the article's fields as JSON-LD gives them; empty when the page describes no article.

    Blocks that are no JSON are passed over. Of several articles the first whose headline is given counts.
    """
    objects = [thing for script in scripts(root) for thing in _objects(text_of(script))]
    articles = [thing for thing in objects if any(ARTICLE_TYPE.search(kind) for kind in _types(thing))]
    for thing in sorted(articles, key=lambda thing: not thing.get("headline")):
        ids = {thing["@id"]: thing for thing in objects if isinstance(thing.get("@id"), str) and len(thing) > 2}
        return {field: value for field, value in _fields(thing, ids).items() if value}
    return {}


def scripts(root: etree._Element) -> list[etree._Element]:
    """Return the page's ``<script>`` with JSON-LD."""
    return [script for script in root.iter("script") if "application/ld+json" in (script.get("type") or "").lower()]


def _objects(text: str) -> list[dict]:
    if len(text) > MAX_BYTES:
        return []
    try:
        data = json.loads(FENCE.sub("", text), strict=False)
    except (ValueError, RecursionError):
        return []
    found: list[dict] = []
    waiting = [data]
    while waiting and len(found) < MAX_OBJECTS:
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting.extend(thing[:MAX_OBJECTS])
        elif isinstance(thing, dict):
            found.append(thing)
            waiting.extend(thing[key] for key in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart") if key in thing)
    return found


def _types(thing: dict) -> list[str]:
    return [kind for kind in _list(thing.get("@type")) if isinstance(kind, str)]


def _fields(thing: dict, ids: dict[str, dict]) -> dict[str, Any]:
    def resolved(value: Any) -> list[Any]:
        return [ids.get(str(x.get("@id")), x) if isinstance(x, dict) and len(x) <= 2 else x for x in _list(value)]

    return {
        "headline": _text(thing.get("headline")) or _text(thing.get("name")),
        "alternative_headline": _text(thing.get("alternativeHeadline")),
        "description": _text(thing.get("description")),
        "created_at": _text(thing.get("dateCreated")),
        "published_at": _text(thing.get("datePublished")),
        "modified_at": _text(thing.get("dateModified")),
        "section": [text for x in _list(thing.get("articleSection")) if (text := _text(x))],
        "tags": _tags(thing.get("keywords")),
        "authors": [author for x in resolved(thing.get("author") or thing.get("creator")) if (author := _author(x))],
        "genre": _text(thing.get("genre")),
        "language": _text(thing.get("inLanguage")),
        "images": [image for x in resolved(thing.get("image")) if (image := _image(x))],
        "publisher": next((p for x in resolved(thing.get("publisher")) if (p := _publisher(x, resolved))), None),
        "copyright_year": _text(thing.get("copyrightYear")),
        "is_accessible_for_free": _text(thing.get("isAccessibleForFree")),
        "article_body": _text(thing.get("articleBody")),
        "paragraphs": _paragraphs(thing.get("articleBody")),
        "word_count": _text(thing.get("wordCount")),
        "updates": [_update(x) for x in resolved(thing.get("liveBlogUpdate"))[:MAX_OBJECTS] if isinstance(x, dict)],
    }


def _update(value: dict) -> dict[str, Any]:
    """An entry of a live report, and the anchor that its address has on the page."""
    return {
        "headline": _text(value.get("headline")),
        "published_at": _text(value.get("datePublished")) or "",
        "paragraphs": _paragraphs(value.get("articleBody")),
        "anchor": (_text(value.get("url")) or "").partition("#")[2],
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str | None:
    """The first text in ``value``: itself, its ``@value`` or ``name``, or that of a list's first item that has one."""
    for x in _list(value):
        if isinstance(x, dict):
            x = x.get("@value") or x.get("name")
        if isinstance(x, bool):
            return str(x).lower()
        if isinstance(x, float) and not math.isfinite(x):
            continue
        if isinstance(x, (str, int, float)) and (text := unmarked(x if isinstance(x, str) else f"{x:.15g}")):
            return text
    return None


def _paragraphs(value: Any) -> list[str]:
    """The paragraphs of a text, or of a list's texts: they end with a line, or with an element."""
    texts = [x for x in _list(value) if isinstance(x, str)]
    return [text for x in texts for part in PARAGRAPH_END.split(x) if (text := unmarked(part))]


def _tags(value: Any) -> list[str]:
    """A text lists tags; of a list each item is one."""
    tags = [text for x in _list(value) if (text := _text(x))]
    return split_tags(tags) if isinstance(value, str) or (len(tags) == 1 and tags[0].count(",") > 1) else tags


def _author(value: Any) -> dict | None:
    if isinstance(value, dict):
        name = _text(value.get("name"))
        return {"name": name, "url": _text(value.get("url"))} if name else None
    return {"name": text, "url": None} if (text := _text(value)) else None


def _image(value: Any) -> dict | None:
    if isinstance(value, str):
        return {"url": value, "role": "lead"}
    if not isinstance(value, dict) or not (url := _text(value.get("url")) or _text(value.get("contentUrl"))):
        return None
    return {
        "url": url,
        "role": "lead",
        "width": _text(value.get("width")),
        "height": _text(value.get("height")),
        "caption": _text(value.get("caption")),
        "credit": _text(value.get("creditText")) or _text(value.get("copyrightHolder")),
    }


def _publisher(value: Any, resolved) -> dict | None:
    if isinstance(value, str):
        return {"name": unmarked(value)}
    if not isinstance(value, dict):
        return None
    logo = next((_image(x) for x in resolved(value.get("logo"))), None)
    return {
        "name": _text(value.get("name")),
        "legal_name": _text(value.get("legalName")),
        "email": _text(value.get("email")),
        "telephone": _text(value.get("telephone")),
        "logo": logo,
    }
