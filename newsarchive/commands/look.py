"""``scrapy look``: what each origin finds on one page, and which won."""

from __future__ import annotations

import json

from newsarchive.archivecommand import ArchiveCommand
from newsarchive.store.archive import ArchiveError


class Command(ArchiveCommand):
    """Reads one page and shows selectors, JSON-LD, microdata, OpenGraph and HTML side by side. Nothing is stored."""

    def syntax(self) -> str:
        return "URL_OR_FILE [options]"

    def short_desc(self) -> str:
        return "Show what each origin finds on a page, and which won"

    def add_options(self, parser) -> None:
        super().add_options(parser)
        parser.add_argument("--url", help="the address that it is read as (default for a file, its canonical link)")
        parser.add_argument("--site", help="read it by the rules of this site (default: by its host; news: as any site's)")
        parser.add_argument("--archived", action="store_true", help="look at an article's page in the archive: ID_OR_URL")
        parser.add_argument("--json", action="store_true", help="for programs")

    def run(self, args, opts) -> None:
        # Here, not above: every command of Scrapy imports this module.
        from newsarchive import onepage, sidebyside, tables
        from newsarchive.extract.reading import Reading

        try:
            if len(args) != 1:
                raise ValueError("it wants one address or the name of one file")
            response = onepage.page(args[0], self.settings, opts.url, opts.archived)
            rules = onepage.rules_for(response.url, opts.site, self.settings)
        except (ValueError, ArchiveError) as error:
            self.fail(error)
            return
        found = sidebyside.SideBySide(Reading(response, rules))
        if opts.json:
            print(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
        else:
            sidebyside.print_side_by_side(tables.console(sidebyside.WIDEST), found)
