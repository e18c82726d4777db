"""Sites that nobody described, crawled whole."""

from __future__ import annotations

import pytest
from undescribed import Harbour, Hill, Undescribed, Valley

from newsarchive.demo.server import DemoSite


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
        assert done.rows("select count(*) < 3 from page where state = 'not_article'") == [(1,)]
        assert {path for path in site.requests if "/tag/" in path or "/thema/" in path or "login" in path} == set()
        first, site.requests[:] = len(site.requests), []
        again = crawl_news(site)
        assert again.rows("select count(*) from article") == [(len(pages.stories),)]
        assert not {pages.url(path) for path in site.requests} & pages.urls()
        assert len(site.requests) < first / 4, site.requests
