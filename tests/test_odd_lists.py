"""Menus, lists and pagers as few sites have them, read from sites that nobody described."""

from __future__ import annotations

import json
from time import process_time

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, TextResponse, XmlResponse
from twisted.python.failure import Failure

from newsarchive.discovery.feed import Feed
from newsarchive.discovery.found import FoundSections
from newsarchive.discovery.front import feeds_of, hosts_of, sections_of
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.shapes import SAID, Shapes
from newsarchive.extract.article import load_article
from newsarchive.extract.kind import NOTHING
from newsarchive.extract.walls import obstacle
from newsarchive.items import Link
from newsarchive.middlewares import OffSite
from newsarchive.spiders.drawn import DRAWN
from newsarchive.spiders.news import AnySpider
from newsarchive.spiders.verdicts import ENOUGH_MARKS
from newsarchive.store.archive import Archive

HOST = "https://www.example.com"


def page(body: str, path: str = "/world/", head: str = "", lang: str = "en") -> HtmlResponse:
    html = f"<html lang={lang}><head>{head}</head><body>{body}</body></html>"
    return HtmlResponse(HOST + path, body=html.encode(), encoding="utf-8")


def story(n: int) -> str:
    return f'<div><a href="/world/a-story-with-number-{n}">Story</a></div>'


def menu(*links: tuple[str, str]) -> str:
    return "<nav>" + "".join(f'<a href="{url}">{words}</a>' for words, url in links) + "</nav>"


def read(response: HtmlResponse):
    return FoundSections().read(response, "UTC")


@pytest.mark.parametrize("href", ["/новости?стр=2", "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8?%D1%81%D1%82%D1%80=2"])
def test_a_pager_is_followed_in_any_script_and_spelling(href):
    """A listing whose pager was not seen was called complete after its first page."""
    response = page(story(1) + f'<a href="{href}">Далее</a>', "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8")
    assert read(response).more == [HOST + "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8?%D1%81%D1%82%D1%80=2"]


def test_what_the_head_names_is_meant_from_the_pages_base():
    head = f'<base href="{HOST}/paper/"><link rel="next" href="world?page=2">'
    feed = '<link rel="alternate" type="application/rss+xml" href="feed.xml">'
    response = page(story(1), "/world/", head + feed)
    assert read(response).more == [HOST + "/paper/world?page=2"]
    assert feeds_of(response) == [HOST + "/paper/feed.xml"]


def test_the_favourites_beside_a_short_last_page_are_not_of_its_section():
    response = page(story(1) + "<aside>" + "".join(story(n) for n in range(20, 29)) + "</aside>")
    assert [link.url for link in read(response).links] == [HOST + "/world/a-story-with-number-1"]


@pytest.mark.parametrize(
    "copy",
    ["/article.php?nid=7&print=1", "/world/a-story-with-number-7/print", "/world/a-story-with-number-7?outputType=amp"],
)
def test_the_form_for_a_printer_is_no_article_of_its_own(copy):
    shapes = Shapes()
    for address in ("/article.php?nid=8", "/world/a-story-with-number-8", "/world/a-story-with-number-8/print"):
        shapes.learn(HOST + address, SAID)
    assert shapes.judge(HOST + copy) is False
    assert shapes.judge(HOST + "/world/a-story-with-number-7") is True


@pytest.mark.parametrize("folder", ["/print", "/amp"])
def test_a_copy_that_stands_beside_its_page_is_not_asked_for(folder):
    """Some sites have a section of that name: there each is the only one."""
    beside = page(story(7) + f'<a href="{folder}/world/a-story-with-number-7">Print</a>' + story(8))
    assert [link.url[-1] for link in read(beside).links] == ["7", "8"]
    alone = page(story(8) + f'<a href="{folder}/world/a-story-with-number-7">Story</a>')
    assert len(read(alone).links) == 2


def test_a_menu_without_a_frame_names_sections_by_number():
    sections = "".join(
        f'<td><a href="/list.php?cid={n}">{words}</a></td>' for n, words in enumerate(("World", "Middle East", "Sport"))
    )
    stories = "".join(f'<dt><a href="/article.php?nid={n}">A town counts its {n} herons</a></dt>' for n in range(70, 79))
    found = sections_of(page(f"<table><tr>{sections}</tr></table>{stories}"), ["www.example.com"], Shapes())
    assert found == {
        "world": f"{HOST}/list.php?cid=0",
        "middle east": f"{HOST}/list.php?cid=1",
        "sport": f"{HOST}/list.php?cid=2",
    }


def test_a_section_may_have_a_host_of_its_own():
    response = page(
        menu(
            ("Home", "https://example.com/"),
            ("World", "/world/"),
            ("Sport", "https://sport.example.com/"),
            ("Shop", "https://shop.example.com/"),
            ("Partner", "https://sport.example.org/"),
        ),
        "/",
    )
    hosts = hosts_of(response, Shapes())
    assert hosts == ["www.example.com", "sport.example.com"]
    found = sections_of(response, [*hosts, "example.com"], Shapes())
    assert found == {"world": f"{HOST}/world/", "sport": "https://sport.example.com/"}


def test_a_menu_leads_to_other_editions_and_to_the_start_page_itself():
    editions = '<nav><a href="/de/" hreflang="de">Deutsch</a><a href="/en/">English</a><a href="/en/sport/">Sport</a><a href="/en/world/">World</a></nav>'
    found = sections_of(page(editions, "/en/"), ["www.example.com"], Shapes())
    assert sorted(found) == ["sport", "world"]


def test_a_list_goes_by_the_address_of_its_first_page():
    """Some themes give one canonical link to all pages of a list: the last one was taken for an error page."""
    last = page(story(1), "/world/page/7/", f'<link rel="canonical" href="{HOST}/">')
    assert obstacle(last) == f"soft 404: canonical link to {HOST}/, little text"
    assert obstacle(last, named=f"{HOST}/") is None


def test_a_section_is_none_of_its_articles_whatever_session_its_link_carries():
    spider = AnySpider(url=HOST)
    spider.listed.add(f"{HOST}/list.php?cid=1")
    assert spider.identify(f"{HOST}/list.php?cid=1&PHPSESSID=abcdef0123456789") is None
    assert spider.identify(f"{HOST}/list.php?cid=2&PHPSESSID=abcdef0123456789") is not None


def test_what_a_button_loads_as_json_is_read_as_the_rest_of_the_list():
    """Its links are in pieces of HTML, or bare."""
    loaded = {
        "items": [{"title": "One < two", "url": "/world/a-story-with-number-1"}],
        "html": story(2) + story(3),
        "pagination": {"next_url": "/api/world?offset=6"},
    }
    chunk = read(TextResponse(HOST + "/api/world?offset=3", body=json.dumps(loaded).encode(), encoding="utf-8"))
    assert [link.url[-1] for link in chunk.links] == ["1", "2", "3"]
    assert chunk.more == [HOST + "/api/world?offset=6"]
    with pytest.raises(ListingError, match="no page"):
        read(TextResponse(HOST + "/api/world?offset=3", body=b'{"html": ', encoding="utf-8"))


@pytest.mark.parametrize(
    "body",
    [
        "".join(f'<a href="/tag/x{n}">x</a>' for n in range(3000)) + "".join(f'<a href="/a-b-c-{n}">x</a>' for n in range(3000)),
        '<div class="content">' * 1500 + "".join(f'<a href="/a-b-c-{n}">x</a>' for n in range(1500)),
    ],
    ids=["wide", "deep"],
)
def test_a_page_of_many_links_is_read_in_little_time(body):
    """Each of them looked at all others: a page of 20,000 links held the whole crawl for minutes."""
    response = page(body)
    began = process_time()
    read(response), sections_of(response, ["www.example.com"], Shapes())
    assert process_time() - began < 6, "a second on a free machine"


def test_a_feed_whose_links_count_readers_names_the_articles():
    feed = f"""<rss xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel><item>
<link>https://feeds.example.org/~r/7</link><feedburner:origLink>{HOST}/world/a-story-with-number-7</feedburner:origLink></item>
</channel></rss>"""
    chunk = Feed("").read(XmlResponse("https://feeds.example.org/paper", body=feed.encode()), "UTC")
    assert [link.url for link in chunk.links] == [HOST + "/world/a-story-with-number-7"]


def test_a_sitemap_may_be_kept_on_a_host_of_others():
    """robots.txt names it there; nothing else of another host is asked for, and nothing of it through a mirror."""
    spider = AnySpider(url=HOST)
    assert spider.elsewhere("https://maps.example.org/paper.xml", "sitemap") == {"allow_offsite": True}
    assert spider.elsewhere("https://maps.example.org/2026/03/", "archive") == {}
    assert spider.elsewhere(HOST + "/sitemap.xml", "sitemap") == {}
    mirrored = AnySpider(url=HOST, base_url="http://127.0.0.1:8000")
    assert mirrored.elsewhere("https://maps.example.org/paper.xml", "sitemap") == {}


def test_a_page_about_the_house_is_known_by_the_mark_that_it_lacks():
    """Many a theme gives pages and articles addresses of one form, and calls both so for social media."""
    spider = AnySpider(url=HOST)
    text = "<p>" + "We say here what is so and what it costs. " * 20 + "</p>"

    def judge(path: str, thing: dict) -> str | None:
        script = f'<script type="application/ld+json">{json.dumps(thing)}</script>'
        response = page(f"<h1>What we say</h1>{text}", path, script + '<meta property="og:type" content="article">')
        return spider.none_of_its(response, load_article(response))

    spider.shapes.learn(HOST + "/a-town-builds-its-bridge/", SAID)
    house = {"@type": "WebPage", "datePublished": "2020-01-01", "name": "What we say"}
    for n in range(ENOUGH_MARKS):
        assert judge(f"/a-town-builds-bridge-{'abcdef'[n]}/", {"@type": "NewsArticle", "headline": "What we say"}) is None
    assert judge("/about-us-and-our-work/", house) == NOTHING
    # What the feed named is an article, whatever it lacks.
    assert judge("/a-town-builds-its-bridge/", house) is None


@pytest.mark.parametrize("state", ["waiting", "withdrawn", "gone"])
def test_an_address_is_one_pages_with_a_slash_and_without(tmp_path, state):
    """Unless that page is gone: then the other form is where the article may be. What was withdrawn is kept out in both."""
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("courier", {})
    walk, *_ = archive.listings.begin(crawl, "courier", "sections", HOST, None, None, None)
    place = {"walk": walk, "crawl": crawl, "limit": 9}
    first, second, third = (Link(HOST + path, site="courier", key=HOST + path, address=HOST + path) for path in ("/a", "/a/", "/b"))
    archive.sightings.sight("sections", HOST, None, [first, third], **place)
    archive.db.execute("update page set state = ?", (state,))
    found = archive.sightings.sight("sections", HOST, None, [second], **place)
    assert [one.page.url for one in found] == [second.url if state == "gone" else first.url]
    archive.close()


def test_a_site_that_moved_says_where_to():
    spider = AnySpider(url="https://www.example.com/")
    moved = Failure(OffSite("www.example.org is not on the site"))
    moved.request = Request("https://www.example.org/start")
    assert (
        spider.no_front_because(moved) == "it leads to https://www.example.org/start, which is another site: crawl that with url="
    )


@pytest.mark.parametrize(("failures", "reason"), [([], NOTHING), (["https://www.example.com/api: HTTP 503"], None)])
def test_a_drawn_page_whose_scripts_did_not_get_its_text_is_not_judged(failures, reason):
    """One hour without the service behind them, and all articles of a site were none for ever."""
    spider = AnySpider(url=HOST)
    request = Request(HOST + "/world/a-story-with-number-7", meta={"page_failures": failures})
    drawn = page("<div id=app>Loading</div>", "/world/a-story-with-number-7").replace(flags=[DRAWN], request=request)
    assert spider.none_of_its(drawn, load_article(drawn)) == reason
