"""The captures of a replay: those of another archive, given back instead of asking anybody."""

from __future__ import annotations

import shutil
from pathlib import Path

from scrapy import Request

from newsarchive.capturestore import Captured
from newsarchive.discovery.loadmore import round_address, round_of
from newsarchive.store.archive import Archive
from newsarchive.store.captures import COLUMNS, Captures
from newsarchive.store.warc import OPEN, locate, mend


class ReplayStore:
    """The captures of another archive, in the folder ``source``, given back instead of asking anybody.

    What is given back is entered in ``archive`` as well; the WARC files are linked to, or copied where that cannot be, or
    where they are not closed: a crawl is at work on them, or died.
    """

    def __init__(self, archive: Archive, crawl: int, source: Path, folder: Path):
        self.archive, self.crawl, self.folder = archive, crawl, folder
        self.source = source / "warc"
        replayed = Archive(source / "archive.db", read_only=True)
        self.captures: Captures = replayed.captures
        archive.withdrawals.take_over(replayed)
        self.tainted = False

    def find(self, request: Request) -> dict | None:
        """Return the row of the answer to ``request``: the one at the time of the capture that its meta names, else the newest.

        An article's meta is given what its page was, one after the other, as the publisher put it there: also where it leads to.
        """
        meta = request.meta
        if meta.get("kind") == "article" and "via" not in meta:
            if "snapshot" not in meta:
                meta["snapshot"], *meta["snapshots"] = self.captures.different(request.url, lasting=True) or [None]
            elif meta["snapshot"] and "redirect_urls" in meta:
                there = self.captures.different(request.url, lasting=True)
                meta["snapshots"] = sorted({*meta["snapshots"], *(id for id in there if id > meta["snapshot"])})
        elif round_of(request.url):  # that of the same walk
            return self.captures.first_since(request.url, meta["after"])
        found = self.captures.at(request.url, meta["snapshot"]) if meta.get("snapshot") else None
        return found or self.captures.newest(request.url) or self.captures.newest(request.url, status=None)

    def snapshots(self, url: str) -> list[int]:
        """Return the captures of a listing that differ from the one before, oldest first.

        Of one that shows its articles in a browser alone, all: what a server sends may be the same for ever.
        """
        return self.captures.every(url) if self.drawn(url) else self.captures.different(url)

    def drawn(self, url: str) -> bool:
        """Tell whether there is what a browser made of the listing at ``url``."""
        return self.captures.newest(round_address(url, 1)) is not None

    def add(self, row: dict) -> Captured:
        """Enter a row of the other archive, and its file."""
        row = dict(row) | {"crawl": self.crawl}
        self._take_over(row["file"], row["offset"])
        self.archive.captures.add(**{name: row[name] for name in COLUMNS})
        return Captured(row, safe=True)

    def _take_over(self, name: str, offset: int) -> None:
        """Have the file ``name`` as far as the record at ``offset``, at least; of one that is not closed what is whole so far."""
        path, target = locate(self.source, name), self.folder / name
        if target.exists() and target.stat().st_size > offset:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if path.name.endswith(OPEN):
            mend(Path(shutil.copyfile(path, self.folder / path.name)), offset)
            return
        try:
            target.hardlink_to(path)
        except OSError:
            shutil.copyfile(path, target)

    async def room(self) -> None:
        pass

    async def settle(self, captured: Captured | None = None) -> None:
        pass

    async def close(self) -> None:
        pass

    def files(self) -> list[Path]:
        """Nothing is written."""
        return []
