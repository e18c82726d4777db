"""Articles on their way into the archive: those that come together share a transaction, and one wait for the disk."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from newsarchive.items import Article, Visit
from newsarchive.reread import reread
from newsarchive.store.warc import WarcError
from newsarchive.trouble import FAULTS, reason_of

TOGETHER = 8
WITHIN_SECONDS = 0.05
"""So many articles are stored at once, if they come within that time: a kill loses them, and they are asked for again."""


class Storing:
    """Stores the articles of the crawl of ``ledger``."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.waiting: list[tuple[Article, asyncio.Future[str]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task] = set()

    async def store(self, article: Article) -> str:
        """Store ``article`` and return what it was, see :meth:`newsarchive.store.articles.Articles.store`.

        Its bytes are on the disk before its row names them.
        """
        self._read_old_again(article)
        loop = asyncio.get_running_loop()
        outcome = loop.create_future()
        self.waiting.append((article, outcome))
        if len(self.waiting) == TOGETHER:
            self._begin()
        elif self._timer is None:
            self._timer = loop.call_later(WITHIN_SECONDS, self._begin)
        return await outcome

    def _begin(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        group, self.waiting = self.waiting, []
        task = asyncio.ensure_future(self._store(group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _store(self, group: list[tuple[Article, asyncio.Future[str]]]) -> None:
        articles = [article for article, _ in group]
        try:
            for article in articles:
                if article.visit and article.visit.captured:
                    await self.ledger.captures.settle(article.visit.captured)
            outcomes = self._write_all(articles)
        except Exception as error:  # raised again by store(), for each of them
            outcomes = [error] * len(group)
        # At once, and not when the crawl comes to it: their pages are not held any more.
        for article, outcome in zip(articles, outcomes, strict=True):
            self._count(article.visit or Visit(None), outcome)
        for (_, waits), outcome in zip(group, outcomes, strict=True):
            if waits.done():  # cancelled
                continue
            if isinstance(outcome, Exception):
                waits.set_exception(outcome)
            else:
                waits.set_result(outcome)

    def _count(self, visit: Visit, outcome: str | Exception) -> None:
        if outcome == "withdrawn" and visit.captured:
            self.ledger.captures.tainted = True
        self.ledger.new += outcome == "new" and visit.counts

    def _write_all(self, articles: list[Article]) -> list[str | Exception]:
        """Write ``articles`` in one transaction; when one of them cannot be, each in its own."""
        try:
            with self.ledger.archive.transaction():
                return [self._write(article) for article in articles]
        except Exception as error:  # raised again by store(): of one article, or of each when it is the archive's
            if len(articles) == 1:
                return [error]
            if isinstance(error, FAULTS) and reason_of(error):
                raise
        return [outcome for article in articles for outcome in self._write_all([article])]

    def _write(self, article: Article) -> str:
        ledger, archive, visit = self.ledger, self.ledger.archive, article.visit or Visit(None)
        if visit.captured:
            reference = visit.captured.reference
            article.capture = reference and reference | {
                name: value for name, value in (article.capture or {}).items() if name == "from"
            }
        another = visit.captured.row if visit.captured and visit.captured.with_article else None
        if another and ledger.imported(another["url"], another["fetched_at"], another["digest"]):
            return "unchanged"  # a crawl that reads the same file was faster
        if ledger.had(article):
            return "unchanged"  # it came from another page at the same moment
        if visit.seen:
            ledger.sight(*visit.seen, limit=0)
        if another:
            archive.captures.add(**another)
        outcome = archive.articles.store(article, ledger.crawl, visit.page, visit.addresses)
        if ledger.keep_images and outcome != "withdrawn":
            archive.images.want(article.id, article.images)
        return outcome

    def _read_old_again(self, article: Article) -> None:
        """When the reading code has changed since, read the old bytes with the new code first.

        What differs then was read otherwise, and only what still differs was edited.
        """
        archive, ledger = self.ledger.archive, self.ledger
        before = archive.articles.read_by(article.id)
        if before and before[0] != article.extractor and before[1] != article.content_hash:
            old = archive.articles.get(article.id)
            with suppress(WarcError):  # without bytes nobody can tell: the cause is unknown
                archive.articles.put(reread(old, archive.path.parent / "warc", ledger.rules), ledger.crawl, "reread")
