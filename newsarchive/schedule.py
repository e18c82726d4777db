"""Which crawls are started when: one file in TOML, turned into systemd timers or crontab lines."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
EVERY = re.compile(r"(?P<n>\d+) (?P<unit>minute|hour)s?")
AT = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Server:
    """The scrapyd that runs the crawls."""

    url: str = "http://127.0.0.1:6800/"
    project: str = "newsarchive"
    environment: str = ""
    """A file of lines NAME=VALUE with SCRAPYD_USERNAME, SCRAPYD_PASSWORD and NEWSARCHIVE_DIR; empty: this process has them."""


@dataclass(frozen=True)
class Entry:
    """One crawl that is started again and again. Times are the machine's own."""

    name: str
    spider: str = ""
    every: str = ""
    """``15 minutes``, ``6 hours``: what divides an hour or a day."""

    at: str = ""
    """``HH:MM``, instead of ``every``."""

    on: tuple[str, ...] = ()
    """With ``at``: days of the week, ``Mon`` to ``Sun``; empty: all."""

    arguments: dict[str, str] = field(default_factory=dict)
    """Of the spider. ``{yesterday}`` and ``{today}`` stand for days."""

    settings: dict[str, str] = field(default_factory=dict)
    months: str = ""
    """``YYYY-MM``: each start crawls one month as ``since`` and ``until``, the newest that is not done, back to this one."""

    def calendar(self) -> str:
        """Return when it starts, as systemd's OnCalendar.

        >>> Entry("poll", every="15 minutes").calendar(), Entry("night", at="02:30", on=("Mon", "Thu")).calendar()
        ('*-*-* *:0/15:00', 'Mon,Thu *-*-* 02:30:00')
        """
        if self.at:
            return f"{','.join(self.on)} *-*-* {self.at}:00".strip()
        n, unit = self._period()
        return f"*-*-* *:0/{n}:00" if unit == "minute" else f"*-*-* 0/{n}:00:00"

    def cron(self) -> str:
        """Return when it starts, as the first five fields of a crontab line.

        >>> Entry("poll", every="15 minutes").cron(), Entry("night", at="02:30", on=("Mon", "Thu")).cron()
        ('*/15 * * * *', '30 2 * * Mon,Thu')
        """
        if self.at:
            hour, minute = self.at.split(":")
            return f"{int(minute)} {int(hour)} * * {','.join(self.on) or '*'}"
        n, unit = self._period()
        return f"*/{n} * * * *" if unit == "minute" else f"0 */{n} * * *"

    def next_after(self, now: datetime) -> datetime:
        """Return the first start after ``now``.

        >>> Entry("poll", every="15 minutes").next_after(datetime(2026, 3, 1, 23, 50))
        datetime.datetime(2026, 3, 2, 0, 0)
        >>> Entry("night", at="02:30", on=("Mon",)).next_after(datetime(2026, 3, 2, 2, 30))
        datetime.datetime(2026, 3, 9, 2, 30)
        """
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.at:
            hour, minute = map(int, self.at.split(":"))
            days = (midnight.replace(hour=hour, minute=minute) + timedelta(days=n) for n in range(9))
            return next(day for day in days if day > now and (not self.on or WEEKDAYS[day.weekday()] in self.on))
        n, unit = self._period()
        step = timedelta(**{f"{unit}s": n})
        return midnight + ((now - midnight) // step + 1) * step

    def _period(self) -> tuple[int, str]:
        m = EVERY.fullmatch(self.every)
        return int(m["n"]), m["unit"]

    def arguments_on(self, today: date, done: Collection[str] = ()) -> dict[str, str] | None:
        """Return the arguments of a crawl that starts ``today``; ``done`` are the first days of months that were finished.

        None when no month is left.
        """
        yesterday = (today - timedelta(days=1)).isoformat()
        found = {
            name: value.replace("{yesterday}", yesterday).replace("{today}", today.isoformat())
            for name, value in self.arguments.items()
        }
        if not self.months:
            return found
        first = today.replace(day=1)
        while first.isoformat()[:7] > self.months:
            last = first - timedelta(days=1)
            first = last.replace(day=1)
            if first.isoformat() not in done:
                return found | {"since": first.isoformat(), "until": last.isoformat()}
        return None


@dataclass(frozen=True)
class Schedule:
    """A schedule's file."""

    path: Path
    server: Server
    entries: dict[str, Entry]


def read_schedule(path: Path) -> Schedule:
    """Return the schedule in the file ``path``. Raises ValueError, in one line, for what cannot be meant, OSError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from None
    try:
        _check_keys("the file", data, ("server", "crawl"))
        server, crawls = data.get("server", {}), data.get("crawl", {})
        for name, part in (("server", server), ("crawl", crawls)):
            if not isinstance(part, dict):
                raise ValueError(f"{name} must be a table, [{name}]")
        _check_keys("server", server, [f.name for f in fields(Server)])
        for name, value in server.items():
            if not isinstance(value, str):
                raise ValueError(f"server: {name} must be text")
        return Schedule(path.absolute(), Server(**server), {name: _entry(name, values) for name, values in crawls.items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check_keys(where: str, given: Collection[str], known: Collection[str]) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"{where} has no {unknown[0]!r}; it has {', '.join(known)}")


def _entry(name: str, values: Any) -> Entry:
    where = f"crawl.{name}"
    if not NAME.fullmatch(name):
        raise ValueError(f"{where}: a name is made of a-z, 0-9 and single hyphens")
    if not isinstance(values, dict):
        raise ValueError(f"{where} must be a table, [{where}]")
    _check_keys(where, values, [f.name for f in fields(Entry) if f.name != "name"])
    for key in ("arguments", "settings"):
        table = values.get(key, {})
        if not isinstance(table, dict) or any(isinstance(value, (dict, list)) for value in table.values()):
            raise ValueError(f"{where}: {key} must be a table of single values")
    for key in ("spider", "every", "at", "months"):
        if not isinstance(values.get(key, ""), str):
            raise ValueError(f"{where}: {key} must be text")
    on = values.get("on", [])
    if not isinstance(on, list) or not set(map(str, on)) <= set(WEEKDAYS):
        raise ValueError(f"{where}: on must be a list of {', '.join(WEEKDAYS)}")
    texts = {key: {n: str(v) for n, v in values.get(key, {}).items()} for key in ("arguments", "settings")}
    entry = Entry(name, **(values | texts | {"on": tuple(on)}))
    _check_times(where, entry)
    return entry


def _check_times(where: str, entry: Entry) -> None:
    if not entry.spider:
        raise ValueError(f"{where} wants a spider")
    if bool(entry.every) == bool(entry.at):
        raise ValueError(f'{where} wants either every = "15 minutes" or at = "02:30"')
    if entry.on and not entry.at:
        raise ValueError(f"{where}: on belongs to at")
    if entry.at and not AT.fullmatch(entry.at):
        raise ValueError(f"{where}: at is {entry.at!r}; write HH:MM")
    if entry.every:
        m = EVERY.fullmatch(entry.every)
        whole = 60 if m and m["unit"] == "minute" else 24
        if not m or not 0 < int(m["n"]) < whole or whole % int(m["n"]):
            raise ValueError(f"{where}: every is {entry.every!r}; write minutes that divide an hour, or hours that divide a day")
    if entry.months and not MONTH.fullmatch(entry.months):
        raise ValueError(f"{where}: months is {entry.months!r}; write YYYY-MM, the oldest month to crawl")
    if entry.months and {"since", "until"} & set(entry.arguments):
        raise ValueError(f"{where}: months gives since and until itself")


def systemd_units(schedule: Schedule, command: list[str], folder: Path) -> dict[str, str]:
    """Return the units of a schedule by file name; ``command`` starts an entry, given its name, in ``folder``."""
    units = {}
    for entry in schedule.entries.values():
        unit = f"newsarchive-{entry.name}"
        # A percent sign is systemd's own.
        start = shlex.join([*command, entry.name]).replace("%", "%%")
        units[f"{unit}.service"] = (
            f"[Unit]\nDescription=newsarchive: start {entry.name}\nAfter=scrapyd.service\n\n"
            f"[Service]\nType=oneshot\nWorkingDirectory={folder}\nExecStart={start}\n"
        )
        units[f"{unit}.timer"] = (
            f"[Unit]\nDescription=newsarchive: {entry.name}, {entry.every or entry.at}\n\n"
            f"[Timer]\nOnCalendar={entry.calendar()}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
    return units


def cron_lines(schedule: Schedule, command: list[str], folder: Path) -> list[str]:
    """Return the crontab lines of a schedule; ``command`` starts an entry, given its name, in ``folder``."""
    # A percent sign is a line's end to cron.
    lines = ((entry, shlex.join([*command, entry.name]).replace("%", r"\%")) for entry in schedule.entries.values())
    return [f"{entry.cron()} cd {shlex.quote(str(folder))} && {line}" for entry, line in lines]
