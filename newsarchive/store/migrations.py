"""Older archives: how each schema becomes the next one. A step is never changed once it has landed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from newsarchive.store.archive import Archive, ArchiveError, statements
from newsarchive.store.schema import SCHEMA_VERSION, VIEWS


@dataclass(frozen=True)
class Step:
    """From one schema to the next."""

    what: str
    """In words, for an operator."""

    script: str
    """SQL without the views, which are made anew after the last step."""


STEPS = {
    1: Step(
        "web archives as a source, picture files, withdrawals, the crash-safe JSON Lines file, edit rates",
        """
        alter table sighting add column via text;
        create index sighting_listing on sighting (source, listing, walk);
        create index page_due on page (site, due_at) where state = 'stored' and due_at is not null;
        drop table image_file;
        create table image_file (
          url text primary key, page text not null, key text, file text, digest text, type text, bytes integer, width integer,
          height integer, state text not null, reason text, tries integer not null default 0, lease_by integer,
          fetched_at text
        );
        create index image_file_page on image_file (page);
        create index image_file_open on image_file (page) where state = 'waiting';
        create index image_file_key on image_file (key);
        create table withdrawal (page text primary key, mode text not null, reason text not null, at text not null, kept text);
        create table jsonlines (path text primary key, seq integer not null, bytes integer not null);
        create table edit_rate (
          site text not null, section text not null, age integer not null, hours real not null, visits real not null,
          edits real not null, updated_at text not null, primary key (site, section, age)
        );
        """,
    ),
    2: Step(
        "alarms, and captures of others by a kind of their own",
        """
        alter table crawl add column alarms text not null default '[]';
        create index crawl_spider on crawl (spider, started_at);
        create index listing_crawl on listing (crawl);
        create index article_site on article (site, seq);
        alter table alarm add column told integer not null default 0;
        update capture set kind = 'imported' where kind = 'article' and exists (
          select 1 from crawl where crawl.id = capture.crawl and capture.fetched_at < started_at
          and json_extract(arguments, '$.warc') is not null);
        """,
    ),
}
"""By the schema that a step begins with."""


def pending(archive: Archive) -> list[Step]:
    """Return the steps that ``archive``, opened with ``older=True``, still has to go."""
    return [STEPS[version] for version in range(archive.schema, SCHEMA_VERSION)]


def backup_path(archive: Archive) -> Path:
    """Return where the backup of ``archive`` in its present schema goes: ``archive.schema-1.db``."""
    return archive.path.with_name(f"{archive.path.stem}.schema-{archive.schema}.db")


def migrate(archive: Archive) -> Path:
    """Bring ``archive``, opened with ``older=True``, to the present schema, and return the path of the backup made before.

    One transaction: killed in its middle, the archive is as it was. Raises :class:`ArchiveError` when crawls are at work on
    it, when the disk has no room for the backup, or when the archive is damaged.
    """
    _refuse_when_busy(archive)
    check(archive)
    backup = _back_up(archive)
    with archive.transaction() as db:
        _refuse_when_busy(archive)
        for (view,) in db.execute("select name from sqlite_master where type = 'view'").fetchall():
            db.execute(f'drop view "{view}"')
        for step in pending(archive):
            for statement in statements(step.script):
                db.execute(statement)
        for statement in statements(VIEWS):
            db.execute(statement)
        db.execute(f"pragma user_version = {SCHEMA_VERSION}")
    archive.schema = SCHEMA_VERSION
    return backup


def check(archive: Archive) -> None:
    """Raise :class:`ArchiveError` when the file is damaged."""
    try:
        (found,) = archive.db.execute("pragma quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise ArchiveError(f"{archive.path} is damaged ({found}); scrapy check-archive says more")


def _refuse_when_busy(archive: Archive) -> None:
    if live := archive.crawls.live():
        raise ArchiveError(f"crawl {live[0]} is at work on {archive.path}; end it first")


def _back_up(archive: Archive) -> Path:
    path = backup_path(archive)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    needed, free = archive.path.stat().st_size, shutil.disk_usage(archive.path.parent).free
    if free < 2 * needed:  # the backup, and the log of the migration itself
        raise ArchiveError(f"the disk of {archive.path} has {free} bytes free; backup and migration want {2 * needed}")
    archive.db.execute("vacuum into ?", (str(part),))
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    return path
