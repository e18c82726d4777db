"""die tageszeitung."""

from __future__ import annotations

from newsarchive.extract.rules import BodyRules
from newsarchive.spiders.base import NewsSpider


class TazSpider(NewsSpider):
    """taz, Berlin. The number stands behind an exclamation mark."""

    name = "taz"
    hosts = ["taz.de"]
    article_urls = [r"^/(?:[^/]+/)?!(?P<id>\d{6,})/?$"]
    zone = "Europe/Berlin"
    body = BodyRules(drop=".tzi-bottom-container")
