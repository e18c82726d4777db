"""Any news site, read without a description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import scrapy
from scrapy import signals
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response

from newsarchive.discovery.found import FoundDays, FoundFeeds, FoundSections, FoundSitemaps
from newsarchive.discovery.listing import Listing
from newsarchive.discovery.shapes import WAS
from newsarchive.discovery.walk import Walk
from newsarchive.extract.kind import called
from newsarchive.extract.signs import SOFT_404
from newsarchive.items import Link
from newsarchive.spiders.base import NewsSpider
from newsarchive.spiders.survey import SurveyCallbacks
from newsarchive.spiders.verdicts import VerdictCallbacks
from newsarchive.trouble import ArchiveTrouble
from newsarchive.urls import Addresses, clean_url, is_address, registrable_domain

UNSEEN = dict.fromkeys(("days", "feed", "sections", "sitemap"))
"""Sources that an undescribed site may have; which it has is known once its start page was read."""

WHOLE_DAYS = 30
"""A sitemap or an archive of everything that was walked whole is not walked again for so long, unless it is asked for."""

EVER_DAYS = 36_500
"""A section that was walked whole in so long is one, whatever stands in its place today."""


class AnySpider(VerdictCallbacks, SurveyCallbacks, NewsSpider):
    """Any news site. Each article's ``site`` is the registrable domain of its address."""

    name = "news"
    wants = ("url", "warc")
    extra_arguments = ("url",)
    start_page = ""
    front: HtmlResponse | None = None

    @classmethod
    def of(cls, given: dict[str, str]) -> type[AnySpider]:
        url = (given.get("url") or "").strip()
        if not url:
            return cls
        if given.get("warc"):
            raise ValueError("url= crawls a site and warc= reads files: leave one of them out")
        if not is_address(url):
            raise ValueError(f"url={url} is no address of a site; write https://www.example.com/")
        host = urlsplit(url).hostname
        if cls.start_page:
            return cls
        return type(cls.__name__, (cls,), {"hosts": [host, *_twin(host)], "sources": UNSEEN, "start_page": clean_url(url)})

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.start_page = self.of(kwargs).start_page

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.start_page:
            crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    @property
    def site(self) -> str:
        return registrable_domain(urlsplit(self.start_page).hostname) if self.start_page else self.name

    @property
    def rules(self) -> None:
        """Generic."""
        return None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        if self.start_page:
            for request in self.survey():
                yield request
            return
        async for request in super().start():
            yield request

    def may_own(self, host: str | None) -> bool:
        """Tell whether ``host`` is of the site's domain."""
        return bool(host) and registrable_domain(host) == self.site

    def own(self, hosts: Iterable[str], first: bool = False) -> None:
        """Count ``hosts`` to the site; ``first`` is the name under which it is asked."""
        for host in hosts:
            new = [name for name in (host, *_twin(host)) if name not in self.hosts]
            self.hosts = [*self.hosts, *new]
            if first:
                self.hosts = [host, *(name for name in self.hosts if name != host)]
        self.addresses = Addresses(self.hosts, ())
        if self.mirror:
            self.mirror.hosts = list(self.hosts)

    def real(self, url: str) -> str:
        """As the start page writes it: ``www.`` and ``https`` or none."""
        url = super().real(url)
        if not self.start_page or not is_address(url):
            return url
        parts, main = urlsplit(url), urlsplit(self.start_page)
        if parts.hostname and parts.hostname in (main.hostname, *_twin(main.hostname)) and parts.port in (main.port, None, 80, 443):
            return urlunsplit(parts._replace(scheme=main.scheme, netloc=main.netloc))
        return url

    def settle_sources(self) -> None:
        """Make sources of what was found, and choose among them what the arguments mean."""
        found, a = self.found, self.arguments
        sections = FoundSections(names=found.sections, front=self.start_page, shapes=self.shapes)
        self.sources = {"feed": FoundFeeds(addresses=tuple(found.feeds))} if found.feeds else {}
        self.sources["sections"] = sections
        if found.archives:
            tree = not (a.since or a.until)
            days = FoundDays("{}", {}, front=self.start_page, shapes=self.shapes, formats=tuple(found.archives))
            self.sources["days"] = replace(days, roots=tuple(found.archive_roots), tree=tree)
        if found.sitemaps:
            self.sources["sitemap"] = FoundSitemaps(addresses=tuple(found.sitemaps))
        self.listed = {url.rstrip("/") for url in (*found.sections.values(), *found.archive_roots)}
        by_day = "days" if "days" in self.sources else "sitemap" if found.everything else None
        if "source" in self.given:
            wanted = [by_day or "sitemap" if source == "days" else source for source in a.sources]
            sources = tuple(dict.fromkeys(source for source in wanted if source in self.sources or source not in UNSEEN))
            if not sources:
                self.logger.error(
                    "%s has no source %s; it has %s", self.site, ", ".join(a.sources), ", ".join(sorted(self.sources))
                )
                raise CloseSpider("unknown source")
        elif "urls" in self.given or a.sections:
            sources = a.sources
        elif a.since or a.until:
            sources = (by_day,) if by_day else tuple(self.sources)
        else:
            sources = tuple(self.sources)
        self.arguments = replace(a, sources=sources, fills=a.fills and by_day is not None)
        self.logger.info(
            "%s: %d feeds, %d sections, %d sitemaps, %d kinds of archives, %d shapes of addresses",
            *(self.site, len(found.feeds), len(found.sections), len(found.sitemaps), len(found.archives), len(self.shapes.signs)),
        )

    def _starts(self, source: str) -> Iterator[scrapy.Request]:
        asked = "source" in self.given or self.arguments.since or self.arguments.until
        alone = not (self.found.feeds or self.found.sections)
        if asked or alone or source not in ("sitemap", "days"):
            return super()._starts(source)
        short = set(self.found.news_sitemaps if self.found.everything else self.found.sitemaps)
        listings = self.sources[source].listings(())
        return (
            self.walk_request(listing)
            for listing in listings
            if listing.url in short or not self.ledger.asked_lately(listing, WHOLE_DAYS)
        )

    def _listing_request(self, url: str, walk: Walk, **meta) -> scrapy.Request:
        """A sitemap or a feed may be kept on another host, see :meth:`elsewhere`."""
        return super()._listing_request(url, walk, **self.elsewhere(url, walk.listing.source), **meta)

    def section_requests(self) -> Iterator[scrapy.Request]:
        """The start page lists articles too, and on a small site it is all that does."""
        if not self.arguments.sections:
            request = self.walk_request(Listing("sections", self.start_page))
            self._front_walk = request.meta["walk"]
            yield request
        yield from super().section_requests()

    def parse_listing(self, response: Response, walk: Walk) -> Iterator[scrapy.Request]:
        """As every site's; but what a menu names, and is no listing, is none of the site's sections."""
        source = walk.listing.source
        if self.start_page and response.status in (404, 410) and (source == "days" or (source == "sections" and walk.pages)):
            return self._nothing_there(response, walk)
        requests = super().parse_listing(response, walk)
        if source != "sections" or walk.pages or self.arguments.sections or not self.start_page:
            return requests
        led_back = response.url == self.start_page != walk.listing.url
        if response.status in (404, 410) or led_back:
            return self._no_section(response, walk)
        requests = list(requests)
        if response.status != 200 or "unread" in response.meta:
            return requests
        if any("link" in request.meta for request in requests) and not called(response)[0]:
            return requests
        return self._no_section(response, walk)

    def _nothing_there(self, response: Response, walk: Walk) -> list[scrapy.Request]:
        """An archive has no page of a day without news, and many a pager leads one page further than there is."""
        response.meta["unread"] = True
        if walk.end is not None:
            return []
        instead = walk.take([], {}, [])
        return self.walk_ended(walk) if walk.end else [self._listing_request(url, walk) for url in instead]

    def end_walk(self, walk: Walk, end: str, reason: str, at: str | None = None) -> Iterable[scrapy.Request]:
        """As every site's; but a menu's word behind which is nothing, which the server calls 200, is no section either."""
        found = walk.listing.url in self.found.sections.values() and not self.arguments.sections and not walk.pages
        if found and reason.startswith(SOFT_404) and not self.ledger.asked_lately(walk.listing, EVER_DAYS):
            self._forget(walk)
            return []
        return super().end_walk(walk, end, reason, at)

    def _forget(self, walk: Walk) -> None:
        """What ``walk`` was begun for is no section."""
        self.ledger.drop(walk)
        url = walk.listing.url
        self.found.no_sections = list(dict.fromkeys([*self.found.no_sections, url]))
        self.found.sections = {name: other for name, other in self.found.sections.items() if other != url}
        self.listed.discard(url.rstrip("/"))

    def _no_section(self, response: Response, walk: Walk) -> list[scrapy.Request]:
        response.meta["unread"] = True
        self._forget(walk)
        url = walk.listing.url
        if (
            response.status == 200 and isinstance(response, HtmlResponse) and called(response)[0]
        ):  # a story that is pinned to the menu
            self.shapes.learn(url, WAS)
            return list(self.link_requests(self._front_walk, [Link(url)]))
        self.logger.debug("No section: %s lists no article (HTTP %d)", url, response.status)
        return []

    def idle(self) -> None:
        """All that was asked has answered: keep what it taught."""
        try:
            self.keep_learned()
        except ArchiveTrouble:  # the crawl is being closed
            self.logger.debug("What was learned of %s is not kept", self.site)


def _twin(host: str) -> list[str]:
    """The name with or without ``www.``: one site."""
    if host.replace(".", "").isdigit() or ":" in host:  # an address of the network
        return []
    return [host.removeprefix("www.")] if host.startswith("www.") else [f"www.{host}"] if registrable_domain(host) == host else []
