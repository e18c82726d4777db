"""What a spider does with the pages of articles: read them, or record what they are instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import scrapy
from scrapy.http import HtmlResponse, Response

from newsarchive.dates import iso
from newsarchive.discovery.sections import slug
from newsarchive.extract.article import is_article, load_article
from newsarchive.extract.walls import BOT_WALL, CONSENT_WALL, SOFT_404, consent_address, obstacle
from newsarchive.items import Article, Visit
from newsarchive.middlewares import NoArticle, OffSite, RobotsForbidden, RobotsUnavailable
from newsarchive.slowdown import HostClosed, Stopped

# Every answer but a redirect comes to the callback, which records it.
HANDLED = [status for status in range(300, 600) if status not in (301, 302, 303, 307, 308)]
GONE = (404, 410)
REFUSED = (401, 402, 403, 451)


MAX_BYTES = 16 * 1024 * 1024


class ArticleCallbacks:
    """The articles' half of :class:`newsarchive.spiders.base.NewsSpider`."""

    def article_request(self, url: str, page: str | None, day: str | None = None, via: str | None = None, **meta) -> scrapy.Request:
        """Return the request for the article at ``url``, whose page in the ledger is ``page``.

        ``day`` is the publication day as far as it was known before; ``via`` a web archive's capture, asked for instead.
        """
        if via:
            meta |= {"via": via, "allow_offsite": True}
        return scrapy.Request(
            via or url,
            callback=self.parse_article,
            errback=self.article_failed,
            # The ledger knows which page was had; Scrapy's own filter would forget it with the process.
            dont_filter=True,
            meta={
                "page": page,
                "day": day,
                "kind": "article",
                "handle_httpstatus_list": HANDLED,
                "download_maxsize": MAX_BYTES,
                **meta,
            },
        )

    def parse_article(self, response: Response) -> Iterator[Article | scrapy.Request]:
        """Yield the article on a page, or record what the page is instead; in a replay, go on with its next capture."""
        page = response.meta["page"]
        if "via" in response.meta:
            yield from self.parse_past(response)
            return
        addresses = (*response.meta.get("redirect_urls", ()), response.request.url, response.url)
        if refused := self._no_article(response):
            self._record(page, *refused, addresses)
            return
        article = load_article(response, self.rules)
        if reason := self.none_of_its(response, article):
            self._record(page, "not_article", reason, addresses)
            return
        if not is_article(article):
            # An empty answer, or a wall before the page: it may be an article next time.
            lacks = "text" if article.headline else "headline"
            self.crawler.stats.inc_value(f"archive/unread/{lacks}")
            self._record(page, "failed", f"no {lacks} on it", at_last="not_article")
            return
        captured = response.meta.get("captured")
        fetched_at = datetime.fromisoformat(captured.row["fetched_at"]) if captured else datetime.now(UTC)
        article.fetched_at = iso(fetched_at)
        # A day more than any zone makes: no clock that is a little fast.
        if article.published_at and article.published_at > iso(fetched_at + timedelta(days=1)):
            article.flags.append("future_date")
        article.visit = Visit(page, addresses, captured, counts=self._counts(article, page, response.meta["day"]))
        yield article
        if later := response.meta.get("snapshots"):
            yield self.article_request(response.url, page, response.meta["day"], snapshot=later[0], snapshots=later[1:])

    def none_of_its(self, response: HtmlResponse, article: Article) -> str | None:
        """Return why ``article``, read from ``response``, is none though its address may be one's; None: it is one."""
        return None

    def _no_article(self, response: Response) -> tuple[str, str] | None:
        """Return state and reason of a page that holds no article; state ``failed`` when it may hold one later."""
        if response.status in GONE:
            return "gone", f"HTTP {response.status}"
        if wall := obstacle(response):
            self.count_wall(response, wall)
            return "failed", wall if response.status == 200 else f"{wall} (HTTP {response.status})"
        if response.status != 200:
            return "failed", f"HTTP {response.status}"
        if not self.identify(response.url):
            return self._redirected(response.url)
        if not response.body:
            return "failed", "empty answer"
        if not isinstance(response, HtmlResponse):
            return "not_article", f"no HTML: {response.headers.get('Content-Type', b'no type').decode('latin-1')}"
        return None

    def count_wall(self, response: Response, wall: str) -> None:
        """Count a wall that calls itself a page; that it is none is seen by its status else."""
        if response.status == 200 and wall.startswith((BOT_WALL, CONSENT_WALL)):
            self.crawler.stats.inc_value(f"archive/wall/{wall.partition(':')[0]}")

    def _redirected(self, url: str) -> tuple[str, str]:
        """Return state and reason of an article whose address leads to ``url``, which is no article's."""
        if consent_address(url):
            return "failed", f"{CONSENT_WALL}: redirected to {url}"
        # A site that sends readers to a front page has taken the article away.
        sections = self.sources.get("sections")
        front = self.addresses.owns(url) and (urlsplit(url).path in ("", "/") or (sections and sections.declares(url)))
        return "gone" if front else "moved", f"redirected to {url}"

    def _record(self, page: str | None, state: str, reason: str, addresses: Iterable[str] = (), at_last: str = "given_up") -> None:
        if state == "failed":
            status = reason.removeprefix("HTTP ")
            if status.isdigit() and int(status) in REFUSED:
                at_last = "refused"
            elif reason.startswith(SOFT_404):
                at_last = "gone"
            state = self.ledger.failed(page, reason, at_last)
        else:
            self.ledger.outcome(page, state, reason, addresses)
        self.crawler.stats.inc_value(f"archive/page/{state}")
        self.logger.debug("%s: %s (%s)", state, page, reason)

    def article_failed(self, failure) -> None:
        """Record why a page could not be had."""
        page = failure.request.meta["page"]
        if "via" in failure.request.meta and failure.check(RobotsForbidden, OffSite):
            self.past_failed(page, str(failure.value))
        elif failure.check(NoArticle):
            self._record(page, "not_article", str(failure.value))
        elif failure.check(RobotsForbidden):
            self._record(page, "refused", "robots.txt forbids it")
        elif failure.check(RobotsUnavailable):
            # The site was not to be reached, or only its robots.txt: that says nothing of the page.
            self.ledger.postpone(page, str(failure.value))
            self.crawler.stats.inc_value("archive/page/postponed")
        elif failure.check(Stopped):  # the crawl's end gives its pages back
            self.crawler.stats.inc_value("archive/page/not_asked")
        elif failure.check(HostClosed):
            self.ledger.postpone(page, str(failure.value), failure.value.seconds)
            self.crawler.stats.inc_value("archive/page/postponed")
        elif failure.check(OffSite):
            self._record(page, *self._redirected(failure.request.url))
        elif "via" in failure.request.meta:
            self.past_failed(page, reason_of(failure))
        else:
            self._record(page, "failed", reason_of(failure))

    def _counts(self, article: Article, page: str | None, known_day: str | None) -> bool:
        """Tell whether ``article`` is what the arguments ask for, and count it when not."""
        a = self.arguments
        day = known_day or article.day
        if day and not (a.since or "") <= day <= (a.until or "9999"):
            self.crawler.stats.inc_value("archive/article/other_day")
            return False
        if self.wanted_sections:
            own = {name for name in (article.section, *article.tags) if name} | self.ledger.sections(page)
            if not self.wanted_sections & {slug(name) for name in own}:
                self.crawler.stats.inc_value("archive/article/other_section")
                return False
        return True


def reason_of(failure) -> str:
    """Return one line for a failed download."""
    text = " ".join(str(failure.value).split())
    return f"{type(failure.value).__name__}: {text}"[:300]
