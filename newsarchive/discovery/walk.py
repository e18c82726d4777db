"""Walks: how a listing is gone through, chunk by chunk, and when that ends."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from newsarchive.discovery.listing import Earlier, Interrupted, Listing
from newsarchive.items import Link

EMPTY_CHUNKS = 3
"""So many chunks in a row without an article are the end of a listing: one may stand in its middle."""

STALE_CHUNKS = 3
"""So many chunks in a row with nothing but articles of the chunks before are a listing that goes round."""

BARREN_CHUNKS = 31
"""So many answers of an archive by date without a new article, a month of days, are a calendar that nobody filled."""

REMEMBERED_CHUNKS = 8
"""The chunks before, as far as they are remembered."""


@dataclass
class Walk:
    """One walk of a listing, from its top until an end condition holds."""

    listing: Listing
    since: str | None = None
    until: str | None = None
    max_pages: int = 10_000
    max_links: int | None = None
    max_seconds: float | None = None
    id: int | None = None
    """Its row in the archive."""

    earlier: Earlier | None = None
    """What it had seen need not be walked again."""

    interrupted: dict[int, Interrupted] = field(default_factory=dict)
    """Walks since then that may be gone on with, by their ids."""

    pages: int = 0
    links: int = 0
    new: int = 0
    stamped: int = 0
    """Links whose newer time meant nothing."""

    reached: str | None = None
    """Oldest day seen, pinned items aside."""

    end: str | None = None
    reason: str | None = None

    snapshots: Sequence[int] = ()
    """In a replay: captures of the listing's first page that are newer than the one walked."""

    captured_at: str = ""
    """When the last answer was fetched."""

    named: str | None = None
    """The address that its first page gave as its own."""

    def __post_init__(self):
        self.pending = 1
        self.began = monotonic()
        self.at = self.listing.url
        """What was asked last."""
        self.asked = {self.listing.url}
        self.above: str | None = None
        """Where the listing goes on above the place that was jumped to, until that has answered."""
        self.resumed: int | None = None
        """The interrupted walk whose place was jumped to."""
        self.read = self.listing.url
        """The last chunk that had articles."""
        self.empty = self.stale = 0
        self.recent: deque[frozenset[str]] = deque(maxlen=REMEMBERED_CHUNKS)
        self.shown: set[str] = set()
        """Keys that an archive by date showed."""
        self.faults: list[str] = []

    @property
    def comes_back_to(self) -> str:
        """Where another walk may go on with this one, see :attr:`Interrupted.at`; without order: what was to be asked next."""
        return self.read if self.listing.newest_first else self.at

    @property
    def covers(self) -> str | None:
        """The oldest day back to which this walk, with those it met, vouches for the listing; ``""``: to its end."""
        if self.end == "met":
            # What the earlier walk saw below is older; what this one asked for is all that it vouches for itself.
            return self.earlier.covers
        if self.end not in ("exhausted", "since") or self.listing.newest_only:
            return None
        return self.listing.day or self.since or ""

    def holds(self, link: Link) -> bool:
        """Tell whether ``link`` is within ``since`` and ``until``, as far as the listing tells."""
        return link.day is None or (self.since or "") <= link.day <= (self.until or "9999")

    def take(self, links: Sequence[Link], known: Mapping[str, tuple[int, int]], more: Sequence[str]) -> list[str]:
        """Go on with one answer: its article links, where the listing goes on, and the ``known`` keys among the links, each
        with the first and the last walk that had seen it here. Return what to ask next; nothing once :attr:`end` is set."""
        self.pages += 1
        self.pending -= 1
        self.links += sum(self.holds(link) for link in links)
        days = [link.day for link in (in_order(links) if self.listing.newest_first else links) if link.day]
        self.reached = min([*days, self.reached or "9999"]) if days else self.reached
        fresh = [url for url in dict.fromkeys(more) if url not in self.asked]
        if not self.listing.newest_first:
            if more and not fresh and self.listing.source == "wayback":
                self._finish("repeats", f"its continuation {more[0]} was asked before")
            return self._ask([] if self._barren(links) else fresh)
        keys = frozenset(link.key for link in links)
        if self.above and not self._joins(links, known):
            return self._walk_from_above()
        self.above = None
        self.read = self.at if links else self.read
        self.empty = 0 if links else self.empty + 1
        self.stale = self.stale + 1 if keys and keys <= frozenset().union(*self.recent) else 0
        if not links and not more and self.pages == 1:
            self._finish("error", "no article on it")
        elif not more and self.faults:
            self._finish("error", self.faults[-1])
        elif not more or self.empty >= EMPTY_CHUNKS:
            self._finish("exhausted")
        elif self.since and (dated := [link.day for link in links if link.day]) and max(dated) < self.since:
            self._finish("since")
        elif self.earlier and self._meets(links, known):
            self._finish("met")
        elif not fresh:
            self._finish("repeats", f"its continuation {more[0]} was asked before")
        elif (len(keys) > 1 and keys in self.recent) or self.stale >= STALE_CHUNKS:
            self._finish("repeats", f"page {self.pages} shows only articles of the pages before")
        self.recent.append(keys)
        if self.end is None and (at := self._resumes(links, known)):
            self.above = fresh[0]
            return self._ask([at])
        return self._ask(fresh[:1])

    def _barren(self, links: Sequence[Link]) -> bool:
        """Tell whether an archive by date brought nothing new for so long that it is not followed any further."""
        if self.listing.source != "days":
            return False
        keys = {link.key for link in links}
        self.stale = 0 if keys - self.shown else self.stale + 1
        self.shown |= keys
        return self.stale >= (STALE_CHUNKS if self.listing.day else BARREN_CHUNKS)

    def _meets(self, links: Sequence[Link], known: Mapping[str, tuple[int, int]]) -> bool:
        """Tell whether this chunk's articles had all been seen here before, where the earlier walk vouches for what is below.

        Pinned stories count for neither: a few that are new to the listing and older than all that stand in order.
        """
        seen = {key for key, (first, _) in known.items() if first <= self.earlier.id}
        loose = [link for link in in_order(links) if self.holds(link)]
        if not loose or any(link.key not in seen for link in loose) or not _within(loose, self.earlier.until):
            return False
        oldest = min(link.day or "" for link in loose)
        unknown = [link for link in links if self.holds(link) and link.key not in seen]
        return 2 * len(unknown) < len(loose) and all(link.day and link.day < oldest for link in unknown)

    def _resumes(self, links: Sequence[Link], known: Mapping[str, tuple[int, int]]) -> str | None:
        """Return where an interrupted walk goes on, when it or others like it had seen all of this chunk last, and most of it.

        What it saw vouches for all from here down to there; each is gone on with once.
        """
        loose = [link for link in in_order(links) if self.holds(link)]
        seen = Counter(known[link.key][1] for link in loose if link.key in known)
        # What stood pinned on top when this walk began it has seen last itself.
        if seen.total() < len(loose) or not seen.keys() <= {*self.interrupted, self.id}:
            return None
        by, count = max(seen.items(), key=lambda item: item[1], default=(None, 0))
        if by not in self.interrupted or 2 * count <= len(loose) or not _within(loose, self.interrupted[by].until):
            return None
        at = self.interrupted.pop(by).at
        self.resumed = by
        return None if at in self.asked else at

    def _joins(self, links: Sequence[Link], known: Mapping[str, tuple[int, int]]) -> bool:
        """Tell whether the place that was jumped to still has something of what the interrupted walk saw.

        Else it may lie below what moved up since, when articles were taken down, or be the top again.
        """
        return any(known[link.key][1] == self.resumed for link in in_order(links) if link.key in known)

    def fail(self, reason: str, end: str = "error", at: str | None = None) -> list[str]:
        """The answer at ``at`` could not be had or read. Return what to ask instead.

        A listing without order goes on with its other files, one that was gone on with further down from where it was left.
        """
        self.pending -= 1
        if self.above and end != "bound":
            return self._walk_from_above()
        if not self.listing.newest_first:
            self.at = at or self.at
        self.faults.append(reason)
        if self.listing.newest_first or self.pending == 0 or end == "robots":
            self._finish(end, reason)
        return []

    def _walk_from_above(self) -> list[str]:
        url, self.above = self.above, None
        self.asked.discard(self.at)  # it may be come to again
        return self._ask([url])

    def _ask(self, urls: list[str]) -> list[str]:
        if self.end is None and urls and (bound := self._bound()):
            self._finish("bound", bound)
            self.at = urls[0]
        if self.end is None and not urls and self.pending == 0:
            self._finish("error" if self.faults else "exhausted", self.faults[0] if self.faults else None)
        if self.end is not None:
            return []
        self.asked.update(urls)
        self.pending += len(urls)
        self.at = urls[0] if urls else self.at
        return urls

    def _bound(self) -> str | None:
        """Return why the walk may not go on, although there is more."""
        if self.pages + self.pending >= self.max_pages:
            return f"{self.max_pages} pages walked; LISTING_MAX_PAGES, or the site's rule, allows no more"
        if self.max_links is not None and self.links >= self.max_links:
            return f"{self.links} links seen; the site's rule allows {self.max_links}"
        if self.max_seconds is not None and monotonic() - self.began > self.max_seconds:
            return f"walked for {self.max_seconds:.0f} s; the site's rule allows no more"
        return None

    def _finish(self, end: str, reason: str | None = None) -> None:
        if self.end is None:
            self.end, self.reason = end, reason


def _within(links: Sequence[Link], until: str | None) -> bool:
    return until is None or all(link.day and link.day <= until for link in links)


def in_order(links: Sequence[Link]) -> list[Link]:
    """Return the links of a newest-first chunk that have nothing newer below them: all but pinned items.

    >>> [link.url for link in in_order([Link("old", day="2020-01-01"), Link("b", day="2022-02-02"), Link("a", day="2022-02-01")])]
    ['b', 'a']
    """
    found: list[Link] = []
    newest = ""
    for link in reversed(links):
        if (link.day or newest) >= newest:
            newest = link.day or newest
            found.append(link)
    return found[::-1]
