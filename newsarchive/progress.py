"""A live line on the terminal: what a crawl has walked, found and stored so far."""

from __future__ import annotations

import atexit
import logging
import sys
from contextlib import suppress
from io import TextIOBase
from time import monotonic

from rich.console import Console
from rich.live import Live
from rich.text import Text
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from newsarchive.trouble import ArchiveTrouble

SECONDS = 0.5
OWED_SECONDS = 5
"""What is owed is asked of the archive no more often."""

OWED_SHARE = 0.02
"""Of the time of a crawl that goes into counting what is owed, at most: with a million pages it takes a second."""

ENDS = ("exhausted", "since", "met", "bound", "error", "robots", "stopped")


class ProgressLine:
    """Shows the line while the crawl runs, if standard error is a terminal and the log goes there. Log lines pass above it."""

    def __init__(self, crawler):
        self.crawler = crawler
        self.console = Console(stderr=True)
        self.live = Live(
            Text(), console=self.console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self.loop = create_looping_call(self._show)
        self.began = monotonic()
        self.owed, self.owed_next = 0, float("-inf")
        self.handlers: list[tuple[logging.StreamHandler, TextIOBase]] = []
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        # Scrapy says its last words after that.
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        if not hasattr(crawler.spider, "ledger"):
            raise NotConfigured
        return cls(crawler)

    def spider_opened(self, spider) -> None:
        above = _Above(self.console)
        for handler in logging.root.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                self.handlers.append((handler, handler.setStream(above)))
        self.live.start()
        atexit.register(self.live.stop)  # a second Ctrl-C closes no spider, and the cursor is hidden
        self.loop.start(SECONDS, now=False)

    def spider_closed(self, spider) -> None:
        if self.loop.running:
            self.loop.stop()
        self.live.stop()
        for handler, stream in self.handlers:
            handler.setStream(stream)

    def _show(self) -> None:
        self.live.update(self.line(), refresh=True)

    def line(self) -> Text:
        """Return the line as it is now, no wider than the terminal."""
        counts = self.crawler.stats.get_stats()
        walked = sum(counts.get(f"archive/listing/{end}", 0) for end in ENDS)
        found = sum(n for name, n in counts.items() if name.startswith("archive/sighting/") and not name.endswith("/outside"))
        stored, revised, unchanged = (counts.get(f"archive/article/{name}", 0) for name in ("new", "revised", "unchanged"))
        if (now := monotonic()) > self.owed_next:
            with suppress(ArchiveTrouble):  # the crawl is being closed
                self.owed = self.crawler.spider.ledger.owed()
            self.owed_next = now + max(OWED_SECONDS, (monotonic() - now) / OWED_SHARE)
        rate = 60 * counts.get("response_received_count", 0) / max(now - self.began, 1)
        parts = [f"{walked} listings", f"{found} found", f"{stored} new", f"{revised} edited", f"{unchanged} unchanged"]
        parts += [f"{self.owed} owed", f"{rate:.0f}/min"]
        if reached := counts.get("archive/listing/reached"):
            parts.append(f"back to {reached}")
        line = Text(f"{self.crawler.spider.name}  ", style="bold").append(" · ".join(parts), style="not bold")
        line.truncate(self.console.width - 1, overflow="ellipsis")
        return line


class _Above(TextIOBase):
    """A stream that writes whole lines above the live one, as they are."""

    def __init__(self, console: Console):
        self.console = console

    def write(self, text: str) -> int:
        self.console.out(text, end="", highlight=False)
        return len(text)

    def flush(self) -> None:
        self.console.file.flush()
