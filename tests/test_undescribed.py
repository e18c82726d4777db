"""Sites that nobody described, crawled whole."""

from __future__ import annotations

import pytest
from undescribed import Harbour, Hill, Undescribed, Valley

from newsarchive.demo.server import DemoSite


@pytest.mark.parametrize("kind", [Hill, Harbour, Valley])
def test_it_gives_all_of_its_articles_and_nothing_else(kind, crawl):
    pages: Undescribed = kind()
    with DemoSite(pages, override=pages.answer) as site:
        done = crawl(site, "-a", f"url=https://{pages.host}/", spider="news")
        found = {url for (url,) in done.rows("select url from article")}
        assert found == pages.urls(), (sorted(pages.urls() - found), sorted(found - pages.urls()), done.log)
        domain = pages.host.removeprefix("www.")
        assert done.rows("select distinct site, state from page where state not in ('not_article')") == [(domain, "stored")], (
            done.log
        )
        first, site.requests[:] = len(site.requests), []
        again = crawl(site, "-a", f"url=https://{pages.host}/", spider="news")
        assert again.rows("select count(*) from article") == [(len(pages.stories),)]
        print(first, site.requests, done.rows('select source, url, section, pages, links, "end", reason from listing'))
        print(done.rows("select url, state, reason from page where state <> 'stored'"))
        print(done.rows("select learned from site"))
        assert len(site.requests) < first / 3
