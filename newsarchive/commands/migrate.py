"""``scrapy migrate``: bring an older archive to the schema of this code."""

from __future__ import annotations

import sqlite3

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.monitor import archive_path
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.migrations import backup_path, check, migrate, pending
from newsarchive.store.schema import SCHEMA_VERSION


class Command(ArchiveCommand):
    """Shows what an archive's migration would do, or does it: a backup first, then one transaction."""

    def syntax(self) -> str:
        return "--check | --apply"

    def short_desc(self) -> str:
        return "Bring an older archive to the schema of this version"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--check", action="store_true", help="say what is to be done; exit status 1 when anything is")
        parser.add_argument("--apply", action="store_true", help="do it, with a backup beside the archive")

    def run(self, args, opts) -> None:
        try:
            if args or opts.check == opts.apply:
                raise ValueError("write --check or --apply")
            self._run(opts.apply)
        except (ValueError, ArchiveError, OSError, sqlite3.Error) as error:
            self.fail(error)

    def _run(self, apply: bool) -> None:
        path = archive_path(self.settings)
        Archive(path, read_only=True, older=True).close()  # never makes a new one
        archive = Archive(path, older=True)
        try:
            steps = pending(archive)
            if not steps:
                print(f"{path} has the present schema {SCHEMA_VERSION}: nothing to do")
                return
            print(f"{path}: schema {archive.schema} → {SCHEMA_VERSION}")
            for step in steps:
                print(f"  {step.what}")
            if apply:
                print(f"Done. The archive as it was is in {migrate(archive)}")
            else:
                check(archive)
                print(f"scrapy migrate --apply does it, with a backup in {backup_path(archive)}")
                self.exitcode = 1
        finally:
            archive.close()
