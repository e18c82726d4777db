from __future__ import annotations

import gzip

import pytest
from scrapy.http import HtmlResponse, Response, XmlResponse

from newsarchive.discovery.feed import Feed
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.sections import Sections
from newsarchive.discovery.sitemap import Days, Sitemap

URL = "https://news.example/x"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
SECTIONS = Sections(
    "https://news.example/{}/",
    {"middle east": "location_middle-east", "world": "world"},
    links="a.t",
    item=".i",
    published=".d::attr(data-unixtime)",
    more="//@data-url[starts-with(., '/services/')] | //@data-next-url[starts-with(., '/services/')]",
)


def html(body: str, url: str = URL) -> HtmlResponse:
    return HtmlResponse(url, body=f"<html><body>{body}</body></html>".encode(), encoding="utf-8")


@pytest.mark.parametrize(
    "wanted",
    [
        "middle east",
        "Middle East",
        "middle-east",
        "/location_middle-east/",
        "https://news.example/location_middle-east/",
    ],
)
def test_a_section_is_found_by_name_slug_path_and_address(wanted):
    assert SECTIONS.find(wanted) == ("middle east", "https://news.example/location_middle-east/")


def test_a_path_that_is_not_declared_is_a_section_too():
    assert SECTIONS.find("/tag_old-rivers/") == ("old rivers", "https://news.example/tag_old-rivers/")
    assert SECTIONS.find("rivers") is None


@pytest.mark.parametrize("wanted", ["Latin America", "latin-america", "latam"])
def test_the_menu_knows_sections_by_words_and_by_path(wanted):
    front = html('<nav><a href="/latam/">Latin  America</a><a href="https://es.news.example/latam/">Latin America</a></nav>')
    links = [(words, url) for words, url in SECTIONS.menu_links(front) if url.startswith("https://news.example/")]
    assert SECTIONS.find_in_menu(wanted, links) == ("latin america", "https://news.example/latam/")
    assert SECTIONS.find_in_menu("asia", links) is None


def test_a_section_page_gives_links_with_their_times_and_one_continuation():
    page = html(
        '<div class="i"><a class="t" href="/20220203/a-1.html">A</a><b class="d" data-unixtime="1643892876"></b></div>'
        '<a class="t" href="/20220202/b-2.html">B</a><a class="t" href="javascript:alert(1)">C</a><a class="t" href="http://[bad">D</a>'
        '<span data-url="https://share.example/"></span>'
        '<div data-url="/services/world/more.html?id=2&amp;date=20220202T000000">20 more</div>'
    )
    chunk = SECTIONS.read(page, "UTC")
    assert [(link.url, link.published_at) for link in chunk.links] == [
        ("https://news.example/20220203/a-1.html", "2022-02-03T12:54:36+00:00"),
        ("https://news.example/20220202/b-2.html", None),
    ]
    assert chunk.more == ["https://news.example/services/world/more.html?id=2&date=20220202T000000"]


def test_a_sitemap_index_passes_over_files_outside_the_wanted_days():
    entries = "".join(
        f"<sitemap><loc>https://news.example/s?date_start={m}01&amp;date_end={m}28</loc></sitemap>"
        for m in ("202203", "202202", "202201")
    )
    old = "<sitemap><loc>https://news.example/old.xml</loc><lastmod>2021-12-31</lastmod></sitemap>"
    index = XmlResponse(URL, body=f"<sitemapindex {NS}>{entries}{old}</sitemapindex>".encode())
    sitemap = Sitemap(URL, span=r"date_start=(?P<since>\d{8})&date_end=(?P<until>\d{8})")
    assert sitemap.read(index, "UTC", "2022-02-10", "2022-02-20").more == [
        "https://news.example/s?date_start=20220201&date_end=20220228"
    ]
    assert len(sitemap.read(index, "UTC").more) == 4


def test_a_gzip_sitemap_is_read_with_lastmod_and_publication_date():
    body = f"""<urlset {NS} xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc> https://news.example/20220203/a-1.html </loc>
    <lastmod>2022-02-03T13:47:00+00:00</lastmod><n:news><n:publication_date>2022-02-03</n:publication_date></n:news></url><url></url></urlset>"""
    (link,) = Sitemap(URL).read(Response(URL, body=gzip.compress(body.encode())), "UTC").links
    assert (link.url, link.published_at, link.modified_at) == (
        "https://news.example/20220203/a-1.html",
        "2022-02-03T00:00:00+00:00",
        "2022-02-03T13:47:00+00:00",
    )


def test_days_are_one_listing_each():
    days = Days("https://news.example/s?d={0:%Y%m%d}").listings(["2022-02-03", "2022-02-02"])
    assert [(day.url, day.day) for day in days] == [
        ("https://news.example/s?d=20220203", "2022-02-03"),
        ("https://news.example/s?d=20220202", "2022-02-02"),
    ]


@pytest.mark.parametrize(
    ("source", "body"),
    [
        (Sitemap(URL), b"<html></html>"),
        (Feed(URL), b"<urlset/>"),
        (Sitemap(URL), b"not XML"),
        (Feed(URL), b""),
        (Sitemap(URL), b"\x1f\x8b\x08\x00broken"),
    ],
)
def test_what_is_no_listing_says_what_it_is(source, body):
    with pytest.raises(ListingError, match=r"instead|no XML|gzip"):
        source.read(Response(URL, body=body), "UTC")


def test_an_entity_bomb_is_not_resolved():
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{"&a%s;" % (n - 1 if n else "") * 10}">' for n in range(9))
        + "]>"
    )
    feed = "<rss><channel><item><title>&a8;</title><link>https://news.example/20220203/a-1.html</link></item></channel></rss>"
    with pytest.raises(ListingError, match="torn XML"):
        Feed(URL).read(Response(URL, body=(bomb + feed).encode()), "UTC")


@pytest.mark.parametrize(
    "inside",
    [
        "<urlset><url><loc>https://x.example/no</loc></url></urlset>",
        "<sitemapindex><sitemap><loc>https://x.example/s.xml</loc></sitemap></sitemapindex>",
    ],
)
@pytest.mark.parametrize(
    "place", ["%s<url><loc>https://x.example/1</loc></url>", "<q>%s</q><url><loc>https://x.example/1</loc></url>"]
)
def test_what_stands_in_an_entity_is_no_entry(inside, place):
    body = f"<!DOCTYPE urlset [<!ENTITY e '{inside}'>]><urlset>{place % '&e;'}</urlset>"
    (link,) = Sitemap(URL).read(Response(URL, body=body.encode()), "UTC").links
    assert link.url == "https://x.example/1"


@pytest.mark.parametrize("at", range(10, 60, 5))
def test_gzip_that_is_damaged_inside_is_no_sitemap(at):
    packed = bytearray(gzip.compress(b"<urlset><url><loc>https://x.example/1</loc></url></urlset>" * 3))
    packed[at : at + 2] = b"\xff\xff"
    with pytest.raises(ListingError, match=r"gzip|XML"):
        Sitemap(URL).read(Response(URL, body=bytes(packed)), "UTC")


def test_a_torn_sitemap_gives_what_it_has_and_says_so():
    whole = f"<urlset {NS}><url><loc>https://news.example/a-1.html</loc></url><url><loc>https://news.example/b-2.html</loc></url></urlset>"
    assert Sitemap(URL).read(XmlResponse(URL, body=whole.encode()), "UTC").fault is None
    chunk = Sitemap(URL).read(XmlResponse(URL, body=whole[:-40].encode()), "UTC")
    assert chunk.links[0].url == "https://news.example/a-1.html"
    assert chunk.fault.startswith("torn XML")
    bare = whole.replace("a-1.html", "a-1.html?x=1&y=2")
    assert Sitemap(URL).read(XmlResponse(URL, body=bare.encode()), "UTC").fault is None


def test_atom_and_rss_items_without_link_are_read():
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="self" href="/self"/><link href="/20220203/a-1.html"/>
    <published>2022-02-03T12:00:00Z</published><updated>2022-02-03T13:00:00Z</updated></entry></feed>"""
    (link,) = Feed(URL).read(XmlResponse(URL, body=atom.encode()), "UTC").links
    assert (link.url, link.published_at, link.modified_at) == (
        "https://news.example/20220203/a-1.html",
        "2022-02-03T12:00:00+00:00",
        "2022-02-03T13:00:00+00:00",
    )
    rss = "<rss><channel><item><guid>https://news.example/20220203/b-2.html</guid></item><item><title>x</title></item></channel></rss>"
    assert [link.url for link in Feed(URL).read(XmlResponse(URL, body=rss.encode()), "UTC").links] == [
        "https://news.example/20220203/b-2.html"
    ]


def test_of_the_links_of_a_feeds_item_the_page_is_taken():
    rss = """<rss xmlns:atom="http://www.w3.org/2005/Atom"><channel><item><atom:link rel="self" href="/feed.xml"/>
    <link>https://news.example/20220203/b-2.html</link><guid isPermaLink="false">7</guid></item></channel></rss>"""
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/20220203/b-2.html" type="text/html"/>
    <link rel="alternate" type="application/json" href="/20220203/b-2.json"/></entry></feed>"""
    for body in (rss, atom):
        (link,) = Feed(URL).read(XmlResponse(URL, body=body.encode()), "UTC").links
        assert link.url == "https://news.example/20220203/b-2.html"
