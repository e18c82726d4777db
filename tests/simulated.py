"""A news site and its scheduled crawls in simulated time, written into an archive as real crawls would, without a network.

``python tests/simulated.py`` plays twenty weeks of troubles, and twenty quiet years.
"""

from __future__ import annotations

import json
import math
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from newsarchive.alarms import OF_ALL, judge
from newsarchive.alarms.case import Case
from newsarchive.store.archive import Archive

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SECTIONS = {"world": 14, "middle east": 8, "business": 8, "science": 4, "sport": 6}
"""Articles on a working day."""

FIELDS = {
    "headline": ("jsonld", 1.0),
    "published_at": ("jsonld", 1.0),
    "body": ("selectors", 1.0),
    "description": ("opengraph", 0.98),
    "authors": ("jsonld", 0.6),
    "section": ("microdata", 1.0),
    "tags": ("selectors", 0.9),
    "alternative_headline": ("html", 0.15),
    "images": ("jsonld", 0.95),
}
HOLIDAYS = {date(2026, month, day) for month, day in ((1, 6), (2, 23), (3, 8), (4, 3), (4, 6), (5, 1), (5, 9), (6, 12), (11, 4))}
HOLIDAYS |= {date(2026, 12, day) for day in range(24, 32)} | {date(2027, 1, day) for day in range(1, 9)}

Trouble = Callable[[datetime], bool]


def never(at: datetime) -> bool:
    return False


class SimulatedSite:
    """A site whose crawls are entered in ``archive``'s tables, every ``hours`` hours."""

    def __init__(self, path: Path, seed: int, hours: int = 2):
        self.dice = random.Random(seed)
        self.now, self.every = MONDAY, timedelta(hours=hours)
        self.archive = Archive(path, clock=lambda: self.now)
        self.archive.db.execute("pragma synchronous = off")
        self.number = 0
        self.shares = {
            (section, field): share if share in (0.0, 1.0) else min(max(self.dice.gauss(share, 0.05), 0.02), 1)
            for section in SECTIONS
            for field, (_, share) in FIELDS.items()
        }
        self.dead_fields: dict[str, str | None] = {}
        """Field → origin that fills it instead; None: nothing does."""
        self.vanished: set[str] = set()
        self.down: Trouble = never
        self.refusing: Trouble = never
        self.empty: set[str] = set()
        """Sections that show no article."""
        self.endless: set[str] = set()
        """Listings whose walks end by ``bound``."""
        self.busy = 1.0
        """How much is published, by what is usual."""
        self.free, self.eaten = 10**12, 0
        """Bytes that are free, and that go each day."""
        self.unread: str | None = None
        """What every page lacks."""
        self.waiting: Counter[str] = Counter()
        """Articles that were published and not found yet, by section."""

    def copy(self, path: Path) -> SimulatedSite:
        """Return a site with the same history in an archive of its own, which goes on as this one would."""
        with closing(sqlite3.connect(path)) as db:
            self.archive.db.backup(db)
        other = SimulatedSite(path, 0)
        mine = {name: deepcopy(value) for name, value in vars(self).items() if name != "archive"}
        vars(other).update(mine)
        return other

    def close(self) -> None:
        self.archive.close()

    def run(self, until: datetime) -> None:
        """Crawl until ``until``, and let the judges look at each crawl."""
        while self.now < until:
            self._publish()
            self._crawl()
            self.now += self.every

    def _publish(self) -> None:
        hour = self.now.hour + self.now.minute / 60
        factor = (1 - 0.8 * math.cos(2 * math.pi * (hour - 2) / 24)) / 24 * self.every.total_seconds() / 3600
        factor *= 0.55 if self.now.weekday() >= 5 else 1
        factor *= 0.45 if self.now.date() in HOLIDAYS else 1
        factor *= self.dice.lognormvariate(0, 0.2) * self.busy
        for section, daily in SECTIONS.items():
            if self.down(self.now):
                continue
            self.waiting[section] += self._poisson(daily * factor)

    def _poisson(self, mean: float) -> int:
        found, left = 0, math.exp(-mean)
        chance = self.dice.random()
        while chance > left:
            found += 1
            chance *= self.dice.random()
        return found

    def _crawl(self) -> None:
        archive, counts = self.archive, Counter()
        crawl = archive.crawls.begin("simulated", {"source": "sections"})
        self.now += timedelta(seconds=40)
        failing = 0.1 if self.dice.random() < 0.01 else 0.004
        self._ask(counts, failing, robots=True)
        for section in {**SECTIONS, **dict.fromkeys(self.endless)}:
            self._walk(crawl, section, counts, failing)
        self.free -= int(self.eaten * (self.every / timedelta(days=1)))
        counts["archive/disk/free"] = self.free
        archive.crawls.end(crawl, "finished", dict(counts))
        archive.alarms.judge("simulated", crawl, judge(Case(archive, crawl)), OF_ALL)
        archive.alarms.take_untold()

    def _ask(self, counts: Counter, failing: float, robots: bool = False) -> bool:
        """Ask once, and twice more when it fails, as Scrapy does; tell whether an answer came that can be used."""
        for _ in range(3):
            if self.down(self.now):
                counts["downloader/exception_type_count/scrapy.exceptions.DownloadConnectionRefusedError"] += 1
            elif self.refusing(self.now) and not robots:
                counts["downloader/response_status_count/403"] += 1
                return False
            elif self.dice.random() < failing:
                counts["downloader/response_status_count/503"] += 1
                if robots:
                    counts["robotstxt/response_status_count/503"] += 1
            else:
                counts["downloader/response_status_count/200"] += 1
                if robots:
                    counts["robotstxt/response_status_count/200"] += 1
                return True
            failing = max(failing, 0.3)  # what fails once often fails again
        return False

    def _walk(self, crawl: int, section: str, counts: Counter, failing: float) -> None:
        listings, url = self.archive.listings, f"https://news.example/{section}/"
        walk, *_ = listings.begin(crawl, "simulated", "sections", url, section, None, None)
        if not self._ask(counts, failing):
            listings.end(walk, "error", None, "HTTP 403" if self.refusing(self.now) else "no answer")
            return
        if section in self.vanished:
            listings.end(walk, "error", None, "HTTP 404")
            return
        day = self.now.date().isoformat()
        if section in self.empty:
            listings.end(walk, "exhausted", "")
            return
        listings.step(walk, pages=1, links=20, new=self.waiting[section], reached=day, at=None)
        if section in self.endless:
            listings.end(walk, "bound", None, "LISTING_MAX_PAGES")
            return
        listings.end(walk, "met", "")
        waiting, self.waiting[section] = self.waiting[section], 0
        for _ in range(waiting):
            if self.unread:
                counts[f"archive/unread/{self.unread}"] += self._ask(counts, 0)
            elif self._ask(counts, failing):
                self._store(crawl, section, day)
                counts["archive/article/new"] += 1
                counts["archive/article/fresh"] += 1
            else:
                self.waiting[section] += 1

    def _store(self, crawl: int, section: str, day: str) -> None:
        self.number += 1
        id, url, at = f"simulated:{self.number}", f"https://news.example/{self.number}", self.archive.now()
        origins = {}
        for field, (origin, _) in FIELDS.items():
            instead = self.dead_fields.get(field, origin)
            if self.dice.random() < self.shares[section, field] and instead is not None:
                origins[field] = instead
        columns = ("tags", "authors", "body", "images", "flags")
        with self.archive.transaction() as db:
            db.execute(
                "insert into page (id, site, key, url, day, state, first_seen_at) values (?, 'simulated', ?, ?, ?, 'stored', ?)",
                (id, str(self.number), url, day, at),
            )
            db.execute(
                f"""insert into article (id, site, key, url, section, day, text, {", ".join(columns)}, times, og, origins, revision,
                crawl, seq) values (?, 'simulated', ?, ?, ?, ?, '', '[]', '[]', '[]', '[]', '[]', '{{}}', '{{}}', ?, 1, ?, ?)""",
                (id, str(self.number), url, section, day, json.dumps(origins), crawl, self.number),
            )

    def play_week_of_troubles(self) -> list[tuple[str, str, datetime, datetime]]:
        """Play five quiet weeks and one in which all goes wrong; return kind, subject, begin and end of each trouble."""
        monday, hours = MONDAY + timedelta(weeks=5), self.dice.randrange
        dies, mended = monday + timedelta(hours=hours(12)), monday + timedelta(days=1, hours=18 + hours(6))
        vanishes, returns = (monday + timedelta(days=day, hours=hours(12)) for day in (2, 3))
        down, up = monday + timedelta(days=4), monday + timedelta(days=5)
        refuses = monday + timedelta(days=6, hours=hours(20))
        relents = refuses + self.every * 1.05  # an hour or two, with one crawl in it
        field, section = self.dice.choice(["tags", "authors", "headline"]), self.dice.choice(list(SECTIONS))
        self.down = lambda at: down <= at < up
        self.refusing = lambda at: refuses <= at < relents
        self.run(dies)
        self.dead_fields[field] = self.dice.choice([None, "html"])
        self.run(mended)
        self.dead_fields.clear()
        self.run(vanishes)
        self.vanished.add(section)
        self.run(returns)
        self.vanished.clear()
        self.run(monday + timedelta(days=9))
        return [
            ("field", field, dies, mended),
            ("section", section, vanishes, returns),
            ("down", "simulated", down, up),
            ("errors", "simulated", refuses, relents),
        ]

    def alarms(self) -> list[tuple[str, str, datetime, datetime | None]]:
        """Kind, subject, begin and end of every alarm that there was."""
        return [
            (a.kind, a.subject, datetime.fromisoformat(a.began_at), a.ended_at and datetime.fromisoformat(a.ended_at))
            for a in self.archive.alarms.all()
        ]


def check_week_of_troubles(folder: Path, seed: int) -> None:
    """Each trouble raises its alarm and no other, in hours, and the alarm ends in hours when the trouble is over."""
    site = SimulatedSite(folder / f"week-{seed}.db", seed)
    troubles = site.play_week_of_troubles()
    alarms = site.alarms()
    site.close()
    assert [alarm[:2] for alarm in alarms] == [trouble[:2] for trouble in troubles], f"seed {seed}: {alarms}"
    for (kind, _, began, ended), (_, _, begins, ends) in zip(alarms, troubles, strict=True):
        # A field takes some articles, by night as well.
        slow = timedelta(hours=36 if kind == "field" else 5)
        assert begins <= began <= begins + slow, f"seed {seed}: {kind} began at {began}, not soon after {begins}"
        assert ended and ends <= ended <= ends + slow, f"seed {seed}: {kind} ended at {ended}, not soon after {ends}"


def false_alarms_of_a_quiet_year(folder: Path, seed: int, hours: int = 2, weeks: int = 52) -> list[tuple]:
    """Return the alarms of so many weeks in which nothing is wrong: with nights, weekends, holidays, and answers that fail."""
    site = SimulatedSite(folder / f"year-{seed}.db", seed, hours)
    site.run(MONDAY + timedelta(weeks=weeks))
    alarms = site.alarms()
    site.close()
    return alarms


def main() -> None:
    with TemporaryDirectory() as folder:
        for seed in range(20):
            check_week_of_troubles(Path(folder), seed)
            print(f"week {seed}: each trouble raised its alarm and no other", flush=True)
        for seed in range(20):
            alarms = false_alarms_of_a_quiet_year(Path(folder), seed)
            print(f"year {seed}: {len(alarms)} false alarms {alarms or ''}", flush=True)
            assert len(alarms) <= 2


if __name__ == "__main__":
    main()
