"""Alarms: what is not as usual in an archive, by its own history.

A judge looks at a crawl that is over, beside those before it, and says in words what is not as usual. One that cannot tell
says nothing: then an alarm that is on stays on, and none begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsarchive.alarms.case import Case
from newsarchive.alarms.fields import fields, unread
from newsarchive.alarms.listings import few_articles, gaps, never_whole, no_articles, sections
from newsarchive.alarms.site import disk, down, errors, not_ended
from newsarchive.store.alarms import Verdict

Judge = Callable[[Case], Iterator[Verdict]]
ALWAYS: tuple[Judge, ...] = (not_ended, disk)
IN_ORDER: tuple[Judge, ...] = (down, errors, unread, fields, no_articles, sections, few_articles, gaps, never_whole)
ROOTS = ("down", "errors", "no_articles", "section")
"""What follows from one of these is no news of its own: the judges after it are not asked."""

OF_ALL = ("disk",)
"""Kinds that are the archive's, not a site's."""


def judge(case: Case) -> list[Verdict]:
    """Return what the judges say."""
    verdicts = [verdict for one in ALWAYS for verdict in one(case)]
    for one in IN_ORDER:
        found = list(one(case))
        verdicts += found
        if any(verdict.reason and verdict.kind in ROOTS for verdict in found):
            break
    return verdicts
