"""Judges of the site's answers, of the archive's disk, and of crawls that died."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from newsarchive.alarms.case import SURE, Answers, Case, surprise, task
from newsarchive.store.alarms import Verdict
from newsarchive.store.history import History

USUAL_ERRORS = 0.02
"""A site may fail so often before its own history says what is usual of it."""


def down(case: Case) -> Iterator[Verdict]:
    """The site gives no answer that can be used."""
    answers = case.answers
    if case.nothing_came and answers.refused < max(answers.bad, 1):
        said = [f"none of {answers.asked} requests came to anything ({answers.reasons})"] if answers.asked else []
        said += [f"robots.txt: {answers.robots}"] if answers.robots else []
        yield Verdict("down", case.site, "; ".join(said))
    elif answers.asked > answers.bad:
        yield Verdict("down", case.site, None)


def errors(case: Case) -> Iterator[Verdict]:
    """More requests fail, or are refused, than usual."""
    answers = case.answers
    if not answers.asked:
        return
    share = answers.bad / answers.asked
    before = [Answers.of(crawl) for crawl in case.before("errors", case.site)]
    asked, bad = sum(a.asked for a in before), sum(a.bad for a in before)
    usual = max((bad + 1) / (asked + 2), USUAL_ERRORS) if before else USUAL_ERRORS
    often = share >= 0.2 and share >= 3 * usual and surprise(answers.bad, usual * answers.asked, answers.asked) > SURE
    if often or case.nothing_came:
        said = f"{bad} of {asked} did in the {len(before)} crawls before" if before else "no crawl before tells how many do"
        yield Verdict("errors", case.site, f"{answers.bad} of {answers.asked} requests failed ({answers.reasons}); {said}")
    elif share <= max(0.1, 2 * usual):
        yield Verdict("errors", case.site, None)


def dead_crawls(history: History, site: str) -> dict[str, str]:
    """Return the reason for an alarm of each task whose last crawl died."""
    dead: dict[str, str] = {}
    for crawl in history.not_ended(site):
        began, seen = (at[:16].replace("T", " ") for at in (crawl.started_at, crawl.ended_at))
        said = f"crawl {crawl.id} began at {began} and died after {seen}; the same command goes on from there"
        dead.setdefault(task(crawl), said)
    return dead


def not_ended(case: Case) -> Iterator[Verdict]:
    """A crawl died, and none that was asked the same has ended since."""
    dead = dead_crawls(case.history, case.site)
    for subject in case.on_of("not_ended") - set(dead):
        yield Verdict("not_ended", subject, None)
    for subject, reason in dead.items():
        yield Verdict("not_ended", subject, reason)


def disk(case: Case) -> Iterator[Verdict]:
    """The archive's disk is nearly full, or will be in days."""
    free = case.crawl.counts.get("archive/disk/free")
    if free is None:
        return
    before = case.history.free_before(case.crawl)
    days = None
    if before:
        at, had = before
        pace = (had - free) / ((case.end - datetime.fromisoformat(at)).total_seconds() / 86400)
        days = free / pace if pace > 0 else None
    said = f"{free / 1e9:.1f} GB are free"
    if free < case.fewest_bytes:
        yield Verdict("disk", "archive", said)
    elif days is not None and days < case.fewest_days:
        yield Verdict("disk", "archive", f"{said}, which lasts {days:.1f} days at the pace of the last week")
    elif free > 1.2 * case.fewest_bytes and (days is None or days > 1.5 * case.fewest_days):
        yield Verdict("disk", "archive", None)
