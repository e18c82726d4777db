"""What a spider does with pages that need a browser: articles that scripts draw."""

from __future__ import annotations

import scrapy
from scrapy.http import HtmlResponse, Response

from newsarchive.extract.article import tree_of
from newsarchive.extract.select import compiled
from newsarchive.extract.walls import CONSENT_WALL, obstacle, visible_length
from newsarchive.store.drawn import NEEDS_BROWSER

BARE = 600
"""Characters; a page that scripts draw shows less, before they do."""

SCRIPTS = compiled("//script[@src or not(@type) or @type='module' or contains(@type, 'javascript')]")
DRAWN = "playwright"
"""The flag of an answer that a browser drew, and the mark of a request for it."""


class DrawnCallbacks:
    """The browser's part of :class:`newsarchive.spiders.base.NewsSpider`."""

    @property
    def draws(self) -> bool:
        """Whether this crawl has a browser."""
        return self.settings.getbool("PLAYWRIGHT") and not self.settings["REPLAY"]

    def drawn_request(self, response: Response) -> scrapy.Request:
        """Return the request for the page of ``response``, which is no article as it came, as a browser draws it."""
        meta = {name: response.meta[name] for name in ("page", "day", "kind", "handle_httpstatus_list")}
        meta |= {name: response.meta[name] for name in ("redirect_urls",) if name in response.meta}
        return scrapy.Request(
            response.url,
            callback=self.parse_article,
            errback=self.article_failed,
            dont_filter=True,
            # Before plain pages: the answer waits in memory.
            priority=1,
            meta={**meta, **drawing(response)},
        )

    def undrawn(self, response: Response, page: str | None, reason: str) -> tuple[str, str]:
        """Return why ``response`` holds no article, and what its page is at last."""
        site = self.identify(response.url)
        if DRAWN in response.flags:
            if failures := response.meta.get("page_failures"):
                reason += f"; its scripts did not get {failures[0]}"
        elif not self.draws and site and (self.ledger.needs_browser(site[0], response.url) or drawn_by_scripts(response)):
            self.crawler.stats.inc_value("archive/page/needs_browser")
            return f"{NEEDS_BROWSER} (PLAYWRIGHT=1): {reason}", "given_up"
        return reason, "not_article"

    def may_be_drawn(self, response: Response) -> bool:
        """Tell whether a browser may find on ``response`` what it lacks."""
        return self.draws and DRAWN not in response.flags and response.status == 200 and isinstance(response, HtmlResponse)

    def passes_consent(self, response: Response) -> bool:
        """Tell whether ``response`` is a consent wall for which the site's rules name the button."""
        return bool(self.consent) and self.may_be_drawn(response) and (obstacle(response) or "").startswith(CONSENT_WALL)


def drawing(document: Response) -> dict:
    """Return the meta of a request that has ``document`` drawn, which was fetched."""
    return {DRAWN: True, "document": document, "dont_cache": True, "download_slot": "browser"}


def drawn_by_scripts(response: Response) -> bool:
    """Tell whether ``response`` looks like the empty frame of what scripts draw."""
    if not isinstance(response, HtmlResponse) or not response.body:
        return False
    root = tree_of(response)
    return bool(SCRIPTS(root)) and visible_length(root, BARE) < BARE
