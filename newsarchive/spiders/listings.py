"""What a spider does with listings: sections and their menu, sitemaps, feeds, and days where a section is cut off."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import scrapy
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response

from newsarchive.chromium import BrowserFailed
from newsarchive.dates import day_in, days_between, zone
from newsarchive.discovery.listing import Listing
from newsarchive.discovery.loadmore import round_address, round_of
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.sections import is_empty_chunk, slug
from newsarchive.discovery.walk import Walk
from newsarchive.discovery.wayback import nearest
from newsarchive.extract.html import canonical_link
from newsarchive.extract.walls import obstacle
from newsarchive.items import Link
from newsarchive.middlewares import RobotsForbidden, RobotsUnavailable
from newsarchive.slowdown import Stopped
from newsarchive.spiders.visits import HANDLED, reason_of
from newsarchive.store.schema import WHOLE
from newsarchive.trees import tree_of
from newsarchive.urls import absolute, clean_url, is_address, not_amp


class ListingCallbacks:
    """The listings' half of :class:`newsarchive.spiders.base.NewsSpider`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.wanted_sections: set[str] = set()
        """The sections asked for, as :func:`newsarchive.discovery.sections.slug` has them."""
        self._filled: set[str] = set()

    def want_section(self, name: str) -> None:
        """Count articles of the section ``name`` to what was asked for."""
        self.wanted_sections.add(slug(name))

    def section_requests(self) -> Iterator[scrapy.Request]:
        """Begin the sections that the arguments name, or all declared ones."""
        sections = self.sources["sections"]
        unknown, begun = [], set()
        for wanted in self.arguments.sections or tuple(sections.names):
            if found := sections.find(wanted):
                if found[1] in begun:  # one section under two of its names
                    continue
                begun.add(found[1])
                named = not wanted.startswith(("/", "http://", "https://"))
                yield from self.walk_in_turn(sections.listing(*found), wanted if named else None)
            else:
                unknown.append(wanted)
        if unknown:
            yield self._menu_request(unknown)

    def walk_request(
        self, listing: Listing, wanted: str | None = None, snapshots: Sequence[int] | None = None, at: str | None = None
    ) -> scrapy.Request:
        """Return the request that begins a walk of ``listing``, or goes on with one that came to ``at``.

        ``wanted`` is what a user called the section; ``snapshots`` are captures still to be replayed, one walk each.
        """
        walk = self.new_walk(listing)
        first, *walk.snapshots = (self.ledger.snapshots(walk) if snapshots is None else snapshots) or [None]
        return self._listing_request(at or listing.url, walk, wanted=wanted, snapshot=first)

    def new_walk(self, listing: Listing) -> Walk:
        """Return a walk of ``listing`` that is entered in the ledger."""
        walk = Walk(listing, self.arguments.since, self.arguments.until, self.settings.getint("LISTING_MAX_PAGES"))
        if rule := self.load_more(listing):
            walk.max_pages, walk.max_links, walk.max_seconds = min(walk.max_pages, rule.rounds), rule.links, rule.seconds
        self.ledger.begin(walk)
        return walk

    def _listing_request(self, url: str, walk: Walk, **meta) -> scrapy.Request:
        if walk.listing.source == "wayback":
            meta["allow_offsite"] = True
        if round_of(url):
            meta = self.round_meta(walk) | meta
        return scrapy.Request(
            url,
            priority=2 if round_of(url) else 0,  # a page is open meanwhile
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

    def parse_menu(self, response: Response, sections: list[str]) -> Iterator[scrapy.Request]:
        """Look for ``sections`` among the links of the site's front page."""
        if response.status != 200 or not isinstance(response, HtmlResponse):
            self._no_menu(f"HTTP {response.status}")
        source = self.sources["sections"]
        links = [(words, self.real(url)) for words, url in source.menu_links(response)]
        for wanted in sections:
            found = source.find_in_menu(wanted, [(words, url) for words, url in links if self.addresses.owns(url)])
            if found:
                self.want_section(found[0])
                yield from self.walk_in_turn(source.listing(*found))
            else:
                self._unknown_section(wanted)

    def menu_failed(self, failure) -> None:
        """Without a menu nobody knows the sections."""
        if failure.check(Stopped):
            return
        self._no_menu(reason_of(failure))

    def _no_menu(self, reason: str) -> None:
        self.logger.error(
            "The menu of %s at %s could not be had (%s): try again later", self.name, self.sources["sections"].menu, reason
        )
        raise CloseSpider("no menu")

    def _unknown_section(self, wanted: str) -> None:
        declared = self.sources["sections"].find(wanted)
        if declared and not self.arguments.sections:  # one of many: the crawl goes on without it
            walk = self.new_walk(self.sources["sections"].listing(*declared))
            self.end_walk(walk, "error", "it is not there, and the menu does not name it")
            return
        known = ", ".join(self.sources["sections"].names) or "none"
        self.logger.error("%s knows no section %r: it is neither declared (%s) nor in the site's menu", self.site, wanted, known)
        raise CloseSpider("unknown section")

    def parse_listing(self, response: Response, walk: Walk) -> Iterator[scrapy.Request]:
        """Yield a request for each article that a listing links to, and for what continues it."""
        source = walk.listing.source
        if captured := response.meta.get("captured"):
            walk.captured_at = captured.row["fetched_at"]
        to_front = urlsplit(response.url).path in ("", "/") and urlsplit(walk.listing.url).path not in ("", "/")
        if response.status == 404 or (source == "sections" and to_front):
            if wanted := response.meta.get("wanted"):
                self.logger.info("%s has no %s any more: looking for %r in its menu", self.name, walk.listing.url, wanted)
                self.ledger.drop(walk)
                yield from self.next_in_turn(walk.listing)
                yield self._menu_request([wanted])
                return
            reason = f"HTTP {response.status}" if response.status != 200 else f"redirected to {response.url}"
            yield from self._unread(response, walk, reason)
            return
        if response.status != 200:
            yield from self._unread(response, walk, f"HTTP {response.status}")
            return
        if self.load_more(walk.listing) and not round_of(response.url) and (self.draws or self.ledger.was_drawn(response.url)):
            response.meta["unread"] = True
            yield self._listing_request(round_address(response.url, 1), walk, **self.drawing(response))
            return
        try:
            chunk = (self.wayback if source == "wayback" else self.sources[source]).read(
                response, self.zone, walk.since, walk.until
            )
        except ListingError as error:
            yield from self._unread(response, walk, str(error))
            return
        requests = self.link_requests(walk, chunk.links)
        if isinstance(response, HtmlResponse):  # not of a sitemap, which has so many that they are made one by one
            requests = list(requests)
            if walk.pages == 0:
                walk.named = absolute(response.url, canonical_link(tree_of(response)))
        if isinstance(response, HtmlResponse) and not (requests and chunk.more):  # a true end, or what stands in its place
            if wall := obstacle(response, walk.named if walk.pages else None):
                self.count_wall(response, wall)
                yield from self._unread(response, walk, wall)
                return
            if source == "sections" and walk.pages and not requests and not chunk.more and not is_empty_chunk(response):
                yield from self._unread(response, walk, "neither an article nor a continuation on it")
                return
        if chunk.fault:
            walk.faults.append(chunk.fault)
        if source == "sections" and walk.pages == 0 and isinstance(response, HtmlResponse):
            self._learn_names(response, walk)
        yield from requests
        for url in chunk.more:
            yield self.more_request(self.real(url), walk)

    def more_request(self, url: str, walk: Walk) -> scrapy.Request:
        """Return the request for what continues the listing of ``walk``."""
        return self._listing_request(url, walk, continues=True)

    def _unread(self, response: Response, walk: Walk, reason: str) -> Iterable[scrapy.Request]:
        response.meta["unread"] = True
        return self.end_walk(walk, "error", reason, response.url)

    def _learn_names(self, response: HtmlResponse, walk: Walk) -> None:
        """What the page's own menu calls a section is its name as well, when a path or an address was asked for."""
        path = urlsplit(walk.listing.url).path
        for words, url in self.sources["sections"].menu_links(response):
            if words and urlsplit(url).path == path and slug(walk.listing.section or "") in self.wanted_sections:
                self.want_section(words)

    def link_requests(self, walk: Walk, links: Iterable[Link]) -> Iterator[scrapy.Request]:
        """Yield a request for each of ``links`` that is an article's address, and count the others."""
        known = [link for link in links if self.know(link)]
        for link in nearest(known) if walk.listing.source == "wayback" else known:
            yield self.article_request(link.address, None, link=link, walk=walk)

    def know(self, link: Link) -> bool:
        """Fill in whose article ``link`` leads to; False, counted, when it is no article's address."""
        link.url = self.real(link.url)
        found = self.identify(link.url) if is_address(link.url) else None
        if found is None:
            self.crawler.stats.inc_value("archive/link/not_article")
            return False
        link.site, link.key, day = found
        link.address = clean_url(not_amp(link.url))
        # The link's own date goes before the one in its address.
        link.day = day_in(datetime.fromisoformat(link.published_at), self.zone) if link.published_at else day
        return True

    def listing_failed(self, failure) -> Iterator[scrapy.Request]:
        """Record why a part of a listing could not be had."""
        request = failure.request
        if failure.check(Stopped):  # the crawl's end says where its walks were
            return
        if failure.check(RobotsForbidden):
            reason = str(failure.value) if round_of(request.url) else f"robots.txt forbids {request.url}"
            yield from self.end_walk(request.meta["walk"], "robots", reason, request.url)
        elif failure.check(BrowserFailed) and "again" not in request.meta:
            self.logger.info("Once more, from the top: %s (%s)", request.url, failure.value)
            yield self._listing_request(request.url, request.meta["walk"], again=True)
        elif failure.check(RobotsUnavailable):
            yield from self.end_walk(request.meta["walk"], "robots", str(failure.value), request.url)
        else:
            yield from self.end_walk(request.meta["walk"], "error", reason_of(failure), request.url)

    def end_walk(self, walk: Walk, end: str, reason: str, at: str | None = None) -> Iterable[scrapy.Request]:
        """The answer of ``walk`` at ``at`` is missing. Return requests for what makes good for it."""
        if walk.end is not None:
            return []
        instead = walk.fail(reason, end, at)
        return self.walk_ended(walk) if walk.end else [self._listing_request(url, walk) for url in instead]

    def walk_ended(self, walk: Walk, fill: bool = True) -> list[scrapy.Request]:
        """Close ``walk`` in the ledger. Return requests for the days that its listing did not reach, with ``fill``."""
        whole = walk.end in WHOLE
        self.ledger.step(walk, None if whole else walk.comes_back_to)
        self.ledger.end(walk)
        listing = walk.listing
        self.crawler.stats.inc_value(f"archive/listing/{walk.end}")
        because = f" ({walk.reason})" if walk.reason else ""
        self.logger.log(
            logging.DEBUG if whole else logging.WARNING,
            f"Walked {listing.source} {listing.section or listing.url}: {walk.end}{because}, {walk.pages} pages,"
            f" {walk.links} links, back to {walk.reached}",
        )
        if walk.snapshots:
            return [self.walk_request(listing, snapshots=walk.snapshots)]
        return [*self.next_in_turn(listing), *(self._fill(walk) if self._fills(walk, fill) else ())]

    def _fills(self, walk: Walk, fill: bool) -> bool:
        cut_off = walk.end not in WHOLE and walk.listing.source == "sections"
        return bool(cut_off and fill and self.arguments.fills and self.arguments.since)

    def _fill(self, walk: Walk) -> list[scrapy.Request]:
        today = datetime.now(zone(self.zone)).date().isoformat()
        until = min(filter(None, (walk.reached, self.arguments.until, today)))
        source = "days" if "days" in self.sources else "sitemap"
        listings = self.sources[source].listings(days_between(self.arguments.since, until))
        listings = [listing for listing in listings if listing.url not in self._filled]
        self._filled.update(listing.url for listing in listings)
        if listings:
            what = "the sitemap" if source == "sitemap" else f"the day sitemaps from {until} back to {self.arguments.since}"
            self.logger.info(
                f"The listing of {walk.listing.section} ended by {walk.end} at {walk.reached or 'its first page'}:"
                f" reading {what} instead"
            )
        return [self.walk_request(listing) for listing in listings]
