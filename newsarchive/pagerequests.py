"""What a page asks for while a browser draws it: answered by Scrapy's downloader, so that all rules of a crawl hold for it.

The browser itself has no network: see :data:`newsarchive.browser.NO_NETWORK`.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from time import monotonic
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import Error, Route
from playwright.async_api import Request as PageRequest
from scrapy import Request
from scrapy.http import Response

from newsarchive.middlewares import RobotsForbidden, RobotsUnavailable
from newsarchive.slowdown import Stopped
from newsarchive.urls import registrable_domain

KINDS = ("document", "script", "xhr", "fetch", "stylesheet")
"""What may have to do with the text of a page. Images, fonts, media, beacons and what streams without end have not."""

KEPT = ("script", "stylesheet")
KEPT_BYTES = 16 * 1024 * 1024
"""Scripts and style sheets are asked for once a crawl, as far as so much memory holds them."""

MOST_FAILURES = 20
MAX_REQUESTS = 100
"""A page asks for no more, or between two rounds of a listing for so many."""

MAX_REFUSED = 1000
"""A page that was refused more is given up: answering alone keeps a crawl from its work."""

MAX_LOADS = 3
"""A page may load itself anew so often, as after consent."""

MAX_BYTES = 8 * 1024 * 1024
SECONDS = 20
"""So long an answer to a page's script may take."""

# Domains, with all their hosts, that count readers or sell them.
TRACKERS = frozenset(
    """2mdn.net adform.net adnxs.com ads-twitter.com adsafeprotected.com adsrvr.org amazon-adsystem.com amplitude.com
    branch.io brightcove-analytics.com casalemedia.com chartbeat.com chartbeat.net clarity.ms criteo.com criteo.net demdex.net
    doubleclick.net everesttech.net facebook.com facebook.net google-analytics.com googleadservices.com
    googlesyndication.com googletagmanager.com googletagservices.com hotjar.com indexww.com ioam.de krxd.net
    mc.yandex.ru mixpanel.com moatads.com newrelic.com nr-data.net omtrdc.net onesignal.com openx.net optimizely.com
    outbrain.com parsely.com permutive.com piano.io pubmatic.com quantcount.com quantserve.com rlcdn.com rubiconproject.com
    scorecardresearch.com segment.com segment.io sentry.io smartadserver.com taboola.com teads.tv tiqcdn.com tynt.com
    yandex-metrica.com zedo.com""".split()
)

# The downloader's own, or what would tell that a browser asks.
NOT_SENT = ("accept-encoding", "connection", "content-length", "host", "user-agent", "cache-control", "pragma")
NOT_GIVEN = ("content-encoding", "content-length", "transfer-encoding", "connection", "link", "refresh")


class Kept:
    """The scripts and style sheets of a crawl, the least used given up first."""

    def __init__(self):
        self.answers: OrderedDict[str, Response] = OrderedDict()
        self.bytes = 0

    def get(self, url: str) -> Response | None:
        if url in self.answers:
            self.answers.move_to_end(url)
        return self.answers.get(url)

    def add(self, url: str, response: Response) -> None:
        if url not in self.answers:
            self.answers[url] = response
            self.bytes += len(response.body)
        while self.bytes > KEPT_BYTES:
            self.bytes -= len(self.answers.popitem(last=False)[1].body)


class PageRequests:
    """Answers the requests of the page that ``request`` asks for; its first is answered with ``document``, when there is one."""

    def __init__(self, crawler, request: Request, document: Response | None, kept: Kept):
        self.crawler, self.kept, self.document = crawler, kept, document
        self.address = urldefrag(request.url).url
        self.spider = crawler.spider
        self.waiting = 0
        """Requests that have no answer yet."""
        self.changed = monotonic()
        """When the page last asked or was answered."""
        self.longest = crawler.settings.getfloat("PLAYWRIGHT_PAGE_SECONDS") / 2
        """Seconds; a page that never stands still is read as it is then."""
        self.loads = 0
        self.asked = self.refused = 0
        self.failures: list[str] = []
        """What the page's scripts wanted and did not get."""
        self.forbidden = False
        """robots.txt was why."""
        self.stopped: Stopped | None = None

    def raise_when_stopped(self) -> None:
        """Raise :class:`Stopped` when a request of the page was broken off because the crawl ends: it is no whole page."""
        if self.stopped:
            raise self.stopped

    def begin_round(self) -> None:
        """Count anew."""
        self.asked, self.refused, self.failures, self.forbidden = 0, 0, [], False

    async def answer(self, route: Route) -> None:
        """Answer a request of the page, or refuse it."""
        with suppress(Error):  # the page was closed meanwhile
            response = await self._answer(route.request)
            if response is None:
                await route.abort("aborted")  # any other word leaves the page for one that says so
            else:
                headers = {
                    name.decode("latin-1"): b", ".join(values).decode("latin-1")
                    for name, values in response.headers.items()
                    if name.decode("latin-1").lower() not in NOT_GIVEN
                }
                await route.fulfill(status=response.status, headers=headers, body=response.body)

    async def _answer(self, asked: PageRequest) -> Response | None:
        url = self.spider.real(urldefrag(asked.url).url)
        main = asked.is_navigation_request() and asked.frame.parent_frame is None
        if main and self.document is not None and url == self.address:
            document, self.document = self.document, None
            return document
        self.loads += main
        if why := self._refuses(asked, url, main):
            self.refused += 1
            self.crawler.stats.inc_value(f"archive/browser/refused/{why}")
            if main:
                self._lacks(url, "the page's script leads there")
            return None
        self.asked += 1
        keep = asked.resource_type in KEPT and asked.method == "GET"
        if keep and (known := self.kept.get(url)):
            return known
        self.waiting += 1
        try:
            response = await self.crawler.engine.download_async(await self._request(asked, url))
        except Stopped as error:
            self.stopped = error
            return None
        except Exception as error:  # whatever kept it away: the page goes without, and what it lacks then is recorded
            self.forbidden = self.forbidden or isinstance(error, (RobotsForbidden, RobotsUnavailable))
            self._failed(asked, url, str(error) or type(error).__name__)
            return None
        finally:
            self.waiting -= 1
            self.changed = monotonic()
        if response.status >= 400:
            self._failed(asked, url, f"HTTP {response.status}")
        elif keep and response.status == 200:
            self.kept.add(url, response)
        return response

    def _failed(self, asked: PageRequest, url: str, why: str) -> None:
        self.crawler.stats.inc_value("archive/browser/not_had")
        if asked.resource_type != "stylesheet":
            self._lacks(url, why)

    def _lacks(self, url: str, why: str) -> None:
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(f"{url}: {why}"[:200])

    def _refuses(self, asked: PageRequest, url: str, main: bool) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme not in ("http", "https") or not host:
            return "scheme"
        if asked.resource_type not in KINDS:
            return asked.resource_type
        domain = registrable_domain(host)
        if domain in TRACKERS or host in TRACKERS:
            return "tracker"
        own = host in self.spider.hosts or host in self.spider.page_hosts
        if main and url != self.address:
            return "other_page"  # a redirect by script, or what a click led to
        if main and self.loads > MAX_LOADS:
            return "reload"
        if asked.is_navigation_request() and not own:
            return "frame"
        if asked.method not in ("GET", "POST") or (asked.method == "POST" and not own and domain not in self._domains()):
            return "method"
        if self.asked >= MAX_REQUESTS:
            return "too_many"
        return None

    def _domains(self) -> set[str]:
        return {registrable_domain(host) for host in (*self.spider.hosts, urlsplit(self.address).hostname or "")}

    async def _request(self, asked: PageRequest, url: str) -> Request:
        headers = {name: value for name, value in (await asked.all_headers()).items() if not name.startswith((":", "sec-"))}
        return Request(
            url,
            method=asked.method,
            body=asked.post_data_buffer or b"",
            headers={name: value for name, value in headers.items() if name not in NOT_SENT},
            dont_filter=True,
            meta={
                "kind": "other",
                "of_page": True,
                "allow_offsite": True,
                "download_maxsize": MAX_BYTES,
                "download_timeout": SECONDS,
            },
        )
