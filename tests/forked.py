"""Scrapy's commands in processes that are forked from one which has imported everything: the imports are most of what a short one costs.

As a program, it forks a process for each command that comes in at its socket. What such a process has inherited are modules alone:
the project's settings, which read the environment, the reactor and the log are its own.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[1]


class Forked:
    """A command at work, as far as it is what ``subprocess.Popen`` gives; its output is text, in temporary files."""

    def __init__(self, path: str, arguments: list[str], cwd: Path, environment: dict[str, str]):
        self.args, self.returncode = arguments, None
        self.stdout, self.stderr = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)
        socket.send_fds(self.connection, [b"\0"], [self.stdout.fileno(), self.stderr.fileno()])
        self.connection.sendall(json.dumps([arguments, str(cwd), environment]).encode() + b"\n")
        self.answers = self.connection.makefile()
        self.pid = int(self.answers.readline())

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self.connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = int(self.answers.readline())
            self.answers.close()
            self.connection.close()
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait_for(self, words: str) -> None:
        """Wait until its log has ``words``; raise AssertionError when it ends without."""
        while True:
            code = self.poll()
            # The place where it writes is shared, and must stay at the end.
            log = os.pread(self.stderr.fileno(), os.fstat(self.stderr.fileno()).st_size, 0).decode(errors="replace")
            if words in log:
                return
            if code is not None:
                raise AssertionError(log)
            select.select([self.connection], [], [], 0.05)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        texts = []
        for file in (self.stdout, self.stderr):
            file.seek(0)
            texts.append(file.read())
            file.close()
        return texts[0], texts[1]

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Forks:
    """Runs commands in forked processes; to be closed."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="forks-")
        self.path = f"{self.folder}/socket"
        environment = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}"}
        # It ends when its standard input does, also when these tests are killed.
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.path], cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the process that forks others did not begin")

    def start(self, arguments: list[str], cwd: Path = PROJECT, environment: dict[str, str] | None = None) -> Forked:
        """Begin ``scrapy`` with ``arguments``; the environment is this process's unless it is given."""
        return Forked(self.path, arguments, cwd, dict(os.environ) if environment is None else environment)

    def run(self, arguments: list[str], cwd: Path, environment: dict[str, str], timeout: float) -> subprocess.CompletedProcess:
        """As ``subprocess.run`` of ``scrapy`` with ``arguments``, with its output as text."""
        process = self.start(arguments, cwd, environment)
        try:
            out, errors = process.communicate(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.folder)


@cache
def forks() -> Forks:
    """Return this process's own, begun with its first command and closed at its end."""
    found = Forks()
    atexit.register(found.close)
    return found


def load() -> None:
    """Import what commands and crawls import."""
    from scrapy.settings import default_settings
    from scrapy.utils.misc import load_object, walk_modules_iter

    for package in ("scrapy.commands", "newsarchive.commands", "newsarchive.spiders", "newsarchive.demo", "newsarchive.store"):
        for _ in walk_modules_iter(package):
            pass
    for name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS"):
        for component in getattr(default_settings, f"{name}_BASE"):
            load_object(component)
    for module in (
        *("newsarchive.addons", "newsarchive.exporters", "newsarchive.recount", "newsarchive.tables"),
        *("scrapy.core.downloader.handlers.http11", "scrapy.core.engine", "scrapy.core.scheduler", "scrapy.crawler"),
        *("scrapy.squeues", "twisted.internet.asyncioreactor", "zoneinfo"),
    ):
        __import__(module)
    if "twisted.internet.reactor" in sys.modules or "newsarchive.settings" in sys.modules:
        raise RuntimeError("a reactor or the settings would be shared")


def wait(path: str) -> list[str]:
    """Listen at ``path`` for ever; return, in a process of its own, the arguments of each command."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the commands, and for the tests
    os.write(1, b"ready\n")
    while True:
        ready, _, _ = select.select([listener, 0], [], [], 1)
        if 0 in ready:
            sys.exit()
        while _ended_child():
            pass
        if not ready:
            continue
        connection, _ = listener.accept()
        if os.fork():
            connection.close()
            continue
        listener.close()
        _, files, _, _ = socket.recv_fds(connection, 1, 2)
        arguments, cwd, environment = json.loads(connection.makefile().readline())
        if child := os.fork():
            connection.sendall(b"%d\n" % child)
            connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            os._exit(0)
        connection.close()
        for inherited, own in zip((os.open(os.devnull, os.O_RDONLY), *files), (0, 1, 2), strict=True):
            os.dup2(inherited, own)
            os.close(inherited)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        return arguments


def _ended_child() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


if __name__ == "__main__":
    # A deprecation in any code of ours is an error.
    warnings.filterwarnings("error", category=DeprecationWarning, module=r"newsarchive(\.|$)")
    load()
    gc.collect()
    gc.freeze()
    arguments = wait(sys.argv[1])
    import scrapy.__main__
    from scrapy.cmdline import execute

    sys.path[0] = os.getcwd()
    sys.argv = [scrapy.__main__.__file__, *arguments]
    execute()
