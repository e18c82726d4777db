"""Processes of Scrapy, watched from outside: what they took, and how they stood at moments of their lives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from speed import PROJECT, SETTINGS

STEP = 10_000
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """A process of Scrapy: what it took, and how it stood at moments of its life."""

    process: subprocess.Popen
    began: float = field(default_factory=time.monotonic)
    wall: float = 0
    cpu: float = 0
    peak: int = 0
    """Most resident bytes."""

    def watch(self, counted: Callable[[], int] = lambda: 0, seconds: float = 0.05) -> Run:
        """Wait for the end; print a line at every :data:`STEP` that ``counted`` passes."""
        last = (0, 0.0, 0.0)
        while True:
            done, status, used = os.wait4(self.process.pid, os.WNOHANG)
            if done:
                break
            with suppress(OSError, TypeError):
                state = Path(f"/proc/{self.process.pid}/status").read_text()
                self.peak = max(self.peak, _kilobytes(state, "VmHWM"))
                if (count := counted()) // STEP > last[0] // STEP:
                    ticks = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
                    now = (count, time.monotonic() - self.began, sum(map(int, ticks)) / TICKS)
                    each = [1000 * (now[n] - last[n]) / (now[0] - last[0]) for n in (1, 2)]
                    print(f"| {count} | {each[0]:.2f} | {each[1]:.2f} | {_kilobytes(state, 'VmRSS') / 1e6:.0f} |", flush=True)
                    last = now
            time.sleep(seconds)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.wall, self.cpu = time.monotonic() - self.began, used.ru_utime + used.ru_stime
        if self.process.returncode:
            raise SystemExit(f"{' '.join(self.process.args)} ended with {self.process.returncode}")
        return self


def _kilobytes(state: str, name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+) kB", state)[1]) * 1024


def start(*command: str, output: Path | None = None) -> Run:
    """Start a process of Scrapy."""
    settings = [word for name, value in SETTINGS.items() for word in ("-s", f"{name}={value}")]
    path = os.pathsep.join([str(PROJECT), str(PROJECT / "bench")])
    with open(output or os.devnull, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", *command, *settings],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": path},
            stdout=out,
            stderr=subprocess.STDOUT if output else None,
        )
    return Run(process)
