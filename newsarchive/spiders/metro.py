"""Metro, London."""

from __future__ import annotations

from newsarchive.discovery.feed import Feed
from newsarchive.extract.rules import BodyRules
from newsarchive.spiders.base import NewsSpider


class MetroSpider(NewsSpider):
    """Metro. What its page leaves out of a description is read as on any page."""

    name = "metro"
    hosts = ["metro.co.uk"]
    article_urls = [r"^/(?P<day>\d{4}/\d\d/\d\d)/[^/]*-(?P<id>\d{6,})/?$"]
    sources = {"feed": Feed("https://metro.co.uk/news/feed/")}
    zone = "Europe/London"
    # A fact box may be longer than the article: a whole speech (seen in 21244172).
    body = BodyRules(drop=".metro-factbox")
