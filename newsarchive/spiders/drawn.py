"""What a spider does with pages that need a browser: articles that scripts draw."""

from __future__ import annotations

from collections import deque

import scrapy
from scrapy.http import HtmlResponse, Response

from newsarchive.discovery.listing import Listing
from newsarchive.discovery.loadmore import LoadMore
from newsarchive.discovery.walk import Walk
from newsarchive.extract.select import compiled
from newsarchive.extract.signs import CONSENT_WALL
from newsarchive.extract.walls import obstacle, visible_length
from newsarchive.store.drawn import NEEDS_BROWSER
from newsarchive.trees import tree_of

BARE = 600
"""Characters; a page that scripts draw shows less, before they do."""

SCRIPTS = compiled("//script[@src or not(@type) or @type='module' or contains(@type, 'javascript')]")
DRAWN = "playwright"
"""The flag of an answer that a browser drew, and the mark of a request for it."""


class DrawnCallbacks:
    """The browser's part of :class:`newsarchive.spiders.base.NewsSpider`."""

    browser = None
    """The crawl's :class:`newsarchive.drawing.Drawing`, when there is one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._in_turn: deque[tuple[Listing, str | None]] = deque()
        self._walking = False

    @classmethod
    def update_settings(cls, settings) -> None:
        """A site whose rules need a browser has one, unless the user said otherwise."""
        if any(isinstance(getattr(source, "more", None), LoadMore) for source in cls.sources.values()) or cls.consent:
            settings.set("PLAYWRIGHT", True, priority="spider")
        super().update_settings(settings)

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
            meta={**meta, **self.drawing(response)},
        )

    def drawing(self, document: Response) -> dict:
        """Return the meta of a request that has ``document``, which was fetched, drawn; a replay has that as well."""
        return {DRAWN: True, "document": document, "dont_cache": True, "download_slot": "browser"} if self.draws else {}

    def load_more(self, listing: Listing) -> LoadMore | None:
        """Return the rule by which ``listing`` shows more in a browser."""
        rule = getattr(self.sources.get(listing.source), "more", None)
        return rule if isinstance(rule, LoadMore) else None

    def round_meta(self, walk: Walk) -> dict:
        """Return the meta of a request for a round of ``walk``."""
        meta = {DRAWN: True, "load_more": self.sources[walk.listing.source], "after": walk.captured_at}
        return meta | ({"dont_cache": True, "download_slot": "browser"} if self.draws else {})

    def walk_in_turn(self, listing: Listing, wanted: str | None = None) -> list[scrapy.Request]:
        """Begin a walk of ``listing``; when it keeps a page open in the browser, once no other does."""
        if not self.draws or not self.load_more(listing):
            return [self.walk_request(listing, wanted)]
        self._in_turn.append((listing, wanted))
        return [] if self._walking else self._next_walk()

    def next_in_turn(self, listing: Listing) -> list[scrapy.Request]:
        """The walk of ``listing`` is over: close its page, and begin the next."""
        if not self.draws or not self.load_more(listing):
            return []
        self.browser.leave(listing.url)
        return self._next_walk()

    def _next_walk(self) -> list[scrapy.Request]:
        self._walking = bool(self._in_turn)
        return [self.walk_request(*self._in_turn.popleft())] if self._walking else []

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

    def at_consent_button(self, response: Response) -> bool:
        """Tell whether ``response`` is a consent wall for which the site's rules name the button."""
        if not self.consent or DRAWN in response.flags:
            return False
        return (obstacle(response) or "").startswith(CONSENT_WALL)


def drawn_by_scripts(response: Response) -> bool:
    """Tell whether ``response`` looks like the empty frame of what scripts draw."""
    if not isinstance(response, HtmlResponse) or not response.body:
        return False
    root = tree_of(response)
    return bool(SCRIPTS(root)) and visible_length(root, BARE) < BARE
