"""``scrapy export``: the archive as a file."""

from __future__ import annotations

import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand

from newsarchive.dates import parse_day
from newsarchive.exporters import FILES, STREAMS, Selection, written_whole
from newsarchive.monitor import archive_path
from newsarchive.store.archive import Archive, ArchiveError

FORMATS = (*STREAMS, *FILES, "wacz")


class Command(ScrapyCommand):
    """Writes articles as JSON Lines, CSV, an SQLite copy or a WACZ, at any time, also while crawls go on."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "--format FORMAT -o FILE [options]"

    def short_desc(self) -> str:
        return "Write the archive to a file"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--format", metavar="FORMAT", help=f"{', '.join(FORMATS)} (default: by the file's ending)")
        parser.add_argument("-o", "--output", metavar="FILE", help="file to write, - for standard output (jsonl and csv)")
        parser.add_argument("--site", help="articles of this site")
        parser.add_argument("--section", help="articles of this section")
        parser.add_argument("--since", metavar="DAY", help="published on this day or later")
        parser.add_argument("--until", metavar="DAY", help="published on this day or earlier")
        parser.add_argument("--after", metavar="CURSOR", help="new or revised since the export that named this cursor")

    def run(self, args, opts) -> None:
        try:
            self._export(args, opts)
        except (ValueError, ArchiveError, OSError) as error:
            print(f"scrapy export: {error}", file=sys.stderr)
            self.exitcode = 2

    def _export(self, args, opts) -> None:
        if args or not opts.output:
            raise ValueError("it wants -o FILE, and no other words")
        format = opts.format or Path(opts.output).suffix.lstrip(".")
        if format not in FORMATS:
            raise ValueError(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
        if opts.after is not None and not opts.after.isdigit():
            raise ValueError(f"--after {opts.after} is no cursor; an export names its own when it ends")
        for day in (opts.since, opts.until):
            if day:
                parse_day(day)
        selection = Selection(opts.site, opts.section, opts.since, opts.until, int(opts.after) if opts.after else None)
        archive = Archive(archive_path(self.settings), read_only=True)
        archive.db.execute("begin")  # one moment of the archive, whatever crawls write meanwhile
        cursor = archive.articles.last_seq()
        if opts.output == "-":
            if format not in STREAMS:
                raise ValueError(f"{format} needs a file")
            count = STREAMS[format](archive, selection, sys.stdout.buffer)
        else:
            with written_whole(Path(opts.output)) as temporary:
                if format in STREAMS:
                    with open(temporary, "wb") as out:
                        count = STREAMS[format](archive, selection, out)
                elif format == "wacz":
                    # Here, not above: every command of Scrapy imports this module.
                    from newsarchive.wacz import export_wacz

                    count = export_wacz(archive, selection, temporary)
                else:
                    archive.db.execute("commit")  # VACUUM takes its own moment
                    count = FILES[format](archive, selection, temporary)
        archive.close()
        print(f"{count} articles written to {opts.output}; the next increment: --after {cursor}", file=sys.stderr)
