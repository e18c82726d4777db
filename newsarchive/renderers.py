"""The browser's renderers, watched from outside: a page may take memory that no limit of its own holds."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
RENDERER = b"--type=renderer"


def end_large(limit: int) -> int:
    """End the renderers below this process that hold more than ``limit`` bytes. Return how many; 0 where there is no /proc."""
    ended = 0
    for pid in _below(os.getpid()):
        with suppress(OSError, ValueError, IndexError):  # it is gone
            resident = int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_BYTES
            if resident > limit and RENDERER in (PROC / str(pid) / "cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                ended += 1
    return ended


def _below(root: int) -> set[int]:
    """Return the processes that ``root`` started, and those that they did."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it is gone
            # The name before it, in brackets, may hold anything.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found, open_ = set(), [root]
    while open_:
        for pid in children.get(open_.pop(), ()):
            found.add(pid)
            open_.append(pid)
    return found
