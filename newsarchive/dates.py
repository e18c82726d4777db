"""Times as news pages write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

UNIX_TIME = re.compile(r"\d{9,10}(\.\d+)?$|\d{13}$")
# 12:54 03.02.2022, 12:54 GMT 03.02.2022: the reference platform's visible dates.
CLOCK_FIRST = re.compile(r"(\d{1,2}:\d{2})(?:\s+(GMT|UTC))?,?\s+(\d{1,2})\.(\d{1,2})\.(\d{4})")
DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}:\d{2})(?:\s+(GMT|UTC))?)?$")
DAY_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}$|\d{8}$")
DAY_IN_WORDS = re.compile(r"\d{1,2} [A-Za-z]{3,9} \d{4}$")
YEAR_FIRST = re.compile(r"\d{4}(?:-\d{2}-|\d{4}T)\d{0,2}")
SECONDS = re.compile(r"T?\d{2}:\d{2}:\d{2}|T\d{6}")


@dataclass(frozen=True)
class Time:
    """A time as a page gives it."""

    at: datetime
    """Aware, UTC, whole seconds."""

    raw: str
    precision: str
    """``second``, ``minute`` or ``day``."""

    zone: str
    """``given`` or ``site``."""


def iso(at: datetime) -> str:
    """Return ``at`` (aware) as UTC ISO 8601 to the second.

    >>> iso(datetime(2022, 2, 3, 12, 54, 7, 9, UTC))
    '2022-02-03T12:54:07+00:00'
    """
    return at.astimezone(UTC).isoformat(timespec="seconds")


def stamp(at: datetime) -> str:
    """Return ``at`` (aware) as UTC ISO 8601 to the microsecond: the ledger's own times, which sort as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@lru_cache
def zone(name: str) -> ZoneInfo:
    """Return the time zone ``name`` (``Europe/Moscow``)."""
    return ZoneInfo(name)


def parse_time(text: str, site_zone: str = "UTC", clock_zone: str | None = None) -> Time | None:
    """Read ISO 8601 (extended or compact), RFC 2822, Unix seconds or milliseconds, ``12:54 03.02.2022``, or a day.

    A time without offset is in ``site_zone``; a day is its midnight there. With ``clock_zone`` the times of day without
    offset are in that zone, and so are those that end in ``Z``: the page does not mean it. None when the text is none of
    these, and for the zero of Unix time in any zone, and the year 1 of .NET: numbers that were never set.

    >>> parse_time("20260729T1319+0800").at.isoformat()
    '2026-07-29T05:19:00+00:00'
    >>> parse_time("2022-02-03", "Europe/Moscow").at.isoformat()
    '2022-02-02T21:00:00+00:00'
    >>> parse_time("2019-11-18T21:17:27Z", clock_zone="Europe/Moscow").at.isoformat()
    '2019-11-18T18:17:27+00:00'
    >>> parse_time("0001-01-01T00:00:00Z")
    """
    raw = text.strip()
    return _parsed(raw, site_zone, clock_zone) if 0 < len(raw) <= 60 else None


# A page says the same time several times.
@lru_cache(maxsize=64)
def _parsed(raw: str, site_zone: str, clock_zone: str | None) -> Time | None:
    try:
        at, precision = _read(raw)
        given = at.tzinfo is not None and not (clock_zone and raw[-1] in "Zz")
        if not given:
            at = at.replace(tzinfo=zone(site_zone if precision == "day" or not clock_zone else clock_zone))
        if at.year == 1 or (abs(seconds := at.timestamp()) <= 14 * 3600 and seconds % 900 == 0):
            return None
        return Time(at.astimezone(UTC).replace(microsecond=0), raw, precision, "given" if given else "site")
    except (ValueError, OverflowError):
        return None


def _read(raw: str) -> tuple[datetime, str]:
    if UNIX_TIME.match(raw):
        seconds = int(raw) / 1000 if len(raw) == 13 else float(raw)
        return datetime.fromtimestamp(seconds, UTC), "second"
    if DAY_ONLY.match(raw):
        return datetime.fromisoformat(raw), "day"
    if YEAR_FIRST.match(raw):
        raw = re.sub(r"\s*(?:UTC|GMT)$", "+00:00", raw)
        return datetime.fromisoformat(raw), "second" if SECONDS.search(raw[8:]) else "minute"
    if m := CLOCK_FIRST.search(raw):
        clock, utc, day, month, year = m.groups()
    elif m := DAY_FIRST.search(raw):
        day, month, year, clock, utc = m.groups()
    elif DAY_IN_WORDS.match(raw):
        return parsedate_to_datetime(f"{raw} 00:00"), "day"
    else:
        return parsedate_to_datetime(raw), "second" if raw.count(":") >= 2 else "minute"
    hour, minute = map(int, (clock or "0:0").split(":"))
    at = datetime(int(year), int(month), int(day), hour, minute, tzinfo=UTC if utc else None)
    return at, "minute" if clock else "day"


def is_of_the_web(at: datetime) -> bool:
    """Tell whether a page can have been captured at ``at``: not before the web, nor after tomorrow."""
    return datetime(1990, 1, 1, tzinfo=UTC) < at < datetime.now(UTC) + timedelta(days=1)


def day_in(at: datetime, site_zone: str) -> str:
    """Return the day of ``at`` in ``site_zone``, ``YYYY-MM-DD``."""
    return at.astimezone(zone(site_zone)).date().isoformat()


def own_day(time: Time) -> str | None:
    """Return the day of ``time`` by the offset that its page gives, ``YYYY-MM-DD``; None without one but UTC's.

    >>> own_day(parse_time("2024-03-05T23:30:00-05:00"))
    '2024-03-05'
    """
    return time.raw[:10] if re.fullmatch(r"\d{4}-\d{2}-\d{2}T.*[+-]\d{2}:?\d{2}", time.raw) else None


def parse_day(text: str) -> str:
    """Return ``text`` when it is a day ``YYYY-MM-DD`` of the calendar; else raise ValueError.

    >>> parse_day("2022-02-03")
    '2022-02-03'
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(f"{text!r} is no day, write YYYY-MM-DD")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar") from None


def days_between(since: str, until: str) -> list[str]:
    """Return the days from ``until`` down to ``since``, both included.

    >>> days_between("2022-02-01", "2022-02-03")
    ['2022-02-03', '2022-02-02', '2022-02-01']
    """
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    return [(last - timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
