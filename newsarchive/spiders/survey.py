"""How the spider ``news`` comes to know a site that nobody described, before it walks anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response

from newsarchive.discovery.feed import Feed
from newsarchive.discovery.found import holds_no_articles
from newsarchive.discovery.front import (
    USUAL_FEEDS,
    USUAL_SITEMAPS,
    Found,
    archive_pages,
    feeds_of,
    hosts_of,
    sections_of,
    usual_places,
)
from newsarchive.discovery.lists import anchors, list_links
from newsarchive.discovery.pagers import archive_of
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.shapes import LISTED, SAID, Shapes
from newsarchive.discovery.sitemap import Sitemap
from newsarchive.extract.walls import obstacle
from newsarchive.items import Link
from newsarchive.middlewares import OffSite, RobotsMiddleware
from newsarchive.slowdown import Stopped
from newsarchive.spiders.visits import HANDLED, reason_of
from newsarchive.trees import tree_of

SURVEY_DAYS = 30
"""So old a survey is made anew."""

LOOKED_AT = 3
"""So many files of a sitemap index are read to learn what addresses articles have."""

FEW_LINKS = 3
"""A start page with fewer links that look like articles' has articles that do not."""

MOST_SITEMAPS = 10
MOST_LINKS = 2000
"""So many links of one file tell of all."""


class SurveyCallbacks:
    """What a site has is learned once, from its start page, robots.txt, feeds and sitemaps, and kept in the archive.

    A later crawl asks for the start page alone, whose menu may have changed.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.shapes = Shapes()
        self.found = Found()
        self._archives_asked = 0
        self._places: list[tuple[str, str]] = []
        """What is still to be looked at: its kind, ``feed``, ``sitemap``, ``file`` or ``archive``, and its address."""

    def survey(self) -> Iterator[scrapy.Request]:
        """Begin with the start page, and with what earlier crawls learned."""
        learned = self.ledger.learned("news") or {}
        self.shapes = Shapes(learned.get("shapes"))
        self.found = Found.of(learned.get("found") or {})
        self.own(self.found.hosts)
        yield self._survey_request(self.start_page, self.parse_front, self.front_failed)

    def _survey_request(self, url: str, callback, errback, **arguments) -> scrapy.Request:
        return scrapy.Request(
            url,
            callback=callback,
            errback=errback,
            cb_kwargs=arguments,
            dont_filter=True,
            meta={"kind": "listing", "handle_httpstatus_list": HANDLED, **self.elsewhere(url, arguments.get("kind", ""))},
        )

    def elsewhere(self, url: str, kind: str) -> dict[str, bool]:
        """Return what lets a sitemap or a feed be asked for on a host of others, when the site keeps it there.

        A robots.txt may name such a sitemap (sitemaps.org, "Sitemaps & Cross Submits"), and a page such a feed. A mirror
        has none of that.
        """
        away = kind in ("feed", "sitemap", "file") and not self.mirror and not self.addresses.owns(url)
        return {"allow_offsite": True} if away else {}

    async def parse_front(self, response: Response) -> AsyncIterator[scrapy.Request]:
        """Read the start page."""
        wall = obstacle(response)
        if response.status != 200 or wall or not isinstance(response, HtmlResponse):
            async for request in self._without_front(wall or f"HTTP {response.status}"):
                yield request
            return
        # A site is asked under the name that it gives itself.
        self.start_page = response.url
        self.own([urlsplit(response.url).hostname], first=True)
        if self.found.surveyed_on < (datetime.now(UTC) - timedelta(days=SURVEY_DAYS)).date().isoformat():
            self._plan(response)
        self.front = response
        async for request in self._go_on():
            yield request

    def _plan(self, response: HtmlResponse) -> None:
        today = datetime.now(UTC).date().isoformat()
        self.found = Found(sections=self.found.sections, hosts=self.found.hosts, surveyed_on=today)
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        sitemaps = [url for urls in robots.sitemaps.values() for url in urls] if robots else []
        places = [("feed", url) for url in feeds_of(response) or usual_places(response.url, USUAL_FEEDS)]
        places += [("sitemap", url) for url in sitemaps[:MOST_SITEMAPS] or usual_places(response.url, USUAL_SITEMAPS)]
        newest = self.found.add_archives(response.url, self._links(response))
        places += [("archive", url) for url in ([newest] if newest else archive_pages(response, self.hosts))]
        self._places = list(dict.fromkeys(places))

    def _links(self, response: HtmlResponse) -> list[str]:
        return [real for _, url in anchors(response, tree_of(response)) if self.addresses.owns(real := self.real(url))]

    async def _go_on(self) -> AsyncIterator[scrapy.Request]:
        while self._places:
            kind, url = self._places.pop(0)
            if self.may_own(host := urlsplit(url).hostname):
                self.own([host])
            elif not self.elsewhere(url, kind):
                self.logger.info("Passed over %s: it is not on %s", url, self.site)
                continue
            yield self._survey_request(url, self.parse_place, self.place_failed, kind=kind)
            return
        async for request in self._surveyed():
            yield request

    async def parse_place(self, response: Response, kind: str) -> AsyncIterator[scrapy.Request]:
        """Learn from one feed, sitemap or archive."""
        if response.status == 200:
            try:
                getattr(self, f"_learn_{kind}")(response)
            except ListingError as error:
                self.logger.debug("No %s at %s: %s", kind, response.url, error)
        async for request in self._go_on():
            yield request

    async def place_failed(self, failure) -> AsyncIterator[scrapy.Request]:
        """What cannot be had is not there."""
        if failure.check(Stopped):
            return
        self.logger.info("Passed over %s: %s", failure.request.url, reason_of(failure))
        async for request in self._go_on():
            yield request

    def _learn_feed(self, response: Response) -> None:
        links = Feed("").read(response, self.zone).links
        if self._learn(links, SAID):
            self.found.feeds.append(response.url)
            # One usual place is enough; what the page names is another feed each.
            self._places = [place for place in self._places if place[0] != "feed" or urlsplit(place[1]).path not in USUAL_FEEDS]

    def _learn_sitemap(self, response: Response) -> None:
        chunk = Sitemap("").read(response, self.zone)
        files = [url for url in chunk.more if not holds_no_articles(url)]
        news = bool(chunk.links) and all(link.published_at for link in chunk.links)
        if files or self._learn(chunk.links, SAID if news else LISTED):
            self.found.sitemaps.append(response.url)
            self.found.news_sitemaps += [response.url] if news else []
            self.found.everything |= not files and not news
        # A news sitemap says most, and then what is called after articles.
        files.sort(key=lambda url: ("news" not in url.lower(), not any(w in url.lower() for w in ("post", "article", "story"))))
        self._places = [("file", url) for url in files[:LOOKED_AT]] + self._places

    def _learn_file(self, response: Response) -> None:
        for link in Sitemap("").read(response, self.zone).links[:MOST_LINKS]:
            self._learn([link], SAID if link.published_at else LISTED)
            self.found.everything |= not link.published_at

    def _learn_archive(self, response: Response) -> None:
        if not isinstance(response, HtmlResponse):
            return
        here = archive_of(response.url)
        newest = self.found.add_archives(response.url, self._links(response))
        self.found.archives_list |= bool(here and list_links(response, tree_of(response), self.shapes))
        if newest and not self.found.archives_list and self._archives_asked < LOOKED_AT:
            self._archives_asked += 1
            self._places.insert(0, ("archive", newest))

    def _learn(self, links: list[Link], sign: int) -> bool:
        """Learn from addresses; tell whether one was the site's."""
        own = [url for link in links[:MOST_LINKS] if self.may_own(urlsplit(url := self.real(link.url)).hostname)]
        for url in own:
            self.shapes.learn(url, sign)
        if sign == SAID:
            self.own({urlsplit(url).hostname for url in own})
        return bool(own)

    async def _surveyed(self) -> AsyncIterator[scrapy.Request]:
        if (front := self.front) is not None:
            self.own(hosts_of(front, self.shapes))
            if not self.shapes.known:
                self.shapes.eager = len({url for _, url in list_links(front, tree_of(front), self.shapes)}) < FEW_LINKS
            unknown = set(self.found.no_sections)
            sections = {name: self.real(url) for name, url in sections_of(front, self.hosts, self.shapes).items()}
            # A menu that lost a section still had it: its articles go on being found there until it is gone.
            self.found.sections = {name: url for name, url in (sections or self.found.sections).items() if url not in unknown}
        if not self.found.archives_list:
            self.found.archives = []
        self.found.hosts = list(self.hosts)
        self.keep_learned()
        self.settle_sources()
        async for request in self.begin():
            yield request

    async def front_failed(self, failure) -> AsyncIterator[scrapy.Request]:
        """Without a start page there is what was learned before."""
        if not failure.check(Stopped):
            async for request in self._without_front(self.no_front_because(failure)):
                yield request

    def no_front_because(self, failure) -> str:
        """Return why the start page could not be had, and what would do where that is known."""
        if failure.check(OffSite) and failure.request.url != self.start_page:
            return f"it leads to {failure.request.url}, which is another site: crawl that with url="
        return reason_of(failure)

    async def _without_front(self, reason: str) -> AsyncIterator[scrapy.Request]:
        self.front = None
        if not (self.found.feeds or self.found.sitemaps or self.found.sections):
            self.logger.error("The start page %s could not be had (%s), and nothing is known of the site", self.start_page, reason)
            raise CloseSpider("no start page")
        self.logger.warning("The start page %s could not be had (%s): going by what was learned", self.start_page, reason)
        async for request in self._surveyed():
            yield request

    def keep_learned(self) -> None:
        """Keep what is known of the site for later crawls."""
        self.ledger.learn("news", {"shapes": self.shapes.as_learned(), "found": self.found.as_learned()})
