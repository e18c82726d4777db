"""Listings whose times of change say nothing: every entry is stamped with the time at which the listing was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FEW = 8
"""Of fewer entries nobody can tell."""

NEARLY_ALL = 0.9
MOMENT = timedelta(minutes=10)
"""No newsroom edits nearly all that a listing shows within so short a time."""

SAMPLE = 200


@dataclass(frozen=True)
class Told:
    """A page at rest that a listing shows with a time."""

    page: str
    at: str
    """The newest time that the listing gives it."""

    newer: bool
    """By that it changed since the last walk."""

    before: str | None
    """The newest time that the listing gave it before."""


class Stamps:
    """Tells listings that stamp everything from those that can be believed; what is known stands in ``site.learned``."""

    def __init__(self, archive):
        self.archive = archive

    def on_everything(self, site: str, listing: str, told: Sequence[Told]) -> bool:
        """Tell whether the times that one answer of ``listing`` gives mean nothing.

        They call nearly all pages changed, and it did so before, or they lie within minutes of now or of each other, or
        what they called changed last time was visited since then and was not. Inside a transaction.
        """
        newer = [one for one in told if one.newer]
        known = listing in self._learned(site) if newer else False
        if len(told) < FEW:
            return known
        if len(newer) < NEARLY_ALL * len(told):
            if known:
                self._learn(site, listing, False)
            return False
        if known:
            return True
        if self._of_one_moment(newer) or self._in_vain(newer):
            self._learn(site, listing, True)
            return True
        return False

    def _of_one_moment(self, newer: Sequence[Told]) -> bool:
        times = sorted(datetime.fromisoformat(one.at) for one in newer)
        return any(
            sum(abs(time - moment) <= MOMENT for time in times) >= NEARLY_ALL * len(times)
            for moment in (datetime.fromisoformat(self.archive.now()), times[len(times) // 2])
        )

    def _in_vain(self, newer: Sequence[Told]) -> bool:
        some = [one for one in newer if one.before][:SAMPLE]
        vain = sum(
            self.archive.db.execute(
                """select 1 from page where id = ? and first_seen_at < ? and fetched_at >= ?
                and not exists (select 1 from revision where id = page.id and superseded_at >= ?)""",
                (one.page, *[one.before] * 3),
            ).fetchone()
            is not None
            for one in some
        )
        return len(some) >= FEW and vain >= NEARLY_ALL * len(some)

    def _learned(self, site: str) -> dict[str, str]:
        row = self.archive.db.execute("select json_extract(learned, '$.stamps') from site where name = ?", (site,)).fetchone()
        return json.loads(row[0]) if row and row[0] else {}

    def _learn(self, site: str, listing: str, stamped: bool) -> None:
        learned = {url: at for url, at in self._learned(site).items() if url != listing}
        if stamped:
            learned[listing] = self.archive.now()
        self.archive.db.execute(
            """insert into site (name, learned) values (?, json_object('stamps', json(?)))
            on conflict (name) do update set learned = json_set(learned, '$.stamps', json(?))""",
            (site, *[json.dumps(learned)] * 2),
        )
