"""Which addresses of a site are articles, as far as addresses tell; and pages and archives by their addresses."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from urllib.parse import urlsplit

import pytest
from lxml import html

from newsarchive.discovery.pagers import archive_of, next_by_number, page_number, says_next
from newsarchive.discovery.shapes import LISTED, REFUTED, SAID, WAS, WAS_NOT, Shapes, day_of, likely, shape
from newsarchive.discovery.words import never
from newsarchive.urls import absolute, clean_url, registrable_domain

HOST = "https://example.org"

ARTICLES = [
    "/2026/03/01/a-town-builds-its-bridge/",
    "/politics/a-town-builds-its-bridge",
    "/politics/a-town-builds-its-bridge-1234567.html",
    "/news/articles/clymn8zyrp9o",
    "/archive/63076",
    "/artikel/522721.kenia-nairobi-von-unten.html",
    "/world/2024/feb/24/death-toll-rises",
    "/news/news_view.html?idx=8723&bc=",
    "/id_101214182/trump-postet.html",
    "/world/story-77",
    "/world/7-rain/",
    "/Entwurf-des-Gesetzes/!5928990/",
    "/deportes/2024/12/02/674cdc8a21efa004028b45a8.html",
    "/pais/presidente-vuelve/2022-05-04/074527.html",
    "/%D1%81%D1%82%D1%80%D0%BE%D0%B8%D1%82%D0%B5%D0%BB%D1%8C%D1%81%D1%82%D0%B2%D0%BE/",
]
OTHERS = [
    "/",
    "/politics/",
    "/middle-east/",
    "/tag/a-town-builds-its-bridge/",
    "/author/ada-linwood/",
    "/news/category/politics-and-society-at-large",
    "/search?q=bridge",
    "/world/page/2/",
    "/world/?page=3",
    "/2026/03/01/",
    "/2026/03/",
    "/archive/2026-03-01.html",
    "/calendar/?date=2026-03-01",
    "/calendar/2099/01/01/",
    "/photos/a-town-builds-its-bridge-1234567.jpg",
    "/login",
    "/tag_some-illness-or-other",
]


@pytest.mark.parametrize("path", ARTICLES)
def test_what_looks_like_an_article_may_be_one(path):
    assert Shapes().judge(HOST + path) is None


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_a_listing_or_a_file_is_no_article(path):
    assert Shapes().judge(HOST + path) is False


def test_one_address_of_a_feed_tells_of_all_of_its_shape():
    shapes = Shapes()
    assert shapes.judge(HOST + "/politics/strike") is False
    shapes.learn(HOST + "/politics/rain", SAID)
    assert shapes.judge(HOST + "/politics/strike") is True
    # The rubric is another one, the shape the same.
    assert shapes.judge(HOST + "/sport/goal") is True
    assert shapes.judge(HOST + "/sport/goal/gallery.html") is False


def test_words_for_other_pages_stand_against_the_shape_but_not_against_the_feed():
    shapes = Shapes()
    shapes.learn(HOST + "/politics/a-long-name-of-something", SAID)
    assert shapes.judge(HOST + "/tag/a-long-name-of-something") is False
    shapes.learn(HOST + "/topic/a-long-name-of-something", SAID)
    assert shapes.judge(HOST + "/topic/another-long-name-of-it") is True


def test_pages_that_were_none_refute_a_shape():
    shapes = Shapes()
    for n in range(REFUTED):
        assert shapes.judge(HOST + "/glossary/a-long-word-explained") is None
        shapes.learn(HOST + f"/glossary/a-long-word-explained-as-{'x' * n}", WAS_NOT)
    assert shapes.judge(HOST + "/glossary/a-long-word-explained") is False
    # What a later crawl finds there is tried once more.
    later = Shapes(json.loads(json.dumps(shapes.as_learned())))
    assert later.judge(HOST + "/glossary/a-long-word-explained") is None
    later.learn(HOST + "/glossary/one-more-word-explained", WAS_NOT)
    assert later.judge(HOST + "/glossary/a-long-word-explained") is False


def test_the_same_page_is_one_sign_however_often_it_is_seen():
    shapes = Shapes()
    for _ in range(9):
        shapes.learn(HOST + "/glossary/a-long-word-explained", WAS_NOT)
    assert shapes.judge(HOST + "/glossary/a-long-word-explained") is None


def test_a_plain_sitemap_proves_nothing():
    """It names the imprint beside the articles."""
    shapes = Shapes()
    shapes.learn(HOST + "/pages/imprint", LISTED)
    assert shapes.judge(HOST + "/pages/imprint") is False
    assert not shapes.known
    # What it names may be an article all the same, whatever it looks like.
    assert shapes.judge(HOST + "/world/rain", listed=True) is None
    assert shapes.judge(HOST + "/tag/rain", listed=True) is False


def test_what_was_learned_is_kept():
    shapes = Shapes()
    shapes.learn(HOST + "/politics/rain", WAS)
    later = Shapes(json.loads(json.dumps(shapes.as_learned())))
    assert later.known and later.judge(HOST + "/sport/goal") is True
    # The words of one address alone are not.
    assert list(later.signs) == ["/{w}/{word}"]


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("/2026/03/01/a", "2026-03-01"),
        ("/world/2026/mar/01/a", "2026-03-01"),
        ("/a/2026-03-01/b.html", "2026-03-01"),
        ("/20260301/a", "2026-03-01"),
        ("/20261301/a", None),
        ("/a-1234567890", None),
        ("/2026/03/a", None),
    ],
)
def test_the_day_in_an_address(url, day):
    assert day_of(HOST + url) == day


@pytest.mark.parametrize(
    ("path", "base", "number"),
    [
        ("/world/?page=2", "/world", 2),
        ("/world/page/12", "/world", 12),
        ("/world/seite-3.html", "/world", 3),
        ("/list.php?cat=4&paged=2", "/list?cat=4", 2),
        ("/index-2.html", "", 2),
        ("/world/2/", "/world", 2),
    ],
)
def test_pages_by_number(path, base, number):
    found = page_number(HOST + path)
    assert (found.base, found.number) == (HOST + base, number)


def test_a_number_of_an_article_is_no_page():
    assert not page_number(HOST + "/news_view.html?idx=8723&page=1").sure
    assert not page_number(HOST + "/article/3834/1").sure


@pytest.mark.parametrize("address", ["/w/?page={}", "/w/page/{}/", "/w/{}/", "/w?p={}", "/w/p{}", "/w/seite-{}"])
def test_the_next_page_is_the_one_with_the_next_number(address):
    pager = [(HOST + address.format(n), str(n)) for n in (1, 2, 3, 4, 17)] + [(HOST + "/other/?page=9", "9")]
    assert next_by_number(HOST + "/w/", pager) == HOST + address.format(2)
    assert next_by_number(HOST + address.format(3), pager) == HOST + address.format(4)
    assert next_by_number(HOST + address.format(17), pager) is None


def test_pages_counted_from_nought_and_by_articles():
    nought = [(HOST + "/w?page=0", "1"), (HOST + "/w?page=1", "2"), (HOST + "/w?page=2", "3")]
    assert next_by_number(HOST + "/w", nought) == HOST + "/w?page=1"
    assert next_by_number(HOST + "/w?page=1", nought) == HOST + "/w?page=2"
    places = [(HOST + "/w?start=20", "2"), (HOST + "/w?start=40", "3")]
    assert next_by_number(HOST + "/w", places) == HOST + "/w?start=20"
    assert next_by_number(HOST + "/w?start=20", places) == HOST + "/w?start=40"


def test_the_number_of_a_story_in_a_listing_is_no_next_page():
    stories = [(HOST + "/w/17/", "Seventeen people were hurt"), (HOST + "/w?p=4711", "A story by its number")]
    assert next_by_number(HOST + "/w/", stories) is None
    assert says_next("Ältere Beiträge") and not says_next("More on the bridge")


@pytest.mark.parametrize(
    ("path", "format", "since", "until"),
    [
        ("/2026/03/01/", "/{0:%Y}/{0:%m}/{0:%d}/", "2026-03-01", "2026-03-01"),
        ("/2026/3/1", "/{0:%Y}/{0.month}/{0.day}", "2026-03-01", "2026-03-01"),
        ("/news/2026/02/", "/news/{0:%Y}/{0:%m}/", "2026-02-01", "2026-02-28"),
        ("/archive/2025.html", "/archive/{0:%Y}.html", "2025-01-01", "2025-12-31"),
        ("/archive/20260301.html", "/archive/{0:%Y%m%d}.html", "2026-03-01", "2026-03-01"),
        ("/archive?date=2026-03-01", "/archive?date={0:%Y-%m-%d}", "2026-03-01", "2026-03-01"),
    ],
)
def test_archives_by_date(path, format, since, until):
    found = archive_of(HOST + path)
    assert (found.format, found.since, found.until) == (HOST + format, since, until)


@pytest.mark.parametrize("path", ["/1850/01/", "/2099/01/01/", "/2026/13/", "/2026/02/30/", "/2026/03/01/a", "/2026/{0}/"])
def test_no_archive_has_news_of_another_time(path):
    assert archive_of(HOST + path) is None


def test_articles_of_real_sites_are_told_from_their_tags_and_authors(shared):
    """A page's own address tells of its site. Of 467 pages 463 look like articles; of 329 links to tags and authors 310 are told."""
    found = Counter()
    corpus = shared / "corpus"
    for line in (corpus / "dev.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        url = clean_url(record["url"])
        found["likely"] += Shapes().judge(url) is None
        shapes = Shapes()
        shapes.learn(url, WAS)
        found["learned"] += shapes.judge(url) is True
        tree = html.fromstring(
            gzip.decompress((corpus / record["file"]).read_bytes()), parser=html.HTMLParser(encoding=record["encoding"])
        )
        for rel in ("tag", "author"):
            for href in {str(a.get("href")) for a in tree.iterfind(f".//a[@rel='{rel}']")}:
                link = absolute(url, href)
                # Some sites call their articles tags.
                if link and registrable_domain(urlsplit(link).hostname) == record["domain"]:
                    found["others"] += 1
                    found["told"] += shapes.judge(clean_url(link)) is False
    assert found["likely"] >= 460
    assert found["learned"] >= 465
    assert found["others"] > 250 and found["told"] >= 0.93 * found["others"], found


def test_where_nothing_looks_like_an_article_all_is_tried():
    shapes = Shapes()
    shapes.eager = True
    assert shapes.judge(HOST + "/world/rain") is None
    assert shapes.judge(HOST + "/tag/rain") is shapes.judge(HOST + "/world/?page=2") is False


def test_signs_of_addresses_by_themselves():
    assert never(HOST + "/de/autor/ada-linwood") and not never(HOST + "/opinion/the-author-of-it-all")
    assert likely(HOST + "/a/b/the-long-name-of-it") and not likely(HOST + "/a/b")
    # A mark and a page's own way of ending make no other shape.
    assert shape(HOST + "/a/the-long-name/") == shape(HOST + "/a/the-long-name") == shape(HOST + "/amp/a/the-long-name/")
