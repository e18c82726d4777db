"""What the spider ``news`` takes for an article: which links may lead to one, and which pages are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import scrapy
from scrapy.http import HtmlResponse

from newsarchive.discovery.shapes import SAID, WAS, WAS_NOT, day_of, shape
from newsarchive.discovery.walk import Walk
from newsarchive.discovery.words import never
from newsarchive.extract.article import READABLE, is_article, reads_like_article
from newsarchive.extract.kind import LIST, called
from newsarchive.extract.undescribed import SHOWN
from newsarchive.items import Article, Link
from newsarchive.spiders.drawn import DRAWN, drawn_by_scripts
from newsarchive.urls import clean_url, is_address, not_amp, registrable_domain

MANY_ALIKE = 8
"""So many addresses of one shape on the lists of a site are no house rules."""

ENOUGH_MARKS = 5
"""So many articles of one shape that call themselves so make a page suspect that does not."""

ARTICLE_JSON = re.compile(rb'"@type"\s*:\s*\[?\s*"\w*(?:Article|Posting)"')

# A story's own, not the year or the day of it.
NUMBERS = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?:[01]\d[0-3]\d)?(?!\d))\d{4,}(?!\d)")


class VerdictCallbacks:
    """Without ``url=`` nothing is known of the site, and every address may be an article's."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.listed: set[str] = set()
        """Addresses of the sections, which are no articles'."""
        self._alike: dict[str, set[str]] = defaultdict(set)
        """Shape → addresses of which only their pages can tell, as lists showed them."""
        self._marked = 0
        """Pages that called themselves articles."""
        self._marks: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        """Shape → how many pages were articles that did not call themselves so, and how many that did."""

    def link_requests(self, walk: Walk, links: Iterable[Link]) -> Iterator[scrapy.Request]:
        """Yield a request for each of ``links`` that is, or may be, an article's address."""
        if self.start_page:
            links = [link for link in links if self._may_be(link, walk.listing.source)]
        return super().link_requests(walk, links)

    def _may_be(self, link: Link, source: str) -> bool:
        url = self.real(link.url)
        if not is_address(url) or not self.addresses.owns(url) or clean_url(url).rstrip("/") in self.listed:
            return False
        if source == "feed" or (source == "sitemap" and link.published_at):
            self.shapes.learn(url, SAID)
            return True
        judged = self.shapes.judge(url, listed=source == "sitemap")
        if source == "urls":
            return True
        if judged is None and source != "sitemap":
            alike = self._alike[shape(url)[0]]
            if len(alike) < MANY_ALIKE:
                alike.add(url)
        return judged is not False

    def identify(self, url: str) -> tuple[str, str, str | None] | None:
        """Every address but a front page may be an article's; what it is, its page tells."""
        if self.start_page:
            url = self.real(url)
            if not is_address(url) or not self.addresses.owns(url) or not self.shapes.page(url):
                return None
            own = clean_url(not_amp(url))
            return None if own.rstrip("/") in self.listed else (self.site, own, day_of(url))
        parts = urlsplit(url)
        if parts.path in ("", "/") or not parts.hostname:
            return None
        return registrable_domain(parts.hostname), clean_url(not_amp(url)), None

    def refuses(self, url: str) -> str | None:
        if self.start_page and "urls" not in self.given and self.shapes.refuted(url):
            return "pages with addresses of this kind were no articles"
        return None

    def none_of_its(self, response: HtmlResponse, article: Article) -> str | None:
        """An address is no proof: a page is an article when it calls itself one, or reads like one."""
        if not self.start_page:
            return None
        url = self.real(response.url)
        says, what = called(response)
        if says is None and DRAWN not in response.flags and drawn_by_scripts(response):
            return None  # a browser may find what it is
        failures = response.meta.get("page_failures") if response.request else None
        if says is None and DRAWN in response.flags and failures and not is_article(article):
            return None  # what its scripts did not get may come next time
        lacks = self._lacks_mark(says, article, response)
        sure = "urls" in self.given or (self.shapes.sure(url) and not lacks)
        self._marked += says is True
        reads = is_article(article) and (sure or (what != LIST and not lacks and self._reads(article, url)))
        if says is False or (says is None and not reads and not (sure and not article.headline)):
            self.shapes.learn(url, WAS_NOT)
            return what
        if says or reads:
            self._marks[shape(url)[0]][says is True] += 1
            self.shapes.learn(url, WAS)
            self._settle_identity(article, url)
        return None

    def _lacks_mark(self, says: bool | None, article: Article, response: HtmlResponse) -> bool:
        """Tell whether all articles with such addresses call themselves so, and this page neither does nor says when it was
        published: where pages about the house have addresses as articles have them, that is the difference.

        A date in JSON-LD that describes no article is that of any page (Yoast SEO writes it).
        """
        url = self.real(response.url)
        unmarked, marked = self._marks[shape(url)[0]]
        dated = day_of(url) or (article.published_at and article.origins.get("published_at") not in ("jsonld", SHOWN))
        if says is not None or dated or unmarked or marked < ENOUGH_MARKS or self.shapes.named(url):
            return False
        return not ARTICLE_JSON.search(response.body)  # in JSON that is broken

    def _reads(self, article: Article, url: str) -> bool:
        """Tell whether a page that does not call itself an article reads like one: dated, with text.

        og:type calls every page of some sites an article. On a site that marks up none, and dates none, what lists show
        many of is its articles.
        """
        long = len(article.text) >= READABLE
        if article.published_at or day_of(url):
            return long or reads_like_article(article)
        return long and not self._marked and len(self._alike[shape(url)[0]]) >= MANY_ALIKE

    def _settle_identity(self, article: Article, url: str) -> None:
        """A canonical link that leads to a front page, a section, another host or another number is none."""
        own, named_url = clean_url(not_amp(url)), self.real(article.url)
        if article.url == own:
            return
        numbers, named = (set(NUMBERS.findall(urlsplit(address).path)) for address in (url, article.url))
        other = bool(numbers and named) and not numbers & named
        if other or self.identify(named_url) is None or self.shapes.refuted(named_url) or never(named_url):
            article.key = article.url = own
            article.id = f"{article.site}:{article.key}"
            if "canonical_ignored" not in article.flags:
                article.flags.append("canonical_ignored")
