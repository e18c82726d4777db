"""The demo site, played by ``scrapy demo``."""

from __future__ import annotations

from newsarchive.discovery.feed import Feed
from newsarchive.discovery.sections import Sections
from newsarchive.discovery.sitemap import Days, Sitemap
from newsarchive.discovery.wayback import Wayback
from newsarchive.extract.rules import BodyRules, ImageRules
from newsarchive.spiders.base import NewsSpider


class DemoSpider(NewsSpider):
    """The Demo Courier."""

    name = "demo"
    hosts = ["courier.example"]
    image_hosts = ["img.courier.example"]
    article_urls = [r"^/(?P<day>\d{4}/\d\d/\d\d)/[^/]*-(?P<id>\d+)$"]
    sources = {
        "sections": Sections(
            "https://courier.example/{}/",
            {
                "world": "world",
                "middle east": "middle-east",
                "business": "business",
                "science": "science",
                "sport": "sport",
            },
            links="a.title",
            item=".item",
            published="time.published::attr(datetime)",
            modified="time.updated::attr(datetime)",
            more="a.more::attr(href)",
        ),
        "days": Days("https://courier.example/sitemap_article.xml?date_start={0:%Y%m%d}&date_end={0:%Y%m%d}"),
        "sitemap": Sitemap("https://courier.example/sitemap.xml"),
        "wayback": Wayback({"/{0:%Y/%m/%d}/": ("", "")}),
        "feed": Feed("https://courier.example/feed.xml"),
    }
    article = "article.story"
    body = BodyRules(within=".story-body", lead=".standfirst", drop=".related")
    images = ImageRules(lead=".lead-photo", address=r"^/photos/(?P<key>\d+)/")
