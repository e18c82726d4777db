"""Trouble with the archive itself: a full disk, a lock that stays, a damaged file. It ends a crawl safely, with one line."""

from __future__ import annotations

import errno
import os
import sqlite3
from functools import wraps
from inspect import iscoroutinefunction, isfunction

from scrapy.exceptions import CloseSpider, DropItem

FAULTS = (sqlite3.DatabaseError, OSError)
"""What reading or writing the archive may raise. Some of them are bugs, see :func:`reason_of`."""

DISK_FULL = "disk full"
LOCKED = "archive locked"
DAMAGED = "archive damaged"
UNWRITABLE = "archive not writable"

REASONS = {
    # https://sqlite.org/rescode.html, the primary codes.
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_IOERR: UNWRITABLE,
    sqlite3.SQLITE_READONLY: UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: UNWRITABLE,
    sqlite3.SQLITE_PERM: UNWRITABLE,
}
WHAT_TO_DO = {
    DISK_FULL: "make room, then the same command goes on",
    LOCKED: "another program holds it; end that, then the same command goes on",
    DAMAGED: "scrapy check-archive says more",
    UNWRITABLE: "when that is mended, the same command goes on",
}


class ArchiveTrouble(CloseSpider, DropItem):
    """The archive cannot be used any more. Wherever Scrapy meets it, it stops there without a word."""

    def __init__(self, reason: str):
        Exception.__init__(self, reason)  # the two classes have arguments of their own
        self.reason, self.log_level = reason, "DEBUG"


def reason_of(error: Exception) -> str | None:
    """Return in two words what is the matter with the archive; None when ``error`` is a bug of ours."""
    if isinstance(error, sqlite3.Error):
        return REASONS.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    if isinstance(error, OSError):
        return DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else UNWRITABLE
    return None


def line_of(error: Exception) -> str:
    """Return one line that says what is the matter and what would do."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, OSError) and error.filename:
        said += f": {os.fsdecode(error.filename)}"
    reason = reason_of(error)
    return f"{reason} ({said}); {WHAT_TO_DO[reason]}" if reason else said


def guarded(ledger: type) -> type:
    """Let no method of ``ledger`` raise what is the matter with the archive itself, but what its ``fail`` makes of it."""

    def guard(method):
        @wraps(method)
        def call(self, *args, **kwargs):
            if self.trouble:
                raise ArchiveTrouble(self.trouble)
            try:
                return method(self, *args, **kwargs)
            except FAULTS as error:
                raise self.fail(error) from None

        @wraps(method)
        async def call_async(self, *args, **kwargs):
            if self.trouble:
                raise ArchiveTrouble(self.trouble)
            try:
                return await method(self, *args, **kwargs)
            except FAULTS as error:
                raise self.fail(error) from None

        return call_async if iscoroutinefunction(method) else call

    for name, method in vars(ledger).copy().items():
        if isfunction(method) and not name.startswith("_") and name != "done":  # which asks nothing of the archive
            setattr(ledger, name, guard(method))
    return ledger
