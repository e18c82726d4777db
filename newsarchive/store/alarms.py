"""Alarms: what is not as usual, from its begin to its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

BEGAN, ENDED = 1, 2


@dataclass(frozen=True)
class Verdict:
    """What a judge says of one subject: the reason for an alarm in words, or None when all is as it should be."""

    kind: str
    subject: str
    reason: str | None


@dataclass(frozen=True)
class Alarm:
    """An alarm as it is kept. ``site`` is None when it is the archive's own, ``id`` when it is not kept yet."""

    id: int | None
    site: str | None
    kind: str
    subject: str
    reason: str
    began_at: str
    ended_at: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the alarm as it is sent and printed."""
        return asdict(self)


class Alarms:
    """The table ``alarm``. There is one open alarm a site, kind and subject."""

    def __init__(self, archive):
        self.archive = archive

    def on(self, site: str | None = None) -> list[Alarm]:
        """Return the alarms that are on, oldest first: all, or those of ``site`` and of the archive itself."""
        return self._select("ended_at is null and (? is null or site is null or site = ?)", site, site)

    def all(self, site: str | None = None) -> list[Alarm]:
        """Return every alarm that there was, oldest first."""
        return self._select("(? is null or site is null or site = ?)", site, site)

    def _select(self, where: str, *parameters: Any) -> list[Alarm]:
        rows = self.archive.db.execute(
            f"select id, site, kind, subject, reason, began_at, ended_at from alarm where {where} order by id", parameters
        )
        return [Alarm(*row) for row in rows]

    def on_since(self, site: str, at: str, kinds: Sequence[str]) -> bool:
        """Tell whether an alarm of ``site``, of one of ``kinds``, was on at any time since ``at``."""
        row = self.archive.db.execute(
            f"select 1 from alarm where site = ? and (ended_at is null or ended_at > ?) and kind in ({','.join('?' * len(kinds))})",
            (site, at, *kinds),
        )
        return row.fetchone() is not None

    def judge(self, site: str, crawl: int, verdicts: Iterable[Verdict], of_all: Iterable[str] = ()) -> list[Alarm]:
        """Begin and end alarms as ``verdicts`` on ``crawl`` say, and return those that are on; one transaction.

        Kinds in ``of_all`` are the archive's own, not the site's.
        """
        now = self.archive.now()
        with self.archive.transaction() as db:
            on = {(alarm.kind, alarm.subject): alarm for alarm in self.on(site)}
            for verdict in verdicts:
                alarm = on.get((verdict.kind, verdict.subject))
                if verdict.reason is None and alarm:
                    db.execute("update alarm set ended_at = ? where id = ?", (now, alarm.id))
                elif verdict.reason is not None and alarm is None:
                    whose = None if verdict.kind in of_all else site
                    db.execute(
                        "insert into alarm (site, kind, subject, reason, began_at) values (?, ?, ?, ?, ?)",
                        (whose, verdict.kind, verdict.subject, verdict.reason, now),
                    )
            left = self.on(site)
            kept = json.dumps([[alarm.kind, alarm.subject] for alarm in left], ensure_ascii=False)
            db.execute("update crawl set alarms = ? where id = ?", (kept, crawl))
        return left

    def take_untold(self) -> list[Alarm]:
        """Return the alarms whose begin, or end, nobody was told; they count as told from now on, whoever asks."""
        with self.archive.transaction() as db:
            told = f"case when ended_at is null then {BEGAN} else {ENDED} end"
            found = self._select(f"told < {told}")
            db.executemany(f"update alarm set told = {told} where id = ?", [(alarm.id,) for alarm in found])
        return found

    def not_told(self, alarm: Alarm) -> None:
        """Take back that ``alarm`` was told: it could not be sent."""
        with self.archive.transaction() as db:
            before = BEGAN if alarm.ended_at else 0
            db.execute("update alarm set told = ? where id = ?", (before, alarm.id))
