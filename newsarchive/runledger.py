"""What a crawl knows of pages when it keeps no archive: those of its own run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from scrapy import Request
from scrapy.http import Response

from newsarchive.capturestore import Captured
from newsarchive.discovery.listing import Listing
from newsarchive.discovery.walk import Walk
from newsarchive.items import Article, Link
from newsarchive.store.hosts import Turn
from newsarchive.store.pages import Cover, Page
from newsarchive.store.revisits import Revisiting
from newsarchive.store.sightings import Sighted


class RunLedger:
    """Without an archive: each article once in this run, and nothing of other runs."""

    captures = None
    """Nothing is kept, either because no archive is, or because it failed when the crawl began."""

    def __init__(self, site: str):
        self.site = site
        self.seen: dict[str, set[str]] = {}
        self.left: deque[Page] = deque()
        self.under_way: set[str] = set()
        self.new = 0

    def snapshots(self, walk: Walk) -> list[int]:
        return []

    def capture(self, request: Request, response: Response, taken_at: str) -> None:
        return None

    def imported(self, url: str, fetched_at: str, digest: str) -> bool:
        return False

    def last_known(self, page: str) -> str:
        return "given_up"

    def seen_live(self, page: str) -> bool:
        return False

    def needs_browser(self, site: str, url: str) -> bool:
        return False

    def learn_browser(self, site: str, url: str) -> None:
        pass

    def was_drawn(self, url: str) -> bool:
        return False

    def begin_drawing(self) -> int:
        return 0

    def asked_lately(self, listing: Listing, days: float) -> bool:
        return False

    def came_to(self, listing: Listing) -> str | None:
        return None

    def begin(self, walk: Walk) -> None:
        pass

    def sight(self, walk: Walk, links: Sequence[Link], limit: int, above: int = 0) -> list[Sighted]:
        found: dict[str, Sighted] = {}
        for link in links:
            page = Page(f"{link.site}:{link.key}", link.address, link.day)
            new = page.id not in self.seen
            self.seen.setdefault(page.id, set()).update({walk.listing.section} - {None})
            if page.id in found:
                continue
            claimed = new and limit > 0
            found[page.id] = Sighted(link, page, new, None, new, claimed)
            if claimed:
                limit -= 1
                self.under_way.add(page.id)
            elif new:
                self.left.append(page)
        return list(found.values())

    async def kept(self, captured: Captured | None) -> None:
        pass

    def step(self, walk: Walk, at: str | None) -> None:
        pass

    def end(self, walk: Walk) -> None:
        pass

    def drop(self, walk: Walk) -> None:
        pass

    def claim(self, cover: Cover, limit: int, gone: bool = False) -> list[Page]:
        if gone:
            return []
        pages = [self.left.popleft() for _ in range(min(limit, len(self.left)))]
        self.under_way.update(page.id for page in pages)
        return pages

    def claim_due(self, cover: Cover, limit: int, wanted: Revisiting) -> list[Page]:
        return []

    def held(self) -> int:
        return len(self.under_way)

    def outcome(self, page: str | None, state: str, reason: str | None, addresses: Iterable[str] = ()) -> None:
        self.done(page, False)

    def failed(self, page: str | None, reason: str, at_last: str = "given_up") -> str:
        self.done(page, False)
        return at_last

    def again(self, limit: int) -> list[Page]:
        return []

    def postpone(self, page: str | None, reason: str, seconds: float = 0) -> None:
        self.done(page, False)

    def section_names(self) -> set[str]:
        return set()

    def learned(self, name: str) -> dict | None:
        return None

    def learn(self, name: str, value: dict) -> None:
        pass

    def done(self, page: str | None, scraped: bool) -> None:
        self.under_way.discard(page)
        self.new += scraped

    def sections(self, page: str | None) -> set[str]:
        return self.seen.get(page, set())

    def stands_apart(self, article: Article, address: str) -> bool:
        return article.id in self.seen

    def is_another_page(self, article: Article) -> bool:
        return False

    def others(self) -> int:
        return 0

    def take_turn(self, host: str, delay: float, longest: float) -> Turn:
        return Turn(0, None)

    def pause(self, host: str, seconds: float) -> None:
        pass

    def owed(self) -> int:
        return 0
