"""A crawl that is over and what was before it, as judges look at them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import log

from newsarchive.dates import stamp
from newsarchive.store.archive import Archive
from newsarchive.store.history import Crawled, History, Walked

HABIT_DAYS = 28
"""What has been otherwise for so long is what is usual."""

SURE = 16
"""Nats: by chance alone it would be so in one of e^16, nine million, cases."""

BEFORE = 20
"""So many earlier crawls say what is usual."""

GOOD = ("404", "410")
"""Answers of which none is 2xx or 3xx, and yet nothing is wrong with the site: the page is gone."""

REFUSED = ("401", "402", "403", "407", "429", "451")
STATUS = "downloader/response_status_count/"
ROBOTS = "robotstxt/response_status_count/"
EXCEPTION = "downloader/exception_type_count/"
OURS = ("newsarchive.", "scrapy.exceptions.IgnoreRequest")
NO_TASK = ("since", "until", "max_articles", "base_url")
GIVEN = ("urls", "warc", "wayback", "due")
"""Sources that are no listing of the site."""


def surprise(found: float, expected: float, of: float) -> float:
    """Return how unlikely a share ``found`` of ``of`` is where ``expected`` is usual, in nats: e to its negative bounds the chance.

    The Chernoff bound, n KL(found/of ‖ expected/of), which holds also when each of the ``of`` has a chance of its own (Hoeffding
    1956, On the distribution of the number of successes in independent trials).
    """
    share, usual = found / of, min(max(expected / of, 1e-9), 1 - 1e-9)
    return of * ((share * log(share / usual) if share else 0) + ((1 - share) * log((1 - share) / (1 - usual)) if share < 1 else 0))


@dataclass(frozen=True)
class Answers:
    """What the site answered to the requests of a crawl, robots.txt left out."""

    asked: int
    failed: Counter
    """Reason → how often."""

    refused: int
    """Of the failed: the site was there, and would not."""

    robots: str | None
    """Why robots.txt was not to be had."""

    @classmethod
    def of(cls, crawl: Crawled) -> Answers:
        """Return the answers that ``crawl`` counted."""
        statuses = Counter({key.removeprefix(STATUS): n for key, n in crawl.counts.items() if key.startswith(STATUS)})
        robots = Counter({key.removeprefix(ROBOTS): n for key, n in crawl.counts.items() if key.startswith(ROBOTS)})
        statuses -= robots
        failed = Counter({f"HTTP {status}": n for status, n in statuses.items() if status >= "400" and status not in GOOD})
        for key, n in crawl.counts.items():
            name = key.removeprefix(EXCEPTION)
            if name != key and not name.startswith(OURS):
                failed[name.rpartition(".")[2]] += n
            elif key.startswith("archive/wall/"):
                failed[key.removeprefix("archive/wall/")] += n
        refused = sum(n for reason, n in failed.items() if reason.removeprefix("HTTP ") in REFUSED or reason.endswith("wall"))
        bad = next((status for status in robots if status >= "500"), None)
        exceptions = sum(n for reason, n in failed.items() if not reason.startswith("HTTP") and not reason.endswith("wall"))
        return cls(sum(statuses.values()) + exceptions, failed, refused, bad and f"HTTP {bad}")

    @property
    def bad(self) -> int:
        """How many failed."""
        return sum(self.failed.values())

    @property
    def reasons(self) -> str:
        """The commonest failures, in words."""
        return ", ".join(f"{n} {reason}" for reason, n in self.failed.most_common(3))


class Case:
    """The crawl ``crawl`` of an archive, which has ended, and what was before it.

    ``fewest_days`` and ``fewest_bytes`` are what the disk should have at least.
    """

    def __init__(self, archive: Archive, crawl: int, fewest_days: float = 7, fewest_bytes: float = 1e9):
        self.archive, self.history = archive, History(archive)
        self.crawl = self.history.crawl(crawl)
        self.site = self.crawl.spider
        self.fewest_days, self.fewest_bytes = fewest_days, fewest_bytes
        self.on = {(alarm.kind, alarm.subject): alarm for alarm in archive.alarms.on(self.site)}
        self.end = datetime.fromisoformat(self.crawl.ended_at)

    @cached_property
    def answers(self) -> Answers:
        """What the site answered."""
        return Answers.of(self.crawl)

    @cached_property
    def walks(self) -> list[Walked]:
        """The listings of the site that were walked."""
        return [walk for walk in self.history.walks(self.crawl.id) if walk.source not in GIVEN]

    @cached_property
    def nothing_came(self) -> bool:
        """Whether every request failed, and not only those for a few articles."""
        answers = self.answers
        if any(walk.whole for walk in self.walks) or answers.bad < answers.asked:
            return False
        return bool(answers.bad or answers.robots) and (bool(self.walks) or answers.asked >= 10)

    def on_of(self, kind: str) -> set[str]:
        """The subjects of the alarms of ``kind`` that are on."""
        return {subject for k, subject in self.on if k == kind}

    def began(self, kind: str, subject: str) -> str | None:
        """When the alarm began that is on; None: none is, or it has become a habit."""
        alarm = self.on.get((kind, subject))
        return alarm.began_at if alarm and alarm.began_at > stamp(self.end - timedelta(days=HABIT_DAYS)) else None

    def before(self, kind: str, subject: str, limit: int = BEFORE) -> list[Crawled]:
        """The crawls that say what is usual: those before an alarm that is on has begun, newest first."""
        return self.history.like(self.crawl, limit, self.began(kind, subject))

    @property
    def task(self) -> str:
        """What the crawl was asked, in words."""
        return task(self.crawl)


def task(crawl: Crawled) -> str:
    """Return what ``crawl`` was asked, without the days: ``source=feed``."""
    given = {name: value for name, value in crawl.arguments.items() if not name.startswith("_") and name not in NO_TASK}
    return " ".join(f"{name}={value}" for name, value in sorted(given.items())) or "without arguments"
