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
    if isinstance(value, dict) and {"type", "text"} <= set(value):
        # The items of a list are its text.
        more = ", ".join(f"{name}: {x}" for name, x in value.items() if name not in ("type", "text", "items"))
        text = " / ".join(value["text"].split("\n"))
        return f"[{value['type']}] {text}{' ' if text and more else ''}{more and f'({more})'}"
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
    >>> list(changed_words("They saw a red fox", "They shot one grey fox"))
    [('=', 'They '), ('-', 'saw a red'), ('+', 'shot one grey'), ('=', ' fox')]
    """
    before, after = WORDS.findall(old), WORDS.findall(new)
    gone, come = "", ""
    codes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for n, (tag, a, b, c, d) in enumerate(codes):
        same = "".join(before[a:b])
        # A blank between two changed words belongs to them: else a new sentence is read word by word.
        if tag == "equal" and (not same.isspace() or n in (0, len(codes) - 1)):
            yield from _change(gone, come)
            yield "=", same
            gone, come = "", ""
        else:
            gone, come = gone + same, come + "".join(after[c:d])
    yield from _change(gone, come)


def _change(gone: str, come: str) -> Iterator[tuple[str, str]]:
    if gone:
        yield "-", gone
    if come:
        yield "+", come
