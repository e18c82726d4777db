"""Judges of what listings show: nothing, less than usual, no section any more, a stretch that nobody saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from math import log
from statistics import median

from newsarchive.alarms.case import Case
from newsarchive.dates import stamp
from newsarchive.store.alarms import Verdict
from newsarchive.store.history import Crawled, Walked

FEW_HOURS = (6, 24, 72)
FEW_SURE = 12
WEEKS = 6
WEEKS_NEEDED = 3
EXPLAIN = ("down", "errors", "unread", "field", "no_articles", "section")
CRAWLS, CRAWLS_NEEDED = 10, 8


def no_articles(case: Case) -> Iterator[Verdict]:
    """The listings were read and show no article at all."""
    if not any(walk.whole for walk in case.walks):
        return
    if sum(walk.links for walk in case.walks):
        yield Verdict("no_articles", case.task, None)
        return
    before = case.before("no_articles", case.task, 10)
    links = Counter()
    for walk in case.history.walks(*(crawl.id for crawl in before)) if before else ():
        links[walk.crawl] += walk.links
    if sum(links[crawl.id] > 0 for crawl in before) >= 0.9 * len(before):
        said = f"the {len(before)} crawls before found some" if before else "no crawl was there before"
        yield Verdict("no_articles", case.task, f"{len(case.walks)} listings were read and none shows an article; {said}")


def few_articles(case: Case) -> Iterator[Verdict]:
    """Far fewer new articles come than is usual at this hour of this weekday."""
    if not any(walk.whole for walk in case.walks) or case.crawl.reason != "finished":
        return
    said, enough = None, False
    for hours in FEW_HOURS:
        span = timedelta(hours=hours)
        if case.archive.alarms.on_since(case.site, stamp(case.end - span), EXPLAIN):
            continue  # that so little came has its reason already
        crawls, found = case.history.brought(case.site, case.end - span, case.end)
        weeks = []
        for week in range(1, WEEKS + 1):
            until = case.end - timedelta(weeks=week)
            had, brought = case.history.brought(case.site, until - span, until)
            if had >= crawls / 2:
                weeks.append(brought)
        if len(weeks) < WEEKS_NEEDED:
            continue
        usual = median(weeks)
        enough = enough or (usual > 0 and found >= usual / 2)
        if found < usual / 4 and _fewer(found, usual / 2) > FEW_SURE:  # half of what is usual comes on any holiday
            hour = f"at this hour of a {case.end:%A}, in {len(weeks)} weeks"
            said = said or f"{found} new articles in the last {hours} hours; {usual:g} are usual {hour}"
    if said or enough:
        yield Verdict("few_articles", case.site, said)


def _fewer(found: int, expected: float) -> float:
    """Nats: how unlikely so few are where ``expected`` are usual, by the Chernoff bound of the Poisson distribution."""
    return expected - found + (found * log(found / expected) if found else 0)


def sections(case: Case) -> Iterator[Verdict]:
    """A section that was always walked is not there any more, or is empty."""
    if case.crawl.reason not in ("finished", "unknown section"):
        return
    now: dict[str, Walked] = {}
    for walk in case.walks:
        if walk.source == "sections" and walk.section and (walk.section not in now or walk.links):
            now[walk.section] = walk
    usual = _walked_before(case, case.history.like(case.crawl, CRAWLS))
    for section in sorted(case.on_of("section") | set(usual)):
        walk, at = now.get(section), case.began("section", section)
        before = _walked_before(case, case.history.like(case.crawl, CRAWLS, at)) if at else usual
        times = before[section]
        if (walk and walk.links) or (("section", section) in case.on and times < CRAWLS_NEEDED and not at):
            yield Verdict("section", section, None)  # it is there, or nobody expects it any more
        elif times < CRAWLS_NEEDED:
            continue
        elif walk is None or _is_not_there(walk):
            because = f" ({walk.reason})" if walk and walk.reason else ""
            yield Verdict("section", section, f"it is not there any more{because}; {times} of the {CRAWLS} crawls before walked it")
        elif walk.whole:
            yield Verdict("section", section, f"{walk.url} shows no article; in {times} of the {CRAWLS} crawls before it did")


def _walked_before(case: Case, crawls: list[Crawled]) -> Counter:
    """In how many of ``crawls`` each section showed articles."""
    walks = case.history.walks(*(crawl.id for crawl in crawls)) if crawls else []
    return Counter(
        section for section, _ in {(w.section, w.crawl) for w in walks if w.source == "sections" and w.section and w.links}
    )


def _is_not_there(walk: Walked) -> bool:
    return walk.end == "error" and (walk.reason or "").startswith(("HTTP 404", "HTTP 410", "redirected to", "it is not there"))


def gaps(case: Case) -> Iterator[Verdict]:
    """A stretch of a listing that nobody saw is still open after its listing was walked once more, or after a day."""
    walked = {(walk.source, walk.url) for walk in case.walks}
    day = stamp(case.end - timedelta(days=1))
    found = {}
    for gap in case.history.gaps(case.site):
        subject = f"{gap['source']} {gap['section'] or gap['listing']}"
        again = (gap["source"], gap["listing"]) in walked and gap["opened_at"] < case.crawl.started_at
        since, until = gap["since"] or "its beginning", gap["until"] or "now"
        found[subject] = (
            f"nobody saw what it showed between {since} and {until} ({gap['reason']}); source=days or source=sitemap may fill it"
            if again or gap["opened_at"] < day
            else None
        )
    for subject in case.on_of("gap") - set(found):
        yield Verdict("gap", subject, None)
    for subject, reason in found.items():
        if reason:
            yield Verdict("gap", subject, reason)


def never_whole(case: Case) -> Iterator[Verdict]:
    """A listing was walked again and again, and never whole."""
    for walk in case.walks:
        subject = f"{walk.source} {walk.section or walk.url}"
        if walk.whole:
            yield Verdict("never_whole", subject, None)
            continue
        crawls, whole = case.history.times_walked(case.site, walk)
        if crawls >= 5 and not whole:
            because = f" ({walk.reason})" if walk.reason else ""
            yield Verdict(
                "never_whole", subject, f"{crawls} crawls walked it and none to its end; this one ended by {walk.end}{because}"
            )
