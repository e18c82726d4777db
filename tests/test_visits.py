"""What becomes of a page by what answers in its place."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from newsarchive.items import Link
from newsarchive.ledger import ArchiveLedger
from newsarchive.spiders.demo import DemoSpider
from newsarchive.store.archive import Archive

URL = "https://courier.example/2026/03/01/story-1000101"


@pytest.fixture
def visited(tmp_path):
    """Visit the page of :data:`URL`, and return its state and reason: ``visited(url, *statuses of redirects)``."""
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("demo", {})
    spider = DemoSpider.from_crawler(get_crawler(DemoSpider, {"ADDONS": {}}))
    spider.ledger = ArchiveLedger(archive, "demo", DemoSpider, crawl, None)
    link = Link(URL, site="demo", key="1000101", address=URL, day="2026-03-01")
    walk, *_ = archive.listings.begin(crawl, "demo", "sections", "https://courier.example/world/", "world", None, None)
    archive.sightings.sight("sections", "https://courier.example/world/", "world", [link], walk=walk, crawl=crawl, limit=1)

    def visit(url: str, *statuses: int, body: bytes = b"<p>Somewhere else</p>", status: int = 200) -> tuple:
        request = spider.article_request(URL, "demo:1000101", redirect_urls=[URL], redirect_reasons=list(statuses))
        response = HtmlResponse(url, body=body, encoding="utf-8", request=request, status=status)
        assert list(spider.parse_article(response)) == []
        return tuple(archive.db.execute("select state, reason from page").fetchone())

    yield visit
    archive.close()


@pytest.mark.parametrize(
    ("url", "statuses", "state", "reason"),
    [
        ("https://courier.example/login?next=x", (302,), "waiting", "login wall: "),
        ("https://courier.example/login?next=x", (301,), "waiting", "login wall: "),
        ("https://sso.courier.example/?next=x", (302,), "waiting", "login wall: "),
        ("https://validate.perfdrive.com/?ssa=1", (302,), "waiting", "bot wall: "),
        ("https://geo.captcha-delivery.com/captcha/?x", (302,), "waiting", "bot wall: "),
        ("https://elsewhere.example/story", (301,), "waiting", "redirected to "),
        ("https://courier.example/notice", (301, 302), "waiting", "redirected to "),
        ("https://courier.example/topics/story", (301, 308), "moved", "redirected to "),
        ("https://courier.example/", (302,), "gone", "redirected to "),
    ],
)
def test_a_redirect_that_may_pass_leaves_the_page_owed(visited, url, statuses, state, reason):
    found, said = visited(url, *statuses)
    assert (found, said[: len(reason)]) == (state, reason)


def test_what_is_redirected_to_the_last_has_moved(visited):
    for _ in range(6):
        assert visited("https://elsewhere.example/story", 302)[0] == "waiting"
    assert visited("https://elsewhere.example/story", 302)[0] == "moved"
