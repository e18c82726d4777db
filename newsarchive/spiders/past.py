"""What a spider does with the past: captures that web archives hold, and WARC files that others made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import scrapy
from scrapy import signals
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response

from newsarchive.dates import is_of_the_web, iso, stamp
from newsarchive.discovery.listing import Listing
from newsarchive.discovery.walk import Walk
from newsarchive.discovery.wayback import Wayback, capture_time
from newsarchive.extract.article import is_article, load_article, reads_like_article
from newsarchive.extract.walls import obstacle
from newsarchive.items import Article, Link, Visit
from newsarchive.store.warc import Record, WarcError, payload_digest
from newsarchive.store.warcreader import Counts, records, unchunked
from newsarchive.unpacking import MAX_BYTES, unpacked
from newsarchive.urls import is_address, memento
from newsarchive.warcmessages import response_of

ASKED_DAYS = 30
"""What a CDX server said of a day or a host is not asked again for so long."""

AT_ONCE = 16
"""So many articles of a WARC file are under way; the next record is read when one is stored."""


class PastCallbacks:
    """The past's half of :class:`newsarchive.spiders.base.NewsSpider`."""

    @property
    def wayback(self) -> Wayback:
        """How captures of the site are found. Day by day only between days: else the whole host is asked for."""
        return self.sources.get("wayback", Wayback()) if self.arguments.since else Wayback()

    @property
    def trusted_hosts(self) -> set[str | None]:
        """Hosts that the user named, wherever they are."""
        return {urlsplit(self.arguments.cdx).hostname} if "wayback" in self.arguments.sources else set()

    def past_requests(self) -> Iterator[scrapy.Request]:
        """Ask the CDX server, where an earlier crawl came to; not at all for what was asked lately."""
        a = self.arguments
        for listing in self.wayback.listings(a.cdx, self.hosts, self._days() if a.since else (), a.since):
            if self.ledger.asked_lately(listing, ASKED_DAYS):
                self.crawler.stats.inc_value("archive/listing/asked_lately")
                continue
            yield self.walk_request(listing, at=self.ledger.came_to(listing))

    def parse_past(self, response: Response) -> Iterator[Article]:
        """Yield the article in a web archive's capture, or record that there is none."""
        page, found = response.meta["page"], memento(response.url)
        if response.status != 200 or found is None:
            self.past_failed(page, f"HTTP {response.status} of {response.url}")
            return
        at, original = capture_time(found[0]), found[1]
        if at is None:
            self.past_failed(page, f"no time of a capture in {response.url}")
            return
        if not self.identify(original) or not isinstance(response, HtmlResponse):
            self.past_failed(page, f"no article of the site at {response.url}")
            return
        captured = response.replace(url=original)
        wall = obstacle(captured)
        article = load_article(captured, self.rules) if wall is None else None
        if article is None or not is_article(article):
            self.past_failed(page, f"{wall or 'no article'} in the capture {response.url}")
            return
        self._second_hand(article, iso(at), response.url)
        counts = self._counts(article, page, response.meta["day"])
        article.visit = Visit(page, (original,), response.meta.get("captured"), counts=counts)
        yield article

    def past_failed(self, page: str | None, reason: str) -> None:
        """A web archive's own outcome is not the site's: the page is owed, and at last what it was before it was asked for."""
        at_last = self.ledger.last_known(page) if page else "given_up"
        self._record(page, "failed", f"web archive: {reason}"[:300], at_last=at_last)

    @staticmethod
    def _second_hand(article: Article, fetched_at: str, origin: str) -> None:
        article.flags.append("second_hand")
        article.fetched_at, article.capture = fetched_at, {"from": origin}

    def import_request(self) -> scrapy.Request:
        """Return a request that asks nobody, and whose callback reads the files of the argument ``warc``.

        Items of ``start()`` itself would do, but a crawl that is stopped while one is under way never ends (Scrapy 2.19).
        """
        return scrapy.Request("data:,", callback=self.imported, dont_filter=True, meta={"kind": "other"})

    def _stopped(self) -> bool:
        return not self.crawler.crawling or bool(getattr(self.ledger, "trouble", None))

    async def imported(self, response: Response) -> AsyncIterator[Article]:
        """Yield the articles inside the WARC files of the argument ``warc``, as fast as they are stored."""
        most = self.arguments.max_articles
        at_once = 1 if most else AT_ONCE  # one after the other is never one too many
        room = asyncio.Semaphore(at_once)

        def left(item) -> None:
            if isinstance(item, Article) and item.visit.seen:
                room.release()

        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            self.crawler.signals.connect(left, signal)
        for path in self.arguments.warc:
            walk = self.new_walk(Listing("warc", path.as_uri(), newest_first=False))
            counts = Counts()
            try:
                for record in records(path, frozenset(("response", "resource")), MAX_BYTES, counts):
                    if article := record and self._article_in(record, walk, path, counts):
                        await room.acquire()
                        yield article
                        if most:
                            await room.acquire()
                            room.release()
                            if self.ledger.new >= most:
                                walk.fail("max_articles were stored", "bound")
                                break
                    else:
                        await asyncio.sleep(0)  # others have their turn
                    if self._stopped():
                        return  # the crawl's end closes the walk
            except OSError as error:
                self.logger.error("Cannot read %s: %s", path, error.strerror)
                counts.damaged += 1
            for _ in range(at_once):  # until all are stored
                await room.acquire()
            for _ in range(at_once):
                room.release()
            self._file_ended(walk, path, counts)
            if most and self.ledger.new >= most:
                return

    def _file_ended(self, walk: Walk, path: Path, counts: Counts) -> None:
        stats = self.crawler.stats
        stats.inc_value("archive/warc/records", counts.records)
        stats.inc_value("archive/warc/damaged", counts.damaged)
        stats.inc_value("archive/warc/too_large", counts.too_large)
        passed = f"{counts.damaged} damaged and {counts.too_large} too large records passed over"
        walk.pages = 1
        if walk.end is None:
            walk.end = "error" if counts.damaged or counts.too_large else "exhausted"
            walk.reason = passed if walk.end == "error" else None
        self.walk_ended(walk)
        self.logger.info("Read %s: %d records, %d articles; %s", path, counts.records, walk.links, passed)

    def _article_in(self, record: Record, walk: Walk, path: Path, counts: Counts) -> Article | None:
        try:
            return self._read_record(record, walk, path, counts)
        except CloseSpider:
            raise
        except Exception as error:  # a page that nobody foresaw costs itself alone, as it does in a crawl
            counts.damaged += 1
            place = record.headers.get("warc-target-uri", "")
            self.logger.error("Cannot read the record of %r in %s: %s: %s", place, path, type(error).__name__, error)
            return None

    def _read_record(self, record: Record, walk: Walk, path: Path, counts: Counts) -> Article | None:
        stats = self.crawler.stats
        try:
            response = _page_in(record)
        except WarcError:
            counts.damaged += 1
            return None
        taken_at = _warc_time(record)
        if response is None or not self.identify(response.url):
            stats.inc_value("archive/warc/no_page")
            return None
        kept = response
        try:
            page = unpacked(response)
        except WarcError:
            page = None
        if page is None or taken_at is None or "warc-truncated" in record.headers:
            counts.damaged += 1
            return None
        if not {"gzip", "deflate", ""} >= set(_encodings(response)):
            kept = page  # any WARC tool can read what is kept
        request = scrapy.Request(response.url, meta={"kind": "article"})
        if self.ledger.imported(request.url, stamp(taken_at), payload_digest(kept.body)):
            stats.inc_value("archive/warc/had_before")
            return None
        if not isinstance(page, HtmlResponse):
            stats.inc_value("archive/warc/no_page")
            return None
        if obstacle(page):
            stats.inc_value("archive/warc/wall")
            return None
        article = load_article(page, self.rules)
        if not is_article(article) or not reads_like_article(article):
            stats.inc_value("archive/warc/not_article")
            return None
        captured = self.ledger.capture(request, kept, stamp(taken_at))
        self._second_hand(article, iso(taken_at), path.as_uri())
        link = Link(response.url, site=article.site, key=article.key, address=article.url, day=article.day)
        walk.links += 1
        article.visit = Visit(article.id, (response.url,), captured, seen=(walk, [link]))
        article.visit.counts = self._counts(article, None, article.day)
        return article


def _page_in(record: Record) -> Response | None:
    """The answer 200 in a record, when it may be HTML, its chunks undone."""
    fields = {name.lower(): value for name, value in record.http}
    drawn = record.headers.get("warc-type") == "resource"
    type = record.headers.get("content-type", "") if drawn else fields.get("content-type", "")
    if (not drawn and record.status != 200) or "html" not in type.lower():
        return None
    if not is_address(record.headers.get("warc-target-uri", "").strip("<>")):
        return None
    if "chunked" in fields.get("transfer-encoding", "").lower():
        body = unchunked(record.payload)
        if body is None:
            raise WarcError("a body without its last chunk")
        record.payload = body
        record.http = [(name, value) for name, value in record.http if name.lower() != "transfer-encoding"]
    return response_of(record)


def _encodings(response: Response) -> list[str]:
    header = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").lower()
    return [name.strip() for name in header.split(",")]


def _warc_time(record: Record) -> datetime | None:
    """When a record was made; None when that cannot be."""
    try:
        at = datetime.fromisoformat(record.headers.get("warc-date", ""))
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if is_of_the_web(at) else None
