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
from newsarchive.extract.signs import BOT_WALL, CONSENT_WALL, LOGIN_WALL, SOFT_404, gate
from newsarchive.extract.walls import is_cut_by_depth, obstacle
from newsarchive.items import Article, Visit
from newsarchive.middlewares import NoArticle, OffSite, RobotsForbidden, RobotsUnavailable
from newsarchive.readerprocess import Read
from newsarchive.slowdown import HostClosed, Stopped
from newsarchive.spiders.drawn import DRAWN
from newsarchive.store.captures import REFUSED
from newsarchive.store.drawn import NEEDS_BROWSER
from newsarchive.trees import forget_tree
from newsarchive.urls import clean_url, not_amp

# Every answer but a redirect comes to the callback, which records it.
HANDLED = [status for status in range(300, 600) if status not in (301, 302, 303, 307, 308)]
GONE = (404, 410)
LASTING_REDIRECTS = (301, 308)


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
        # No generator itself: of one that is a method Scrapy (2.19) parses the source again at every answer.
        return self.parse_past(response) if "via" in response.meta else self._parse_present(response)

    def _parse_present(self, response: Response) -> Iterator[Article | scrapy.Request]:
        page = response.meta["page"]
        for found in self._found_on(response):
            yield found
            if not isinstance(found, Article):  # it is to be drawn
                return
            if page and page.partition(":")[2].startswith("http") and not found.visit.passing:
                page = found.id  # where it goes over to
        yield from self._next_capture(response.request, page)

    def _found_on(self, response: Response) -> Iterator[Article | scrapy.Request]:
        page = response.meta["page"]
        addresses = (*response.meta.get("redirect_urls", ()), response.request.url, response.url)
        if self.at_consent_button(response):
            if self.draws:
                yield self.drawn_request(response)
            else:
                self._record(page, "failed", f"{NEEDS_BROWSER} (PLAYWRIGHT=1): {CONSENT_WALL}", addresses)
            return
        reading = response.meta.pop("reading", None)  # by another process
        if refused := self._no_article(response, reading):
            self._record(page, *refused, addresses)
            return
        article = reading[1] if reading else load_article(response, self.rules)
        if reason := self.none_of_its(response, article):
            self._record(page, "not_article", reason, addresses)
            return
        if not is_article(article):
            if self.may_be_drawn(response):
                yield self.drawn_request(response)
            elif not response.meta.get("snapshots"):  # else the page as a browser drew it may come next
                lacks = "text" if article.headline else "headline"
                # An empty answer, or a wall before the page: it may be an article next time.
                reason, at_last = self.undrawn(response, page, f"no {lacks} on it")
                if not reason.startswith(NEEDS_BROWSER):
                    self.crawler.stats.inc_value(f"archive/unread/{lacks}")
                self._record(page, "failed", reason, at_last=at_last)
            return
        if "short_body" in article.flags and is_cut_by_depth(response):
            self._record(page, "failed", "elements nested so deep that the text is cut")
            return
        self._keep_apart(article, response.url)
        if self.ledger.is_another_page(article):
            self._record(page, "failed", f"another page in its place: {article.headline}"[:200])
            return
        if DRAWN in response.flags:
            article.flags.append("rendered")
            self.ledger.learn_browser(article.site, response.url)
        captured = response.meta.get("captured")
        fetched_at = datetime.fromisoformat(captured.row["fetched_at"]) if captured else datetime.now(UTC)
        article.fetched_at = iso(fetched_at)
        # A day more than any zone makes: no clock that is a little fast.
        if article.published_at and article.published_at > iso(fetched_at + timedelta(days=1)):
            article.flags.append("future_date")
        counts = self._counts(article, page, response.meta["day"])
        article.visit = Visit(page, addresses, captured, counts=counts, passing=not _lasts(response.meta))
        forget_tree(response)  # Scrapy keeps the page until its article is stored
        yield article

    def _next_capture(self, request: scrapy.Request, page: str | None) -> Iterator[scrapy.Request]:
        """In a replay, ask for what the page was next."""
        if later := request.meta.get("snapshots"):
            first, *_ = (*request.meta.get("redirect_urls", ()), request.url)
            yield self.article_request(first, page, request.meta["day"], snapshot=later[0], snapshots=later[1:])

    def none_of_its(self, response: HtmlResponse, article: Article) -> str | None:
        """Return why ``article``, read from ``response``, is none though its address may be one's; None: it is one."""
        return None

    def _no_article(self, response: Response, reading: Read | None) -> tuple[str, str] | None:
        """Return state and reason of a page that holds no article; state ``failed`` when it may hold one later."""
        if response.status in GONE:
            return "gone", f"HTTP {response.status}"
        if wall := reading[0] if reading else obstacle(response):
            self.count_wall(response, wall)
            return "failed", wall if response.status == 200 else f"{wall} (HTTP {response.status})"
        if response.status != 200:
            return "failed", f"HTTP {response.status}"
        if not self.identify(response.url):
            return self._redirected(response.url, response.meta)
        if not response.body:
            return "failed", "empty answer"
        if not isinstance(response, HtmlResponse):
            return "not_article", f"no HTML: {response.headers.get('Content-Type', b'no type').decode('latin-1')}"
        return None

    def count_wall(self, response: Response, wall: str) -> None:
        """Count a wall that calls itself a page; that it is none is seen by its status else."""
        if response.status == 200 and wall.startswith((BOT_WALL, CONSENT_WALL, LOGIN_WALL)):
            self.crawler.stats.inc_value(f"archive/wall/{wall.partition(':')[0]}")

    def _redirected(self, url: str, meta: dict) -> tuple[str, str]:
        """Return state and reason of an article whose address leads to ``url``, which is no article's."""
        if wall := gate(url):
            return "failed", f"{wall}: redirected to {url}"
        # A site that sends readers to a front page has taken the article away.
        sections, own = self.sources.get("sections"), self.addresses.owns(url)
        if own and (urlsplit(url).path in ("", "/") or (sections and sections.declares(url))):
            return "gone", f"redirected to {url}"
        # A redirect for the time being, or off the site, may lead back tomorrow.
        return "moved" if own and _lasts(meta) else "failed", f"redirected to {url}"

    def _keep_apart(self, article: Article, address: str) -> None:
        """Let ``article`` be the one at ``address`` when its page calls itself another one that it is not."""
        site, key, _ = self.identify(address)
        if (id := f"{site}:{key}") != article.id and self.ledger.stands_apart(article, address):
            article.id, article.key, article.url = id, key, clean_url(not_amp(address))
            article.flags.append("canonical_ignored")

    def _record(self, page: str | None, state: str, reason: str, addresses: Iterable[str] = (), at_last: str = "given_up") -> None:
        if state == "failed":
            status = reason.removeprefix("HTTP ")
            if status.isdigit() and int(status) in REFUSED:
                at_last = "refused"
            elif reason.startswith(SOFT_404):
                at_last = "gone"
            elif reason.startswith("redirected to "):
                at_last = "moved"
            state = self.ledger.failed(page, reason, at_last)
        else:
            self.ledger.outcome(page, state, reason, addresses)
        self.crawler.stats.inc_value(f"archive/page/{state}")
        self.logger.debug("%s: %s (%s)", state, page, reason)

    def article_failed(self, failure) -> Iterator[scrapy.Request]:
        """Record why a page could not be had; in a replay, go on with its next capture."""
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
            self._record(page, *self._redirected(failure.request.url, failure.request.meta))
        elif "via" in failure.request.meta:
            self.past_failed(page, reason_of(failure))
        else:
            self._record(page, "failed", reason_of(failure))
        yield from self._next_capture(failure.request, page)

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


def _lasts(meta: dict) -> bool:
    """Tell whether every redirect that led to an answer is there to stay."""
    return all(status in LASTING_REDIRECTS for status in meta.get("redirect_reasons", ()))


def reason_of(failure) -> str:
    """Return one line for a failed download."""
    text = " ".join(str(failure.value).split())
    return f"{type(failure.value).__name__}: {text}"[:300]
