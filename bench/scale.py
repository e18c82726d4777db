"""What grows with a site and what does not: whole processes on a local site of many articles.

    python bench/scale.py [--articles 200000] [--keep DIR] [--only PART,PART] [--rounds 3]

Parts, in this order: ``crawl`` (the first crawl of the whole site), ``again`` (a second one, after a few stories came),
``sitemap`` (the memory of a crawl that reads its sitemaps), ``report``, ``search``, ``export``, ``sizes``, ``cores`` (two crawls
at once beside one after the other) and ``reextract`` (on one core, on two). With ``--keep`` site and archive stay in a folder,
where later calls find them. Linux: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from large_site import LargeNewsroom, LargePages, Vocabulary
from speed import PROJECT, serve
from watched import Run, start

from newsarchive.demo.newsroom import SECTIONS
from newsarchive.items import ARTICLE_FIELDS

FRESH = {"world": 12, "science": 3}
"""Stories that come between the two crawls, by section."""

CORES_ARTICLES = 3000

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SEARCHES = re.search(r"```sql\n(.*?;)\n(.*?;)\n```", README, re.S).groups()
"""Those of README, for the newest and for the best."""


class Bench:
    """The parts, on the site and the archive in ``folder``."""

    def __init__(self, folder: Path, articles: int, rounds: int):
        self.folder, self.articles, self.rounds = folder, articles, rounds
        self.archive = folder / "archive"
        self.db = self.archive / "archive.db"
        self.told = folder / "site.json"

    def build(self) -> None:
        """Write the site, unless it is there."""
        if self.told.exists():
            return
        began = time.monotonic()
        pages = LargePages(LargeNewsroom(self.articles))
        listings = pages.write_listings(self.folder / "site")
        packed = pages.write_articles(self.folder / "site", pages.newsroom.all())
        said = {"articles": self.articles, "listings": listings, "packed": packed}
        self.told.write_text(json.dumps(said))
        print(f"{self.articles} pages of {packed / self.articles:,.0f} bytes packed, {listings} pages of sections,", end=" ")
        print(f"written in {time.monotonic() - began:.0f} s", flush=True)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the site; give its address."""
        server, url = serve(self.folder, packed=True)
        try:
            yield url
        finally:
            server.terminate()
            server.wait()

    def start_crawl(self, url: str, archive: Path, *more: str, spider: str = "demo") -> Run:
        """Start a crawl of the site."""
        return start("crawl", spider, "-a", f"base_url={url}", "-s", f"ARCHIVE_DIR={archive}", *more)

    def ask(self, query: str, archive: Path | None = None) -> list[tuple]:
        """Ask the archive."""
        address = f"{((archive or self.archive) / 'archive.db').absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as db:
            return db.execute(query).fetchall()

    def stored(self) -> int:
        """How many articles the archive has."""
        with suppress(sqlite3.OperationalError):
            return self.ask("select value from counter where name = 'text'")[0][0]
        return 0

    def counts(self) -> dict:
        """What the last crawl counted."""
        return json.loads(self.ask("select counts from crawl order by id desc limit 1")[0][0])

    def crawl(self) -> None:
        """The first crawl: time and memory of each step."""
        shutil.rmtree(self.archive, ignore_errors=True)
        print("\nfirst crawl\n\n| articles | ms an article | CPU ms | resident MB |\n| --- | --- | --- | --- |", flush=True)
        with self.served() as url:
            run = self.start_crawl(url, self.archive).watch(self.stored, 0.25)
        count = self.stored()
        assert count >= self.articles, f"{count} articles of {self.articles}"  # more, where "again" published some before
        print(
            f"\n{run.wall:.0f} s, {1000 * run.cpu / count:.2f} ms of CPU an article, most memory {run.peak / 1e6:.0f} MB",
            flush=True,
        )

    def again(self) -> None:
        """The second crawl, after a few stories came: what it asks for and what it costs."""
        before = self.stored()
        pages = LargePages(LargeNewsroom(self.articles))
        fresh = [pages.newsroom.publish(count, section) for section, count in FRESH.items()]
        pages.write_articles(self.folder / "site", (story for stories in fresh for story in stories))
        changed = sum(pages.write_section(self.folder / "site", section, 2) for section in FRESH)
        pages.write_feed(self.folder / "site")
        with self.served() as url:
            run = self.start_crawl(url, self.archive).watch()
        counts = self.counts()
        new, asked = self.stored() - before, counts["downloader/request_count"]
        listings = counts["archive/listing/pages"]
        print(
            f"\nsecond crawl: {new} new, {asked} requests: robots.txt, {listings} of listings ({changed} pages of two sections and",
            end=" ",
        )
        print(f"the feed had changed, {len(SECTIONS) - len(FRESH)} fronts had not), {asked - listings - 1} articles;", end=" ")
        print(f"{run.cpu:.1f} s of CPU, {run.wall:.1f} s, most memory {run.peak / 1e6:.0f} MB")

    def sitemap(self) -> None:
        """A crawl that reads the sitemaps of the whole site, and fetches little."""
        archive = self.folder / "by-sitemap"
        shutil.rmtree(archive, ignore_errors=True)
        with self.served() as url:
            run = self.start_crawl(url, archive, "-a", "source=sitemap", "-a", "max_articles=100").watch()
        seen = self.ask("select count(*) from page", archive)[0][0]
        print(f"\nsitemaps: {seen} links, {1000 * run.cpu / seen:.2f} ms of CPU a link, most memory {run.peak / 1e6:.0f} MB")
        shutil.rmtree(archive)

    def report(self) -> None:
        """The reports, as commands."""
        bare = statistics.median(start("version").watch(seconds=0.01).cpu for _ in range(self.rounds))
        print(f"\n| report | s, start included | CPU s (scrapy version: {bare:.2f}) | most memory |\n| --- | --- | --- | --- |")
        for name in ("coverage", "fields", "changes", "crawls"):
            runs = [start("report", name, "-s", f"ARCHIVE_DIR={self.archive}").watch(seconds=0.01) for _ in range(self.rounds)]
            wall, cpu = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu"))
            print(f"| {name} | {wall:.2f} | {cpu:.2f} | {runs[0].peak / 1e6:.0f} MB |")

    def search(self) -> None:
        """Searches by the full-text index."""
        words = Vocabulary().words
        kinds = {
            "a rare word": words[9000],
            "a common word": words[300],
            "two words": f"{words[100]} {words[900]}",
            "a phrase": f'"{words[3]} {words[5]}"',
            "the most common word": words[0],
        }
        print("\n| search | found | newest 20, CPU ms | best 20 of the newest 20,000, CPU ms |\n| --- | --- | --- | --- |")
        with closing(sqlite3.connect(f"{self.db.absolute().as_uri()}?mode=ro", uri=True)) as db:
            for kind, query in kinds.items():
                (found,) = db.execute("select count(*) from article_fts where article_fts match ?", (query,)).fetchone()
                newest, best = (min(self._seconds(db, search, query) for _ in range(self.rounds)) for search in SEARCHES)
                print(f"| {kind} | {found} | {1000 * newest:.1f} | {1000 * best:.1f} |")

    @staticmethod
    def _seconds(db: sqlite3.Connection, search: str, query: str) -> float:
        began = time.process_time()
        db.execute(search.replace("'ferry'", "?"), (query,)).fetchall()
        return time.process_time() - began

    def export(self) -> None:
        """Exports, as commands."""
        count = self.stored()
        print("\n| export | articles a second, start included | CPU | most memory | bytes |\n| --- | --- | --- | --- | --- |")
        for ending in ("jsonl", "csv", "sqlite"):
            out = self.folder / f"out.{ending}"
            runs = [start("export", "-o", str(out), "-s", f"ARCHIVE_DIR={self.archive}").watch() for _ in range(self.rounds)]
            pace, cpu = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu"))
            print(
                f"| {ending} | {count / pace:,.0f} | {cpu:.1f} s | {runs[0].peak / 1e6:.0f} MB | {out.stat().st_size:,} |",
                flush=True,
            )
            out.unlink()

    def sizes(self) -> None:
        """What the archive weighs."""
        fields = " + ".join(f"coalesce(length(cast({name} as blob)), 0)" for name in ARTICLE_FIELDS)
        texts, bodies, rows = self.ask(
            f"""select sum(length(cast(text as blob))), sum(length(cast(body as blob))), sum({fields}) from article"""
        )[0]
        size = self.db.stat().st_size
        warc = sum(path.stat().st_size for path in (self.archive / "warc").glob("*") if "-listings" not in path.name)
        packed = json.loads(self.told.read_text())["packed"]
        print(
            f"\narchive.db {size / 1e6:.0f} MB: {size / rows:.2f} of the articles' fields, {size / texts:.2f} of text alone",
            end=" ",
        )
        print(f"(text {texts / 1e6:.0f} MB, body {bodies / 1e6:.0f} MB)")
        print(f"WARC of articles {warc / 1e6:.0f} MB, {warc / packed:.2f} of the packed pages")
        print("\n| table or index | MB | of all |\n| --- | --- | --- |")
        for name, taken in self.ask("select name, sum(pgsize) from dbstat group by name order by 2 desc limit 16"):
            print(f"| {name} | {taken / 1e6:.1f} | {taken / size:.1%} |")

    def cores(self) -> None:
        """Two crawls of two sites at once, into two archives and into one, beside one after the other."""
        stories = LargePages(LargeNewsroom(self.articles))
        addresses = self.folder / "some.txt"
        some = stories.newsroom.all()[-CORES_ARTICLES:]
        addresses.write_text("\n".join(stories.url(stories.path(story)) for story in some))
        part = ("-a", f"urls={addresses}", "-s", "SPIDER_MODULES=newsarchive.spiders,second_site")
        first, second = self.folder / "first", self.folder / "second"

        def both(at_once: bool, *archives: Path) -> tuple[float, float]:
            for archive in archives:
                shutil.rmtree(archive, ignore_errors=True)
            began = time.monotonic()
            with self.served() as one, self.served() as other:
                runs = []
                for url, spider, archive in ((one, "demo", archives[0]), (other, "second", archives[-1])):
                    runs.append(self.start_crawl(url, archive, *part, spider=spider))
                    if not at_once:
                        runs[-1].watch()
                if at_once:
                    for run in runs:
                        run.watch()
            wall = time.monotonic() - began
            count = sum(self.ask("select count(*) from article", archive)[0][0] for archive in archives)
            assert count == 2 * len(some), f"{count} articles"
            for archive in archives:
                shutil.rmtree(archive)
            return wall, sum(run.cpu for run in runs)

        ratios: dict[str, list[tuple[float, float]]] = {"two archives": [], "one archive": []}
        for _ in range(self.rounds):
            alone = both(False, first, second)
            for name, archives in (("two archives", (first, second)), ("one archive", (first,))):
                wall, cpu = both(True, *archives)
                ratios[name].append((alone[0] / wall, cpu / alone[1]))
        print(f"\n| two crawls of {len(some)} articles at once | of one after the other | span | CPU |\n| --- | --- | --- | --- |")
        for name, found in ratios.items():
            pace, cpu = zip(*found, strict=True)
            span = f"{min(pace):.2f} … {max(pace):.2f}"
            print(f"| {name} | {statistics.median(pace):.2f} | {span} | {statistics.median(cpu):.2f} |", flush=True)

    def reextract(self) -> None:
        """Reading the captures again on one core and on two."""
        ratios, paces = [], []
        for _ in range(self.rounds):
            walls = [
                start("reextract", "--processes", str(n), "-s", f"ARCHIVE_DIR={self.archive}").watch(seconds=0.1).wall
                for n in (1, 2)
            ]
            ratios.append(walls[0] / walls[1])
            paces.append(self.stored() / walls[1])
        print(
            f"\nreextract: {statistics.median(paces):,.0f} articles a second on two cores, {statistics.median(ratios):.2f} of one",
            end=" ",
        )
        print(f"({min(ratios):.2f} … {max(ratios):.2f})")


PARTS = ("crawl", "again", "sitemap", "report", "search", "export", "sizes", "cores", "reextract")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--keep", metavar="DIR", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="so often short things are measured, for the median")
    parser.add_argument("--only", metavar="PARTS", default=",".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    folder = (options.keep or Path(tempfile.mkdtemp())).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # nginx reads it as a user of its own
    bench = Bench(folder, options.articles, options.rounds)
    try:
        bench.build()
        for part in PARTS:
            if part in options.only.split(","):
                getattr(bench, part)()
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
