"""Listings that show more of themselves by a click or by scrolling: the rule, and the answers that a browser makes of it.

A walk asks for them like for any other continuation: the page as it opened is ``#round-1``, what a click or scrolling then
brought is ``#round-2`` and so on. Each answer holds what no round before had, and says in its last line whether more may
follow, so that a walk can be replayed and recounted without a browser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urldefrag

ROUND = re.compile(r"round-(\d+)")
MORE = "\n<!-- newsarchive: more may follow -->"
END = "\n<!-- newsarchive: the end -->"


@dataclass(frozen=True)
class LoadMore:
    """How a listing shows more: by a click on the button ``click`` (CSS selector or XPath), else by scrolling down.

    It is done until no new article links appear, or until a bound ends the walk.
    """

    click: str = ""
    rounds: int = 500
    """A walk ends by ``bound`` after so many clicks, or stretches of scrolling that brought something."""

    seconds: float = 3600
    """And after so long."""

    links: int = 10_000
    """And when it saw so many articles."""


def round_of(url: str) -> int:
    """Return which round of a listing ``url`` is; 0: the listing as the server sends it.

    >>> round_of("https://courier.example/world/#round-2"), round_of("https://courier.example/world/#top")
    (2, 0)
    """
    m = ROUND.fullmatch(urldefrag(url).fragment)
    return int(m[1]) if m else 0


def round_address(url: str, number: int) -> str:
    """Return the address of a round of the listing at ``url``."""
    return f"{urldefrag(url).url}#round-{number}"


def goes_on(url: str, body: bytes) -> list[str]:
    """Return where a listing goes on after the answer ``body`` at ``url``: nowhere, or at one address.

    What the server sent itself goes on in a browser alone.
    """
    number = round_of(url)
    return [round_address(url, number + 1)] if number == 0 or body.endswith(MORE.encode()) else []
