"""The demo site's spider after an upgrade of its reading rules."""

from __future__ import annotations

from newsarchive.extract.rules import BodyRules
from newsarchive.spiders.demo import DemoSpider as Today


class DemoSpider(Today):
    """Takes headings for no part of the body."""

    name = "demo"
    body = BodyRules(within=".story-body", lead=".standfirst", drop=".related, h2")
