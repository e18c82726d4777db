"""Sites that nobody described, crawled whole."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse
from undescribed import Bare, Harbour, Hill, Mute, Undescribed, Valley

from newsarchive.demo.server import Answer, DemoSite
from newsarchive.extract.article import load_article
from newsarchive.extract.kind import NOTHING
from newsarchive.spiders.drawn import DRAWN
from newsarchive.spiders.news import AnySpider

PAGE = "https://www.example.com/world/rain-in-town-1234567"


@pytest.mark.parametrize(
    ("canonical", "counts"),
    [
        (PAGE, True),
        ("https://example.com/rain", True),
        ("https://www.example.com/2026/03/01/rain/", True),
        ("https://www.example.com/world/other-story-7654321", False),
        ("https://www.example.com/", False),
        ("https://www.example.com/world/?page=2", False),
        ("https://www.example.com/tag/rain", False),
        ("https://www.example.com/world/", False),
        ("https://www.example.org/world/rain-in-town-1234567", False),
    ],
)
def test_a_canonical_link_counts_when_it_may_be_the_articles_own(canonical, counts):
    """One theme gave the address of the section to every article: they would all be one."""
    spider = AnySpider(url="https://www.example.com/")
    spider.listed.add("https://www.example.com/world")
    body = f"""<html><head><link rel="canonical" href="{canonical}"></head><body><h1>Rain</h1>
<div itemscope itemtype="https://schema.org/NewsArticle"><p itemprop="articleBody">{"It rained. " * 50}</p></div></body></html>"""
    response = HtmlResponse(PAGE, body=body.encode(), encoding="utf-8")
    article = load_article(response)
    assert spider.none_of_its(response, article) is None
    assert article.key == (canonical if counts else PAGE)
    assert article.id == f"example.com:{article.key}"
    assert ("canonical_ignored" in article.flags) is not counts


def test_the_empty_frame_of_what_scripts_draw_is_not_judged():
    """What the page is shows when a browser has drawn it."""
    spider = AnySpider(url="https://www.example.com/")
    frame = HtmlResponse(PAGE, body=b"<html><body><div id=root></div><script src=/app.js></script></body></html>")
    assert spider.none_of_its(frame, load_article(frame)) is None
    drawn = frame.replace(flags=[DRAWN])
    assert spider.none_of_its(drawn, load_article(drawn)) == NOTHING


@pytest.fixture
def crawl_news(crawl):
    """Crawl undescribed ``pages``: ``crawl_news(site, "-a", "section=world")``."""

    def run(site: DemoSite, *arguments: str):
        return crawl(site, "-a", f"url=https://{site.pages.host}/", *arguments, spider="news")

    return run


@pytest.mark.parametrize("kind", [Hill, Harbour, Valley])
def test_it_gives_all_of_its_articles_and_nothing_else(kind, crawl_news):
    pages: Undescribed = kind()
    with DemoSite(pages, override=pages.answer) as site:
        done = crawl_news(site)
        found = {url for (url,) in done.rows("select url from article")}
        assert found == pages.urls(), (sorted(pages.urls() - found), sorted(found - pages.urls()), done.log)
        domain = pages.host.removeprefix("www.")
        # What was asked for and is none is excluded, and little was: nothing is owed.
        assert set(done.rows("select distinct site, state from page")) <= {(domain, "stored"), (domain, "not_article")}
        others = done.rows("select url from page where state = 'not_article'")
        assert len({url for (url,) in others} & set(map(pages.url, site.requests))) < 15
        assert {path for path in site.requests if "/tag/" in path or "/thema/" in path or "login" in path} == set()
        assert sum("/termine/" in path for path in site.requests) <= 4
        first, site.requests[:] = len(site.requests), []
        again = crawl_news(site)
        assert again.rows("select count(*) from article") == [(len(pages.stories),)]
        assert not {pages.url(path) for path in site.requests} & pages.urls()
        assert len(site.requests) < first / 6, site.requests


@pytest.mark.parametrize("kind", [Mute, Bare])
def test_it_gives_them_where_little_tells_of_them(kind, crawl_news):
    pages: Undescribed = kind(30)
    with DemoSite(pages, override=pages.answer) as site:
        done = crawl_news(site)
    found = {url for (url,) in done.rows("select url from article")}
    assert found == pages.urls(), (sorted(pages.urls() - found), sorted(found - pages.urls()), done.log)
    # Words of the menu behind which is the start page, or nothing, are no sections that cannot be read.
    assert done.rows("select url, reason from listing where \"end\" <> 'exhausted'") == []


@pytest.mark.parametrize(("kind", "section"), [(Hill, "Middle East"), (Harbour, "middle-east")])
def test_a_section_is_asked_for_by_its_name_in_the_menu(kind, section, crawl_news):
    """The parts of the addresses that say it are ``middle-east`` and ``middle_east``."""
    pages = kind(30)
    with DemoSite(pages, override=pages.answer) as site:
        done = crawl_news(site, "-a", f"section={section}")
    assert {url for (url,) in done.rows("select url from article")} == pages.urls("middle east"), done.log
    # The feed and the news sitemap were read to learn by, and brought no article of another section.
    assert done.rows("select distinct source, section from sighting") == [("sections", "middle east")]
    assert len(done.lines()) == len(pages.urls("middle east"))


def test_days_are_asked_for_at_the_archive_by_date(crawl_news):
    pages = Valley()
    with DemoSite(pages, override=pages.answer) as site:
        done = crawl_news(site, "-a", "since=2026-02-27", "-a", "until=2026-03-02")
    wanted = {pages.url(pages.path(s)) for s in pages.stories if f"{s.published:%F}" in ("2026-03-01", "2026-03-02")}
    assert len(wanted) > 2 * pages.chunk  # a day has two pages
    assert {url for (url,) in done.rows("select url from article")} == wanted, done.log
    # On the last days of February there was no news, and there is no page.
    assert done.rows('select since, "end", links from listing order by since')[:2] == [
        ("2026-02-27", "exhausted", 0),
        ("2026-02-28", "exhausted", 0),
    ]
    assert done.rows('select distinct source, "end" from listing') == [("days", "exhausted")]


def test_a_section_that_no_menu_names_ends_the_crawl(crawl_news):
    pages = Hill(30)
    with DemoSite(pages, override=pages.answer) as site:
        done = crawl_news(site, "-a", "section=gardening")
    assert done.rows("select spider, reason from crawl") == [("hill.example", "unknown section")]
    assert "hill.example knows no section 'gardening'" in done.log


def test_a_site_whose_start_page_fails_is_not_taken_for_an_empty_one(crawl_news):
    pages = Hill(30)
    down = []
    with DemoSite(pages, override=lambda path: Answer(b"", status=503) if path in down else pages.answer(path)) as site:
        down.append("/")
        done = crawl_news(site, "-s", "RETRY_ENABLED=False")
        assert done.rows("select reason from crawl") == [("no start page",)]
        down.clear()
        crawl_news(site)
        down.append("/")
        # What was learned before is enough to go on.
        site.requests.clear()
        done = crawl_news(site, "-s", "RETRY_ENABLED=False")
        assert done.rows("select reason from crawl order by id desc limit 1") == [("finished",)]
        assert "/atom.php" in site.requests and "/world/" in site.requests
