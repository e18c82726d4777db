"""A real scrapyd with the project's egg, deployed as README says."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from conftest import PROJECT, command

from newsarchive.store.archive import Archive

BIN = PROJECT / ".venv-scrapyd" / "bin"
USER, PASSWORD = "op", "100%s3cret$x"
PAUSE, PATIENCE = 0.1, 60
"""Seconds between two questions, and until waiting is given up."""

DELAY = 0.15
"""Seconds between two requests of a job that is still to run when something else was done."""

SPAN = {"since": "2026-03-01", "until": "2026-03-12"}


class Scrapyd:
    """scrapyd in a folder of its own, with ``deploy/scrapyd.conf``."""

    def __init__(self, folder: Path, eggs: Path | None = None):
        self.folder = folder
        self.archive_path = folder / "archive" / "archive.db"
        folder.mkdir()
        if eggs:
            shutil.copytree(eggs, folder / "eggs")
        conf = (PROJECT / "deploy" / "scrapyd.conf").read_text()
        (folder / "scrapyd.conf").write_text(conf.replace("poll_interval = 1", "poll_interval = 0.1"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SCRAPY"))} | {
            "SCRAPYD_HTTP_PORT": str(self.port),
            "SCRAPYD_USERNAME": USER,
            "SCRAPYD_PASSWORD": PASSWORD,
            "NEWSARCHIVE_DIR": str(folder / "archive"),
        }
        self.jobs: set[int] = set()
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        with open(self.folder / "scrapyd.log", "ab") as log:
            self.process = subprocess.Popen([BIN / "scrapyd"], cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        self.wait(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "scrapyd.log").read_text()
        try:
            return self.get("daemonstatus.json")["status"] == "ok"
        except OSError:
            return False

    def get(self, path: str, user: str = USER, password: str = PASSWORD, **data: str):
        body = urllib.parse.urlencode(data).encode() or None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", body)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        return json.loads(text) if ".json" in path else text

    def schedule(self, job: str, site=None, settings: tuple[str, ...] = ("DOWNLOAD_DELAY=0.01",), **arguments: str) -> None:
        base = {"base_url": site.url} if site else {}
        data = {"project": "newsarchive", "spider": "demo", "jobid": job} | base | arguments
        query = urllib.parse.urlencode([("setting", setting) for setting in settings])
        assert self.get(f"schedule.json?{query}", **data)["status"] == "ok"

    def listed(self) -> dict:
        jobs = self.get("listjobs.json?project=newsarchive")
        self.jobs |= {job["pid"] for job in jobs["running"]}
        return jobs

    def ended(self) -> bool:
        jobs = self.listed()
        return not jobs["running"] and not jobs["pending"]

    def log_of(self, job: str) -> str:
        return self.get(f"logs/newsarchive/demo/{job}.log")

    def wait(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, (self.folder / "scrapyd.log").read_text()
            time.sleep(PAUSE)

    def archive(self) -> Archive:
        return Archive(self.archive_path, read_only=True)

    def rows(self, query: str) -> list[tuple]:
        with closing(self.archive()) as archive:
            return [tuple(row) for row in archive.db.execute(query)]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pid in self.jobs:  # those that a killed scrapyd left behind
            with suppress(OSError):
                if b"scrapyd.runner" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A clean checkout of what is to be deployed, and of what must not be."""
    if not (BIN / "scrapyd").exists():
        if os.environ.get("CI"):
            pytest.fail("no scrapyd: CI must not pass over its tests")
        pytest.skip("no scrapyd here: make test installs it")
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("newsarchive", "tests", "bench"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("scrapy.cfg", "setup.py", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    return folder


@pytest.fixture(scope="module")
def deployed(checkout, tmp_path_factory) -> Path:
    """The folder of a scrapyd to which the checkout was deployed, and which is ended."""
    server = Scrapyd(tmp_path_factory.mktemp("deployed") / "scrapyd")
    try:
        done = deploy(checkout, server)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        server.stop()
    return server.folder


@pytest.fixture
def scrapyd(deployed, tmp_path):
    """A scrapyd with the project's egg."""
    server = Scrapyd(tmp_path / "scrapyd", deployed / "eggs")
    yield server
    server.stop()


def deploy(checkout: Path, server: Scrapyd, **environment: str) -> subprocess.CompletedProcess:
    cfg = (PROJECT / "scrapy.cfg").read_text()
    (checkout / "scrapy.cfg").write_text(cfg.replace("127.0.0.1:6800", f"127.0.0.1:{server.port}"))
    command = [BIN / "scrapyd-deploy"]
    return subprocess.run(command, cwd=checkout, env=server.environment | environment, capture_output=True, text=True)


def assert_whole(server: Scrapyd, site) -> None:
    """Every story is stored, each article was asked for once, and no lease is left."""
    stories = {str(story.number) for story in site.pages.newsroom.all() if not story.missing}
    assert {key for (key,) in server.rows("select key from article")} == stories
    assert server.rows("select count(*) from page where state not in ('stored', 'gone') or lease_by is not null") == [(0,)]
    assert server.rows("select count(*) from revision") == [(0,)]
    asked = "select url from capture where kind = 'article' group by url having count(*) > 1"
    assert server.rows(asked) == []


def test_eight_jobs_with_arguments_and_settings_fill_one_archive(scrapyd, play, checkout, tmp_path):
    site = play(stories=60)
    lines = tmp_path / "kept.jsonl"
    wanted = {
        "feed": {"source": "feed"},
        "world": {"section": "world"},
        "east": {"section": "middle east"},
        "rest": {"section": "business,science,sport"},
        "days": {"source": "days", **SPAN},
        "sitemap": {"source": "sitemap"},
        "few": {"source": "feed,sections", "max_articles": "1"},
        "lines": {"source": "feed"},
    }
    for job, arguments in wanted.items():
        settings = ("DOWNLOAD_DELAY=0.01",) + ((f"JSONLINES_PATH={lines}",) if job == "lines" else ())
        scrapyd.schedule(job, site, settings, **arguments)
    scrapyd.wait(scrapyd.ended)
    jobs = scrapyd.listed()
    assert {job["id"] for job in jobs["finished"]} == set(wanted)
    rows = scrapyd.rows("select arguments, reason, ended_at is not null from crawl")
    assert {json.loads(arguments)["_job"] for arguments, _, _ in rows} == set(wanted)
    for arguments, reason, ended in rows:
        given = json.loads(arguments)
        assert given == wanted[given["_job"]] | {"_job": given["_job"], "base_url": site.url}
        assert ended and reason in ("finished", "max_articles")
        assert f"Spider closed ({reason})" in scrapyd.log_of(given["_job"])
    assert_whole(scrapyd, site)
    # The file is as far as the job that kept it came, which may be nowhere; a later one brings what is missing.
    scrapyd.schedule("later", site, ("DOWNLOAD_DELAY=0.01", f"JSONLINES_PATH={lines}"), source="feed")
    scrapyd.wait(scrapyd.ended)
    kept = [json.loads(line)["id"] for line in lines.read_text().splitlines()]
    assert sorted(kept) == sorted(id for (id,) in scrapyd.rows("select id from article"))
    assert not (scrapyd.folder / "items").exists()

    # What runs, and nothing else, is in the egg; every command works from inside it.
    (egg,) = (scrapyd.folder / "eggs" / "newsarchive").glob("*.egg")
    names = zipfile.ZipFile(egg).namelist()
    assert {name.split("/")[0] for name in names} == {"newsarchive", "EGG-INFO"}
    sources = {str(path.relative_to(PROJECT)) for path in (PROJECT / "newsarchive").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == sources
    inside = {"PYTHONPATH": str(egg), "SCRAPY_SETTINGS_MODULE": "newsarchive.settings"}

    def scrapy(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", *arguments],
            cwd=tmp_path, env=os.environ | scrapyd.environment | inside, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    commands = {path.stem for path in (PROJECT / "newsarchive" / "commands").glob("*.py") if path.stem != "__init__"}
    assert commands <= set(re.findall(r"^  ([a-z-]+)", scrapy("-h"), re.MULTILINE))
    scrapy("check-archive")
    assert " 0 of them otherwise" in scrapy("reextract")


def test_a_wrong_password_gets_nothing(scrapyd, checkout):
    for path in ("", "daemonstatus.json", "listjobs.json", "logs/", "jobs"):
        for user, password in ((USER, "wrong"), ("", ""), (USER, "")):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                scrapyd.get(path, user, password)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        scrapyd.get("schedule.json", password="wrong", project="newsarchive", spider="demo")
    done = deploy(checkout, scrapyd, SCRAPYD_PASSWORD="wrong")
    assert done.returncode == 1 and "401" in done.stderr
    assert len(scrapyd.get("listversions.json?project=newsarchive")["versions"]) == 1
    assert PASSWORD not in (scrapyd.folder / "scrapyd.log").read_text()


def test_a_job_that_cannot_be_says_so_in_its_own_log_in_one_line(scrapyd):
    """An older egg beside a newer one, and a path that would lie in scrapyd's folder."""
    Archive(scrapyd.archive_path).close()
    with closing(sqlite3.connect(scrapyd.archive_path)) as db:
        db.execute("pragma user_version = 99")
    scrapyd.schedule("older")
    scrapyd.schedule("relative", settings=("ARCHIVE_DIR=here",))
    scrapyd.wait(scrapyd.ended)
    assert re.fullmatch(r"scrapy crawl: .* was written by a newer newsarchive \(schema 99, .*\n", scrapyd.log_of("older"))
    assert re.fullmatch(r"scrapy crawl: ARCHIVE_DIR is 'here', and under scrapyd it must .*\n", scrapyd.log_of("relative"))
    assert not (scrapyd.folder / "here").exists()


@pytest.fixture
def counting(play):
    """A demo site that calls ``at_request[1]`` when it is asked for the ``at_request[0]``-th time."""

    def count(path):
        if site.at_request and len(site.requests) >= site.at_request[0]:
            (_, call), site.at_request = site.at_request, None
            call()

    site = play(override=count, stories=120)
    site.at_request = None
    return site


def test_a_cancelled_job_ends_clean_and_the_next_goes_on(scrapyd, counting):
    cancel = {"project": "newsarchive", "job": "first"}
    counting.at_request = (50, lambda: scrapyd.get("cancel.json", **cancel))
    scrapyd.schedule("first", counting, source="days", **SPAN)
    scrapyd.wait(scrapyd.ended)
    assert scrapyd.rows("select reason from crawl") == [("shutdown",)]
    assert "The same command goes on from here" in scrapyd.log_of("first")
    assert 0 < scrapyd.rows("select count(*) from article")[0][0] < 110
    scrapyd.schedule("second", counting, source="days", **SPAN)
    scrapyd.wait(scrapyd.ended)
    assert scrapyd.rows("select reason from crawl order by id desc limit 1") == [("finished",)]
    assert_whole(scrapyd, counting)


@pytest.fixture
def start(scrapyd, tmp_path) -> Callable[..., str]:
    """``start(site)`` runs ``scrapy schedule --start poll``: all days of ``site``."""

    def run(site, *options: str, password: str = PASSWORD) -> str:
        secret, file = tmp_path / "scrapyd.env", tmp_path / "schedule.toml"
        secret.write_text(f"SCRAPYD_USERNAME={USER}\nSCRAPYD_PASSWORD={password}\nNEWSARCHIVE_DIR={scrapyd.folder / 'archive'}\n")
        file.write_text(
            f'''[server]
            url = "http://127.0.0.1:{scrapyd.port}/"
            environment = "{secret}"
            [crawl.poll]
            spider = "demo"
            every = "15 minutes"
            arguments = {{ source = "days", since = "{SPAN["since"]}", until = "{SPAN["until"]}", base_url = "{site.url}" }}
            settings = {{ DOWNLOAD_DELAY = {DELAY} }}'''
        )
        done = command("schedule", "--file", str(file), *(options or ("--start", "poll")))
        assert PASSWORD not in done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_a_scheduled_crawl_is_not_started_while_the_last_one_runs(scrapyd, counting, start):
    assert start(counting, password="wrong").count("are not its own\n") == 1
    assert "is to start" in start(counting)
    assert "is not over; nothing is started" in start(counting)
    scrapyd.wait(scrapyd.ended)
    (poll,) = json.loads(start(counting, "--list", "--json"))
    assert (poll["outcome"], poll["new"]) == ("finished", scrapyd.rows("select count(*) from article")[0][0])
    assert_whole(scrapyd, counting)


def test_a_killed_scrapyd_leaves_its_jobs_to_the_archive(scrapyd, counting, start):
    """The job goes on unseen; the same one, started anew beside it, takes nothing from it."""
    counting.at_request = (20, scrapyd.process.kill)
    settings = (f"DOWNLOAD_DELAY={DELAY}",)
    scrapyd.schedule("poll-20260301T000000", counting, settings, source="days", **SPAN)
    with suppress(OSError):  # until nobody answers
        scrapyd.wait(lambda: not scrapyd.listed())
    scrapyd.process.wait()
    scrapyd.start()
    assert scrapyd.ended(), "the new scrapyd knows nothing of the old one's job"
    assert "poll-20260301T000000 is not over" in start(counting)
    scrapyd.schedule("second", counting, settings, source="days", **SPAN)
    scrapyd.wait(lambda: scrapyd.ended() and scrapyd.rows("select count(*) from crawl where ended_at is null") == [(0,)])
    (first, second) = scrapyd.rows("select started_at, ended_at, reason from crawl order by id")
    assert second[0] < first[1], "both were at work at once"
    assert first[2] == second[2] == "finished"
    assert_whole(scrapyd, counting)
