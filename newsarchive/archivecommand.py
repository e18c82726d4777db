"""What commands on an archive share: they crawl nothing themselves, and what is wrong is one line and status 2."""

from __future__ import annotations

import atexit
import gc
import sys

from scrapy.commands import ScrapyCommand

from newsarchive.extract.text import plain

# When it ends, Python looks for cycles among all objects several times: a fifth of what a short command takes.
atexit.register(gc.freeze)


class ArchiveCommand(ScrapyCommand):
    """A command of the project that needs no crawler."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def fail(self, message: object) -> None:
        """Say what is wrong, in one line, and end with status 2."""
        print(plain(f"scrapy {type(self).__module__.rpartition('.')[2]}: {message}"), file=sys.stderr)
        self.exitcode = 2
