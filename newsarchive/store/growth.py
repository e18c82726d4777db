"""How fast an archive grows, and how long its disk lasts."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from typing import Any

from newsarchive.dates import stamp
from newsarchive.store.archive import Archive

DAYS = 30
"""What grew in so many days, or since the first crawl, gives the pace."""


def growth(archive: Archive) -> dict[str, Any]:
    """Return the bytes of an archive, those it takes a day, those that are free, and the days until the disk is full.

    Days are None while nothing grows, and the pace is that of a whole day at least: an archive of an hour says nothing of a year.
    """
    now, folder = datetime.fromisoformat(archive.now()), archive.path.parent
    first = archive.db.execute("select min(started_at) from crawl").fetchone()[0]
    since = max(now - timedelta(days=DAYS), datetime.fromisoformat(first) if first else now)
    days = max((now - since).total_seconds() / 86400, 1)
    files = [path.stat() for kind in ("warc", "images") for path in (folder / kind).rglob("*") if path.is_file()]
    database = sum(path.stat().st_size for path in folder.glob("archive.db*") if path.name in ("archive.db", "archive.db-wal"))
    # The database keeps no sizes of the past: it grew as its captures did.
    captures, recent = archive.db.execute(
        "select count(*), coalesce(sum(fetched_at >= ?), 0) from capture", (stamp(since),)
    ).fetchone()
    grown = sum(file.st_size for file in files if file.st_mtime >= since.timestamp())
    grown += database * recent / captures if captures else 0
    free = shutil.disk_usage(folder).free
    return {
        "database": database,
        "files": sum(file.st_size for file in files),
        "days": round(days, 1),
        "bytes_a_day": round(grown / days),
        "free": free,
        "days_until_full": int(free / (grown / days)) if grown else None,
    }
