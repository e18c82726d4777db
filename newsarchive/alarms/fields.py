"""The drift sentinel: fields that are filled less than usual, or not by the origin that usually fills them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from newsarchive.alarms.case import SURE, Case, surprise
from newsarchive.store.alarms import Verdict
from newsarchive.store.history import ReadPage

WINDOWS = (5, 10, 20, 40)
"""The newest so many articles are compared with those before them."""

BEFORE = 200
SECTION_NEEDED = 25
"""Fewer articles of a section do not say how its fields are filled."""


@dataclass(frozen=True)
class Usual:
    """How one field was filled in the articles of one section."""

    articles: int
    filled: int
    origin: str | None
    """The origin that filled it most often."""

    by_origin: int
    good: ReadPage | None
    """The newest article in which that origin filled it."""


Shares = dict[tuple[str | None, str], Usual]
ALL = ""
"""Instead of a section: the articles of all."""


def fields(case: Case) -> Iterator[Verdict]:
    """A field of new articles is filled less than usual, or not by the origin that usually fills it."""
    if not case.crawl.counts.get("archive/article/new") and not case.crawl.counts.get("archive/article/revised"):
        return
    pages = case.history.read(case.site, WINDOWS[-1] + BEFORE)
    recent, before = pages[: WINDOWS[-1]], pages[WINDOWS[-1] :]
    on = case.on_of("field")
    names = {field for page in before for field in page.origins} | on
    usual: dict[str | None, Shares] = {None: shares(before, names)}
    for field in sorted(names):
        if at := case.began("field", field):
            if at not in usual:
                usual[at] = shares(case.history.read(case.site, BEFORE, at), names)
        elif field in on:
            yield Verdict("field", field, None)  # it has become a habit
            continue
        if verdict := judge_field(field, recent, usual[at]):
            yield verdict


def shares(pages: list[ReadPage], names: set[str]) -> Shares:
    """Return how ``pages`` are filled, by section and field; a section with few articles says nothing."""
    sections: dict[str | None, list[ReadPage]] = {ALL: pages}
    for page in pages:
        sections.setdefault(page.section, []).append(page)
    found: Shares = {}
    for section, part in sections.items():
        if len(part) < SECTION_NEEDED:
            continue
        for field in names:
            origins = Counter(page.origins[field] for page in part if field in page.origins)
            origin, times = origins.most_common(1)[0] if origins else (None, 0)
            good = next((page for page in part if origin and page.origins.get(field) == origin), None)
            found[section, field] = Usual(len(part), sum(origins.values()), origin, times, good)
    return found


@dataclass(frozen=True)
class Seen:
    """One article, and whether a field of it is as in most articles of its section."""

    page: ReadPage
    usual: Usual
    chance: float
    """That it is, by those before it."""

    well: bool


def judge_field(field: str, recent: list[ReadPage], usual: Shares) -> Verdict | None:
    """Return the verdict on ``field`` of the articles ``recent``, newest first; None when there is too little to tell."""
    judged = [(page, usual[page.section, field]) for page in recent if (page.section, field) in usual]
    if len(judged) < WINDOWS[0] and (ALL, field) in usual:  # what says the section may have died itself
        judged = [(page, usual[ALL, field]) for page in recent]
    filled = [Seen(page, u, (u.filled + 1) / (u.articles + 2), field in page.origins) for page, u in judged]
    if window := _drifted(filled):
        bad = [seen for seen in filled[:window] if not seen.well]
        return Verdict("field", field, _words(f"empty in {len(bad)} of the last {window} articles", bad))
    of_origin = [
        Seen(page, u, (u.by_origin + 1) / (u.filled + 2), page.origins[field] == u.origin)
        for page, u in judged
        if field in page.origins
    ]
    if window := _drifted(of_origin):
        bad = [seen for seen in of_origin[:window] if not seen.well]
        ((origin, _),) = Counter(seen.page.origins[field] for seen in bad).most_common(1)
        return Verdict("field", field, _words(f"read from {origin} in {len(bad)} of the last {window} articles that have it", bad))
    return Verdict("field", field, None) if _is_as_usual(filled) and _is_as_usual(of_origin) else None


def _drifted(seen: list[Seen]) -> int | None:
    """Return how many of the newest are too seldom well for that to be chance; None: they are not."""
    for window in (*(w for w in WINDOWS if w < len(seen)), len(seen)):
        well, expected = sum(s.well for s in seen[:window]), sum(s.chance for s in seen[:window])
        if well < expected / 2 and surprise(well, expected, window) > SURE:
            return window
    return None


def _is_as_usual(seen: list[Seen]) -> bool:
    """Tell whether the newest, as many as can tell, are as often well as it is usual."""
    for window in range(1, len(seen) + 1):
        well, expected = sum(s.well for s in seen[:window]), sum(s.chance for s in seen[:window])
        if expected >= 3:
            return well >= expected / 2 and (well >= expected or surprise(well, expected, window) < 2)
    return False


def _words(said: str, bad: list[Seen]) -> str:
    first, usual = bad[-1].page, bad[-1].usual
    expected = sum(1 - seen.chance for seen in bad)
    good = f" Compare {usual.good.id} ({usual.good.url})." if usual.good else ""
    repair = "Mend the rule, then: scrapy reextract --apply"
    return f"{said} ({expected:.1f} is usual); {usual.origin} gives it no more. First: {first.id} ({first.url}).{good} {repair}"


def unread(case: Case) -> Iterator[Verdict]:
    """Pages come as ever, and our reading finds no headline, or no text, in most of them."""
    counts = case.crawl.counts
    tried = _tried(counts)
    for what in ("headline", "text"):
        bad = counts.get(f"archive/unread/{what}", 0)
        before = [crawl.counts for crawl in case.before("unread", what)]
        usual = (sum(c.get(f"archive/unread/{what}", 0) for c in before) + 1) / (sum(map(_tried, before)) + 2)
        usual = min(max(usual, 0.02), 0.5)
        if bad > tried / 2 and surprise(bad, usual * tried, tried) > SURE / 2:
            first = case.history.unread(case.site, what)
            where = f" First: {first[0]} ({first[1]})." if first else ""
            yield Verdict("unread", what, f"{bad} of {tried} pages had no {what}.{where} Mend the rule; a later crawl reads them")
        elif tried and bad <= 2 * usual * tried:
            yield Verdict("unread", what, None)


def _tried(counts: dict[str, int]) -> int:
    """How many article pages were read, or were to be."""
    kinds = ("article/new", "article/revised", "article/unchanged", "unread/headline", "unread/text")
    return sum(counts.get(f"archive/{kind}", 0) for kind in kinds)
