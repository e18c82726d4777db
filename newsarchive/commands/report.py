"""``scrapy report``: what the archive says of itself."""

from __future__ import annotations

import json
import sqlite3

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.monitor import archive_path
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.trouble import line_of

REPORTS = ("coverage", "fields", "changes", "crawls", "alarms", "growth")


class Command(ArchiveCommand):
    """Prints a report as a table, or as JSON."""

    def syntax(self) -> str:
        return f"[{'|'.join(REPORTS)}] [options]"

    def short_desc(self) -> str:
        return "Print what the archive holds, lacks, and saw change"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="of this site alone")
        parser.add_argument("--days", action="store_true", help="coverage: every day, not only those that owe something")
        parser.add_argument("--diff", metavar="ID", help="changes: the edits of one article, word by word")
        parser.add_argument("--json", action="store_true", help="for programs")

    def run(self, args, opts) -> None:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive import tables
        from newsarchive.store import reports
        from newsarchive.store.edits import edits
        from newsarchive.store.growth import growth

        name = args[0] if args else "coverage"
        if name not in REPORTS or len(args) > 1:
            self.fail(f"there is no report {' '.join(args)!r}; there are {', '.join(REPORTS)}")
            return
        if opts.diff is not None and name != "changes":
            self.fail("--diff belongs to changes: scrapy report changes --diff ID")
            return
        try:
            archive = Archive(archive_path(self.settings), read_only=True)
        except ArchiveError as error:
            self.fail(str(error))
            return
        try:
            if opts.site and opts.site not in archive.sites():
                self.fail(f"the archive has no site {opts.site!r}; it has {', '.join(archive.sites()) or 'none'}")
                return
            if opts.diff is not None:
                data = edits(archive, opts.diff)
                if data is None:
                    self.fail(f"the archive has no article {opts.diff!r}; ids are like sputnik:1092718478")
                    return
            elif name == "growth":
                data = growth(archive)
            elif name == "alarms":
                data = _not_judged(archive, opts.site) + reports.alarms(archive, opts.site)
            else:
                data = getattr(reports, name)(archive, *([opts.site] if name != "crawls" else []))
        except sqlite3.DatabaseError as error:
            self.fail(line_of(error))
            return
        finally:
            archive.close()
        if name == "alarms" and any(alarm["ended_at"] is None for alarm in data):
            self.exitcode = 1
        if opts.json:
            print(json.dumps(data, ensure_ascii=False, indent=1))
        elif opts.diff is not None:
            tables.print_edits(tables.console(), data)
        elif name == "coverage":
            tables.print_coverage(tables.console(), data, opts.days)
        else:
            getattr(tables, f"print_{name}")(tables.console(), data)


def _not_judged(archive: Archive, site: str | None) -> list[dict]:
    """Return alarms for crawls that died, and that no crawl has judged since; they have no ``id``."""
    from newsarchive.alarms.site import dead_crawls
    from newsarchive.store.alarms import Alarm
    from newsarchive.store.history import History

    on = {(alarm.site, alarm.kind, alarm.subject) for alarm in archive.alarms.on()}
    return [
        Alarm(None, name, "not_ended", subject, reason, archive.now(), None).as_json()
        for name in ([site] if site else archive.sites())
        for subject, reason in dead_crawls(History(archive), name).items()
        if (name, "not_ended", subject) not in on
    ]
