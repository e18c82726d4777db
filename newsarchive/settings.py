"""Settings of the project. Every one can be given to a crawl with ``-s NAME=VALUE``."""

import os

BOT_NAME = "newsarchive"
SPIDER_MODULES = ["newsarchive.spiders"]
NEWSPIDER_MODULE = "newsarchive.spiders"
COMMANDS_MODULE = "newsarchive.commands"
ADDONS = {
    "newsarchive.addons.ArchiveAddon": 100,
    "newsarchive.addons.CaptureAddon": 200,
    "newsarchive.addons.PolitenessAddon": 300,
    "newsarchive.addons.BrowserAddon": 350,
    "newsarchive.addons.MirrorAddon": 400,
    "newsarchive.addons.ImagesAddon": 500,
    "newsarchive.addons.JsonLinesAddon": 600,
    "newsarchive.addons.ProgressAddon": 700,
    "newsarchive.addons.MetricsAddon": 800,
    "newsarchive.addons.ReadersAddon": 900,
}

# Ours.
ALARM_COMMAND = ""
ALARM_DISK_BYTES = 1_000_000_000
ALARM_DISK_DAYS = 7
ALARM_WEBHOOK = ""
ARCHIVE_BUSY_SECONDS = 60
ARCHIVE_DIR = os.environ.get("NEWSARCHIVE_DIR", "archive")
CONTACT = os.environ.get("NEWSARCHIVE_CONTACT", "")
CAPTURE_ENABLED = True
CRAWL_DELAY_MAX = 300
HEARTBEAT_SECONDS = 5
IMAGE_MAX_BYTES = 20_000_000
IMAGES_MAX_BYTES = 1_000_000_000
JSONLINES_PATH = ""
KEEP_IMAGES = False
LISTING_CAPTURE_DAYS = 0
LISTING_MAX_PAGES = 10_000
METRICS_PATH = ""
PLAYWRIGHT = False
PLAYWRIGHT_EXECUTABLE = ""
PLAYWRIGHT_PAGES = 2
PLAYWRIGHT_PAGE_SECONDS = 30
READERS = 0
REPLAY = ""
RETRY_AFTER_MAX = 600
REVISIT_MAX = 500
REVISIT_MAX_DAYS = 365
REVISIT_MIN_CHANCE = 0.02
REVISIT_MIN_HOURS = 1
WARC_MAX_BYTES = 1_000_000_000

# Politeness. USER_AGENT is made of CONTACT by an add-on, whose priority is below this file's.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "newsarchive"
DOWNLOAD_DELAY = 1
DOWNLOAD_DELAY_JITTER = 0.5
# Scrapy starts so many tasks for each answer (2.19), and ours hold one article, or links that are no items.
CONCURRENT_ITEMS = 4
CONCURRENT_REQUESTS = 8
CONCURRENT_REQUESTS_PER_DOMAIN = 4
# A web archive serves everybody: slower than a site that is ours to ask.
DOWNLOAD_SLOTS = {"web.archive.org": {"concurrency": 1, "delay": 4}}
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True

# Nothing that talks to the network, or listens to it, unasked.
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# The archive knows which page was had; queues keep the order of a listing, newest first.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
SCHEDULER_DISK_QUEUE = "scrapy.squeues.PickleFifoDiskQueue"

# A front page that reloads itself every minute would be asked twenty times.
METAREFRESH_ENABLED = False

FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = "INFO"
