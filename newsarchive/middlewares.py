"""Where links meet the archive, and where robots.txt is asked."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator
from contextlib import nullcontext
from ipaddress import ip_address
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.resolver import dnscache
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object

from newsarchive.items import Link
from newsarchive.slowdown import Stopped
from newsarchive.urls import absolute, memento

logger = logging.getLogger(__name__)

START_BATCH = 100
PART = 2000
"""So many links are recorded at once: a sitemap may have 50,000 (sitemaps.org), which want 500 MB as requests."""
LARGE_BYTES = 1_000_000
"""Answers that are larger are read one after the other."""

SITEMAP_LINE = re.compile(rb"(?im)^\s*sitemap\s*:\s*(\S+)")


class SightingMiddleware:
    """Records every link to an article in the crawl's ledger, and lets those requests pass that are due.

    A request with ``link`` and ``walk`` in its meta is a sighting; one with ``continues`` asks for more of the listing, and
    is let go when the walk has reached an end. All others pass.
    """

    def __init__(self, crawler):
        self.crawler = crawler
        self.large = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        waiting: list[Request] = []
        async for output in start:
            if isinstance(output, Request) and "link" in output.meta:
                waiting.append(output)
                if len(waiting) < START_BATCH:
                    continue
            for request in self.crawler.spider.frontier.sighted(waiting):
                yield request
            waiting = []
            if not (isinstance(output, Request) and "link" in output.meta):
                yield output
        for request in self.crawler.spider.frontier.sighted(waiting):
            yield request

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        # Sitemaps come several at once, and each as a tree and as links weighs ten times its bytes.
        async with self.large if len(response.body) > LARGE_BYTES else nullcontext():
            async for output in self._recorded(response, result):
                yield output

    async def _recorded(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        walk = response.meta.get("walk")
        part: list[Request] = []
        links: list[Link] = []
        more: list[Request] = []
        known: dict[str, tuple[int, int]] = {}
        async for output in result:
            if isinstance(output, Request) and "link" in output.meta:
                part.append(output)
                links.append(output.meta["link"])
                if len(part) >= PART:
                    for request in await self._sighted(response, part, known, len(links) - len(part)):
                        yield request
                    part = []
            elif isinstance(output, Request) and output.meta.get("continues"):
                more.append(output)
            else:
                yield output
        for request in await self._sighted(response, part, known, len(links) - len(part)):
            yield request
        if not self._is_walked(response):
            return
        spider = self.crawler.spider
        asked = set(walk.take(links, known, [request.url for request in more]))
        self.crawler.stats.inc_value("archive/listing/pages")
        if walk.reached:
            self.crawler.stats.min_value("archive/listing/reached", walk.reached)
        if walk.end is not None:
            for request in spider.walk_ended(walk):
                yield request
            return
        going_on = [request for request in more if request.url in asked]
        going_on += [spider.more_request(url, walk) for url in asked - {request.url for request in going_on}]
        spider.ledger.step(walk, walk.comes_back_to if going_on else None)
        for request in going_on:
            if not spider.frontier.park(request):
                yield request

    @staticmethod
    def _is_walked(response: Response) -> bool:
        """Tell whether ``response`` is one by which a walk goes on."""
        walk = response.meta.get("walk")
        return walk is not None and walk.end is None and response.status == 200 and "unread" not in response.meta

    async def _sighted(self, response: Response, part: list[Request], known: dict, above: int) -> list[Request]:
        """Record a part of the links of ``response``, which has so many ``above``. Return what to ask for."""
        if "walk" in response.meta:
            # A walk that goes on from here after a crash asks for none of this again.
            await self.crawler.spider.ledger.kept(response.meta.get("captured"))
        return self.crawler.spider.frontier.sighted(part, known if self._is_walked(response) else None, above)

    def process_spider_exception(self, response: Response, exception: Exception) -> None:
        """A bug, or a page that nobody foresaw: the page is owed, the walk is not whole; Scrapy logs the exception."""
        if isinstance(exception, CloseSpider):
            return
        spider: Spider = self.crawler.spider
        reason = f"{type(exception).__name__} while reading: {exception}"[:300]
        if (walk := response.meta.get("walk")) is not None:
            for request in spider.end_walk(walk, "error", reason):
                self.crawler.engine.crawl(request)
        elif response.meta.get("kind") == "article":
            spider.ledger.failed(response.meta.get("page"), reason)


class OffSite(IgnoreRequest):
    """An address is not on the site's hosts."""


class NoArticle(IgnoreRequest):
    """What was learned meanwhile says that an address is no article's."""


class SiteMiddleware:
    """Lets no request leave the site's own hosts, redirects included, but those with ``allow_offsite`` in their meta.

    These may go to any public host, and to none of this machine or its network: a page may name any address as a picture.

    Scrapy's own lets ``dont_filter`` pass, takes subdomains for the site, and drops a redirect without telling its errback.
    """

    def __init__(self, crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        spider = self.crawler.spider
        if request.meta.get("kind") == "article" and (reason := spider.refuses(request.url)):
            raise NoArticle(reason)
        hosts = getattr(spider, "hosts", None)
        host = urlparse_cached(request).hostname
        if "via" in request.meta and memento(request.url) is None:
            self._refuse("a web archive led out of itself")  # what the site itself has is not asked for in its name
        of_page = "of_page" in request.meta  # a script asks, who may name any address in the site's name
        if host is None or (not of_page and (not hosts or host in hosts or host in spider.trusted_hosts)):
            return
        if not request.meta.get("allow_offsite"):
            self._refuse(f"{host} is not on the site")
        mirrored = spider.mirror and spider.mirror.address(request.url)
        if not mirrored and not await is_public(host, unknown=not of_page):
            self._refuse(f"{host} is no public host")

    def _refuse(self, reason: str) -> None:
        self.crawler.stats.inc_value("archive/request/off_site")
        raise OffSite(reason)


async def is_public(host: str, unknown: bool = True) -> bool:
    """Tell whether all addresses of ``host`` are on the public network; ``unknown`` is the answer for a name that has none.

    What was looked at is what is asked then: a name may lead elsewhere a moment later.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return unknown
    if not all(ip_address(address[0].partition("%")[0]).is_global for *_, address in found):
        return False
    fours = [address[0] for family, *_, address in found if family == socket.AF_INET]
    if fours:
        dnscache[host] = fours[0]  # Scrapy's resolver asks for these alone
    return bool(fours) or unknown


class RobotsForbidden(IgnoreRequest):
    """robots.txt forbids an address."""


class RobotsUnavailable(IgnoreRequest):
    """robots.txt could not be had, so nothing is asked."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, and RFC 9309 where that is laxer: a robots.txt that cannot be had means no.

    4xx means yes; 5xx, a timeout or no connection, after Scrapy's retries, mean no for the whole crawl. ``Crawl-delay`` is
    kept: it raises the delay of the host's download slot, without jitter.
    """

    def __init__(self, crawler):
        super().__init__(crawler)
        self.crawler = crawler
        self.user_agent = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self.parser_class = load_object(crawler.settings["ROBOTSTXT_PARSER"])
        self.longest_delay = crawler.settings.getfloat("CRAWL_DELAY_MAX")
        self.parsers: dict[str, Any] = {}
        self.sitemaps: dict[str, list[str]] = {}
        """Host → the addresses that its robots.txt names as sitemaps."""

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt") or not request.url.startswith(("http://", "https://")):
            return
        parser = await self.robot_parser(request)
        if parser is None:
            raise RobotsUnavailable("robots.txt could not be had")
        if not parser.allowed(request.url, self.user_agent):
            self.crawler.stats.inc_value("robotstxt/forbidden")
            raise RobotsForbidden("Forbidden by robots.txt")

    async def robot_parser(self, request: Request) -> RobotParser | None:
        netloc = urlparse_cached(request).netloc
        if netloc not in self.parsers:
            self.parsers[netloc] = asyncio.ensure_future(self._fetch(request))
        return await asyncio.shield(self.parsers[netloc])

    async def _fetch(self, request: Request) -> RobotParser | None:
        parts = urlparse_cached(request)
        robots = Request(
            f"{parts.scheme}://{parts.netloc}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            meta={
                "dont_obey_robotstxt": True,
                "kind": "robots",
                "allow_offsite": True,  # RFC 9309, 2.3.1.2: redirects are followed to other hosts too
            },
            callback=NO_CALLBACK,
        )
        stats = self.crawler.stats
        stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(robots)
        except (CloseSpider, Stopped):
            raise
        except Exception as error:  # whatever kept it away, the answer is the same: no
            logger.error("No robots.txt of %s (%s: %s): nothing is asked of it", parts.netloc, type(error).__name__, error)
            return None
        stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status >= 500:
            logger.error("robots.txt of %s answers %d: nothing is asked of it", parts.netloc, response.status)
            return None
        body = response.body if response.status < 400 else b""
        parser = self._parser(body)
        self.sitemaps[parts.netloc] = [
            url for name in SITEMAP_LINE.findall(body) if (url := absolute(robots.url, name.decode("utf-8", "replace")))
        ]
        await self.crawler.signals.send_catch_log_async(signal=signals.robots_parsed, robotparser=parser, request=request)
        if delay := parser.crawl_delay(self.user_agent):
            self._slow_down(request, delay)
        return parser

    def _parser(self, body: bytes) -> RobotParser:
        return build_from_crawler(self.parser_class, self.crawler, body)

    def _slow_down(self, request: Request, delay: float) -> None:
        if delay > self.longest_delay:
            logger.warning("Crawl-delay %s s is more than CRAWL_DELAY_MAX; keeping %s s", delay, self.longest_delay)
        delay = min(delay, self.longest_delay)
        downloader = self.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        given = downloader.per_slot_settings.get(key, {})
        delay = max(delay, given.get("delay", self.crawler.settings.getfloat("DOWNLOAD_DELAY")))
        downloader.per_slot_settings[key] = {**given, "delay": delay, "jitter": 0}
        if slot := downloader.slots.get(key):
            slot.delay, slot.jitter = delay, 0
        logger.info("Crawl-delay of %s: one request every %s s", key, delay)
