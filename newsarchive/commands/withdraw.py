"""``scrapy withdraw``: take articles out of the archive for good."""

from __future__ import annotations

import sqlite3
import sys

from scrapy.spiderloader import get_spider_loader

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.monitor import archive_path
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.withdrawals import MODES


class Command(ArchiveCommand):
    """Hides articles, or erases them from every file of the archive, and keeps them from coming back.

    The same command again finishes what was interrupted.
    """

    def syntax(self) -> str:
        return "ID_OR_URL [more …] --mode hide|erase --reason TEXT"

    def short_desc(self) -> str:
        return "Take articles out of the archive for good"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--mode",
            help="hide: show nothing of it, nor leave it in JSONLINES_PATH, keep the text; erase: remove every trace of the text",
        )
        parser.add_argument("--reason", help="kept, and shown in reports")

    def run(self, args, opts) -> None:
        try:
            if not args:
                raise ValueError("it wants ids or addresses of articles")
            if opts.mode not in MODES:
                raise ValueError(f"--mode is {' or '.join(MODES)}, not {opts.mode!r}")
            if not (opts.reason or "").strip():
                raise ValueError("it wants --reason TEXT, which is kept and shown in reports")
            self._withdraw(args, opts.mode, " ".join(opts.reason.split()))
        except (ValueError, ArchiveError, OSError, sqlite3.Error) as error:
            self.fail(error)

    def _withdraw(self, words: list[str], mode: str, reason: str) -> None:
        path = archive_path(self.settings)
        Archive(path, read_only=True).close()  # never makes a new one
        archive = Archive(path)
        try:
            pages = [self._page(archive, word) for word in words]
            for page in pages:
                getattr(archive.withdrawals, mode)(page, reason)
                print(f"{page}: {'hidden' if mode == 'hide' else 'removed from the tables'}")
            if mode == "erase":
                self._clean(archive)
            elif live := archive.crawls.live():
                self._left([f"crawl {live[0]} is at work: when it has ended, the same command again cleans the JSON Lines files"])
            else:
                archive.withdrawals.clean_lines()
        finally:
            archive.close()

    def _page(self, archive: Archive, word: str) -> str:
        if page := archive.withdrawals.find(word):
            return page
        loader = get_spider_loader(self.settings.frozencopy())
        for site in map(loader.load, loader.list()):  # an erased article is known by its number alone
            found = site.addresses.article(word) if hasattr(site, "addresses") else None
            if found and (page := archive.withdrawals.find(f"{site.name}:{found[0]}")):
                return page
        raise ValueError(f"the archive has no article {word}")

    def _clean(self, archive: Archive) -> None:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive import tables
        from newsarchive.warcfiles import mend_leftovers

        mend_leftovers(archive, archive.path.parent / "warc")
        live = archive.crawls.live()
        with tables.steps("cleaning") as step:
            left = archive.withdrawals.clean(live, step=step)
        if live:
            left.append(
                f"crawl {live[0]} is at work: when it has ended, its own WARC files are clean, and the same command again cleans"
                " the JSON Lines files and what is free in archive.db"
            )
        if not self._left(left):
            print("Done: nothing of the text is left in the archive. It does not know of feeds and exports written before.")

    def _left(self, left: list[str]) -> bool:
        """Say what could not be done; tell whether there is such."""
        for line in left:
            print(f"scrapy withdraw: {line}", file=sys.stderr)
        if left:
            print("Not done; the same command again goes on.")
        self.exitcode = 1 if left else 0
        return bool(left)
