"""A real Chromium for a crawl, without a network of its own: its pages are opened, held to their time, and closed on every path.

Imported only when it is on, as all that imports Playwright.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from time import monotonic
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import BrowserContext, Error, Page
from scrapy import Request, signals
from scrapy.utils.asyncio import create_looping_call
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.provider import PlaywrightBrowserProvider

from newsarchive.chromium import BrowserFailed
from newsarchive.pagerequests import MAX_REFUSED, PageRequests
from newsarchive.render import press_consent, settle
from newsarchive.renderers import end_browser, end_large

logger = logging.getLogger(__name__)

NO_NETWORK = (
    # Intercepting requests is not enough: preconnect, pop-ups and WebRTC pass by it (Chromium 156).
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://nowhere.invalid:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
)
ARGUMENTS = (*NO_NETWORK, "--disable-dev-shm-usage", "--disable-gpu", "--js-flags=--max-old-space-size=512")
POPUPS = "--disable-popup-blocking"
"""Playwright's own argument, which is left out."""

PAGES_A_CONTEXT = 25
"""A context that had so many pages is followed by another; one for each page takes three times as long (Chromium 156)."""

PAGES_A_BROWSER = 200
"""So is a browser."""

RENDERER_BYTES = 1_500_000_000
"""More memory no page is left; a heavy one takes a third of that."""

LOOK_SECONDS = 1
CLOSE_SECONDS = 10
WAIT_FACTOR = 10
"""A page that waits for its site is given up after so many times what it may take itself."""


class LazyProvider(PlaywrightBrowserProvider):
    """scrapy-playwright's own, whose driver starts with the first page instead of with the crawl."""

    async def start(self) -> None:
        """Wait for a page."""

    async def launch_browser(self):
        if self.playwright is None:
            await super().start()
        return await super().launch_browser()


class Browser:
    """The browser of a crawl. What it opens it closes on every path, and nothing in it grows old."""

    def __init__(self, crawler, keeps_open: Callable[[], bool]):
        self.crawler, self.keeps_open = crawler, keeps_open
        """Tells whether a page stands open for long."""
        self.seconds = crawler.settings.getfloat("PLAYWRIGHT_PAGE_SECONDS")
        self.handler = ScrapyPlaywrightDownloadHandler(crawler)
        # A page that crashed is asked for again by the ledger, at the crawl's end.
        self.handler.config.target_closed_max_retries = 0
        self.names = count(1)
        self.name, self.begun = "", 0
        """The context that pages are opened in now, and how many were."""
        self.prepared: set[BrowserContext] = set()
        self.drawn = self.under_way = 0
        self.ending = asyncio.Lock()
        self.open: set[Page] = set()
        self.watch = create_looping_call(self._look)
        crawler.signals.connect(self._begin, signals.spider_opened)
        crawler.signals.connect(self._close, signals.spider_closed)

    async def revive(self) -> None:
        """Begin anew after the end of the driver, of which nobody is told; scrapy-playwright does so for the browser alone."""
        browser = getattr(self.handler, "browser", None)
        if browser is None:
            return
        try:
            context = await asyncio.wait_for(browser.new_context(), CLOSE_SECONDS)
            await context.close()
        except Exception as error:  # Playwright has no class of its own for it
            if getattr(self.handler, "browser", None) is browser:
                logger.warning("The browser is started anew (%s)", error)
                del self.handler.browser
                self.handler.context_wrappers.clear()
                self.handler.browser_provider = LazyProvider(self.handler.config)

    async def room(self) -> None:
        """Wait for the pages that are under way in an old browser, and for its end."""
        while self.drawn >= PAGES_A_BROWSER and self.under_way and not self.keeps_open():
            await asyncio.sleep(LOOK_SECONDS / 10)
        async with self.ending:
            self.under_way += 1

    async def open_page(self, request: Request, asked: PageRequests, opened: list[Page], script: str = "") -> None:
        """Open the page of ``request``, wait until it stands still, and let ``opened`` have it."""

        async def prepare(page: Page, _) -> None:
            opened.append(page)
            self.open.add(page)
            if page.context not in self.prepared:
                self.prepared.add(page.context)
                page.context.on("page", _dismiss)
                await page.context.route_web_socket("**", lambda socket: socket.close())
                await page.context.route("**", lambda route: route.abort())  # of windows that a page opens
            await page.route("**", asked.answer)
            if not self.crawler.spider.consent:  # which is asked once a context, and kept there
                await _forget(page, request.url)
            if script:
                await page.add_init_script(script)

        sent = request.replace(
            url=urldefrag(request.url).url,
            meta={
                "playwright": True,
                "playwright_include_page": True,
                "playwright_context": self._context(alone=bool(script)),
                "playwright_context_kwargs": {"service_workers": "block", "accept_downloads": False, "locale": "en"},
                "playwright_page_init_callback": prepare,
                "playwright_page_goto_kwargs": {"wait_until": "commit"},
            },
        )
        self.crawler.stats.inc_value("archive/browser/pages")
        await self.handler.download_request(sent)
        await settle(opened[0], asked)
        consent = self.crawler.spider.consent
        if consent and await press_consent(opened[0], consent):
            self.crawler.stats.inc_value("archive/browser/consented")
            await settle(opened[0], asked)

    async def in_time(self, work: Awaitable, asked: PageRequests):
        """Return what ``work`` gives. What the page waits for its site is not counted as its own time."""
        task = asyncio.ensure_future(work)
        own, last, begun = 0.0, monotonic(), monotonic()
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=0.25)
                now = monotonic()
                if asked.refused > MAX_REFUSED:
                    end_browser()  # to be asked to close it would wait for all that the page asks
                    raise BrowserFailed(f"the page asked for {asked.refused} things that it does not need")
                own, last = own + (0 if asked.waiting else now - last), now
                if not task.done() and (own > self.seconds or now - begun > WAIT_FACTOR * self.seconds):
                    self.crawler.stats.inc_value("archive/browser/out_of_time")
                    raise BrowserFailed(f"the page took more than {self.seconds:.0f} s")
            return task.result()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Error, BrowserFailed):
                await task

    def _context(self, alone: bool) -> str:
        """Return the name of the context for the next page; a listing, which stays open, has one ``alone``."""
        if alone or not self.name or self.begun >= PAGES_A_CONTEXT:
            name = f"pages {next(self.names)}"
            if alone:
                return name
            self.name, self.begun = name, 0
        self.begun += 1
        return self.name

    async def close_page(self, page: Page | None = None) -> None:
        """Close ``page``, and its context once it is old; a browser that cannot do that is ended."""
        self.drawn += 1
        async with self.ending:
            if page is None:  # it did not open: what hinders it may stay where it was to be
                self.name = ""
            elif not await self._closed(page) or (self._is_old() and not self.under_way):
                await self._end(page.context.browser)
            self.open.discard(page)

    def _is_old(self) -> bool:
        return self.drawn >= PAGES_A_BROWSER and not self.keeps_open()

    async def _closed(self, page: Page) -> bool:
        context = page.context
        current = self.handler.context_wrappers.get(self.name)
        try:
            await asyncio.wait_for(page.close(), CLOSE_SECONDS)
            if (current is None or current.context is not context) and not any(p.context is context for p in self.open - {page}):
                self.prepared.discard(context)
                await asyncio.wait_for(context.close(), CLOSE_SECONDS)
        except (TimeoutError, Error):
            return False
        return True

    async def _end(self, browser) -> None:
        """End the browser; the next page has another."""
        self.crawler.stats.inc_value("archive/browser/ended")
        self.drawn, self.name = 0, ""
        self.prepared.clear()
        try:
            await asyncio.wait_for(browser.close(), CLOSE_SECONDS)
        except (TimeoutError, Error):
            end_browser()
        for _ in range(round(CLOSE_SECONDS / LOOK_SECONDS * 10)):  # until scrapy-playwright has noticed
            if getattr(self.handler, "browser", None) is not browser:
                break
            await asyncio.sleep(LOOK_SECONDS / 10)

    def _begin(self, spider) -> None:
        self.watch.start(LOOK_SECONDS, now=False)

    def _look(self) -> None:
        """End the renderers of pages that take all memory: these fail, and the crawl goes on."""
        if self.open and (ended := end_large(RENDERER_BYTES)):
            self.crawler.stats.inc_value("archive/browser/too_large", ended)

    async def _close(self) -> None:
        if self.watch.running:
            self.watch.stop()
        if self.open:  # drawing was broken off, and such a page may hinder every answer
            end_browser()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.handler.close(), 3 * CLOSE_SECONDS)


async def _forget(page: Page, url: str) -> None:
    """Let a page find nothing of what the site kept in the browser: walls count how many articles a reader had."""
    parts = urlsplit(url)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Storage.clearDataForOrigin", {"origin": f"{parts.scheme}://{parts.netloc}", "storageTypes": "all"})
    await devtools.detach()
    await page.context.clear_cookies()


async def _dismiss(page: Page) -> None:
    """Close a window that a page opened."""
    if await page.opener() is not None:
        with suppress(Error):
            await page.close()
