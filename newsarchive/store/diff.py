"""What changed between two texts: block by block, word by word."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# Paragraphs that share less are two different ones.
ALIKE = 0.4


def lines_of(value: Any) -> list[str]:
    """Return a field's value as lines for comparison: a block, a tag, an author each on one."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return value.split("\n")
    if isinstance(value, list):
        return [_line(x) for x in value]
    if isinstance(value, dict):
        return [f"{name}: {_line(x)}" for name, x in value.items()]
    return [str(value)]


def _line(value: Any) -> str:
    if isinstance(value, dict) and set(value) <= {"type", "text"} and "text" in value:
        return f"[{value['type']}] {value['text']}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def changed_lines(old: Any, new: Any) -> Iterator[tuple[str, str, str]]:
    """Yield ``(what, old line, new line)`` for each line that differs: ``-`` is gone, ``+`` is new, ``~`` was changed."""
    before, after = lines_of(old), lines_of(new)
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        yield from _paired(before[a:b], after[c:d])


def _paired(gone: list[str], come: list[str]) -> Iterator[tuple[str, str, str]]:
    """Lines that are alike stand beside each other; the others are gone or new."""
    for line in gone:
        ratios = [difflib.SequenceMatcher(None, line, other, autojunk=False).quick_ratio() for other in come]
        best = max(range(len(come)), key=ratios.__getitem__, default=None)
        if best is None or ratios[best] < ALIKE:
            yield "-", line, ""
            continue
        for other in come[:best]:
            yield "+", "", other
        yield "~", line, come[best]
        come = come[best + 1 :]
    for line in come:
        yield "+", "", line


def changed_words(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the words of two lines as ``("=", both)``, ``("-", gone)`` and ``("+", new)``, in order.

    >>> list(changed_words("It took two months.", "It took two weeks."))
    [('=', 'It took two '), ('-', 'months'), ('+', 'weeks'), ('=', '.')]
    """
    before, after = WORDS.findall(old), WORDS.findall(new)
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "=", "".join(before[a:b])
        else:
            if a < b:
                yield "-", "".join(before[a:b])
            if c < d:
                yield "+", "".join(after[c:d])
