"""Listings, what one answer of one holds, and what earlier walks of one vouch for."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsarchive.items import Link


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

    newest_only: bool = False
    """True for a feed: what is older is not on it, and not its to vouch for."""


@dataclass(frozen=True)
class Earlier:
    """The last walk of a listing that was whole, and as deep as this one is asked to be."""

    id: int
    covers: str
    """The oldest day back to which it, with the walks it met, vouches for the listing; ``""``: to its end."""

    until: str | None
    """The newest day that it looked for; None: to its top."""


@dataclass(frozen=True)
class Interrupted:
    """A walk of a listing that saw all from its top down to ``at``, with the walks it resumed, and nothing below."""

    id: int
    at: str
    """The last chunk that it read: what stood below may have moved up into it, where chunks are counted from the top."""

    until: str | None
    """As :attr:`Earlier.until`."""


@dataclass
class Chunk:
    """What one answer of a listing holds."""

    links: list[Link] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    """Addresses at which the listing goes on: one of a section, all files of a sitemap index."""

    fault: str | None = None
    """Why the answer may hold less than it should; None when it is whole."""
