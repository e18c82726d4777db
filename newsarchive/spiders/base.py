"""NewsSpider: what all sites share. A site is a subclass, mostly attributes."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from urllib.parse import urlsplit

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response

from newsarchive.arguments import Arguments
from newsarchive.dates import day_in, days_between, iso, zone
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.walk import Listing, Walk
from newsarchive.extract.article import load_article
from newsarchive.extract.rules import SiteRules
from newsarchive.frontier import Frontier
from newsarchive.items import Article, Link, Visit
from newsarchive.ledger import ArchiveLedger, RunLedger
from newsarchive.middlewares import OffSite, RobotsForbidden
from newsarchive.mirror import Mirror
from newsarchive.store.pages import Cover
from newsarchive.urls import clean_url, not_amp

# Every answer but a redirect comes to the callback, which records it.
HANDLED = [status for status in range(300, 600) if status not in (301, 302, 303, 307, 308)]
GONE = (404, 410)
REFUSED = (401, 402, 403, 451)


class NewsSpider(SiteRules, scrapy.Spider):
    """Crawls one news site. See :class:`newsarchive.extract.rules.SiteRules` for how its pages are read."""

    sources: dict[str, object] = {}
    """Ways to find articles: ``sections``, ``days``, ``sitemap``, ``feed``."""

    extra_arguments: tuple[str, ...] = ()
    """Names of arguments that this spider takes beside those of every spider."""

    ledger: ArchiveLedger | RunLedger
    """Set when the crawl begins."""

    frontier: Frontier

    def __init__(self, *args, **kwargs):
        super().__init__(kwargs.pop("name", None))
        self.given = kwargs
        self.arguments = Arguments.parse(kwargs, type(self))
        self.mirror = Mirror(self.arguments.base_url, self.hosts) if self.arguments.base_url else None
        self.wanted_sections: set[str] = set()
        self._filled: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.ledger = RunLedger(cls.name)
        spider.frontier = Frontier(crawler, spider)
        return spider

    # What to ask for.

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Yield the pages that wait since earlier crawls, then the listings that the arguments name."""
        async for request in self.frontier.waiting(self._cover()):
            yield request
        for source in self.arguments.sources:
            for request in self._starts(source):
                yield request

    def _cover(self) -> Cover:
        a = self.arguments
        sources = a.sources + (("days",) if a.fills else ())
        names = []
        for wanted in a.sections:
            found = self.sources["sections"].find(wanted) if "sections" in self.sources else None
            names.append(found[0] if found else wanted)
        self.wanted_sections = {name.casefold() for name in names}
        return Cover(self.name, sources, tuple(sorted(self.wanted_sections)), a.since, a.until)

    def _starts(self, source: str) -> Iterator[scrapy.Request]:
        a = self.arguments
        if source == "urls":
            yield from self._from_file(a.urls)
        elif source == "sections":
            unknown = []
            for wanted in a.sections or tuple(self.sources["sections"].names):
                if found := self.sources["sections"].find(wanted):
                    named = not wanted.startswith(("/", "http://", "https://"))
                    yield self.walk_request(self.sources["sections"].listing(*found), wanted=wanted if named else None)
                else:
                    unknown.append(wanted)
            if unknown:
                yield self._menu_request(unknown)
        else:
            for listing in self.sources[source].listings(self._days()):
                yield self.walk_request(listing)

    def _days(self) -> list[str]:
        today = datetime.now(zone(self.zone)).date().isoformat()
        return days_between(self.arguments.since or today, self.arguments.until or today)

    def _from_file(self, path: str) -> Iterator[scrapy.Request]:
        """One request an article address; what is none is said and counted."""
        walk = self._new_walk(Listing("urls", path, newest_first=False))
        with nullcontext(sys.stdin) if path == "-" else open(path, encoding="utf-8", errors="replace") as file:
            for n, line in enumerate(file, 1):
                if not (url := line.strip()):
                    continue
                if self.addresses.article(url):
                    walk.links += 1
                    yield from self._links(walk, [Link(url)])
                else:
                    self.logger.warning("Line %d of %s is no article address of %s: %.200s", n, path, self.name, url)
                    self.crawler.stats.inc_value("archive/link/not_article")
        walk.pages, walk.end = 1, "exhausted"
        self.ledger.step(walk, None)
        self.ledger.end(walk)

    def article_request(self, url: str, page: str | None, **meta) -> scrapy.Request:
        """Return the request for the article at ``url``, whose page in the ledger is ``page``."""
        return scrapy.Request(
            url,
            callback=self.parse_article,
            errback=self.article_failed,
            # The ledger knows which page was had; Scrapy's own filter would forget it with the process.
            dont_filter=True,
            meta={"page": page, "kind": "article", "handle_httpstatus_list": HANDLED, **meta},
        )

    def walk_request(self, listing: Listing, wanted: str | None = None, snapshots: Sequence[int] | None = None) -> scrapy.Request:
        """Return the request that begins a walk of ``listing``.

        ``wanted`` is what a user called the section; ``snapshots`` are captures still to be replayed, one walk each.
        """
        walk = self._new_walk(listing)
        first, *walk.snapshots = (self.ledger.snapshots(walk) if snapshots is None else snapshots) or [None]
        return self._listing_request(listing.url, walk, wanted=wanted, snapshot=first)

    def _new_walk(self, listing: Listing) -> Walk:
        walk = Walk(listing, self.arguments.since, self.arguments.until, self.settings.getint("LISTING_MAX_PAGES"))
        self.ledger.begin(walk)
        return walk

    def _listing_request(self, url: str, walk: Walk, **meta) -> scrapy.Request:
        return scrapy.Request(
            url,
            callback=self.parse_listing,
            errback=self.listing_failed,
            cb_kwargs={"walk": walk},
            dont_filter=True,
            meta={"walk": walk, "kind": "listing", "handle_httpstatus_list": HANDLED, **meta},
        )

    def _menu_request(self, sections: list[str]) -> scrapy.Request:
        return scrapy.Request(
            self.sources["sections"].menu,
            callback=self.parse_menu,
            errback=self.menu_failed,
            cb_kwargs={"sections": sections},
            dont_filter=True,
            meta={"kind": "listing", "handle_httpstatus_list": HANDLED},
        )

    # Listings.

    def parse_menu(self, response: Response, sections: list[str]) -> Iterator[scrapy.Request]:
        """Look for ``sections`` among the links of the site's front page."""
        for wanted in sections:
            found = isinstance(response, HtmlResponse) and self.sources["sections"].read_menu(response, wanted)
            if found:
                yield self.walk_request(self.sources["sections"].listing(*found))
            else:
                self._unknown_section(wanted)

    def menu_failed(self, failure) -> None:
        """Without a menu nobody knows the sections."""
        for wanted in failure.request.cb_kwargs["sections"]:
            self._unknown_section(wanted)

    def _unknown_section(self, wanted: str) -> None:
        declared = self.sources["sections"].find(wanted)
        if declared and not self.arguments.sections:  # one of many: the crawl goes on without it
            walk = self._new_walk(self.sources["sections"].listing(*declared))
            self.end_walk(walk, "error", "HTTP 404, and the menu does not name it")
            return
        known = ", ".join(self.sources["sections"].names) or "none"
        self.logger.error("%s knows no section %r: it is neither declared (%s) nor in the site's menu", self.name, wanted, known)
        raise CloseSpider("unknown section")

    def parse_listing(self, response: Response, walk: Walk) -> Iterator[scrapy.Request]:
        """Yield a request for each article that a listing links to, and for what continues it."""
        if response.status == 404 and response.meta.get("wanted"):
            self.logger.info("%s has no %s any more: looking for %r in its menu", self.name, response.url, response.meta["wanted"])
            self.ledger.drop(walk)
            yield self._menu_request([response.meta["wanted"]])
            return
        if response.status != 200:
            yield from self.end_walk(walk, "error", f"HTTP {response.status}")
            return
        try:
            chunk = self.sources[walk.listing.source].read(response, self.zone, walk.since, walk.until)
        except ListingError as error:
            yield from self.end_walk(walk, "error", str(error))
            return
        if chunk.fault:
            walk.faults.append(chunk.fault)
        yield from self._links(walk, chunk.links)
        for url in chunk.more:
            yield self._listing_request(self.real(url), walk, continues=True)

    def _links(self, walk: Walk, links: Iterable[Link]) -> Iterator[scrapy.Request]:
        for link in links:
            link.url = self.real(link.url)
            found = self.addresses.article(link.url)
            if found is None:
                self.crawler.stats.inc_value("archive/link/not_article")
                continue
            link.key, day = found
            link.address = clean_url(not_amp(link.url))
            # The link's own date goes before the one in its address.
            link.day = day_in(datetime.fromisoformat(link.published_at), self.zone) if link.published_at else day
            yield self.article_request(link.address, None, link=link, walk=walk)

    def listing_failed(self, failure) -> Iterator[scrapy.Request]:
        """Record why a part of a listing could not be had."""
        walk = failure.request.meta["walk"]
        if failure.check(RobotsForbidden):
            yield from self.end_walk(walk, "robots", f"robots.txt forbids {failure.request.url}")
        else:
            yield from self.end_walk(walk, "error", _reason(failure))

    def end_walk(self, walk: Walk, end: str, reason: str) -> Iterable[scrapy.Request]:
        """One answer of ``walk`` is missing. Return requests for what makes good for it."""
        if walk.end is not None:
            return []
        walk.fail(reason, end)
        return self.walk_ended(walk) if walk.end else []

    def walk_ended(self, walk: Walk) -> list[scrapy.Request]:
        """Close ``walk`` in the ledger. Return requests for the days that its listing did not reach."""
        self.ledger.step(walk, None)
        self.ledger.end(walk)
        listing = walk.listing
        self.crawler.stats.inc_value(f"archive/listing/{walk.end}")
        whole = walk.end in ("exhausted", "since", "met")
        self.logger.log(
            logging.DEBUG if whole else logging.WARNING,
            "Walked %s %s: %s%s, %d pages, %d links, back to %s",
            listing.source,
            listing.section or listing.url,
            walk.end,
            f" ({walk.reason})" if walk.reason else "",
            walk.pages,
            walk.links,
            walk.reached,
        )
        if walk.snapshots:
            return [self.walk_request(listing, snapshots=walk.snapshots)]
        if whole or not self.arguments.fills or listing.source != "sections" or not self.arguments.since:
            return []
        today = datetime.now(zone(self.zone)).date().isoformat()
        until = min(filter(None, (walk.reached, self.arguments.until, today)))
        days = self.sources["days"].listings(days_between(self.arguments.since, until))
        days = [day for day in days if day.url not in self._filled]
        self._filled.update(day.url for day in days)
        if days:
            self.logger.info(
                "The listing of %s ended by %s at %s: reading the day sitemaps from %s back to %s instead",
                listing.section,
                walk.end,
                walk.reached or "its first page",
                days[0].day,
                days[-1].day,
            )
        return [self.walk_request(day) for day in days]

    def real(self, url: str) -> str:
        """Return the site's own address for ``url``, which may be that of a mirror."""
        return self.mirror.real(url) if self.mirror else url

    # Articles.

    def parse_article(self, response: Response) -> Iterator[Article | scrapy.Request]:
        """Yield the article on a page, or record what the page is instead; in a replay, go on with its next capture."""
        page = response.meta["page"]
        addresses = (*response.meta.get("redirect_urls", ()), response.request.url, response.url)
        if refused := self._no_article(response):
            self._record(page, *refused, addresses)
            return
        article = load_article(response, type(self))
        if not article.headline or not (article.body or article.images):
            self._record(page, "not_article", f"no {'text' if article.headline else 'headline'} on it", addresses)
            return
        captured = response.meta.get("captured")
        article.fetched_at = iso(datetime.fromisoformat(captured.row["fetched_at"]) if captured else datetime.now(UTC))
        article.visit = Visit(page, addresses, captured, self._counts(article, page))
        yield article
        if later := response.meta.get("snapshots"):
            yield self.article_request(response.url, page, snapshot=later[0], snapshots=later[1:])

    def _no_article(self, response: Response) -> tuple[str, str] | None:
        """Return state and reason of a page that holds no article; state ``failed`` when it may hold one later."""
        if response.status in GONE:
            return "gone", f"HTTP {response.status}"
        if response.status != 200:
            return "failed", f"HTTP {response.status}"
        if not self.addresses.article(response.url):
            front = urlsplit(response.url).path in ("", "/")
            return "gone" if front else "moved", f"redirected to {response.url}"
        if not isinstance(response, HtmlResponse):
            return "not_article", f"no HTML: {response.headers.get('Content-Type', b'no type').decode('latin-1')}"
        return None

    def _record(self, page: str | None, state: str, reason: str, addresses: Iterable[str] = ()) -> None:
        if state == "failed":
            status = reason.removeprefix("HTTP ")
            state = self.ledger.failed(page, reason, "refused" if status.isdigit() and int(status) in REFUSED else "given_up")
        else:
            self.ledger.outcome(page, state, reason, addresses)
        self.crawler.stats.inc_value(f"archive/page/{state}")
        self.logger.debug("%s: %s (%s)", state, page, reason)

    def article_failed(self, failure) -> None:
        """Record why a page could not be had."""
        request = failure.request
        if failure.check(RobotsForbidden):
            self._record(request.meta["page"], "refused", "robots.txt forbids it")
        elif failure.check(OffSite):
            self._record(request.meta["page"], "moved", f"redirected to {request.url}")
        else:
            self._record(request.meta["page"], "failed", _reason(failure))

    def _counts(self, article: Article, page: str | None) -> bool:
        """Tell whether ``article`` is what the arguments ask for, and count it when not."""
        a = self.arguments
        if article.day and not (a.since or "") <= article.day <= (a.until or "9999"):
            self.crawler.stats.inc_value("archive/article/other_day")
            return False
        if self.wanted_sections:
            own = {name.casefold() for name in (article.section, *article.tags) if name}
            if not self.wanted_sections & (own | self.ledger.sections(page)):
                self.crawler.stats.inc_value("archive/article/other_section")
                return False
        return True


def _reason(failure) -> str:
    """One line for a failed download."""
    text = " ".join(str(failure.value).split())
    return f"{type(failure.value).__name__}: {text}"[:300]
