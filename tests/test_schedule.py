"""Schedules: what is in the file, what systemd and cron are told, and what was done."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from conftest import PROJECT, command

from newsarchive.schedule import Entry, read_schedule
from newsarchive.store.archive import Archive

FILE = PROJECT / "deploy" / "schedule.toml"
PASSWORD = "n0t to be seen"


@pytest.fixture
def write(tmp_path):
    """``write(text)`` gives a schedule's file that names a file with the password."""
    secret = tmp_path / "scrapyd.env"
    secret.write_text(f'# ours\nSCRAPYD_USERNAME=op\nSCRAPYD_PASSWORD="{PASSWORD}"\nNEWSARCHIVE_DIR={tmp_path / "archive"}\n')

    def write(text: str) -> Path:
        path = tmp_path / "schedule.toml"
        path.write_text(f'[server]\nurl = "http://127.0.0.1:9/"\nenvironment = "{secret}"\n{text}')
        return path

    return write


def test_the_example_becomes_timers_that_systemd_understands(tmp_path):
    done = command("schedule", "-o", str(tmp_path / "units"))
    assert done.returncode == 0, done.stderr
    units = sorted((tmp_path / "units").iterdir())
    names = read_schedule(FILE).entries
    assert {unit.name for unit in units} == {f"newsarchive-{name}.{kind}" for name in names for kind in ("service", "timer")}
    for timer in (unit.read_text() for unit in units if unit.suffix == ".timer"):
        assert "Persistent=true" in timer
        if shutil.which("systemd-analyze"):
            calendar = next(line for line in timer.splitlines() if line.startswith("OnCalendar="))
            subprocess.run(["systemd-analyze", "calendar", calendar.partition("=")[2]], check=True, capture_output=True)


def test_the_password_is_never_printed(write):
    path = write('[crawl.poll]\nspider = "demo"\nevery = "2 hours"\n')
    for options in ((), ("--format", "cron"), ("--list",), ("--start", "poll")):
        done = command("schedule", "--file", str(path), *options)
        assert PASSWORD not in done.stdout + done.stderr
        assert "poll" in done.stdout or options == ("--start", "poll")
    assert command("schedule", "--file", str(path), "--format", "cron").stdout.startswith("0 */2 * * * cd ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crawl.poll", "is no TOML"),
        ("[crawls.poll]", "has no 'crawls'"),
        ("[[crawl]]", "crawl must be a table"),
        ('[crawl."a b"]\nspider = "demo"', "a name is made of"),
        ('[crawl.a]\nspider = "demo"\nevry = "1 hour"', "has no 'evry'"),
        ('[crawl.a]\nspider = "demo"', "wants either"),
        ('[crawl.a]\nspider = "demo"\nevery = "7 minutes"', "divide"),
        ('[crawl.a]\nspider = "demo"\nat = "25:00"', "write HH:MM"),
        ('[crawl.a]\nspider = "demo"\nat = "05:00"\non = ["Monday"]', "must be a list of Mon"),
        ('[crawl.a]\nspider = "demo"\nat = "05:00"\nmonths = "2021-13"', "write YYYY-MM"),
        ('[crawl.a]\nspider = "demo"\nat = "05:00"\narguments = { source = ["feed"] }', "single values"),
        ('[crawl.a]\nspider = "demo"\nat = "05:00"\narguments = "feed"', "single values"),
        ('[crawl.a]\nspider = "demo"\nat = 5', "must be text"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(write, text, said):
    with pytest.raises(ValueError, match=said) as raised:
        read_schedule(write(f"\n{text}"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('spider = "nowhere"\nat = "05:00"', "there is no site 'nowhere'"),
        ('spider = "demo"\nat = "05:00"\narguments = { source = "nowhere" }', "demo has no source 'nowhere'"),
        ('spider = "demo"\nat = "05:00"\narguments = { since = "yesterday" }', "since"),
    ],
)
def test_a_crawl_that_could_not_be_is_refused_before_it_is_due(write, text, said):
    done = command("schedule", "--file", str(write(f"[crawl.a]\n{text}\n")))
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_days_are_those_of_the_start():
    entry = Entry("a", arguments={"since": "{yesterday}", "until": "{today}", "source": "days"})
    assert entry.arguments_on(date(2026, 3, 1)) == {"since": "2026-02-28", "until": "2026-03-01", "source": "days"}


def test_a_backfill_goes_on_with_the_newest_month_that_is_not_done():
    entry = Entry("a", months="2025-12", arguments={"source": "days"})
    today = date(2026, 3, 31)
    assert entry.arguments_on(today) == {"source": "days", "since": "2026-02-01", "until": "2026-02-28"}
    assert entry.arguments_on(today, {"2026-02-01"})["since"] == "2026-01-01"
    assert entry.arguments_on(today, {"2026-01-01"})["since"] == "2026-02-01", "a month that was left out comes first"
    assert entry.arguments_on(today, {"2026-02-01", "2026-01-01"})["until"] == "2025-12-31"
    assert entry.arguments_on(today, {"2026-02-01", "2026-01-01", "2025-12-01"}) is None


def test_the_list_says_how_the_last_run_ended(write, tmp_path):
    path = write('[crawl.poll]\nspider = "demo"\nat = "05:00"\n[crawl.poll-two]\nspider = "demo"\nevery = "1 hour"\n')
    archive = Archive(tmp_path / "archive" / "archive.db")
    for job, reason in (("poll-20260301T050000", "finished"), ("poll-20260302T050000", "shutdown"), ("other", "finished")):
        archive.crawls.end(archive.crawls.begin("demo", {"_job": job}), reason, {"archive/article/new": 7})
    archive.close()
    done = command("schedule", "--file", str(path), "--list", "--json")
    assert done.returncode == 0, done.stderr
    poll, two = json.loads(done.stdout)
    assert (poll["outcome"], poll["new"], poll["next"] > poll["last"]) == ("shutdown", 7, True)
    assert two["outcome"] is None and two["last"] is None
