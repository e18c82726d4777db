"""Crawls: who is at work on an archive, and how earlier ones ended."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

SILENT_SECONDS = 60
"""A crawl on another machine that gave no sign of life for so long is dead."""

SET_BACK = timedelta(hours=1)
"""A clock that is so far behind the last crawl's was set back."""

APART = timedelta(minutes=1)
"""So far two right clocks may be apart; one that is further behind lets no host wait for what the other said."""


class Crawls:
    """The table ``crawl``."""

    def __init__(self, archive):
        self.archive = archive

    def begin(self, spider: str, arguments: dict[str, str]) -> int:
        """Enter a new crawl of this process, and return its id."""
        now = self.archive.now()
        with self.archive.transaction() as db:
            last = db.execute("select alive_at from crawl order by id desc limit 1").fetchone()
            behind = datetime.fromisoformat(last["alive_at"]) - datetime.fromisoformat(now) if last else timedelta(0)
            if behind > APART:
                self.archive.hosts.clock_set_back()
            if behind > SET_BACK:
                self.archive.pages.clock_set_back()
            return db.execute(
                "insert into crawl (spider, arguments, host, process, started_at, alive_at) values (?, ?, ?, ?, ?, ?)",
                (spider, json.dumps(arguments, sort_keys=True), socket.gethostname(), _this_process(), now, now),
            ).lastrowid

    def began(self, crawl: int) -> str:
        """Return when ``crawl`` began."""
        return self.archive.db.execute("select started_at from crawl where id = ?", (crawl,)).fetchone()[0]

    def touch(self, crawl: int, counts: dict[str, Any]) -> None:
        """Leave a sign of life, and what was counted so far."""
        with self.archive.transaction() as db:
            db.execute("update crawl set alive_at = ?, counts = ? where id = ?", (self.archive.now(), _json(counts), crawl))

    def end(self, crawl: int, reason: str, counts: dict[str, Any]) -> None:
        """Close the row of ``crawl`` and give back the pages that it still holds."""
        now = self.archive.now()
        with self.archive.transaction() as db:
            db.execute("update page set lease_by = null, lease_until = null where lease_by = ?", (crawl,))
            for (walk,) in db.execute("""select id from listing where crawl = ? and "end" is null""", (crawl,)).fetchall():
                self.archive.listings.end(walk, "stopped", None)
            db.execute(
                "update crawl set ended_at = ?, alive_at = ?, reason = ?, counts = ? where id = ?",
                (now, now, reason, _json(counts), crawl),
            )

    def of_jobs(self, prefix: str) -> list[dict[str, Any]]:
        """Return the crawls that scrapyd started as jobs whose name begins with ``prefix``, newest first."""
        live = set(self.live())
        rows = self.archive.db.execute(
            """select id, arguments, started_at, ended_at, reason, json_extract(arguments, '$._job') as job,
              coalesce(json_extract(counts, '$."archive/article/new"'), 0) as new
            from crawl where substr(json_extract(arguments, '$._job'), 1, ?) = ? order by id desc""",
            (len(prefix), prefix),
        )
        return [dict(row) | {"arguments": json.loads(row["arguments"]), "live": row["id"] in live} for row in rows]

    def live(self) -> list[int]:
        """Return the crawls that are at work now: whose leases hold."""
        now = datetime.fromisoformat(self.archive.now())
        here = socket.gethostname()
        live = []
        for row in self.archive.db.execute("select id, host, process, alive_at from crawl where ended_at is null"):
            at_work = _at_work(row["process"]) if row["host"] == here else None
            if at_work is None:
                # In both directions: a sign of life from tomorrow is one of a clock that was wrong.
                at_work = abs((now - datetime.fromisoformat(row["alive_at"])).total_seconds()) < SILENT_SECONDS
            if at_work:
                live.append(row["id"])
        return live


def _this_process() -> str:
    """``pid:start:boot:namespace``, so that a number given to another process is not taken for it; "" for what is not told."""
    return ":".join((str(os.getpid()), _start(os.getpid()), *_machine()))


def _at_work(process: str) -> bool | None:
    """Tell whether ``process``, of a machine with this one's name, is at work; None: it cannot be seen from here."""
    pid, start, *machine = process.split(":")
    if machine:  # which earlier versions did not write
        boot, namespace = _machine()
        if machine[0] != boot:
            return False
        if machine[1] != namespace:
            return None
    return _start(pid) == start


@cache
def _machine() -> tuple[str, str]:
    """This boot of the machine, and the namespace that process numbers are of: containers may share a host name."""
    boot = namespace = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    return boot, namespace


def _start(pid: int | str) -> str:
    """Return when the process ``pid`` began; "" where the system does not tell; "gone" when there is none."""
    with suppress(OSError):
        # proc(5): fields 3 and 22 of stat, counted behind the command's closing bracket, which may hold blanks itself.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # One that was killed stays as a zombie until its parent asks for it.
        return "gone" if state in ("Z", "X") else fields[18]
    if Path("/proc/self/stat").exists():
        return "gone"
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    return ""


def _json(counts: dict[str, Any]) -> str:
    return json.dumps(counts, sort_keys=True, default=str)
