"""Extensions that note the resident memory of a crawl, for the tests of ceilings."""

from __future__ import annotations

import re
from pathlib import Path

from scrapy import signals

PAGE = 4096


class MemoryProbe:
    """Writes one number of bytes an item to the file in the setting ``MEMORY_PROBE``."""

    def __init__(self, crawler):
        self.file = Path(crawler.settings["MEMORY_PROBE"]).open("w")
        crawler.signals.connect(self.item_scraped, signals.item_scraped)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def item_scraped(self) -> None:
        self.file.write(f"{int(Path('/proc/self/statm').read_text().split()[1]) * PAGE}\n")

    def spider_closed(self) -> None:
        self.file.close()


class MemoryPeak:
    """Adds the most bytes that were ever resident to the crawl's stats, as ``memory/peak``."""

    def __init__(self, crawler):
        self.crawler = crawler
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def spider_closed(self) -> None:
        # proc(5): VmHWM. What getrusage() says includes the parent from which the process was forked.
        kilobytes = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]
        self.crawler.stats.set_value("memory/peak", int(kilobytes) * 1024)
