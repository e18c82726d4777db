"""What is read from the pages of a site that nobody described: its lists, its menu, and what a page calls itself."""

from __future__ import annotations

import json

import pytest
from scrapy.http import HtmlResponse, TextResponse, XmlResponse

from newsarchive.discovery.found import FoundDays, FoundSections, FoundSitemaps, holds_no_articles
from newsarchive.discovery.front import Found, feeds_of, hosts_of, sections_of
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.shapes import SAID, Shapes
from newsarchive.extract.kind import LIST, NOTHING, called

HOST = "https://www.example.com"


def page(body: str, path: str = "/world/", head: str = "") -> HtmlResponse:
    return HtmlResponse(HOST + path, body=f"<html><head>{head}</head><body>{body}</body></html>".encode(), encoding="utf-8")


def story(n: int, time: str = "") -> str:
    at = f'<time datetime="{time}"></time>' if time else ""
    return f'<div class="card"><a href="/world/a-story-with-number-{n}">Story</a>{at}<a href="/author/ada">Ada</a></div>'


def paths(links) -> list[str]:
    return [link.url.removeprefix(HOST) for link in links]


@pytest.mark.parametrize(
    "beside", ["<aside>{}</aside>", '<div class="sidebar">{}</div>', '<div id="most-read">{}</div>', "<nav>{}</nav>"]
)
def test_what_stands_beside_a_list_is_not_on_it(beside):
    """Its articles belong to other sections, and would never let a listing end."""
    body = "".join(story(n) for n in range(9)) + beside.format(story(77))
    assert paths(FoundSections().read(page(body), "UTC").links) == [f"/world/a-story-with-number-{n}" for n in range(9)]


def test_a_list_is_one_whatever_it_is_called():
    """A class of the layout is on the element around everything."""
    body = story(9) + '<div class="sidebar-right menu">' + "".join(story(n) for n in range(9)) + "</div>"
    assert len(FoundSections().read(page(body), "UTC").links) == 10


def test_each_story_has_the_time_that_stands_by_it():
    body = story(1, "2026-03-02T10:00Z") + story(2) + story(3, "2026-03-01")
    links = FoundSections().read(page(f"<ul>{body}</ul>"), "UTC").links
    assert [link.published_at for link in links] == ["2026-03-02T10:00:00+00:00", None, "2026-03-01T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("pager", "more"),
    [
        ('<a rel="nofollow next" href="/world/more-of-it?after=7">forward</a>', "/world/more-of-it?after=7"),
        ('<a href="?page=2">2</a><a href="?page=3">3</a><a href="?page=9">last</a>', "/world/?page=2"),
        ('<a href="/world/older/77">Older posts</a>', "/world/older/77"),
        ('<a href="/world/?before=77" aria-label="Next"><i></i></a>', "/world/?before=77"),
        ('<a href="/sport/">More</a><a href="https://other.example/world/?page=2">2</a>', None),
        ('<a href="/world/">Next</a>', None),
        ('<a href="/world/rest/77">Load more</a>', "/world/rest/77"),
        ('<div data-next-url="/services/list?id=77"></div>', "/services/list?id=77"),
        ('<button class="btn list-more" data-url="/services/list?id=77">+</button>', "/services/list?id=77"),
        ('<div class="share" data-url="/services/list?id=77"></div>', None),
        ('<div data-next-url="https://other.example/world/"></div>', None),
        ('<a href="/world/rain-77">mehr</a><a href="/world/rain-78">mehr</a>', None),
    ],
)
def test_a_list_goes_on_where_its_pager_leads(pager, more):
    chunk = FoundSections().read(page(story(1) + pager), "UTC")
    assert chunk.more == ([HOST + more] if more else [])
    assert len(chunk.links) == 1 + pager.count("mehr")


def test_a_month_leads_to_its_days_and_a_day_to_no_other():
    days = FoundDays(formats=(HOST + "/{0:%Y/%m}/",))
    links = "".join(f'<a href="/2026/{m}/{d}/">x</a>' for m, d in (("03", "04"), ("03", "05"), ("03", "09"), ("02", "28")))
    chunk = days.read(page(links, "/2026/03/"), "UTC", "2026-03-05", "2026-03-31")
    assert paths_of(chunk.more) == ["/2026/03/05/", "/2026/03/09/"]
    chunk = days.read(page(story(1) + links, "/2026/03/05/"), "UTC", "2026-03-01", "2026-03-31")
    assert chunk.more == []


def test_a_calendar_is_followed_only_from_days_that_have_articles():
    """The day before and the day after are there for ever."""
    tree = FoundDays(tree=True)
    around = '<a href="/2026/03/04/">Before</a><a href="/2026/03/06/">After</a><a href="/2099/01/01/">Some day</a>'
    assert paths_of(tree.read(page(story(1) + around, "/2026/03/05/"), "UTC").more) == ["/2026/03/04/", "/2026/03/06/"]
    assert tree.read(page(around, "/2026/03/05/"), "UTC").more == []
    # A month leads to the one before it when it has days.
    months = '<a href="/2026/02/">Before</a><a href="/2026/03/04/">4</a>'
    assert paths_of(tree.read(page(months, "/2026/03/"), "UTC").more) == ["/2026/03/04/", "/2026/02/"]


def paths_of(urls: list[str]) -> list[str]:
    return [url.removeprefix(HOST) for url in urls]


def test_days_are_asked_for_by_the_finest_archive_and_months_once():
    assert [one.url for one in FoundDays(formats=(HOST + "/{0:%Y/%m}/",)).listings(["2026-03-02", "2026-03-01", "2026-02-28"])] == [
        f"{HOST}/2026/03/",
        f"{HOST}/2026/02/",
    ]
    found = Found()
    found.add_archives(HOST + "/", [HOST + "/2026/", HOST + "/2026/03/", HOST + "/2026/03/01/", HOST + "/2026/03/02/"])
    assert found.archives == [HOST + "/{0:%Y}/{0:%m}/{0:%d}/"]
    assert Found.of(json.loads(json.dumps(found.as_learned()))) == found


def test_files_of_a_sitemap_that_hold_no_articles_of_the_days_are_passed_over():
    names = (
        "post-sitemap.xml",
        "category-sitemap.xml",
        "sitemap-2026-02.xml",
        "sitemap-2026-03.xml",
        "author-sitemap2.xml",
        "s.xml.gz",
    )
    body = "<sitemapindex>" + "".join(f"<sitemap><loc>{HOST}/{name}</loc></sitemap>" for name in names) + "</sitemapindex>"
    chunk = FoundSitemaps().read(XmlResponse(HOST + "/sitemap.xml", body=body.encode()), "UTC", "2026-03-01", None)
    assert paths_of(chunk.more) == ["/post-sitemap.xml", "/sitemap-2026-03.xml", "/s.xml.gz"]
    assert holds_no_articles(HOST + "/sitemap-tags-1.xml") and not holds_no_articles(HOST + "/sitemap_articles_2026.xml")
    # The second of many files, and all that is old.
    assert not any(holds_no_articles(HOST + f"/{name}") for name in ("sitemap-page-2.xml", "archive-sitemap.xml", "page3.xml.gz"))


def test_the_menu_names_the_sections():
    menu = (
        '<a href="/">Home</a><a href="/world/">World</a><a href="/c/middle_east#top">Middle\n East</a><a href="/login">Log in</a>'
        '<a href="/category/science/">Science</a><a href="https://other.example/sport/">Sport</a><a href="/?cat=4">Town</a>'
        '<a href="/world/a-story-with-number-1234567">A story of four</a><a href="/world">World again</a><a href="/2026/03/">Archive</a>'
    )
    found = sections_of(
        page(f"<nav>{menu}</nav><footer><a href='/imprint'>Imprint</a></footer>", "/"), ["www.example.com"], Shapes()
    )
    assert {name: url.removeprefix(HOST) for name, url in found.items() if name != "world again"} == {
        "world": "/world/",
        "middle east": "/c/middle_east",
        "science": "/category/science/",
        "town": "/?cat=4",
    }


def test_sections_of_one_name_and_a_page_without_a_menu():
    menu = '<nav><a href="/sport/">Sport</a><a href="/sport/news/">News</a><a href="/arts/news/">News</a></nav>'
    assert list(sections_of(page(menu, "/"), ["www.example.com"], Shapes())) == ["sport", "news", "arts news"]
    list_of_all = f"<main><a href='/sport/'>Sport</a><a href='/author/ada'>Ada</a>{story(1)}</main>"
    assert list(sections_of(page(list_of_all, "/"), ["www.example.com"], Shapes())) == ["sport"]


def test_sections_are_found_by_name_slug_path_and_address():
    sections = FoundSections(names={"middle east": HOST + "/c/near-orient", "town": HOST + "/?cat=4"}, front=HOST + "/")
    for wanted in ("Middle East", "middle-east", "near orient", "/c/near-orient/", HOST + "/c/near-orient"):
        assert sections.find(wanted) == ("middle east", HOST + "/c/near-orient"), wanted
    assert sections.find("/?cat=4") == ("town", HOST + "/?cat=4")
    assert sections.find("sport") is None
    assert sections.find("/sport/") == ("sport", HOST + "/sport/")


def test_feeds_are_those_of_articles():
    head = """<link rel="alternate" type="application/rss+xml" href="/feed/"><link rel="alternate" type="application/atom+xml"
 href="atom"><link rel="alternate" type="application/rss+xml" href="/comments/feed/"><link rel="alternate" hreflang="de" href="/de/">"""
    assert paths_of(feeds_of(page("", "/", head))) == ["/feed/", "/atom"]


def test_further_hosts_are_those_with_news():
    links = "".join(
        f'<a href="https://{host}/{n}/a-story-with-number-{n}">x</a>'
        for host in ("sport.example.com", "shop.example.com", "example.org")
        for n in range(4)
    )
    assert hosts_of(page(links + '<a href="https://once.example.com/a-story-told-once">x</a>', "/"), Shapes()) == [
        "www.example.com",
        "sport.example.com",
    ]


def jsonld(*things: dict) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@graph": list(things)})}</script>'


@pytest.mark.parametrize(
    ("head", "body", "says"),
    [
        (jsonld({"@type": "WebSite"}, {"@type": ["NewsArticle"]}), "", True),
        (jsonld({"@type": "WebPage", "mainEntity": {"@type": "Report"}}), "", True),
        (jsonld({"@type": "CollectionPage"}), '<meta property="og:type" content="article">', False),
        (jsonld({"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle"}]}), "", False),
        (jsonld({"@type": "NewsArticle", "url": "/a"}, {"@type": "NewsArticle", "url": "/b"}), "", None),
        (jsonld({"@type": "NewsArticle", "url": "/a"}, {"@type": "NewsArticle", "url": HOST + "/world"}), "", True),
        (jsonld({"@type": "NewsArticle", "mainEntityOfPage": {"@id": HOST + "/world/the-story-on-top"}}), "", None),
        (jsonld({"@type": "NewsArticle", "@id": "#article", "url": "http://[bad"}), "", True),
        (jsonld({"@type": "JobPosting"}), "", False),
        ("<meta property='og:type' content='profile'>", "", False),
        ("<meta property='og:type' content='article'>", "", None),
        ("<meta property='og:type' content='article'><meta property='article:published_time' content='2026-03-01'>", "", True),
        ("", '<div itemscope itemtype="http://schema.org/NewsArticle"></div>', True),
        ("", '<div itemscope itemtype="http://schema.org/NewsArticle"></div>' * 2, None),
        ('<script type="application/ld+json">{"@type": </script>', "", None),
        ("", "", None),
    ],
)
def test_a_page_says_whether_it_is_an_article(head, body, says):
    assert called(page(body, head=head))[0] is says


def test_a_page_that_says_nothing_may_look_like_a_list():
    teasers = "".join(f"<h3><a href='/world/a-story-with-number-{n}'>x</a></h3>" for n in range(9))
    assert called(page(teasers)) == (None, LIST)
    assert called(page(f"<aside>{teasers}</aside>")) == (None, NOTHING)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\x00",
        '<base href="http://[bad/"><a href="/world/a-story-of-something">x</a>',
        '<a href="http://[bad/a-story-of-it">x</a><nav><a href="https://www.example.com:99999/town">x</a></nav><a href="//">x</a>',
        '<a rel="next" href="http://[bad">x</a><a href="?page=99999999999999999999">2</a><a href="/{0:%Y}/2026/03/01/">x</a>',
        "<a href='/" + "a-" * 50_000 + "'>x</a>",
        "<h2><a href='http://[bad'>x</a></h2>",
        "<div class='sidebar'>" * 500 + "<a href='/world/a-story-of-something'>x</a>",
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">{"@graph": [{"@type": {"a": 1}, "url": "http://[bad"}, 7, null]}</script>',
    ],
)
def test_a_hostile_page_is_read_without_harm(body):
    response = page(body, "/2026/03/05/")
    shapes = Shapes()
    for source in (FoundSections(), FoundDays(tree=True)):
        for link in source.read(response, "UTC").links:
            shapes.learn(link.url, SAID)
    assert sections_of(response, hosts_of(response, shapes), shapes) == {}
    assert feeds_of(response) == []
    assert called(response)[0] is not True


def test_what_is_no_page_is_no_list():
    with pytest.raises(ListingError, match="no page: application/json"):
        FoundSections().read(TextResponse(HOST, headers={"Content-Type": "application/json"}, body=b"{}"), "UTC")
