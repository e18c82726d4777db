"""A week of real crawls of the demo site with a moved clock, in which all goes wrong once: ``python tests/real_week.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from newsarchive.demo.newsroom import FIRST_DAY, Newsroom, Story
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import Answer, DemoSite
from newsarchive.store.alarms import Alarm
from newsarchive.store.archive import Archive

TESTS = Path(__file__).parent
EVERY = timedelta(hours=3)
BEGIN = FIRST_DAY + timedelta(days=5)


@dataclass
class PassingNewsroom(Newsroom):
    """Publishes its stories as time goes by."""

    now: datetime = BEGIN

    def all(self) -> list[Story]:
        return [story for story in super().all() if story.published <= self.now]


class TroubledPages(DemoPages):
    """Pages without an author, when they are told so."""

    anonymous = False

    def article(self, story: Story) -> str:
        page = super().article(story)
        return page.replace('"author"', '"writer"').replace('class="author"', 'class="w"') if self.anonymous else page


def play(folder: Path) -> tuple[list[tuple[str, str, datetime, datetime]], list[Alarm]]:
    """Play the week; return kind, subject, begin and end of each trouble, and the alarms."""
    newsroom = PassingNewsroom(stories=672)
    day = [BEGIN + timedelta(days=n) for n in range(8)]
    troubles = [
        ("field", "authors", day[1], day[2]),
        ("section", "sport", day[3], day[4]),
        ("down", "demo", day[4] + timedelta(hours=12), day[5] + timedelta(hours=12)),
        ("errors", "demo", day[6], day[6] + timedelta(hours=1)),
    ]

    def on(kind: str) -> bool:
        return any(k == kind and begin <= newsroom.now < end for k, _, begin, end in troubles)

    def override(path: str) -> Answer | None:
        if on("down"):
            return Answer(b"", status=500)
        if path != "/robots.txt" and on("errors"):
            return Answer(b"<h1>Forbidden</h1>", status=403)
        return Answer(b"<h1>Not found</h1>", status=404) if path.startswith("/sport/") and on("section") else None

    with DemoSite(TroubledPages(newsroom), override) as site:
        while newsroom.now < day[7]:
            site.pages.anonymous = on("field")
            base = ["crawl", "demo", "-a", f"base_url={site.url}", "-a", "source=sections"]
            settings = ["-s", f"ARCHIVE_DIR={folder}", "-s", "DOWNLOAD_DELAY=0.002", "-s", "LOG_LEVEL=WARNING"]
            environment = {**os.environ, "PYTHONPATH": f"{TESTS.parent}:{TESTS}"}
            command = [sys.executable, "-m", "moved_clock", newsroom.now.isoformat(), *base, *settings]
            subprocess.run(command, cwd=TESTS.parent, env=environment, check=True, stderr=subprocess.DEVNULL)
            newsroom.now += EVERY
    archive = Archive(folder / "archive.db", read_only=True)
    alarms = archive.alarms.all()
    archive.close()
    return troubles, alarms


def check_week(folder: Path) -> None:
    """Each trouble raises its alarm and no other, and is over soon after it."""
    troubles, alarms = play(folder)
    found = [(alarm.kind, alarm.subject) for alarm in alarms]
    assert found == [(kind, subject) for kind, subject, _, _ in troubles], alarms
    for alarm, (kind, _, begins, ends) in zip(alarms, troubles, strict=True):
        slow = timedelta(hours=24 if kind == "field" else 7)
        began, ended = datetime.fromisoformat(alarm.began_at), alarm.ended_at and datetime.fromisoformat(alarm.ended_at)
        assert begins <= began <= begins + slow, alarm
        assert ended and ends <= ended <= ends + slow, alarm


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        check_week(Path(name))
        print("a week of real crawls: each trouble raised its alarm and no other")
