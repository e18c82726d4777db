"""Rzeczpospolita."""

from __future__ import annotations

from newsarchive.extract.rules import BodyRules
from newsarchive.spiders.base import NewsSpider


class RzeczpospolitaSpider(NewsSpider):
    """Rzeczpospolita, Warsaw. Most articles end for those who do not pay."""

    name = "rzeczpospolita"
    hosts = ["www.rp.pl"]
    article_urls = [r"^/[^/]+/art(?P<id>\d+)-[^/]+$"]
    zone = "Europe/Warsaw"
    # A teaser between the paragraphs has no other name; what follows the last one is of others.
    body = BodyRules(drop=".content--excerpt, .latest--articles, .commercialComponent")
    # JSON-LD knows the section alone.
    not_from = {"tags": ("jsonld",)}
