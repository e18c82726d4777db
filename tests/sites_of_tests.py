"""Sites that only the tests crawl."""

from __future__ import annotations

from newsarchive.spiders.sputnik import SputnikSpider


class NoDaysSpider(SputnikSpider):
    """The reference site, had it no day sitemaps."""

    name = "nodays"
    sources = {name: source for name, source in SputnikSpider.sources.items() if name != "days"}
