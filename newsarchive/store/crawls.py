"""Crawls: who is at work on an archive, and how earlier ones ended."""

from __future__ import annotations

import json
import os
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SILENT_SECONDS = 60
"""A crawl on another machine that gave no sign of life for so long is dead."""

SET_BACK = timedelta(hours=1)
"""A clock that is so far behind the last crawl's was set back."""


class Crawls:
    """The table ``crawl``."""

    def __init__(self, archive):
        self.archive = archive

    def begin(self, spider: str, arguments: dict[str, str]) -> int:
        """Enter a new crawl of this process, and return its id."""
        now = self.archive.now()
        with self.archive.transaction() as db:
            last = db.execute("select alive_at from crawl order by id desc limit 1").fetchone()
            if last and datetime.fromisoformat(now) < datetime.fromisoformat(last["alive_at"]) - SET_BACK:
                self.archive.pages.clock_set_back()
            return db.execute(
                "insert into crawl (spider, arguments, host, process, started_at, alive_at) values (?, ?, ?, ?, ?, ?)",
                (spider, json.dumps(arguments, sort_keys=True), socket.gethostname(), _process(os.getpid()), now, now),
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
        return [
            row["id"]
            for row in self.archive.db.execute("select id, host, process, alive_at from crawl where ended_at is null")
            if (
                row["process"] == _process(row["process"].split(":")[0])
                if row["host"] == here
                # In both directions: a sign of life from tomorrow is one of a clock that was wrong.
                else abs((now - datetime.fromisoformat(row["alive_at"])).total_seconds()) < SILENT_SECONDS
            )
        ]


def _process(pid: int | str) -> str:
    """``pid:start``, so that a number given to another process is not taken for it; without /proc ``pid:``."""
    try:
        # proc(5): field 22 of stat, counted behind the command's closing bracket, which may hold blanks itself.
        return f"{pid}:{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        pass
    if Path("/proc/self/stat").exists():
        return f"{pid}:gone"
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return f"{pid}:gone"
    except PermissionError:
        pass
    return f"{pid}:"


def _json(counts: dict[str, Any]) -> str:
    return json.dumps(counts, sort_keys=True, default=str)
