"""Which pages a crawl has under way: never more than memory likes, never more than ``max_articles`` allows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from scrapy import Request, signals
from scrapy.exceptions import CloseSpider, DontCloseSpider

from newsarchive.items import Article
from newsarchive.store.pages import Cover
from newsarchive.store.revisits import Revisiting
from newsarchive.trouble import ArchiveTrouble

BATCH = 500
"""So many claimed pages are under way at once; the others wait in the archive, not in memory."""


class Frontier:
    """The claims of one crawl, by the ledger of ``crawler``'s spider."""

    def __init__(self, crawler, spider):
        self.crawler, self.spider = crawler, spider
        self.max_articles = spider.arguments.max_articles
        self.cover: Cover | None = None
        """The pages that this crawl's arguments cover; None before it began."""
        self.left_waiting = False
        """Links were recorded that could not be claimed, for want of room."""
        self.parked: list[Request] = []
        """What continues a listing once ``max_articles`` leaves room again."""
        crawler.signals.connect(self._idle, signals.spider_idle)
        crawler.signals.connect(self._scheduler_empty, signals.scheduler_empty)
        crawler.signals.connect(self._item_scraped, signals.item_scraped)
        crawler.signals.connect(self._item_left, signals.item_dropped)
        crawler.signals.connect(self._item_left, signals.item_error)

    async def waiting(self, cover: Cover) -> AsyncIterator[Request]:
        """Yield requests for the pages of ``cover`` that wait since earlier crawls, as fast as they are fetched.

        Then for those that were gone and may be back.
        """
        self.cover = cover
        for gone in (False, True):
            while pages := self.spider.ledger.claim(cover, self.room(), gone):
                for page in pages:
                    yield self.spider.article_request(page.url, page.id, page.day, page.via)
                await self.crawler.signals.wait_for(signals.scheduler_empty)

    async def revisits(self, cover: Cover) -> AsyncIterator[Request]:
        """Yield requests for stored articles that are worth a re-visit, as many as the budget of the crawl allows."""
        settings = self.crawler.settings
        wanted = Revisiting(*(settings.getfloat(f"REVISIT_{name}") for name in ("MIN_HOURS", "MAX_DAYS", "MIN_CHANCE")))
        budget = left = settings.getint("REVISIT_MAX")
        while left > 0:
            if not (room := self.room()) and self.spider.ledger.held():
                await self.crawler.signals.wait_for(signals.scheduler_empty)
                continue
            pages = self.spider.ledger.claim_due(cover, min(room, left), wanted)
            if not pages:
                break
            left -= len(pages)
            for page in pages:
                yield self.spider.article_request(page.url, page.id, page.day)
            await self.crawler.signals.wait_for(signals.scheduler_empty)
        self.crawler.stats.inc_value("archive/revisit/asked", budget - left)
        self.spider.logger.info("Re-visited %d articles; REVISIT_MAX allows %d a crawl", budget - left, budget)

    def room(self) -> int:
        """Return how many more pages may be claimed now."""
        held = self.spider.ledger.held()
        room = BATCH - held
        if self.max_articles:
            room = min(room, self.max_articles - self.spider.ledger.new - held)
        return max(room, 0)

    def sighted(
        self, requests: Sequence[Request], known: dict[str, tuple[int, int]] | None = None, above: int = 0
    ) -> list[Request]:
        """Record the links of ``requests``, all of one walk, and return those to ask for now.

        The keys that had been seen on its listing go into ``known``, each with the first and the last walk that saw it.
        ``above`` counts the links of the same answer that were recorded before.
        """
        if not requests:
            return []
        walk = requests[0].meta["walk"]
        inside = [request for request in requests if walk.holds(request.meta["link"])]
        links = [request.meta["link"] for request in inside]
        found = self.spider.ledger.sight(walk, links, self.room(), above) if links else []
        stats = self.crawler.stats
        stats.inc_value(f"archive/sighting/{walk.listing.source}", len(links))
        stats.inc_value("archive/sighting/outside", len(requests) - len(links))
        walk.new += sum(one.new for one in found)
        if stamped := sum(one.stamped for one in found):
            stats.inc_value("archive/sighting/stamped", stamped)
            if not walk.stamped:
                self.spider.logger.info("%s stamps everything with the present time: that makes no article due", walk.listing.url)
            walk.stamped += stamped
        passed = []
        for one in found:
            if one.walks and known is not None:
                known[one.link.key] = one.walks
            if one.claimed:
                passed.append(self.spider.article_request(one.page.url, one.page.id, one.link.day, one.link.via))
            elif one.due:
                self.left_waiting = True
        return passed

    def park(self, request: Request) -> bool:
        """Keep back what continues a listing while ``max_articles`` leaves no room; tell whether it was kept."""
        if not self.max_articles or self.room():
            return False
        self.parked.append(request)
        return True

    def _claim_more(self) -> bool:
        room = self.room()
        pages = self.spider.ledger.claim(self.cover, room) if room else []
        for page in pages:
            self.crawler.engine.crawl(self.spider.article_request(page.url, page.id, page.day, page.via))
        return bool(pages)

    def _scheduler_empty(self) -> None:
        if self.left_waiting:
            with suppress(ArchiveTrouble):  # the crawl is being closed
                self.left_waiting = self._claim_more()

    def _idle(self) -> None:
        if self.cover is None:
            return
        enough = self.max_articles and self.spider.ledger.new >= self.max_articles
        if not enough:
            if self._claim_more():
                raise DontCloseSpider
            parked, self.parked = self.parked, []
            for request in parked:
                self.crawler.engine.crawl(request)
            if parked:
                raise DontCloseSpider
            # What failed for a moment is had now; what fails again waits for a later crawl.
            again = self.spider.ledger.again(self.room())
            for page in again:
                self.crawler.engine.crawl(self.spider.article_request(page.url, page.id, page.day))
            if again:
                raise DontCloseSpider
        for request in self.parked:
            walk = request.meta["walk"]
            walk.fail("max_articles were stored", "bound")
            self.spider.walk_ended(walk, fill=False)
        if enough:
            raise CloseSpider("max_articles")

    def _item_scraped(self, item) -> None:
        if isinstance(item, Article) and item.visit:
            self.spider.ledger.done(item.visit.page, True)

    def _item_left(self, item) -> None:
        if isinstance(item, Article) and item.visit:
            self.spider.ledger.done(item.visit.page, False)
