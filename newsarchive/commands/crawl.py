"""``scrapy crawl``, with arguments checked before anything begins."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.commands import crawl
from scrapy.spiderloader import get_spider_loader

from newsarchive.addons import check_numbers, check_politeness
from newsarchive.alarms.sending import check_sending
from newsarchive.arguments import Arguments
from newsarchive.chromium import find_browser
from newsarchive.jsonlines import check_jsonlines, feed_path
from newsarchive.monitor import archive_enabled, archive_path, open_archive
from newsarchive.spiders.base import NewsSpider
from newsarchive.store.archive import ArchiveError
from newsarchive.store.ownfiles import owns
from newsarchive.trouble import FAULTS, line_of, reason_of
from newsarchive.warcfiles import check_replay


class Command(crawl.Command):
    """Scrapy's own command. What cannot be meant ends it with one line and status 2; no file is touched."""

    def process_options(self, args, opts) -> None:
        super().process_options(args, opts)
        if len(args) != 1:
            return  # Scrapy says how it is used.
        try:
            self._check(args[0], opts.spargs)
        except (ValueError, ArchiveError) as error:
            line = f"scrapy {type(self).__module__.rpartition('.')[2]}: {error}"
            print(line, file=sys.stderr)
            if "_job" in opts.spargs and self.settings["LOG_FILE"]:
                # scrapyd shows a job's log, and its standard error nowhere.
                Path(self.settings["LOG_FILE"]).write_text(f"{line}\n", encoding="utf-8")
            sys.exit(2)

    def _check(self, name: str, arguments: dict[str, str]) -> None:
        loader = get_spider_loader(self.settings)
        if name not in loader.list():
            raise ValueError(f"there is no site {name!r}; there are {', '.join(sorted(loader.list()))}")
        site = loader.load(name)
        check_politeness(self.settings)
        check_numbers(self.settings)
        check_sending(self.settings)
        _check_metrics(self.settings["METRICS_PATH"])
        if self._draws(site):
            find_browser(self.settings)
        if "_job" in arguments:
            _check_absolute(self.settings)
        if issubclass(site, NewsSpider):
            if Arguments.parse(arguments, site).warc and self.settings["REPLAY"]:
                raise ValueError("REPLAY gives back what an archive holds, and warc= reads files: leave one of them out")
            if archive_enabled(self.settings):
                check_replay(self.settings)
                self._check_archive()
                _check_folder(archive_path(self.settings).parent / "warc")
            elif self.settings["JSONLINES_PATH"]:
                raise ValueError("JSONLINES_PATH wants an archive, and ArchivePipeline is switched off")
        for address in self.settings.getdict("FEEDS"):
            if not urlsplit(str(address)).scheme or str(address).startswith("file://"):
                _check_folder(Path(urlsplit(str(address)).path).absolute().parent)

    def _draws(self, site) -> bool:
        settings = self.settings.copy()
        site.update_settings(settings)
        return settings.getbool("PLAYWRIGHT") and not settings["REPLAY"]

    def _check_archive(self) -> None:
        archive = open_archive(self.settings)
        try:
            with archive.transaction():  # another program may hold it
                pass
            check_jsonlines(archive, self.settings)
            for feed in map(str, self.settings.getdict("FEEDS")):
                if owns(archive, feed_path(feed)):
                    raise ValueError(f"{feed} is one of the archive's own files; name another for the feed")
        except FAULTS as error:
            raise (ArchiveError(f"{archive.path}: {line_of(error)}") if reason_of(error) else error) from error
        finally:
            archive.close()


def _check_metrics(path: str) -> None:
    """Raise ValueError when node_exporter's textfile collector would not read ``path``."""
    if path and not Path(path).is_dir() and Path(path).suffix != ".prom":
        raise ValueError(f"METRICS_PATH is {path}; it must be a folder that exists, or a file whose name ends with .prom")


def _check_absolute(settings) -> None:
    """Raise ValueError when a path of a job of scrapyd is relative: it would be one of scrapyd's own working directory."""
    for name in ("ARCHIVE_DIR", "JSONLINES_PATH", "METRICS_PATH", "REPLAY"):
        path = settings[name]
        # ARCHIVE_DIR is not used when no archive is kept.
        if path and not Path(path).is_absolute() and (name != "ARCHIVE_DIR" or archive_enabled(settings)):
            hint = "; set NEWSARCHIVE_DIR where scrapyd is started" if name == "ARCHIVE_DIR" else ""
            raise ValueError(f"{name} is {path!r}, and under scrapyd it must be an absolute path{hint}")


def _check_folder(folder: Path) -> None:
    """Raise ValueError when ``folder`` cannot be written, nor made."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir():
        raise ValueError(f"{there} is no folder; {folder} cannot be made")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise ValueError(f"cannot write in {there}: {error.strerror}") from None
