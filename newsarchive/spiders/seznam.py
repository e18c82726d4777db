"""Seznam Zprávy."""

from __future__ import annotations

from newsarchive.extract.rules import BodyRules
from newsarchive.spiders.base import NewsSpider


class SeznamSpider(NewsSpider):
    """Seznam Zprávy, Prague. Classes are drawn by lot with every release; ``data-dot`` and ``mol-`` names stay."""

    name = "seznam"
    hosts = ["www.seznamzpravy.cz"]
    article_urls = [r"^/clanek/(?:[^/]+-)?(?P<id>\d{4,})$"]
    zone = "Europe/Prague"
    body = BodyRules(
        drop=".mol-post-card__body, [data-dot^=ogm-article-offer], [data-dot=mol-article-card], [data-dot=mol-timeline-item]"
    )
