"""``scrapy run``: ``scrapy crawl`` for cron and systemd, whose exit status says how it went."""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from newsarchive.commands import crawl
from newsarchive.monitor import CrawlMonitor
from newsarchive.trouble import DISK_FULL, WHAT_TO_DO

WHOLE = ("finished", "max_articles")
ALARMS, STOPPED, NOTHING_FOUND, SITE_DOWN, NO_ROOM, TROUBLE = 3, 4, 5, 6, 7, 8


class Command(crawl.Command):
    """Crawls a site, and ends with 0 only when the crawl came to its end and no alarm is on.

    1: it could not begin. 2: its arguments cannot be meant. 3: an alarm is on. 4: it was stopped. 5: it found nothing.
    6: the site is down, or refuses everything. 7: the disk is full. 8: other trouble with the archive.
    """

    def short_desc(self) -> str:
        return "Crawl a site, with an exit status for cron and systemd: 0 only without alarms"

    def run(self, args, opts) -> None:
        if len(args) != 1:
            raise UsageError
        crawler = self.crawler_process.create_crawler(args[0])
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        self.exitcode = 1 if self.crawler_process.bootstrap_failed else status(crawler)


def status(crawler: Crawler) -> int:
    """Return the exit status that tells how the crawl of ``crawler`` ended."""
    counts = crawler.stats.get_stats()
    monitor = crawler.get_extension(CrawlMonitor)
    reason = (monitor and monitor.trouble) or counts.get("finish_reason")
    if reason in WHAT_TO_DO:
        return NO_ROOM if reason == DISK_FULL else TROUBLE
    alarms = monitor.alarms if monitor else []
    if monitor and monitor.nothing_came:
        return SITE_DOWN
    if reason not in WHOLE:
        return STOPPED
    walked = any(counts.get(f"archive/listing/{end}") for end in ("exhausted", "since", "met", "bound", "error", "robots"))
    sighted = sum(n for name, n in counts.items() if name.startswith("archive/sighting/"))
    if walked and not sighted:
        return NOTHING_FOUND
    return ALARMS if alarms else 0
