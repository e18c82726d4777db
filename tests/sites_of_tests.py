"""Sites that only the tests crawl."""

from __future__ import annotations

from dataclasses import replace

from newsarchive.discovery.loadmore import LoadMore
from newsarchive.spiders.demo import DemoSpider
from newsarchive.spiders.sputnik import SputnikSpider


class NoDaysSpider(SputnikSpider):
    """The reference site, had it no day sitemaps."""

    name = "nodays"
    sources = {name: source for name, source in SputnikSpider.sources.items() if name != "days"}


def _sections(**rule) -> dict[str, object]:
    return DemoSpider.sources | {"sections": replace(DemoSpider.sources["sections"], more=LoadMore(**rule))}


class ClickedSpider(DemoSpider):
    """The demo site, had its sections a button."""

    name = "clicked"
    sources = _sections(click="button.more")


class BoundedSpider(DemoSpider):
    """The same, and the site's rule allows few rounds."""

    name = "bounded"
    sources = _sections(click="button.more", rounds=2)


class ScrolledSpider(DemoSpider):
    """The demo site, were its sections scrolled."""

    name = "scrolled"
    sources = _sections()


class ConsentingSpider(DemoSpider):
    """The demo site, had it a consent wall."""

    name = "consenting"
    consent = "#agree"
