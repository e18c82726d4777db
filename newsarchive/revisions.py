"""What makes a revision of an article: the fields in which two texts may differ, and how they are compared."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

from newsarchive.items import Article

# Of "images" the lead photo alone.
REVISION_FIELDS = ("headline", "description", "authors", "body", "section", "tags", "images")


def content_hash(article: Article) -> str:
    """Return the SHA-256 (hexadecimal) of what makes a revision of ``article``, as canonical JSON."""
    fields = json.dumps(revision_fields(article), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(fields.encode()).hexdigest()


def changed_fields(old: Article, new: Article) -> list[str]:
    """Return the fields in which ``new`` is another revision than ``old``."""
    before, after = revision_fields(old), revision_fields(new)
    return [field for field in REVISION_FIELDS if before[field] != after[field]]


def revision_fields(article: Article) -> dict[str, Any]:
    """Return the compared fields of ``article`` after Unicode NFC and folding of white space.

    ``images`` stands for the lead photo: its key, else its address without query, for sites sign and count in it.
    """
    found = {field: folded(getattr(article, field)) for field in REVISION_FIELDS}
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
