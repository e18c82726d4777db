"""What makes a revision of an article: the fields in which two texts may differ, and how they are compared."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

from newsarchive.items import Article

ORIGINS_IN_ONE_PIECE = ("jsonld", "microdata", "opengraph")
"""Origins that a page has or lacks as a whole."""

# Of "images" the lead photo alone.
REVISION_FIELDS = ("headline", "description", "authors", "body", "section", "tags", "images")


def content_hash(article: Article) -> str:
    """Return the SHA-256 (hexadecimal) of what makes a revision of ``article``, as canonical JSON."""
    fields = json.dumps(revision_fields(article), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(fields.encode()).hexdigest()


def changed_fields(old: Article, new: Article) -> list[str]:
    """Return the fields in which ``new`` is another revision than ``old``.

    Tags are compared without regard to their order. What only came or went with all that one origin gives, as with a page's
    JSON-LD, was not edited: a template was.
    """
    before, after = revision_fields(old), revision_fields(new)
    before["tags"], after["tags"] = sorted(set(before["tags"])), sorted(set(after["tags"]))
    return [
        field
        for field in REVISION_FIELDS
        if before[field] != after[field] and not _went_with_origin(field, old, new) and not _went_with_origin(field, new, old)
    ]


def _went_with_origin(field: str, old: Article, new: Article) -> bool:
    """Tell whether ``new`` lacks ``field`` for it has nothing at all of the origin that had filled it in ``old``."""
    origin = old.origins.get(field)
    return origin in ORIGINS_IN_ONE_PIECE and not getattr(new, field) and origin not in new.origins.values()


def is_another_page(old: Article, new: Article) -> bool:
    """Tell whether what was read as ``new`` is no text of ``old``, read by the same code, but a notice in its place.

    So it is when the headline is another, no block of the body is left and the date is gone.
    """
    blocks = {folded(block["text"]) for block in old.body if block["text"]}
    return (
        old.extractor == new.extractor
        and bool(blocks and old.published_at)
        and new.published_at is None
        and folded(old.headline) != folded(new.headline)
        and not any(folded(block["text"]) in blocks for block in new.body)
    )


def revision_fields(article: Article) -> dict[str, Any]:
    """Return the compared fields of ``article`` after Unicode NFC and folding of white space.

    ``images`` stands for the lead photo: its key, else its address without query, for sites sign and count in it.
    """
    found = {field: folded(getattr(article, field)) for field in REVISION_FIELDS if field != "images"}
    lead = next((image for image in article.images if image["role"] == "lead"), None)
    return found | {"images": lead and (lead["key"] or lead["url"].split("?")[0])}


def folded(value: Any) -> Any:
    """Return ``value``, and every text inside it, after Unicode NFC and folding of white space.

    >>> folded(["Cafe\\u0301  noir"]) == ["Café noir"]
    True
    """
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFC", value).split())
    if isinstance(value, list):
        return [folded(x) for x in value]
    if isinstance(value, dict):
        return {name: folded(x) for name, x in value.items()}
    return value
