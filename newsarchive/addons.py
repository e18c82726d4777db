"""Add-ons: what makes a Scrapy project an archive. Each optional capability is one of them, and one switch."""

from __future__ import annotations

import logging
import math
import sys

from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.spidermiddlewares.depth import DepthMiddleware
from scrapy.spidermiddlewares.urllength import UrlLengthMiddleware

import newsarchive
from newsarchive.capture import CaptureMiddleware, CapturePolicy, CaptureStorage
from newsarchive.chromium import find_browser
from newsarchive.jsonlines import JsonLinesExtension
from newsarchive.middlewares import RobotsMiddleware, SightingMiddleware, SiteMiddleware
from newsarchive.mirror import MirrorMiddleware
from newsarchive.monitor import CrawlMonitor, archive_enabled, archive_path
from newsarchive.pipelines import ArchivePipeline, AskedForPipeline, DuplicatesPipeline
from newsarchive.slowdown import SlowDownMiddleware
from newsarchive.turns import HostTurns
from newsarchive.unpacking import UnpackingMiddleware

logger = logging.getLogger(__name__)


class ArchiveAddon:
    """The ledger, the pipelines and the crawl's row. Off: ``ITEM_PIPELINES = {"newsarchive.pipelines.ArchivePipeline": None}``."""

    # Class objects, not import paths: only then a user's None for one of them stands (Scrapy 2.19).
    def update_settings(self, settings) -> None:
        settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", DuplicatesPipeline, 100)
        settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", ArchivePipeline, 300)
        settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", AskedForPipeline, 400)
        settings.setdefault_in_component_priority_dict("SPIDER_MIDDLEWARES", SightingMiddleware, 40)
        # They would drop links that nobody saw.
        for one in (UrlLengthMiddleware, DepthMiddleware):
            settings.setdefault_in_component_priority_dict("SPIDER_MIDDLEWARES", one, None)
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", OffsiteMiddleware, None)
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", SiteMiddleware, 50)
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", HttpCompressionMiddleware, None)
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", UnpackingMiddleware, 590)
        settings.setdefault_in_component_priority_dict("EXTENSIONS", CrawlMonitor, 10)
        if settings["DEPTH_LIMIT"] not in (0, "0", "", None):
            logger.info("DEPTH_LIMIT is not used: links are recorded wherever they are; LISTING_MAX_PAGES bounds a listing")
        if settings["JOBDIR"] and archive_enabled(settings):
            # Requests kept there would be asked again beside the pages that the archive knows to wait.
            logger.info("JOBDIR is not used: the archive itself remembers what is to be fetched")
            settings.set("JOBDIR", None, priority=settings.getpriority("JOBDIR"))


class CaptureAddon:
    """Keeps the bytes of every answer in WARC files, and plays them again. Off: ``CAPTURE_ENABLED = False``."""

    def update_settings(self, settings) -> None:
        if not archive_enabled(settings):
            raise NotConfigured
        replay = bool(settings["REPLAY"])
        for name, value in (
            ("HTTPCACHE_ENABLED", True),
            ("HTTPCACHE_STORAGE", CaptureStorage),
            ("HTTPCACHE_POLICY", CapturePolicy),
            ("HTTPCACHE_IGNORE_MISSING", replay),
        ):
            settings.set(name, value, priority="addon")
        # What comes as gzip any WARC tool can read; zstd not every one.
        settings["DEFAULT_REQUEST_HEADERS"].setdefault("Accept-Encoding", "gzip, deflate")
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", HttpCacheMiddleware, None)
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", CaptureMiddleware, 900)


class PolitenessAddon:
    """Says who we are, asks robots.txt as RFC 9309 has it, holds a delay, and slows down when a server asks for it."""

    def update_settings(self, settings) -> None:
        check_politeness(settings)
        settings.set("USER_AGENT", user_agent(settings["CONTACT"]), priority="addon")
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", RobotsTxtMiddleware, None)
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", RobotsMiddleware, 100)
        # Sees an answer after it was kept, and before Scrapy asks again.
        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", SlowDownMiddleware, 560)
        settings.setdefault_in_component_priority_dict("EXTENSIONS", HostTurns, 0)


class JsonLinesAddon:
    """Keeps a file of JSON Lines in step with the archive. Off: ``JSONLINES_PATH`` is empty."""

    def update_settings(self, settings) -> None:
        if not settings["JSONLINES_PATH"]:
            raise NotConfigured
        settings.setdefault_in_component_priority_dict("EXTENSIONS", JsonLinesExtension, 20)


class ProgressAddon:
    """Shows on a terminal how far a crawl is. Off: ``EXTENSIONS = {"newsarchive.progress.ProgressLine": None}``."""

    def update_settings(self, settings) -> None:
        if settings["LOG_FILE"] or not sys.stderr.isatty():
            raise NotConfigured
        # Here, not above: under scrapyd and cron nothing of it is needed.
        from newsarchive.progress import ProgressLine

        settings.setdefault_in_component_priority_dict("EXTENSIONS", ProgressLine, 900)


class MetricsAddon:
    """Writes what a crawl counted for Prometheus. Off: ``METRICS_PATH`` is empty."""

    def update_settings(self, settings) -> None:
        if not settings["METRICS_PATH"]:
            raise NotConfigured
        # Here, not above: nothing of it is needed when it is off.
        from newsarchive.metrics import MetricsFile

        settings.setdefault_in_component_priority_dict("EXTENSIONS", MetricsFile, 5)


class BrowserAddon:
    """Draws pages that need it with a browser. On: ``PLAYWRIGHT = True``; a replay has what was drawn."""

    def update_settings(self, settings) -> None:
        if not settings.getbool("PLAYWRIGHT") or settings["REPLAY"]:
            raise NotConfigured
        executable = find_browser(settings)
        # Here, not above: off, nothing of it is loaded.
        from newsarchive.browser import ARGUMENTS, POPUPS, LazyProvider
        from newsarchive.drawing import BrowserDownloadHandler, Drawing

        handlers = settings.getdict("DOWNLOAD_HANDLERS")
        handlers |= {scheme: BrowserDownloadHandler for scheme in ("http", "https")}
        settings.set("DOWNLOAD_HANDLERS", handlers, priority=settings.getpriority("DOWNLOAD_HANDLERS") or 0)
        launch = {"executable_path": executable, "timeout": 20_000, "args": ARGUMENTS, "ignore_default_args": [POPUPS]}
        settings.set("PLAYWRIGHT_LAUNCH_OPTIONS", launch, priority="addon")
        settings.set("PLAYWRIGHT_BROWSER_PROVIDER", LazyProvider, priority="addon")
        settings.set("PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT", 0, priority="addon")  # a page is held to its time by us
        settings.set("PLAYWRIGHT_MAX_PAGES_PER_CONTEXT", settings.getint("PLAYWRIGHT_PAGES") + 1, priority="addon")
        # Drawing is no asking: what a page asks for waits in its site's own slot.
        slots = settings.getdict("DOWNLOAD_SLOTS")
        slots["browser"] = {"concurrency": settings.getint("PLAYWRIGHT_PAGES"), "delay": 0.001, "jitter": 0}
        settings.set("DOWNLOAD_SLOTS", slots, priority=settings.getpriority("DOWNLOAD_SLOTS"))
        settings.setdefault_in_component_priority_dict("EXTENSIONS", Drawing, 30)


class MirrorAddon:
    """Makes ``base_url`` work."""

    def update_settings(self, settings) -> None:
        # Here, not above: only a crawl needs it.
        from newsarchive.mirrordownload import MirrorDownloadHandler

        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", MirrorMiddleware, 30)
        handlers = settings.getdict("DOWNLOAD_HANDLERS")
        for scheme in ("http", "https"):
            handlers.setdefault(scheme, MirrorDownloadHandler)
        settings.set("DOWNLOAD_HANDLERS", handlers, priority=settings.getpriority("DOWNLOAD_HANDLERS") or 0)


class ReadersAddon:
    """Has articles read by processes of their own. On: ``READERS`` is their number."""

    def update_settings(self, settings) -> None:
        if not settings.getint("READERS"):
            raise NotConfigured
        # Here, not above: nothing of it is needed when it is off.
        from newsarchive.readers import ReadingMiddleware

        settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", ReadingMiddleware, 10)


class ImagesAddon:
    """Keeps the picture files of articles. On: ``KEEP_IMAGES = True``."""

    def update_settings(self, settings) -> None:
        if not settings.getbool("KEEP_IMAGES") or not archive_enabled(settings):
            raise NotConfigured
        # Here, not above: nothing of it is needed when it is off.
        from newsarchive.imagefiles import ImageFilesPipeline

        settings.set("FILES_STORE", str(archive_path(settings).parent.absolute() / "images"), priority="addon")
        settings.set("MEDIA_ALLOW_REDIRECTS", True, priority="addon")
        settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", ImageFilesPipeline, 900)


def user_agent(contact: str | None) -> str:
    """Return the user agent: the project, its version, and whom to ask about it."""
    return f"newsarchive/{newsarchive.__version__} (+{contact})" if contact else f"newsarchive/{newsarchive.__version__}"


def check_politeness(settings) -> None:
    """Raise ValueError when a delay is 0: Scrapy then holds no limit a host at all (2.14 to 2.19)."""
    delays = {"DOWNLOAD_DELAY": settings["DOWNLOAD_DELAY"]}
    for host, slot in settings.getdict("DOWNLOAD_SLOTS").items():
        if "delay" in slot:
            delays[f"DOWNLOAD_SLOTS[{host!r}]['delay']"] = slot["delay"]
    for name, delay in delays.items():
        if not number(delay) > 0:
            raise ValueError(f"{name} is {delay}; it is seconds between two requests to a host and must be more than 0")


NUMBERS = (
    "ALARM_DISK_BYTES",
    "ALARM_DISK_DAYS",
    "ARCHIVE_BUSY_SECONDS",
    "CRAWL_DELAY_MAX",
    "HEARTBEAT_SECONDS",
    "IMAGES_MAX_BYTES",
    "IMAGE_MAX_BYTES",
    "LISTING_CAPTURE_DAYS",
    "LISTING_MAX_PAGES",
    "PLAYWRIGHT_PAGES",
    "PLAYWRIGHT_PAGE_SECONDS",
    "READERS",
    "RETRY_AFTER_MAX",
    "REVISIT_MAX",
    "REVISIT_MAX_DAYS",
    "REVISIT_MIN_CHANCE",
    "REVISIT_MIN_HOURS",
    "WARC_MAX_BYTES",
)


def check_numbers(settings) -> None:
    """Raise ValueError when one of our own settings is no number."""
    for name in NUMBERS:
        if not number(settings[name]) >= 0:
            raise ValueError(f"{name} is {settings[name]}; it must be a number, 0 or more")
    for name in ("PLAYWRIGHT_PAGES", "PLAYWRIGHT_PAGE_SECONDS"):
        if number(settings[name]) < 1:
            raise ValueError(f"{name} is {settings[name]}; it must be 1 or more")
    if not number(settings["HEARTBEAT_SECONDS"]) > 0:
        raise ValueError("HEARTBEAT_SECONDS is 0; it is seconds between two signs of life and must be more than 0")


def number(value) -> float:
    """Return ``value`` as a finite number; NaN, which is in no order to any, when it is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan
