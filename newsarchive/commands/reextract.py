"""``scrapy reextract``: read every captured page again with today's code, offline."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections import defaultdict

from scrapy.spiderloader import get_spider_loader

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.items import Article
from newsarchive.monitor import archive_path
from newsarchive.reread import differing_fields, reread
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.warc import WarcError
from newsarchive.trouble import line_of

CHUNK = 50
EXAMPLES = 3


class Command(ArchiveCommand):
    """Shows which fields today's code reads otherwise, and with ``--apply`` writes them, never as an edit of the publisher."""

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Read every captured page again with today's code"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="of this site alone")
        parser.add_argument("--diff", action="store_true", help="show every change of every article")
        parser.add_argument(
            "--apply", action="store_true", help="write what changed; earlier texts become revisions with cause reread"
        )
        parser.add_argument("--processes", type=int, default=None, help="how many read at once (default: one a core)")

    def run(self, args, opts) -> None:
        try:
            self._read(opts)
        except ArchiveError as error:
            self.fail(error)
        except sqlite3.DatabaseError as error:
            self.fail(line_of(error))

    def _read(self, opts) -> None:
        archive = Archive(archive_path(self.settings), read_only=not opts.apply)
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive import tables

        out = tables.console()
        ids = archive.articles.captured(opts.site)
        missing = archive.articles.count(opts.site) - len(ids)
        counts: dict[str, int] = defaultdict(int)
        examples: dict[str, list] = defaultdict(list)
        unreadable: list[str] = []
        changed = 0
        crawl = archive.crawls.begin("reextract", {}) if opts.apply else None
        chunks = [ids[n : n + CHUNK] for n in range(0, len(ids), CHUNK)]
        with tables.progress(len(ids), "read") as step, self._pool(opts.processes) as pool:
            for results in pool.imap(_reread_chunk, chunks):
                for old, new, fields, fault in results:
                    if fault:
                        unreadable.append(fault)
                    if fields:
                        changed += 1
                    for field in fields:
                        counts[field] += 1
                        if len(examples[field]) < EXAMPLES:
                            examples[field].append((old.id, getattr(old, field), getattr(new, field)))
                    if fields and opts.diff:
                        tables.print_diff(out, old.id, [(field, getattr(old, field), getattr(new, field)) for field in fields])
                if crawl:
                    _apply(archive, crawl, results)
                step(len(results))
        if crawl:
            archive.crawls.end(crawl, "finished", {"archive/reread/changed": changed})
        archive.close()
        tables.print_rereading(out, len(ids), changed, counts, examples if not opts.diff else {}, unreadable, missing, bool(crawl))
        self.exitcode = 1 if unreadable else 0

    def _pool(self, processes: int | None):
        return multiprocessing.Pool(processes, _begin, (self.settings,))


# What a worker process holds.
_worker: dict = {}


def _begin(settings) -> None:
    path = archive_path(settings)
    _worker["archive"] = Archive(path, read_only=True)
    _worker["folder"] = path.parent / "warc"
    loader = get_spider_loader(settings.frozencopy())
    _worker["sites"] = {name: loader.load(name) for name in loader.list()}


def _reread_chunk(ids: list[str]) -> list[tuple[Article | None, Article | None, list[str], str | None]]:
    """Old and new article, the fields that differ, and what hindered reading. Unchanged articles are not sent back."""
    return [_reread_one(id) for id in ids]


def _reread_one(id: str) -> tuple[Article | None, Article | None, list[str], str | None]:
    old = _worker["archive"].articles.get(id)
    if old is None:  # withdrawn meanwhile
        return None, None, [], None
    try:
        new = reread(old, _worker["folder"], _worker["sites"].get(old.site))
    except WarcError as error:
        return None, None, [], f"{id}: {error}"
    fields = differing_fields(old, new)
    if not fields and old.extractor == new.extractor:
        return None, None, [], None
    return old, new, fields, None


def _apply(archive: Archive, crawl: int, results) -> None:
    with archive.transaction():
        for old, new, _, _ in results:
            if new is not None and archive.articles.get(old.id) == old:
                archive.articles.put(new, crawl, "reread")
