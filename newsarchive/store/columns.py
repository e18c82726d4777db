"""The columns of a text in SQL, for who writes them and does not read them."""

from __future__ import annotations

from newsarchive.items import ARTICLE_FIELDS
from newsarchive.store.schema import INTEGER_FIELDS

# All but numbers as they stand in the file: making text of UTF-8 and UTF-8 of text is half the cost of a line.
AS_BYTES = ", ".join(name if name in INTEGER_FIELDS else f"cast({name} as blob) as {name}" for name in ARTICLE_FIELDS)
