"""``scrapy export``: the archive as a file."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.dates import parse_day
from newsarchive.exporters import STREAMS, written_whole
from newsarchive.monitor import archive_path
from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.ownfiles import owns
from newsarchive.store.selection import Selection, copy
from newsarchive.trouble import line_of

FORMATS = (*STREAMS, "sqlite", "wacz")


class Command(ArchiveCommand):
    """Writes articles as JSON Lines, CSV, an SQLite copy or a WACZ, at any time, also while crawls go on."""

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
        parser.add_argument("--after", metavar="CURSOR", help="every text that came since the export that named this cursor")

    def run(self, args, opts) -> None:
        try:
            self._export(args, opts)
        except BrokenPipeError:  # who read had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (ValueError, ArchiveError) as error:
            self.fail(str(error))
        except OSError as error:
            self.fail(str(error))
        except sqlite3.DatabaseError as error:
            self.fail(line_of(error))

    def _export(self, args, opts) -> None:
        if args or not opts.output:
            raise ValueError("it wants -o FILE, and no other words")
        format = opts.format or Path(opts.output).suffix.lstrip(".")
        if format not in FORMATS:
            raise ValueError(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
        if opts.after is not None and not re.fullmatch(r"[0-9]{1,18}", opts.after):
            raise ValueError(f"--after {opts.after} is no cursor; an export names its own when it ends")
        for day in (opts.since, opts.until):
            if day:
                parse_day(day)
        if opts.since and opts.until and opts.until < opts.since:
            raise ValueError(f"--until {opts.until} is before --since {opts.since}")
        if opts.output == "-" and format not in STREAMS:
            raise ValueError(f"{format} needs a file")
        selection = Selection(opts.site, opts.section, opts.since, opts.until, int(opts.after) if opts.after else None)
        with closing(Archive(archive_path(self.settings), read_only=True)) as archive:
            if opts.site and opts.site not in archive.sites():
                raise ValueError(f"the archive has no site {opts.site!r}; it has {', '.join(archive.sites()) or 'none'}")
            if opts.output != "-" and owns(archive, opts.output):
                raise ValueError(f"{opts.output} is one of the archive's own files; name another")
            if format == "sqlite":
                with written_whole(Path(opts.output)) as temporary:
                    count, cursor = copy(archive, selection, temporary)
            else:
                archive.db.execute("begin")  # one moment of the archive, whatever crawls write meanwhile
                cursor = archive.articles.last_seq()
                count = self._write(archive, selection, format, opts.output)
        texts = "texts" if opts.after else "articles"
        print(f"{count} {texts} written to {opts.output}; the next increment: --after {cursor}", file=sys.stderr)

    def _write(self, archive: Archive, selection: Selection, format: str, output: str) -> int:
        if output == "-":
            return STREAMS[format](archive, selection, sys.stdout.buffer)
        with written_whole(Path(output)) as temporary:
            if format in STREAMS:
                with open(temporary, "wb", buffering=1 << 20) as out:
                    return STREAMS[format](archive, selection, out)
            # Here, not above: every command of Scrapy imports this module.
            from newsarchive.wacz import export_wacz

            return export_wacz(archive, selection, temporary)
