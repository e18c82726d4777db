"""``scrapy demo``: everything at work, offline, in under a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.store.archive import Archive, ArchiveError

# The site is ours and on this machine; a stranger's waits a second.
DELAY = "0.01"
CRAWL = ("-a", "source=sections,days,feed", "-a", "since=2026-03-01", "-a", "until=2026-03-12")


class Command(ArchiveCommand):
    """Plays a small news site on 127.0.0.1, crawls it twice, and shows what the archive then knows."""

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Play a small news site, crawl it twice, show the archive"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--folder", default="demo-archive", help="where the archive goes, emptied first (default: %(default)s)")
        parser.add_argument("--serve", action="store_true", help="only play the site, until Ctrl-C")

    def run(self, args, opts) -> None:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive.demo.newsroom import Newsroom
        from newsarchive.demo.pages import DemoPages
        from newsarchive.demo.server import DemoSite

        with DemoSite(DemoPages(Newsroom())) as site:
            if opts.serve:
                self._serve(site)
            else:
                self._demo(site, Path(opts.folder))

    def _serve(self, site) -> None:
        print(f"The Demo Courier is at {site.url}. Crawl it from another terminal:")
        print(f"  scrapy crawl demo -a base_url={site.url} -s DOWNLOAD_DELAY={DELAY}")
        print("Ctrl-C ends it.", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass

    def _demo(self, site, folder: Path) -> None:
        try:
            if folder.exists() and any(folder.iterdir()) and not _holds_a_demo(folder):
                raise ValueError(f"{folder} holds something else; name another --folder")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except (OSError, ValueError) as error:
            self.fail(error)
            return
        from newsarchive import tables
        from newsarchive.store import reports

        newsroom = site.pages.newsroom
        out = tables.console()
        out.print(
            f"The Demo Courier, {len(newsroom.all())} articles in five sections over twelve days, is being played at {site.url}.\n"
        )
        for edition in (1, 2):
            newsroom.edition = edition
            site.requests.clear()
            began = time.monotonic()
            if self._crawl(site, folder, edition) != 0:
                return
            seconds = time.monotonic() - began
            with_archive = Archive(folder / "archive.db", read_only=True)
            (crawl, *_), (report,) = reports.crawls(with_archive), reports.coverage(with_archive, "demo")
            changes = reports.changes(with_archive)
            with_archive.close()
            totals = report["totals"]
            if edition == 1:
                out.print(f"First crawl, {seconds:.0f} seconds:", style="bold")
            else:
                articles = [path for path in site.requests if site.pages.number(path)]
                out.print("Some days later: six new articles, three edited ones, new counters and teasers on every page.")
                out.print(f"Second crawl, {seconds:.0f} seconds:", style="bold")
                out.print(
                    f"  asked {len(site.requests) - len(articles)} listings and fetched {len(articles)} articles:"
                    f" {crawl['new']} new, {crawl['revised']} edited, {crawl['unchanged']} changed in their furniture alone"
                )
            out.print(
                f"  found {totals['seen']}   stored {totals['stored']}   excluded {totals['excluded']}   owed {totals['owed']}\n"
            )
        change = next(change for change in changes if "headline" in change["changed"])
        out.print("An edit that it saw:", style="bold")
        out.print(f"  {change['id']}, noticed {change['superseded_at'][:16].replace('T', ' ')}")
        out.print(f"  old  {change['old_headline']}", style="red")
        out.print(f"  new  {change['headline']}\n", style="green")
        out.print("scrapy report coverage", style="bold")
        out.print()
        tables.print_coverage(out, [report])
        out.print(
            "The archive is in",
            str(folder / "archive.db") + ", the articles as JSON Lines in",
            str(folder / "articles.jsonl") + ".",
        )
        as_module = sys.argv[0].endswith("__main__.py")
        scrapy = "scrapy" if shutil.which("scrapy") else f"{sys.executable} -m scrapy" if as_module else sys.argv[0]
        out.print("Try next:")
        for command in (
            f"report fields -s ARCHIVE_DIR={folder}",
            f"report changes -s ARCHIVE_DIR={folder} --json",
            "demo --serve",
        ):
            out.print(f"  {scrapy} {command}", soft_wrap=True)  # to be pasted

    def _crawl(self, site, folder: Path, edition: int) -> int:
        log = folder / f"crawl-{edition}.log"
        command = [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "demo",
            *CRAWL,
            "-a",
            f"base_url={site.url}",
            "-o",
            str(folder / "articles.jsonl"),
            "-s",
            f"ARCHIVE_DIR={folder}",
            "-s",
            f"DOWNLOAD_DELAY={DELAY}",
            "--logfile",
            str(log),
        ]
        self.exitcode = subprocess.run(command, env={**os.environ, "SCRAPY_SETTINGS_MODULE": "newsarchive.settings"}).returncode
        if self.exitcode:
            print(f"scrapy demo: the crawl failed; {log} says why", file=sys.stderr)
        return self.exitcode


def _holds_a_demo(folder: Path) -> bool:
    """Tell whether ``folder`` has the archive of an earlier demo and nobody else's."""
    try:
        archive = Archive(folder / "archive.db", read_only=True, older=True)
    except ArchiveError:
        return False
    sites = archive.sites()
    archive.close()
    return set(sites) <= {"demo"}
