"""How often a site edits its articles: measured at every re-visit, by section and age."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime
from itertools import accumulate

HALF_LIFE = 48
"""Hours after which what was watched counts half: a section that changes its habits is followed within days."""

CLASSES = 20
"""Age classes; the last one begins at thirty years and has no end."""

FIRST_HOUR = 0.05
"""Edits of an article in its first hour, of a site of which nothing is known."""

# The hazard of an edit falls as one over the age: with every doubling of its age an article is edited about as often.
PRIOR = [FIRST_HOUR / (0.75 * 2**age if age else 1) for age in range(CLASSES)]

DOUBT = 1.0
"""So many edits must have been seen before a measured rate counts as much as the more general one behind it."""

MOST = 3.0
"""Of so many edits at most is one that was seen taken to be the last."""


class Curve:
    """How many edits are to be expected of an article. ``rates`` are edits an hour, by age class."""

    def __init__(self, rates: list[float]):
        self.rates = rates
        self.begun = [0.0, *accumulate(rate * _length(age) for age, rate in enumerate(rates[:-1]))]

    def until(self, hours: float) -> float:
        """Return the edits to be expected until an article is ``hours`` old."""
        age = age_class(hours)
        return self.begun[age] + self.rates[age] * (hours - _begin(age))


class Curves(dict):
    """The curves of one site, by section in lower case; of a section that was never watched ``whole``, the site's."""

    def __init__(self, whole: Curve):
        super().__init__()
        self.whole = whole

    def __missing__(self, section: str) -> Curve:
        return self.whole


class EditRates:
    """The table ``edit_rate``."""

    def __init__(self, archive):
        self.archive = archive

    def watched(self, site: str, section: str | None, born: str, since: str, edited: bool) -> None:
        """Note that an article published at ``born`` was looked at now and at ``since``, and whether it was edited between.

        One edit seen after a long time may be the last of several, at any age between: it is shared out among the ages as
        the rates known so far have it (the E step of an EM estimate from interval-censored events).
        """
        now, section = self.archive.now(), (section or "").lower()
        first, last = age(born, since), age(born, now)
        spans = _spans(first, last)
        if not spans:
            return
        edits = dict.fromkeys(spans, 0.0)
        if edited:
            rates = self.curves(site)[section].rates
            expected = sum(rates[n] * hours for n, hours in spans.items())
            seen = min(expected, MOST) / -math.expm1(-min(expected, MOST))
            edits = {n: seen * rates[n] * hours / expected for n, hours in spans.items()}
        with self.archive.transaction() as db:
            for n, hours in spans.items():
                row = db.execute(
                    "select hours, visits, edits, updated_at from edit_rate where site = ? and section = ? and age = ?",
                    (site, section, n),
                ).fetchone()
                kept = _weight(row["updated_at"], now) if row else 0
                before = (row["hours"] * kept, row["visits"] * kept, row["edits"] * kept) if row else (0, 0, 0)
                more = (hours, hours / (last - first), edits[n])
                db.execute(
                    "insert or replace into edit_rate values (?, ?, ?, ?, ?, ?, ?)",
                    (site, section, n, *(a + b for a, b in zip(before, more, strict=True)), now),
                )

    def curves(self, site: str) -> Curves:
        """Return what was measured of ``site``, by section.

        Where little was seen, a section's rate at an age leans on the site's at that age times what the section edits more
        than others at all ages; the site's on the prior in the same way.
        """
        now = self.archive.now()
        hours, edits = defaultdict(lambda: [0.0] * CLASSES), defaultdict(lambda: [0.0] * CLASSES)
        for row in self.archive.db.execute("select section, age, hours, edits, updated_at from edit_rate where site = ?", (site,)):
            kept = _weight(row["updated_at"], now)
            hours[row["section"]][row["age"]] += row["hours"] * kept
            edits[row["section"]][row["age"]] += row["edits"] * kept
        nothing = [0.0] * CLASSES
        whole = _rates(*([sum(x) for x in zip(nothing, *seen.values(), strict=True)] for seen in (hours, edits)), PRIOR)
        found = Curves(Curve(whole))
        for section in hours:
            found[section] = Curve(_rates(hours[section], edits[section], whole))
        return found


def _rates(hours: list[float], edits: list[float], general: list[float]) -> list[float]:
    """Rates by age, shrunk to the ``general`` ones times one factor. The means of gamma distributions."""
    factor = (sum(edits) + DOUBT) / (sum(h * g for h, g in zip(hours, general, strict=True)) + DOUBT)
    return [(e + DOUBT) / (h + DOUBT / (factor * g)) for h, e, g in zip(hours, edits, general, strict=True)]


def born_at(published_at: str | None, day: str | None, seen_at: str) -> str:
    """Return from when on the age of an article counts: its publication, as far as that is known, and never a time to come."""
    return min(published_at or (f"{day}T00:00:00+00:00" if day else seen_at), seen_at)


def age(born: str, at: str) -> float:
    """Return how old, in hours, an article of ``born`` is at a time; 0 when it is still to be born."""
    return max(0.0, (datetime.fromisoformat(at) - datetime.fromisoformat(born)).total_seconds() / 3600)


def age_class(hours: float) -> int:
    """Return the class of an age: 0 up to an hour, 1 up to two, 2 up to four, …

    >>> [age_class(hours) for hours in (0, 1, 1.5, 2, 2.5, 4, 1e9)]
    [0, 0, 1, 1, 2, 2, 19]
    """
    if hours <= 1:
        return 0
    half, power = math.frexp(hours)
    return min(power - (half == 0.5), CLASSES - 1)


def _begin(age: int) -> float:
    return 2.0 ** (age - 1) if age else 0.0


def _length(age: int) -> float:
    return 2.0 ** (age - 1) if age else 1.0


def _spans(first: float, last: float) -> dict[int, float]:
    """The hours from the age ``first`` to the age ``last``, by class."""
    found = {}
    for n in range(age_class(first), age_class(last) + 1):
        end = last if n == CLASSES - 1 else min(last, _begin(n) + _length(n))
        if (hours := end - max(first, _begin(n))) > 0:
            found[n] = hours
    return found


def _weight(then: str, now: str) -> float:
    return 0.5 ** (age(then, now) / HALF_LIFE)
