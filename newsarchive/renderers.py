"""The browser's processes, seen from outside: a page may take memory that no limit of its own holds, or hinder every answer."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
RENDERER = b"--type=renderer"
BROWSER = b"--remote-debugging-pipe"
"""Playwright's own argument, and that of the first of a browser's processes alone."""


def end_large(limit: int) -> int:
    """End the renderers below this process that hold more than ``limit`` bytes. Return how many; 0 where there is no /proc."""
    ended = 0
    for pid in _below(os.getpid(), RENDERER):
        with suppress(OSError, ValueError, IndexError):  # it is gone
            if int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_BYTES > limit:
                os.kill(pid, signal.SIGKILL)
                ended += 1
    return ended


def end_browser() -> None:
    """End the browser below this process, which does not listen any more."""
    for pid in _below(os.getpid(), BROWSER):
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _below(root: int, argument: bytes) -> list[int]:
    """Return the processes that ``root`` started, and those that they did, as far as they have ``argument``."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it is gone
            # The name before it, in brackets, may hold anything.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found, left = [], [root]
    while left:
        for pid in children.get(left.pop(), ()):
            left.append(pid)
            with suppress(OSError):
                if argument in (PROC / str(pid) / "cmdline").read_bytes():
                    found.append(pid)
    return found
