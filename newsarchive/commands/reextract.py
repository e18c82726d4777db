"""``scrapy reextract``: read every captured page again with today's code, offline."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from scrapy.spiderloader import get_spider_loader

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.items import Article
from newsarchive.monitor import archive_path
from newsarchive.reread import differing_fields, reread
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.warc import WarcError
from newsarchive.trouble import line_of

CHUNK = 20
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
        with self._workers(opts.processes) as each:  # first: they get ready meanwhile
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
            with tables.progress(len(ids), "read") as step:
                for chunk, readings in zip(chunks, each(_reread_chunk, chunks), strict=True):
                    for old, new, fields, _, fault in readings:
                        if fault:
                            unreadable.append(fault)
                        changes = [(field, getattr(old, field), getattr(new, field)) for field in fields]
                        changed += bool(changes)
                        for field, before, after in changes:
                            counts[field] += 1
                            if len(examples[field]) < EXAMPLES:
                                examples[field].append((old.id, before, after))
                        if changes and opts.diff:
                            tables.print_diff(out, old.id, changes)
                    if crawl:
                        _apply(archive, crawl, readings)
                    step(len(chunk))
        if crawl:
            archive.crawls.end(crawl, "finished", {"archive/reread/changed": changed})
        archive.close()
        tables.print_rereading(out, len(ids), changed, counts, examples if not opts.diff else {}, unreadable, missing, bool(crawl))
        self.exitcode = 1 if unreadable else 0

    @contextmanager
    def _workers(self, processes: int | None) -> Iterator:
        """Give a ``map`` that runs in ``processes``, in this one when it is 1."""
        if (os.cpu_count() if processes is None else processes) == 1:
            _begin(self.settings)
            yield map
        else:
            with multiprocessing.Pool(processes, _begin, (self.settings,)) as pool:
                yield pool.imap


class Rereading(NamedTuple):
    """What came of reading an article again."""

    old: Article | None = None
    new: Article | None = None
    fields: list[str] = []
    """Those that differ."""

    version: tuple[str | None, ...] | None = None
    """When the version of the reading code alone differs: what :meth:`Articles.read_the_same` takes."""

    fault: str | None = None
    """What hindered reading."""


# What a worker process holds.
_worker: dict = {}


def _begin(settings) -> None:
    path = archive_path(settings)
    _worker["archive"] = Archive(path, read_only=True)
    _worker["folder"] = path.parent / "warc"
    loader = get_spider_loader(settings.frozencopy())
    _worker["sites"] = {name: loader.load(name) for name in loader.list()}


def _reread_chunk(ids: list[str]) -> list[Rereading]:
    return [reading for id in ids if (reading := _reread_one(id))]


def _reread_one(id: str) -> Rereading | None:
    """Return None when the article is the same, and read by the same version."""
    old = _worker["archive"].articles.get(id)
    if old is None:  # withdrawn meanwhile
        return None
    try:
        new = reread(old, _worker["folder"], _worker["sites"].get(old.site))
    except WarcError as error:
        return Rereading(fault=f"{id}: {error}")
    fields = differing_fields(old, new)
    if not fields and old.extractor == new.extractor:
        return None
    if not fields and old.content_hash == new.content_hash:
        return Rereading(version=(new.extractor, id, old.extractor, old.content_hash, old.fetched_at))
    return Rereading(old, new, fields)


def _apply(archive: Archive, crawl: int, readings: list[Rereading]) -> None:
    with archive.transaction():
        archive.articles.read_the_same([reading.version for reading in readings if reading.version], crawl)
        for reading in readings:
            if reading.new is not None and archive.articles.get(reading.old.id) == reading.old:
                archive.articles.put(reading.new, crawl, "reread")
