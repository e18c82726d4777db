"""NewsSpider: what all sites share. A site is a subclass, mostly attributes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from datetime import date, datetime, timedelta

import scrapy

from newsarchive.arguments import Arguments
from newsarchive.dates import days_between, zone
from newsarchive.discovery.listing import Listing
from newsarchive.discovery.sections import slug
from newsarchive.extract.rules import SiteRules
from newsarchive.frontier import Frontier
from newsarchive.items import Link
from newsarchive.ledger import ArchiveLedger
from newsarchive.mirror import Mirror
from newsarchive.runledger import RunLedger
from newsarchive.spiders.drawn import DrawnCallbacks
from newsarchive.spiders.listings import ListingCallbacks
from newsarchive.spiders.past import PastCallbacks
from newsarchive.spiders.visits import ArticleCallbacks
from newsarchive.store.pages import Cover

FILE_BATCH = 100


class NewsSpider(ListingCallbacks, ArticleCallbacks, DrawnCallbacks, PastCallbacks, SiteRules, scrapy.Spider):
    """Crawls one news site. See :class:`newsarchive.extract.rules.SiteRules` for how its pages are read."""

    sources: dict[str, object] = {}
    """Ways to find articles: ``sections``, ``days``, ``sitemap``, ``feed``; ``wayback`` and ``due``, which every site has."""

    wants: tuple[str, ...] = ()
    """Arguments of which it must be given one."""

    extra_arguments: tuple[str, ...] = ()
    """Names of arguments that this spider takes beside those of every spider."""

    ledger: ArchiveLedger | RunLedger
    """Set when the crawl begins."""

    frontier: Frontier

    def __init__(self, *args, **kwargs):
        super().__init__(kwargs.pop("name", None))
        self.given = kwargs
        site = self.of(kwargs)
        self.hosts, self.sources, self.addresses = site.hosts, site.sources, site.addresses
        self.arguments = Arguments.parse(kwargs, type(self))
        self.mirror = Mirror(self.arguments.base_url, [*self.hosts, *self.image_hosts]) if self.arguments.base_url else None

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.ledger = RunLedger(spider.site)
        spider.frontier = Frontier(crawler, spider)
        return spider

    @classmethod
    def of(cls, given: dict[str, str]) -> type[NewsSpider]:
        """Return the site that the arguments ``given`` are meant for: this one, unless they name another."""
        return cls

    @property
    def site(self) -> str:
        """The ``site`` of its articles."""
        return self.name

    @property
    def rules(self) -> type[SiteRules] | None:
        """How its pages are read; None: generic."""
        return type(self)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Begin at once: the site is described."""
        async for request in self.begin():
            yield request

    async def begin(self) -> AsyncIterator[scrapy.Request]:
        """Yield the pages that wait since earlier crawls, then the listings that the arguments name."""
        if self.draws and (pages := self.ledger.begin_drawing()):
            self.logger.info("%d pages waited for a browser", pages)
        cover = self._cover()
        async for request in self.frontier.waiting(cover):
            yield request
        for source in self.arguments.sources:
            if source == "warc":
                yield self.import_request()
                continue
            if source == "due":
                async for request in self.frontier.revisits(cover):
                    yield request
                continue
            for request in self._starts(source):
                yield request

    def _cover(self) -> Cover:
        a = self.arguments
        names = {name.casefold() for name in a.sections}
        for wanted in a.sections:
            found = self.sources["sections"].find(wanted) if "sections" in self.sources else None
            self.want_section(found[0] if found else wanted)
            names |= {found[0].casefold()} if found else set()
        # The ledger knows sections by the names that earlier crawls found; forms of one name are one section.
        known = {name for name in self.ledger.section_names() if slug(name) in self.wanted_sections}
        sources = a.sources + (tuple({"days", "sitemap"} & set(self.sources)) if a.fills else ())
        return Cover(self.site, sources, tuple(sorted(known | names)), a.since, a.until)

    def _starts(self, source: str) -> Iterator[scrapy.Request]:
        if source == "urls":
            return self._from_file(self.arguments.urls)
        if source == "sections":
            return self.section_requests()
        if source == "wayback":
            return self.past_requests()
        return (self.walk_request(listing) for listing in self.sources[source].listings(self._days()))

    def _days(self) -> list[str]:
        """The days that the arguments ask for, newest first; none that is still to come."""
        today = datetime.now(zone(self.zone)).date()
        until = min(self.arguments.until or today.isoformat(), today.isoformat())
        since = self.arguments.since or (date.fromisoformat(until) - timedelta(days=1)).isoformat()
        if not self.arguments.since:
            self.logger.info("Without since= days are yesterday and today: %s and %s", since, until)
        return days_between(since, until)

    def _from_file(self, path: str) -> Iterator[scrapy.Request]:
        """One request an article address; what is none is said and counted."""
        walk = self.new_walk(Listing("urls", path, newest_first=False))
        batch: list[scrapy.Request] = []
        if path == "-":
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
        with nullcontext(sys.stdin) if path == "-" else open(path, encoding="utf-8-sig", errors="replace") as file:
            for n, line in enumerate(file, 1):
                if not (url := line.strip()):
                    continue
                if found := list(self.link_requests(walk, [Link(url)])):
                    batch += found
                else:
                    self.logger.warning("Line %d of %s is no article address of %s: %.200s", n, path, self.name, url)
                if len(batch) >= FILE_BATCH:
                    yield from self.frontier.sighted(batch)
                    walk.links += len(batch)
                    batch.clear()
        yield from self.frontier.sighted(batch)
        walk.links += len(batch)
        walk.pages, walk.end = 1, "exhausted"
        self.walk_ended(walk)

    def identify(self, url: str) -> tuple[str, str, str | None] | None:
        """Return site, key and day of the article at ``url``; None when it is no article's address."""
        found = self.addresses.article(url)
        return found and (self.site, *found)

    def refuses(self, url: str) -> str | None:
        """Return why the article at ``url`` is not asked for after all; None: it is."""
        return None

    def real(self, url: str) -> str:
        """Return the site's own address for ``url``, which may be that of a mirror."""
        return self.mirror.real(url) if self.mirror else url
