"""Schweizer Radio und Fernsehen."""

from __future__ import annotations

from newsarchive.extract.rules import BodyRules
from newsarchive.spiders.base import NewsSpider


class SrfSpider(NewsSpider):
    """SRF, the German edition. Its articles have no number."""

    name = "srf"
    hosts = ["www.srf.ch"]
    article_urls = [r"^/(?:news|sport|kultur|wissen|meteo)/(?:[^/]+/)+[^/]+-[^/]+$"]
    zone = "Europe/Zurich"
    body = BodyRules(drop=".expandable-box")
