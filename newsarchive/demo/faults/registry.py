"""The faults by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from newsarchive.demo.server import Answer, Asked

FAULTS: dict[str, Callable[[Asked], Answer]] = {}
"""The faults by name."""


def fault(*names: str):
    """Enter a function as the fault of that name, or of each of ``names``, which it is given first."""

    def enter(function):
        for name in names:
            FAULTS[name] = partial(function, name)
        if not names:
            FAULTS[function.__name__] = function
        return function

    return enter


def edited(asked: Asked, old: str, new: str) -> Answer:
    """Return the site's own answer with every ``old`` replaced; the demo site must not change unseen beneath a fault."""
    before = asked.answer.body.decode()
    if old not in before:
        raise ValueError(f"{asked.path} has no {old!r}")
    return replace(asked.answer, body=before.replace(old, new).encode())
