"""``scrapy schedule``: crawls that scrapyd starts again and again."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.spiderloader import get_spider_loader

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.arguments import Arguments
from newsarchive.schedule import Entry, Schedule, cron_lines, read_schedule, systemd_units
from newsarchive.scrapydapi import Scrapyd, ScrapydError
from newsarchive.spiders.base import NewsSpider
from newsarchive.store.archive import Archive, ArchiveError, NoArchiveError


class Command(ArchiveCommand):
    """Prints a schedule as systemd units or crontab lines, starts one of its crawls, or lists them."""

    def syntax(self) -> str:
        return "[--format systemd|cron] [-o FOLDER] | --start NAME | --list"

    def short_desc(self) -> str:
        return "Turn a schedule into timers, start one of its crawls, or list them"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--file", default="deploy/schedule.toml", help="the schedule (default: %(default)s)")
        parser.add_argument("--format", choices=("systemd", "cron"), default="systemd", help="(default: %(default)s)")
        parser.add_argument("-o", "--output", metavar="FOLDER", help="systemd: write the units there")
        parser.add_argument("--start", metavar="NAME", help="have scrapyd start this crawl, unless the last one still runs")
        parser.add_argument("--list", action="store_true", help="last and next run of each crawl, and how the last one ended")
        parser.add_argument("--json", action="store_true", help="--list: for programs")

    def run(self, args, opts) -> None:
        try:
            if args or (opts.start is not None and opts.list):
                raise ValueError("write one of --start NAME, --list, or --format systemd|cron")
            schedule = read_schedule(Path(opts.file))
            self._check(schedule)
            if opts.start is not None:
                self._start(schedule, opts.start)
            elif opts.list:
                self._list(schedule, opts.json)
            else:
                self._print(schedule, opts)
        except (ValueError, ArchiveError, ScrapydError, OSError, sqlite3.DatabaseError) as error:
            self.fail(error)

    def _check(self, schedule: Schedule) -> None:
        """Raise ValueError when a crawl of ``schedule`` could not be."""
        loader = get_spider_loader(self.settings.frozencopy())
        for entry in schedule.entries.values():
            if entry.spider not in loader.list():
                raise ValueError(
                    f"{schedule.path}: crawl.{entry.name}: there is no site {entry.spider!r}; there are {', '.join(loader.list())}"
                )
            site = loader.load(entry.spider)
            if issubclass(site, NewsSpider) and (arguments := entry.arguments_on(date.today())) is not None:
                try:
                    Arguments.parse(arguments, site)
                except ValueError as error:
                    raise ValueError(f"{schedule.path}: crawl.{entry.name}: {error}") from None

    def _print(self, schedule: Schedule, opts) -> None:
        command = [sys.executable, "-m", "scrapy", "schedule", "--file", str(schedule.path), "--start"]
        if opts.format == "cron":
            print("\n".join(cron_lines(schedule, command, Path.cwd())))
            return
        units = systemd_units(schedule, command, Path.cwd())
        for name, text in units.items():
            if opts.output:
                Path(opts.output).mkdir(parents=True, exist_ok=True)
                (Path(opts.output) / name).write_text(text, encoding="utf-8")
            else:
                print(f"# /etc/systemd/system/{name}\n{text}")

    def _start(self, schedule: Schedule, name: str) -> None:
        if name not in schedule.entries:
            raise ValueError(f"{schedule.path} has no crawl {name!r}; it has {', '.join(schedule.entries) or 'none'}")
        entry, environment = schedule.entries[name], _environment(schedule)
        runs = self._runs(entry, environment)
        scrapyd = Scrapyd(schedule.server.url, environment.get("SCRAPYD_USERNAME", ""), environment.get("SCRAPYD_PASSWORD", ""))
        # A job that an earlier scrapyd left behind is known to the archive alone.
        running = [job for job in scrapyd.jobs(schedule.server.project) if _is_job_of(entry, job)]
        running += [run["job"] for run in runs if run["live"]]
        if running:
            print(f"{name}: {running[0]} is not over; nothing is started")
            return
        done = {run["arguments"].get("since") for run in runs if run["reason"] == "finished"}
        arguments = entry.arguments_on(date.today(), done)
        if arguments is None:
            print(f"{name}: every month back to {entry.months} is done")
            return
        job = f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        scrapyd.start(schedule.server.project, entry.spider, job, arguments, entry.settings)
        print(f"{name}: {job} is to start")

    def _list(self, schedule: Schedule, as_json: bool) -> None:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive import tables

        found, environment = [], _environment(schedule, needed=False)
        for entry in schedule.entries.values():
            last = next(iter(self._runs(entry, environment)), None)
            reason = last and (last["reason"] or ("running" if last["live"] else "did not end"))
            found.append(
                {
                    "name": entry.name,
                    "spider": entry.spider,
                    "when": entry.every or f"{' '.join(entry.on)} {entry.at}".strip(),
                    "last": last and last["started_at"],
                    "outcome": reason,
                    "new": last and last["new"],
                    "next": entry.next_after(datetime.now()).astimezone(UTC).isoformat(timespec="seconds"),
                }
            )
        if as_json:
            print(json.dumps(found, ensure_ascii=False, indent=1))
            return
        rows = [[_minute(value) if key in ("last", "next") else value for key, value in row.items()] for row in found]
        columns = ("crawl", "site", "when", "last run (UTC)", "outcome", "new#", "next run (UTC)")
        tables.console().print(tables.table(columns, rows))

    def _runs(self, entry: Entry, environment: dict[str, str]) -> list[dict]:
        """The runs of ``entry`` in the archive, newest first."""
        folder = self.settings["ARCHIVE_DIR"]
        if self.settings.getpriority("ARCHIVE_DIR") < SETTINGS_PRIORITIES["cmdline"]:
            folder = environment.get("NEWSARCHIVE_DIR", folder)
        try:
            archive = Archive(Path(folder) / "archive.db", read_only=True)
        except NoArchiveError:  # the first crawl is still to come
            return []
        try:
            return [run for run in archive.crawls.of_jobs(f"{entry.name}-") if _is_job_of(entry, run["job"])]
        finally:
            archive.close()


def _is_job_of(entry: Entry, job: str) -> bool:
    return bool(re.fullmatch(rf"{re.escape(entry.name)}-\d{{8}}T\d{{6}}", job))


def _minute(at: str | None) -> str:
    return (at or "")[:16].replace("T", " ")


def _environment(schedule: Schedule, needed: bool = True) -> dict[str, str]:
    """Return the process's environment over the lines ``NAME=VALUE`` of the schedule's file."""
    path = Path(schedule.server.environment)
    if not schedule.server.environment or (not needed and not path.exists()):
        return dict(os.environ)
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    found = {name.strip(): value.strip() for name, _, value in pairs}
    # As systemd reads it: quotes around a value are none of it.
    bare = {name: value[1:-1] if re.fullmatch(r"""(["']).*\1""", value) else value for name, value in found.items()}
    return bare | os.environ
