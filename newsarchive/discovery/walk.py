"""Walks: how a listing is gone through, chunk by chunk, and when that ends."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsarchive.items import Link

EMPTY_CHUNKS = 3
"""So many chunks in a row without an article are the end of a listing: one may stand in its middle."""

REMEMBERED_CHUNKS = 8
"""A listing that goes round in so few chunks is noticed even when its continuations differ."""


@dataclass(frozen=True)
class Listing:
    """Something that lists articles, by the address where a walk of it begins."""

    source: str
    url: str
    section: str | None = None
    """As the article's section, in lower case; None when the listing has articles of all sections."""

    newest_first: bool = True
    """False for a listing without order, which is always walked to its end."""

    day: str | None = None
    """The one day that it lists."""


@dataclass
class Chunk:
    """What one answer of a listing holds."""

    links: list[Link] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    """Addresses at which the listing goes on: one of a section, all files of a sitemap index."""

    fault: str | None = None
    """Why the answer may hold less than it should; None when it is whole."""


@dataclass
class Walk:
    """One walk of a listing, from its top until an end condition holds."""

    listing: Listing
    since: str | None = None
    until: str | None = None
    max_pages: int = 10_000
    id: int | None = None
    """Its row in the archive."""

    may_meet: bool = False
    """What the last walk had seen need not be walked again."""

    met_covers: str | None = None
    """How deep the last walk, with those that it met, vouches for the listing."""

    pages: int = 0
    links: int = 0
    new: int = 0
    reached: str | None = None
    """Oldest day seen, pinned items aside."""

    end: str | None = None
    reason: str | None = None

    snapshots: Sequence[int] = ()
    """In a replay: captures of the listing's first page that are newer than the one walked."""

    def __post_init__(self):
        self.pending = 1
        self.asked = {self.listing.url}
        self.empty = 0
        self.recent: deque[frozenset[str]] = deque(maxlen=REMEMBERED_CHUNKS)
        self.faults: list[str] = []

    @property
    def covers(self) -> str | None:
        """The oldest day back to which this walk, with those it met, vouches for the listing; ``""``: to its end."""
        if self.end == "exhausted":
            return self.listing.day or ("" if self.since is None or self.listing.newest_first else self.since)
        return {"since": self.since, "met": self.met_covers}.get(self.end)

    def holds(self, link: Link) -> bool:
        """Tell whether ``link`` is within ``since`` and ``until``, as far as the listing tells."""
        return link.day is None or (self.since or "") <= link.day <= (self.until or "9999")

    def take(self, links: Sequence[Link], known: set[str], more: Sequence[str]) -> list[str]:
        """Go on with one answer: its article links, the keys among them that earlier walks had seen here, and where the
        listing goes on. Return what to ask next; nothing once :attr:`end` is set."""
        self.pages += 1
        self.pending -= 1
        inside = [link for link in links if self.holds(link)]
        self.links += len(inside)
        out_of_order = {id(link) for link in pinned(links)} if self.listing.newest_first else ()
        loose = [link for link in links if id(link) not in out_of_order]
        days = [link.day for link in loose if link.day]
        if days:
            self.reached = min(days + [self.reached or "9999"])
        fresh = [url for url in dict.fromkeys(more) if url not in self.asked]
        if not self.listing.newest_first:
            return self._ask(fresh)
        self.empty = 0 if links else self.empty + 1
        keys = frozenset(link.key for link in links)
        if not links and not more and self.pages == 1:
            self._finish("error", "no article on it")
        elif not more or self.empty >= EMPTY_CHUNKS:
            self._finish("exhausted")
        elif self.since and days and max(days) < self.since:
            self._finish("since")
        elif self.may_meet and _met([link for link in loose if self.holds(link)], known):
            self._finish("met")
        elif not fresh:
            self._finish("repeats", f"its continuation {more[0]} was asked before")
        elif keys and any(keys <= chunk for chunk in self.recent):
            self._finish("repeats", f"page {self.pages} shows only articles of the pages before")
        self.recent.append(keys)
        return self._ask(fresh[:1])

    def fail(self, reason: str, end: str = "error") -> None:
        """One answer could not be had or read. A listing without order goes on with its other files."""
        self.pending -= 1
        self.faults.append(reason)
        if self.listing.newest_first or self.pending == 0 or end == "robots":
            self._finish(end, reason)

    def _ask(self, urls: list[str]) -> list[str]:
        if self.end is None and urls and self.pages + self.pending >= self.max_pages:
            self._finish("bound", f"{self.max_pages} pages walked; LISTING_MAX_PAGES allows no more")
        if self.end is None and not urls and self.pending == 0:
            self._finish("error" if self.faults else "exhausted", self.faults[0] if self.faults else None)
        if self.end is not None:
            return []
        self.asked.update(urls)
        self.pending += len(urls)
        return urls

    def _finish(self, end: str, reason: str | None = None) -> None:
        if self.end is None:
            self.end, self.reason = end, reason


def _met(links: Sequence[Link], known: set[str]) -> bool:
    return bool(links) and all(link.key in known for link in links)


def pinned(links: Sequence[Link]) -> list[Link]:
    """Return the links that stand out of a newest-first order: those outside its longest falling run of times.

    >>> [link.url for link in pinned([Link("old", day="2020-01-01"), Link("b", day="2022-02-02"), Link("a", day="2022-02-01")])]
    ['old']
    """
    dated = [(link.published_at or link.day, link) for link in links if link.published_at or link.day]
    # Times of one form only can be compared: days when any link has no more.
    if any(len(time) == 10 for time, _ in dated):
        dated = [(link.day, link) for _, link in dated if link.day]
    # Longest non-increasing run, read from the bottom up as longest non-decreasing (patience sorting).
    tails: list[str] = []
    lengths: list[int] = []
    for time, _ in reversed(dated):
        place = bisect_right(tails, time)
        tails[place : place + 1] = [time]
        lengths.append(place + 1)
    wanted, kept = len(tails), set()
    for place in range(len(lengths) - 1, -1, -1):
        if lengths[place] == wanted:
            kept.add(place)
            wanted -= 1
    top = len(dated) - 1
    return [link for place, (_, link) in enumerate(dated) if top - place not in kept]
