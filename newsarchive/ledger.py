"""What a crawl knows of pages by its archive. Without one: :mod:`newsarchive.runledger`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.http import Response

from newsarchive.capturestore import Captured, CaptureStore
from newsarchive.discovery.listing import Earlier, Interrupted, Listing
from newsarchive.discovery.walk import Walk
from newsarchive.extract.rules import SiteRules
from newsarchive.items import Article, Link
from newsarchive.replaystore import ReplayStore
from newsarchive.revisions import is_another_page
from newsarchive.store.archive import Archive
from newsarchive.store.captures import REFUSED
from newsarchive.store.drawn import NEEDS_BROWSER
from newsarchive.store.hosts import Turn
from newsarchive.store.images import Picture
from newsarchive.store.pages import Cover, Page
from newsarchive.store.revisits import Revisiting
from newsarchive.store.sightings import Sighted
from newsarchive.storing import Storing
from newsarchive.trouble import guarded

AGAIN = 500
"""So many pages that failed are asked once more at the end of the same crawl; of a site that is down, the rest wait."""

LASTING = (
    *("HTTP 401", "HTTP 402", "HTTP 403", "HTTP 451", "bot wall", "consent wall", "login wall", "soft 404", "web archive"),
    *(NEEDS_BROWSER, "IgnoreRequest", "NotCaptured", "DownloadCancelledError", "page of "),  # a loop; not in a replay; too large
)
"""Beginnings of the reasons that do not pass within one crawl."""


def _raise(error: Exception) -> Exception:
    return error


@guarded
class ArchiveLedger:
    """The crawl ``crawl`` of the site ``site`` on ``archive``.

    ``rules`` say how its pages are read; ``captures`` has the bytes of its answers. ``keep_images``: the photos of what is
    stored are wanted as files. ``fail`` ends the crawl when the archive cannot be used any more, and returns what to raise
    then.
    """

    def __init__(
        self,
        archive: Archive,
        site: str,
        rules: type[SiteRules] | None,
        crawl: int,
        captures: CaptureStore | ReplayStore,
        keep_images: bool = False,
        fail: Callable[[Exception], Exception] = _raise,
    ):
        self.archive, self.site, self.rules, self.crawl, self.captures = archive, site, rules, crawl, captures
        self.keep_images, self.fail = keep_images, fail
        self.trouble: str | None = None
        """Why the archive cannot be used any more: then no method touches it."""
        self.new = 0
        """Articles that were new, and asked for."""
        self.failures: dict[str, None] | None = {}
        """Pages that failed in this crawl and are to be asked once more at its end; None when that was done."""
        self.storing = Storing(self)

    def snapshots(self, walk: Walk) -> list[int]:
        """The captures of ``walk``'s listing that a replay goes through one after the other, oldest first."""
        return self.captures.snapshots(walk.listing.url)

    def begin(self, walk: Walk) -> None:
        """Enter ``walk``, and tell it what it may meet."""
        listing = walk.listing
        walk.id, whole, interrupted = self.archive.listings.begin(
            self.crawl,
            self.site,
            listing.source,
            listing.url,
            listing.section,
            listing.day or walk.since,
            listing.day or walk.until,
        )
        walk.earlier = whole and Earlier(*whole)
        walk.interrupted = {row["id"]: Interrupted(*row) for row in interrupted}

    def capture(self, request: Request, response: Response, taken_at: str) -> Captured:
        """Keep another's capture, taken at a time of the ledger."""
        return self.captures.add(request, response, taken_at)

    def imported(self, url: str, fetched_at: str, digest: str) -> bool:
        """Tell whether this very capture was taken over before."""
        return self.archive.captures.has(url, fetched_at, digest)

    def last_known(self, page: str) -> str:
        """Return what ``page`` is on the site itself, if nothing else is known of it: gone, refused, or given up."""
        if not self.seen_live(page):
            return "given_up"
        status = self.archive.captures.last_status(page)
        return "refused" if status is None or status in REFUSED else "gone"

    def seen_live(self, page: str) -> bool:
        """Tell whether a listing of the site itself showed ``page``."""
        return self.archive.sightings.seen_live(page)

    def asked_lately(self, listing: Listing, days: float) -> bool:
        """Tell whether ``listing`` was walked whole in the last ``days``."""
        return self.archive.listings.whole_since(self.site, listing.source, listing.url, self.archive.ago(days))

    def came_to(self, listing: Listing) -> str | None:
        """Return where the last walk of ``listing`` may be gone on with, when it was not whole."""
        return self.archive.listings.came_to(self.site, listing.source, listing.url)

    def sight(self, walk: Walk, links: Sequence[Link], limit: int, above: int = 0) -> list[Sighted]:
        """Record ``links``, which stand below ``above`` others of the same answer, and claim up to ``limit`` of them."""
        listing = walk.listing
        place = {"walk": walk.id, "crawl": self.crawl, "limit": limit, "position": walk.links + above + 1}
        return self.archive.sightings.sight(listing.source, listing.url, listing.section, links, **place)

    async def kept(self, captured: Captured | None) -> None:
        """Return once the bytes of ``captured``, if any, are on the disk: what was seen in them can be shown for ever."""
        if captured:
            await self.captures.settle(captured)

    def step(self, walk: Walk, at: str | None) -> None:
        """Note how far ``walk`` came, and where another may go on with it: at no round of a browser's page."""
        at = at and urldefrag(at).url
        self.archive.listings.step(walk.id, pages=walk.pages, links=walk.links, new=walk.new, reached=walk.reached, at=at)

    def end(self, walk: Walk) -> None:
        """Close ``walk``."""
        self.archive.listings.end(walk.id, walk.end, walk.covers, walk.reason)

    def drop(self, walk: Walk) -> None:
        """Forget ``walk``: its listing does not exist."""
        self.archive.listings.drop(walk.id)

    def claim(self, cover: Cover, limit: int, gone: bool = False) -> list[Page]:
        """Claim pages that wait, or those that are ``gone`` and may be back."""
        return self.archive.pages.claim(self.crawl, cover, limit, gone)

    def claim_due(self, cover: Cover, limit: int, wanted: Revisiting) -> list[Page]:
        """Claim stored pages that are worth a re-visit."""
        return self.archive.revisits.claim(self.crawl, cover, limit, wanted)

    def held(self) -> int:
        """How many pages the crawl has claimed and not brought back."""
        return self.archive.pages.held(self.crawl)

    def outcome(self, page: str | None, state: str, reason: str | None, addresses: Iterable[str] = ()) -> None:
        """Note that ``page`` was had and holds no article to store."""
        if page:
            self.archive.pages.outcome(page, state, reason, addresses)

    def failed(self, page: str | None, reason: str, at_last: str = "given_up") -> str:
        """Note that ``page`` could not be had. Return its state now; ``at_last`` is the one after the last try."""
        if not page:
            return at_last
        if self.failures is not None and len(self.failures) < AGAIN and not reason.startswith(LASTING):
            self.failures[page] = None
        return self.archive.pages.failed(page, reason, at_last)

    def again(self, limit: int) -> list[Page]:
        """Claim up to ``limit`` of what failed in this crawl, once, at its end."""
        failures, self.failures = list(self.failures or ()), None
        return self.archive.pages.again(failures[:limit], self.crawl) if failures else []

    def postpone(self, page: str | None, reason: str, seconds: float = 0) -> None:
        """Let ``page`` wait, ``seconds`` at least, for a reason that says nothing of it."""
        if page:
            self.archive.pages.postpone(page, reason, seconds)

    def section_names(self) -> set[str]:
        """The sections of the site that earlier crawls walked, in lower case."""
        return self.archive.sightings.section_names(self.site)

    def learned(self, name: str) -> dict | None:
        """Return what earlier crawls learned of the site under ``name``."""
        return self.archive.learned.get(self.site, name)

    def learn(self, name: str, value: dict) -> None:
        """Keep what was learned of the site under ``name``."""
        self.archive.learned.put(self.site, name, value)

    def done(self, page: str | None, scraped: bool) -> None:
        """The item of ``page`` left the pipelines; the archive knows by itself."""

    def sections(self, page: str | None) -> set[str]:
        """The sections on whose listings ``page`` was sighted, in lower case."""
        return self.archive.sightings.sections(page) if page else set()

    def stands_apart(self, article: Article, address: str) -> bool:
        """Tell whether ``article`` is no copy of what its page calls itself, see :meth:`Pages.stands_apart`."""
        return self.archive.pages.stands_apart(article, address)

    def is_another_page(self, article: Article) -> bool:
        """Tell whether ``article`` was read from a notice in the place of the one that the archive has."""
        if article.published_at:
            return False
        old = self.archive.articles.get(article.id)
        return old is not None and is_another_page(old, article)

    def had(self, article: Article) -> bool:
        """Tell whether this crawl stored ``article`` from another page already; the page it was read on goes over to it."""
        page = article.visit and article.visit.page
        if page is None or page == article.id or not self.archive.articles.stored_by(article.id, self.crawl):
            return False
        if isinstance(self.captures, ReplayStore) and self.archive.articles.get(article.id).fetched_at < article.fetched_at:
            return False  # a later text of several
        self.archive.pages.stored(page, article, article.visit.addresses)
        return True

    async def store(self, article: Article) -> str:
        """Store ``article`` and return what it was, see :class:`newsarchive.storing.Storing`."""
        return await self.storing.store(article)

    def want_missing_images(self) -> None:
        """Want the photos of articles that were stored without them."""
        for page, images in self.archive.images.without(self.site):
            self.archive.images.want(page, images)

    def claim_images(self, limit: int) -> list[Picture]:
        """Claim pictures that wait."""
        return self.archive.images.claim(self.crawl, self.site, limit)

    def image_stored(self, url: str, **what) -> None:
        """Note that a picture is kept, see :meth:`newsarchive.store.images.ImageFiles.stored`."""
        self.archive.images.stored(url, **what)

    def image_failed(self, url: str, state: str, reason: str) -> None:
        """Note why a picture is not kept."""
        self.archive.images.failed(url, state, reason)

    def needs_browser(self, site: str, url: str) -> bool:
        """Tell whether pages like that at ``url`` are known to be drawn by scripts."""
        return self.archive.drawn.needed(site, url)

    def learn_browser(self, site: str, url: str) -> None:
        """Note that pages like that at ``url`` are drawn by scripts."""
        if not self.archive.drawn.needed(site, url):
            self.archive.drawn.learn(site, url)

    def was_drawn(self, url: str) -> bool:
        """Tell whether a replay has what a browser made of the listing at ``url``."""
        return isinstance(self.captures, ReplayStore) and self.captures.drawn(url)

    def begin_drawing(self) -> int:
        """Let what was not drawn for want of a browser wait no longer. Return how many pages that are."""
        return self.archive.drawn.let_go(self.site)

    def others(self) -> int:
        """How many other crawls are at work on the archive."""
        return self.archive.hosts.others(self.crawl)

    def take_turn(self, host: str, delay: float, longest: float) -> Turn:
        """Take the turn at ``host``, see :meth:`newsarchive.store.hosts.Hosts.take_turn`."""
        return self.archive.hosts.take_turn(host, delay, longest)

    def pause(self, host: str, seconds: float) -> None:
        """Let no crawl ask ``host`` for so long."""
        self.archive.hosts.pause(host, seconds)

    def owed(self) -> int:
        """How many pages of the site are owed."""
        return self.archive.pages.owed(self.site)
