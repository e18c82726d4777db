"""The edits of one article, one after the other: what each took away and brought."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from newsarchive.items import Article
from newsarchive.revisions import changed_fields
from newsarchive.store.archive import Archive
from newsarchive.store.articles import article_of
from newsarchive.store.diff import changed_lines, changed_words


def edits(archive: Archive, id: str) -> dict[str, Any] | None:
    """Return the article ``id`` and its ``edits``, oldest first; None when the archive has no such article.

    An edit leads from a text to the one that took its place. A text that came back later stands where it came back last:
    of headlines that alternate the last change is known, and not how often they did.
    """
    now = archive.articles.get(id)
    if now is None:
        return None
    rows = archive.db.execute("select * from revision where id = ? order by superseded_at, n", (id,)).fetchall()
    texts = [article_of(row) for row in rows] + [now]
    found = []
    for n, row in enumerate(rows):
        old, new = texts[n], _successor(row, texts[n], texts[n + 1 :])
        found.append(
            {
                "noticed_at": row["superseded_at"],
                "revision": old.revision,
                "becomes": new.revision,
                "returned": new.revision < old.revision,
                "cause": row["cause"],
                "silent": bool(row["silent"]),
                "modified_at": new.modified_at,
                "changed": json.loads(row["changed"]),
                "fields": [_field(name, old, new) for name in changed_fields(old, new)],
            }
        )
    return {"id": id, "url": now.url, "headline": now.headline, "revision": now.revision, "edits": found}


def _successor(row, old: Article, later: Sequence[Article]) -> Article:
    """The text that took the place of ``old``: the next one, unless that one was fetched only afterwards."""
    following = later[0]
    if following.fetched_at is None or following.fetched_at <= row["superseded_at"]:
        return following
    # What came between came back later, and so stands later. Revisions count texts in the order of their first coming.
    changed = json.loads(row["changed"])
    fits = [text for text in later if changed_fields(old, text) == changed]
    return min(fits, key=lambda text: (text.revision != old.revision + 1, text is following), default=following)


def _field(name: str, old: Article, new: Article) -> dict[str, Any]:
    before, after = _value(old, name), _value(new, name)
    lines = [
        {"what": what, "old": gone or None, "new": come or None, "words": [list(w) for w in changed_words(gone, come)]}
        for what, gone, come in changed_lines(before, after)
    ]
    return {"field": "lead photo" if name == "images" else name, "old": before, "new": after, "lines": lines}


def _value(article: Article, name: str) -> Any:
    if name == "authors":
        return [author["name"] for author in article.authors]
    if name == "images":
        lead = next((image for image in article.images if image["role"] == "lead"), None)
        return lead and {field: lead[field] for field in ("url", "caption", "credit") if lead[field]}
    return getattr(article, name)
