"""Pages that need a browser, as answers to Scrapy's requests.

What is drawn is the answer that Scrapy had fetched, and whatever a page asks for besides, Scrapy fetches: robots.txt, the
delay, the site's hosts, the mirror and the capture hold for a browser as for plain requests. Imported only when it is on.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urldefrag

from playwright.async_api import Error, Page
from scrapy import Request, signals
from scrapy.http import HtmlResponse, Response

from newsarchive.browser import Browser
from newsarchive.chromium import BrowserFailed
from newsarchive.discovery.loadmore import round_of
from newsarchive.mirrordownload import MirrorDownloadHandler
from newsarchive.openlisting import OpenListing
from newsarchive.pagerequests import Kept, PageRequests
from newsarchive.render import drawn_html
from newsarchive.stopping import unless_stopped


class Drawing:
    """Draws articles, and rounds of listings that stand open meanwhile."""

    def __init__(self, crawler):
        self.crawler = crawler
        self.browser = Browser(crawler, self._keeps_open)
        self.kept = Kept()
        self.listings: dict[str, OpenListing] = {}
        """Address → the listing that stands open there."""
        self.closing: asyncio.Future | None = None
        crawler.signals.connect(self._begin, signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def _begin(self, spider) -> None:
        spider.browser = self

    def _keeps_open(self) -> bool:
        return any(listing.page for listing in self.listings.values())

    async def draw(self, request: Request) -> Response:
        """Return the page of ``request`` as the browser draws it. Raises :class:`BrowserFailed`, or what robots.txt forbids."""
        drawing = self._draw_round(request) if "load_more" in request.meta else self._draw_page(request)
        try:
            return drawn(request, await unless_stopped(self.crawler, drawing))
        except Error as error:
            await self.browser.revive()
            raise BrowserFailed(error.message.splitlines()[0]) from None

    def leave(self, url: str) -> None:
        """Close the listing at ``url``, if it is open."""
        if listing := self.listings.pop(urldefrag(url).url, None):
            self.closing = asyncio.ensure_future(self.browser.close_page(listing.page))

    async def _draw_page(self, request: Request) -> str:
        asked = PageRequests(self.crawler, request, request.meta.pop("document", None), self.kept)
        request.meta["page_failures"] = asked.failures
        opened: list[Page] = []
        await self.browser.room()
        try:
            await self.browser.in_time(self.browser.open_page(request, asked, opened), asked)
            html = await self.browser.in_time(drawn_html(opened[0]), asked)
            asked.raise_when_stopped()
            return html
        finally:
            self.browser.under_way -= 1
            await self.browser.close_page(*opened)

    async def _draw_round(self, request: Request) -> str:
        """Open a listing, or go on with it; a page that failed is closed, and opened anew when it is asked for again."""
        url = urldefrag(request.url).url
        source = request.meta["load_more"]
        spider = self.crawler.spider
        listing = self.listings.setdefault(url, OpenListing(source, lambda url: spider.identify(spider.real(url))))
        opened: list[Page] = []
        await self.browser.room()
        try:
            if listing.page is None:
                asked = PageRequests(self.crawler, request, request.meta.pop("document", None), self.kept)
                listing.asked, listing.shown = asked, set()
                await self.browser.in_time(self.browser.open_page(request, asked, opened, listing.collector), asked)
                listing.page = opened[0]
                if round_of(request.url) == 1:
                    return await self.browser.in_time(listing.first(), asked)
            html = await self.browser.in_time(listing.next(), listing.asked)
            listing.asked.raise_when_stopped()
            return html
        except BaseException:
            page, listing.page = listing.page, None
            await self.browser.close_page(page or (opened[0] if opened else None))
            raise
        finally:
            self.browser.under_way -= 1


class BrowserDownloadHandler(MirrorDownloadHandler):
    """Gives the requests that need it to the crawl's browser."""

    async def download_request(self, request: Request) -> Response:
        if request.meta.get("playwright"):
            return await self.crawler.get_extension(Drawing).draw(request)
        return await super().download_request(request)


def drawn(request: Request, html: str) -> HtmlResponse:
    """Return ``html`` as an answer that is marked as drawn."""
    return HtmlResponse(
        request.url,
        body=html.encode("utf-8", "replace"),
        encoding="utf-8",
        headers={"Content-Type": "text/html; charset=utf-8"},
        flags=["playwright"],
    )
