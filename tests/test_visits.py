"""What becomes of a page by what answers in its place."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.items import Link
from newsarchive.ledger import ArchiveLedger
from newsarchive.spiders.demo import DemoSpider
from newsarchive.store.archive import Archive
from newsarchive.store.pages import Cover

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


class Unnumbered(DemoSpider):
    """The demo site, as one whose addresses have no number."""

    article_urls = [r"^/\d{4}/\d\d/\d\d/[^/]+$"]


PAGES = DemoPages(Newsroom(40))
STORIES = [s for s in PAGES.listed("world") if not s.missing and not s.canonical][:4]
ADDRESSES = [PAGES.url(PAGES.path(story)) for story in STORIES]


class Unread:
    """An archive in which a listing showed all stories, and the spider that visits them."""

    def __init__(self, folder):
        self.archive = Archive(folder / "archive.db")
        self.crawl = self.archive.crawls.begin("demo", {})
        self.spider = Unnumbered.from_crawler(get_crawler(Unnumbered, {"ADDONS": {}}))
        self.spider.ledger = ArchiveLedger(self.archive, "demo", Unnumbered, self.crawl, None)

    def sight(self, *urls: str) -> None:
        links = [Link(url, site="demo", key=url, address=url) for url in urls]
        walk, *_ = self.archive.listings.begin(self.crawl, "demo", "sections", "https://courier.example/", None, None, None)
        place = ("sections", "https://courier.example/", None, links)
        self.archive.sightings.sight(*place, walk=walk, crawl=self.crawl, limit=9)

    def visit(self, n: int, canonical: str, *statuses: int, at: str | None = None) -> list[str]:
        """Store story ``n``, whose page calls itself ``canonical``; return the flags."""
        page = PAGES.article(STORIES[n]).replace(f'rel="canonical" href="{ADDRESSES[n]}"', f'rel="canonical" href="{canonical}"')
        asked = at or ADDRESSES[n]
        request = self.spider.article_request(asked, f"demo:{asked}", redirect_reasons=list(statuses))
        url = ADDRESSES[n] if statuses else asked
        response = HtmlResponse(url, body=page.encode(), encoding="utf-8", request=request)
        (article,) = self.spider.parse_article(response)
        if not self.spider.ledger.had(article):
            self.archive.articles.store(article, self.crawl, article.visit.page, article.visit.addresses)
        return article.flags

    def stored(self) -> list[str]:
        return [id.removeprefix("demo:") for (id,) in self.archive.db.execute("select id from article order by n")]

    def states(self) -> dict[str, str]:
        return {id.removeprefix("demo:"): state for id, state in self.archive.db.execute("select id, state from page")}


@pytest.fixture
def unread(tmp_path):
    unread = Unread(tmp_path)
    yield unread
    unread.archive.close()


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0)])
def test_a_wrong_canonical_link_merges_nothing_where_addresses_have_no_number(unread, order):
    unread.sight(*ADDRESSES[:3])
    flags = [unread.visit(n, ADDRESSES[0]) for n in order]
    assert unread.stored() == [ADDRESSES[n] for n in order]
    assert flags == [[] if n == 0 else ["canonical_ignored"] for n in order]
    assert unread.states() == dict.fromkeys(ADDRESSES[:3], "stored")


def test_a_wrong_canonical_link_to_what_no_listing_shows_swallows_one_article_at_most(unread):
    unread.sight(*ADDRESSES[:2])
    for n in range(2):
        unread.visit(n, "https://courier.example/2026/03/01/template")
    assert unread.stored() == ["https://courier.example/2026/03/01/template", ADDRESSES[1]]


def test_copies_of_one_article_that_name_it_are_one(unread):
    query, other = f"{ADDRESSES[0]}?from=home", "https://courier.example/2026/03/01/another-slug"
    unread.sight(ADDRESSES[0], query, other)
    unread.visit(0, ADDRESSES[0], at=query)
    unread.visit(0, ADDRESSES[0])
    unread.visit(0, ADDRESSES[0], at=other)
    assert unread.stored() == [ADDRESSES[0]]
    assert unread.states() == {ADDRESSES[0]: "stored"}


def test_a_canonical_link_to_what_was_erased_brings_nothing_back(unread):
    unread.sight(*ADDRESSES[:2])
    unread.visit(0, ADDRESSES[0])
    unread.archive.db.execute("update page set state = 'withdrawn' where id = ?", (f"demo:{ADDRESSES[0]}",))
    unread.archive.db.execute("insert into withdrawal values (?, 'erase', 'x', '', null)", (f"demo:{ADDRESSES[0]}",))
    unread.archive.db.execute("delete from article")
    unread.visit(1, ADDRESSES[0])
    assert unread.stored() == []


def test_a_page_that_a_passing_redirect_led_away_from_is_asked_again(unread):
    """A site in trouble sends every reader to one article."""
    unread.sight(*ADDRESSES[:3])
    unread.visit(0, ADDRESSES[0])
    unread.visit(0, ADDRESSES[0], 302, at=ADDRESSES[1])
    unread.visit(0, ADDRESSES[0], 301, at=ADDRESSES[2])
    assert unread.states() == {ADDRESSES[0]: "stored", ADDRESSES[1]: "moved"}
    unread.archive.db.execute("update page set due_at = first_seen_at where state = 'moved'")
    assert [page.url for page in unread.archive.pages.claim(unread.crawl, Cover("demo"), 9, gone=True)] == [ADDRESSES[1]]
    unread.visit(1, ADDRESSES[1])
    assert unread.stored() == ADDRESSES[:2]


def test_a_notice_that_took_an_articles_place_is_no_edit(unread):
    unread.sight(ADDRESSES[0])
    unread.visit(0, ADDRESSES[0])
    page = f"<article class='story'><h1>Our new app</h1><div class='story-body'><p>{'Have you tried it yet? ' * 30}</p></div></article>"
    request = unread.spider.article_request(ADDRESSES[0], f"demo:{ADDRESSES[0]}")
    assert (
        list(unread.spider.parse_article(HtmlResponse(ADDRESSES[0], body=page.encode(), encoding="utf-8", request=request))) == []
    )
    ((state, reason),) = unread.archive.db.execute("select state, reason from page").fetchall()
    assert (state, reason) == ("stored", "newer")


def test_a_text_that_is_cut_by_its_nesting_is_owed(visited):
    story = PAGES.article(STORIES[0]).replace('<div class="story-body">', "<div>" * 3000 + '<div class="story-body">')
    assert visited(URL, body=story.encode()) == ("waiting", "elements nested so deep that the text is cut")


def test_what_the_site_refuses_is_looked_for_in_the_past_and_is_at_last_what_it_was(visited, tmp_path):
    for _ in range(7):
        state = visited(URL, status=403)
    assert state == ("refused", "HTTP 403")
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("demo", {})
    past = Link(
        URL, site="demo", key="1000101", address=URL, day="2026-03-01", via=f"https://web.archive.org/web/20260301000000id_/{URL}"
    )
    walk, *_ = archive.listings.begin(crawl, "demo", "wayback", "https://web.archive.org/cdx", None, None, None)
    (sighted,) = archive.sightings.sight("wayback", "https://web.archive.org/cdx", None, [past], walk=walk, crawl=crawl, limit=1)
    assert sighted.claimed
    ledger = ArchiveLedger(archive, "demo", DemoSpider, crawl, None)
    for status, was in ((None, "refused"), (403, "refused"), (404, "gone"), (302, "gone")):
        if status:
            row = (URL, archive.now(), status)
            archive.db.execute("insert into capture (url, fetched_at, status, kind) values (?, ?, ?, 'article')", row)
        assert ledger.last_known("demo:1000101") == was
    archive.close()
