"""Sputnik International."""

from __future__ import annotations

from newsarchive.discovery.feed import Feed
from newsarchive.discovery.sections import Sections
from newsarchive.discovery.sitemap import Days, Sitemap
from newsarchive.discovery.wayback import Wayback
from newsarchive.extract.rules import BodyRules, ImageRules
from newsarchive.spiders.base import NewsSpider

OLD_SECTIONS = (
    "world us africa asia middleeast latam russia europe military business society science sport analysis columnists interviews"
    " multimedia photo video infographics"
).split()


class SputnikSpider(NewsSpider):
    """Sputnik International. Markup "C" since mid-2021; older articles are answered in "B" or "C"."""

    name = "sputnik"
    # Exact: other language editions count for themselves.
    hosts = ["sputnikglobe.com", "sputniknews.com", "www.sputniknews.com"]
    image_hosts = ["cdn1.img.sputnikglobe.com", "cdnn1.img.sputniknews.com", "cdn1.img.sputniknews.com"]
    article_urls = [
        r"^/(?P<day>\d{8})/(?:[^/]*?-+)?(?P<id>\d+)\.html$",
        r"^/[\w-]+/(?P<day>\d{8})(?P<id>\d{8,10})-[^/]*/?$",
        r"^/[\w-]+/(?P<day>\d{8})/(?P<id>\d+)/[^/]*\.html$",
    ]
    sources = {
        "sections": Sections(
            "https://sputnikglobe.com/{}/",
            {
                "middle east": "location_middle-east",
                "world": "world",
                "us": "us",
                "russia": "russia",
                "europe": "europe",
                "asia": "asia",
                "africa": "africa",
                "military": "military",
                "business": "business",
                "science": "science",
                "sport": "sport",
                "analysis": "analysis",
                "interviews": "interviews",
            },
            links="a.list__title, a.list-item__title, .b-plainlist__title a",
            item=".list__item, .list-item, .b-plainlist__item",
            published=".list__date::attr(data-unixtime)",
            # The class of the element that continues a list is not known; its address is.
            more="//@data-url[starts-with(., '/services/')] | //@data-next-url[starts-with(., '/services/')]",
        ),
        "days": Days("https://sputnikglobe.com/sitemap_article.xml?date_start={0:%Y%m%d}&date_end={0:%Y%m%d}"),
        "sitemap": Sitemap(
            "https://sputnikglobe.com/sitemap_article_index.xml",
            span=r"date_start=(?P<since>\d{8})&date_end=(?P<until>\d{8})",
        ),
        # English pages had their section before the day until 2021.
        "wayback": Wayback({"/{0:%Y%m%d}/": ("2021-06-01", "")} | {f"/{s}/{{0:%Y%m%d}}": ("", "2021-12-31") for s in OLD_SECTIONS}),
        "feed": Feed("https://sputnikglobe.com/export/rss2/archive/index.xml"),
    }
    # Articles of before July 2021 write Moscow time and call it "Z"; analytics:p_ts is true UTC (seen in 1077343476).
    false_utc = {"div.b-article": "Europe/Moscow"}
    article = "div.article"
    microdata = "div.article__meta"
    # On the English edition it says "News" for everything: the genre, not the section.
    not_from = {"section": ("opengraph",)}
    selectors = {
        "published_at": ["//meta[@name='analytics:p_ts']/@content", ".article__info-date a::attr(data-unixtime)"],
        "authors": [".article__author-name"],
    }
    fallbacks = {"tags": [".tags .tag__text", "a.article__tags-item"]}
    furniture = {
        "description": r"\s*\d{2}\.\d{2}\.\d{4}, Sputnik International$",
        "headline": r" - (\d{2}\.\d{2}\.\d{4}, )?Sputnik International$",
    }
    body = BodyRules(
        within="div.article__body, div.b-article__text, div.online__article",
        lead="div.article__announce-text, div.b-article__lead",
        drop=".article__block[data-type=article], .article__block[data-type=banner], [class^=banner], .article__meta,"
        " .article__quote-bg, .article__quote-share, .share, .article__google-news, .article__info, .article__footer,"
        " [class^=article__userbar], .article__summary, .m-buy, .photoview__ext-link, .media__copyright, .media__title,"
        " .media__description, .article__views, .online__item-top, .b-inject, .js-message_video_player, .b-counters,"
        " #getShortUrl, p.b-disclaimer",
        quote=".article__quote",
        cite=".article__quote-info",
        entry=".online__item",
        entry_time=".online__item-time",
        block=".article__block[data-type]",
        kinds=frozenset("text quote article banner image media list h2 h3 photolenta video embed infographics vrez".split()),
    )
    images = ImageRules(
        frame=".media, .article__photo-item, .b-article__header",
        caption=".media__title, .media__description, .article__photo-item-text",
        credit=".media__copyright-item.m-copyright, .b-article__header-copy",
        lead=".article__announce, .b-article__header",
        large="data-photoview-src",
        address=r"^/(?:img|images)/+(?:[0-9a-f]+/)+(?P<key>\d{6,})"
        r"(?:_(?P<crop>\d+:\d+:\d+:\d+)_(?P<width>\d+)x(?P<height>\d+)_\d+_(?:(?P<fit>1_1)|0_0)_\w+)?"
        r"\.(?:jpg|png|webp)",
        alt_tail=r" - Sputnik International(, \d+)?(, \d{2}\.\d{2}\.\d{4})?$",
    )
