"""``scrapy record``: save a page and the article read from it, for the tests of a site."""

from __future__ import annotations

from pathlib import Path

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.recorded import FOLDER, paths, record, recordable
from newsarchive.store.archive import ArchiveError


class Command(ArchiveCommand):
    """Saves a page as ``SITE/DATE-SLUG.html.gz``, and beside it the article as JSON: what the tests of recorded pages expect."""

    def syntax(self) -> str:
        return "SITE URL_OR_FILE [options]"

    def short_desc(self) -> str:
        return "Save a page and the article read from it, for a site's tests"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--url", help="the address that it is read as (default for a file, its canonical link)")
        parser.add_argument("--archived", action="store_true", help="record an article's page in the archive: ID_OR_URL")
        parser.add_argument(
            "-d", "--folder", metavar="DIR", default=FOLDER, help="where each site has its folder (default: %(default)s)"
        )
        parser.add_argument("--force", action="store_true", help="overwrite what was recorded, and record pages without an article")

    def run(self, args, opts) -> None:
        try:
            if len(args) != 2:
                raise ValueError("it wants the name of a site (news: any), and one address or the name of one file")
            self._record(*args, opts)
        except (ValueError, ArchiveError) as error:
            self.fail(error)
        except OSError as error:
            self.fail(f"cannot write in {opts.folder}: {error.strerror or error}")

    def _record(self, site: str, word: str, opts) -> None:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive import onepage, tables

        onepage.rules_for("", site, self.settings)  # before anything is fetched
        response = onepage.page(word, self.settings, opts.url, opts.archived)
        rules = onepage.rules_for(response.url, site, self.settings)
        if rules and not rules.addresses.owns(response.url):
            raise ValueError(f"{response.url} is not on the hosts of {site}: {', '.join(rules.hosts)}")
        kept, article = recordable(response, rules)
        if (instead := onepage.in_its_place(response, article)) and not opts.force:
            raise ValueError(f"{response.url} gives no article ({instead}); --force records it all the same")
        page, expected = paths(Path(opts.folder), site, article)
        if (there := next((path for path in (page, expected) if path.exists()), None)) and not opts.force:
            raise ValueError(f"{there} is there; --force overwrites it")
        record(kept, article, page, expected)
        out = tables.console()
        out.print(tables.words(article.headline or "(no headline)", "bold"))
        out.print(tables.words(f"{page}  {len(kept):,} bytes"), soft_wrap=True)
        out.print(tables.words(f"{expected}  read it: every field is what the page must give from now on"), soft_wrap=True)
