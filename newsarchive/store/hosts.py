"""Hosts: when each may be asked next, for all crawls on an archive together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from newsarchive.dates import stamp

LOOK_SECONDS = 1
"""How often a crawl beside others looks whether they are still at work."""


@dataclass(frozen=True)
class Turn:
    """What became of asking for a turn at a host."""

    left: float
    """Seconds until the host may be asked; 0: the turn is taken."""

    before: str | None
    """When the host might be asked next, before this."""

    after: str | None = None
    """And now; None when the turn is not taken."""


class Hosts:
    """The table ``host``."""

    def __init__(self, archive):
        self.archive = archive
        self._others = 0
        self._version: int | None = None
        self._fresh_until = 0.0

    def others(self, crawl: int) -> int:
        """Return how many crawls beside ``crawl`` are at work on the archive. Cheap: nothing is read while nobody else writes."""
        (version,) = self.archive.db.execute("pragma data_version").fetchone()
        if (self._others or version != self._version) and monotonic() >= self._fresh_until:
            self._others = len(set(self.archive.crawls.live()) - {crawl})
            self._version = version
            self._fresh_until = monotonic() + (LOOK_SECONDS if self._others else 0)
        return self._others

    def take_turn(self, host: str, delay: float, longest: float) -> Turn:
        """Take the turn at ``host`` if it may be asked now; then nobody may for ``delay`` seconds.

        A time that is more than ``longest`` seconds away was given by a clock that was wrong.
        """
        with self.archive.transaction() as db:
            now = datetime.fromisoformat(self.archive.now())
            row = db.execute("select next_at from host where name = ?", (host,)).fetchone()
            next_at = row and row["next_at"]
            left = (datetime.fromisoformat(next_at) - now).total_seconds() if next_at else 0
            if 0 < left <= longest:
                return Turn(left, next_at)
            after = stamp(now + timedelta(seconds=delay))
            db.execute(
                """insert into host (name, next_at, delay) values (?, ?, ?)
                on conflict (name) do update set next_at = excluded.next_at, delay = excluded.delay""",
                (host, after, delay),
            )
        return Turn(0, next_at, after)

    def pause(self, host: str, seconds: float) -> None:
        """Let nobody ask ``host`` for so long."""
        until = stamp(datetime.fromisoformat(self.archive.now()) + timedelta(seconds=seconds))
        with self.archive.transaction() as db:
            db.execute(
                """insert into host (name, next_at) values (?, ?)
                on conflict (name) do update set next_at = max(coalesce(next_at, ''), excluded.next_at)""",
                (host, until),
            )

    def clock_set_back(self) -> None:
        """Let no host wait for a time that a clock gave which was wrong."""
        with self.archive.transaction() as db:
            db.execute("update host set next_at = null")
