"""``scrapy check-archive``: is the archive what it says it is?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict

from scrapy.spiderloader import get_spider_loader

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.monitor import archive_path
from newsarchive.spiders.base import NewsSpider
from newsarchive.store.archive import Archive, ArchiveError, DamagedError


class Command(ArchiveCommand):
    """Looks whether the archive is sound. It changes nothing, and may run while crawls do. Status 1: something is wrong."""

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Check the archive: its files, its sums, and its listings read again"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--full", action="store_true", help="read every text, record and picture again, not a sample")
        parser.add_argument("--json", action="store_true", help="for programs")

    def run(self, args, opts) -> None:
        if args:
            self.fail(f"it takes no words: {' '.join(args)}")
            return
        path = archive_path(self.settings)
        try:
            with closing(Archive(path, read_only=True)) as archive:
                found = self._check(archive, opts.full)
        except DamagedError as error:
            found = [("database", [{"what": str(error), "repair": "put a backup of the archive in its place", "wrong": True}])]
        except ArchiveError as error:
            self.fail(str(error))
            return
        wrong = sum(finding["wrong"] for _, findings in found for finding in findings)
        if opts.json:
            checks = [{"check": name, "findings": findings} for name, findings in found]
            print(json.dumps({"sound": not wrong, "checks": checks}, ensure_ascii=False, indent=1))
        else:
            self._print(path, found, wrong)
        self.exitcode = 1 if wrong else 0

    def _check(self, archive: Archive, full: bool) -> list[tuple[str, list[dict]]]:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive.recount import recount
        from newsarchive.store import checks, recordchecks

        sites = self._sites()
        addresses = {name: site.addresses for name, site in sites.items()}
        menus = {name: site.sources["sections"].menu for name, site in sites.items() if "sections" in site.sources}
        found = [("database", self._run(checks.database(archive)))]
        if not found[0][1]:
            found.append(("search index", self._search(archive)))
        found += [
            ("rows", self._run(checks.orphans(archive))),
            ("sums", self._run(checks.sums(archive))),
            ("files", self._run(checks.files(archive))),
            ("texts", self._run(checks.texts(archive, full))),
            ("listings", self._run(recount(archive, addresses, menus))),
        ]
        if full:
            found.append(("records", self._run(recordchecks.records(archive))))
            found.append(("JSON Lines", self._run(recordchecks.lines(archive))))
            found.append(("pictures", self._run(checks.picture_digests(archive))))
        return found

    def _search(self, archive: Archive) -> list[dict]:
        from newsarchive.store import checks

        try:
            with closing(Archive(archive.path)) as writable:
                return self._run(checks.search(writable))
        except ArchiveError as error:
            what = f"the search index was not compared, for that wants to write: {error}"
            return [{"what": what, "repair": "check a copy that can be written", "wrong": False}]

    def _run(self, findings: Iterable) -> list[dict]:
        done = []
        try:
            for finding in findings:
                done.append(asdict(finding))
        except sqlite3.DatabaseError as error:
            what = f"this cannot be checked: {error}"
            done.append({"what": what, "repair": "put a backup of the archive in its place", "wrong": True})
        return done

    def _sites(self) -> dict[str, type[NewsSpider]]:
        loader = get_spider_loader(self.settings.frozencopy())
        sites = {name: loader.load(name) for name in loader.list()}
        return {name: site for name, site in sites.items() if issubclass(site, NewsSpider) and site.hosts}

    def _print(self, path, found: list[tuple[str, list[dict]]], wrong: int) -> None:
        from newsarchive import tables

        out = tables.console()
        for name, findings in found:
            state = "wrong" if any(finding["wrong"] for finding in findings) else "sound"
            out.print(tables.Text(f"{name:14}{state}", style="red" if state == "wrong" else "green"))
            for finding in findings:
                out.print(tables.Text(f"  {'' if finding['wrong'] else 'note: '}{finding['what']}; to mend: {finding['repair']}"))
        out.print(tables.Text(f"{path} is {f'not sound: {wrong} findings' if wrong else 'sound'}."))
