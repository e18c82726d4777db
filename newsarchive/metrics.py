"""``METRICS_PATH``: what a crawl counted, and what its archive holds, as text that Prometheus reads.

The text format is https://prometheus.io/docs/instrumenting/exposition_formats/; node_exporter's textfile collector takes
files whose name ends with ``.prom``.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

from newsarchive.monitor import archive_enabled, open_archive
from newsarchive.store.archive import ArchiveError
from newsarchive.trouble import FAULTS

logger = logging.getLogger(__name__)

SECONDS = 60


class MetricsFile:
    """Writes the file of one crawl: when it begins, every minute, and when all is over. A folder has one file a site."""

    def __init__(self, crawler):
        self.crawler = crawler
        self.site = getattr(crawler.spider, "site", crawler.spider.name)
        path = Path(crawler.settings["METRICS_PATH"])
        self.path = path / f"newsarchive-{self.site}.prom" if path.is_dir() else path
        self.began = datetime.now(UTC)
        self.loop = create_looping_call(self._write)
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.engine_stopped, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def spider_opened(self, spider) -> None:
        self.loop.start(SECONDS)

    def engine_stopped(self) -> None:
        if self.loop.running:
            self.loop.stop()
        self._write(ended=True)

    def _write(self, ended: bool = False) -> None:
        registry = CollectorRegistry()
        self._of_crawl(registry, self.site, ended)
        try:
            if archive_enabled(self.crawler.settings):
                self._of_archive(registry, self.site)
            write_to_textfile(str(self.path), registry)
        except (ArchiveError, *FAULTS) as error:  # they are no reason to stop
            logger.error("METRICS_PATH could not be written: %s", error)

    def _of_crawl(self, registry: CollectorRegistry, site: str, ended: bool) -> None:
        counts = self.crawler.stats.get_stats()
        began = Gauge("newsarchive_crawl_start_timestamp_seconds", "When the last crawl began", ["site"], registry=registry)
        began.labels(site).set(self.began.timestamp())
        running = Gauge("newsarchive_crawl_running", "1 while a crawl of the site runs", ["site"], registry=registry)
        running.labels(site).set(not ended)
        stats = Gauge(
            "newsarchive_crawl_stat", "What the last crawl counted, by Scrapy's name for it", ["site", "stat"], registry=registry
        )
        for name, value in sorted(counts.items()):
            if isinstance(value, int | float):
                stats.labels(site, name).set(value)
        if ended:
            at = Gauge(
                "newsarchive_crawl_end_timestamp_seconds", "When the last crawl ended", ["site", "reason"], registry=registry
            )
            at.labels(site, str(counts.get("finish_reason"))).set(datetime.now(UTC).timestamp())

    def _of_archive(self, registry: CollectorRegistry, site: str) -> None:
        archive = open_archive(self.crawler.settings)
        try:
            states, alarms = archive.pages.count_by_state(site), archive.alarms.on(site)
        finally:
            archive.db.close()
        pages = Gauge("newsarchive_pages", "Article pages that the archive knows, by state", ["site", "state"], registry=registry)
        for state, count in states.items():
            pages.labels(site, state).set(count)
        on = Gauge("newsarchive_alarm", "1 while an alarm is on", ["site", "kind", "subject"], registry=registry)
        for alarm in alarms:
            on.labels(alarm.site or "", alarm.kind, alarm.subject).set(1)
