"""What stands in an article's place is told from articles, by several signs."""

from __future__ import annotations

import gzip
import json

import pytest
from reference_pages import ReferencePages
from scrapy.http import HtmlResponse, JsonResponse

from newsarchive.demo.faults.walls import WALLS
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.extract.signs import gate
from newsarchive.extract.walls import obstacle

URL = "https://courier.example/2026/03/01/story-1000101"


def of(page: str | bytes, url: str = URL, status: int = 200, **headers: str) -> str | None:
    body = page if isinstance(page, bytes) else page.encode()
    return obstacle(HtmlResponse(url, status=status, body=body, encoding="utf-8", headers=headers))


@pytest.mark.parametrize("name", WALLS)
def test_what_stands_in_an_articles_place_is_recognised_by_its_kind(name):
    status, headers, page = WALLS[name]
    kind = " ".join(name.split()[:2])
    assert of(page, status=status, **headers).startswith(f"{kind}: ")


@pytest.mark.parametrize("name", [name for name, (status, _, _) in WALLS.items() if name.startswith("bot") and status != 200])
def test_bot_walls_are_told_without_their_status(name):
    assert of(WALLS[name][2]).startswith("bot wall: ")


@pytest.mark.parametrize("pages", [DemoPages, ReferencePages])
def test_no_article_is_taken_for_a_wall(pages):
    drawn = pages(Newsroom(60))
    for story in drawn.newsroom.all():
        assert of(drawn.article(story), drawn.url(drawn.path(story))) is None


def test_no_real_page_is_taken_for_a_wall(shared):
    """467 articles of 345 sites, as they came and with all that declares them articles taken away."""
    corpus = shared / "corpus"
    taken = {}
    for line in (corpus / "dev.jsonl").open(encoding="utf-8"):
        record = json.loads(line)
        body = gzip.decompress((corpus / record["file"]).read_bytes())
        bare = body
        for sign in (b"ld+json", b"published_time", b"itemtype", b"itemprop"):
            bare = bare.replace(sign, b"x-" + sign)
        for form in (body, bare):
            response = HtmlResponse(record["url"], body=form, encoding=record["encoding"])
            if kind := obstacle(response):
                taken[record["id"]] = kind
    assert taken == {}


ARTICLE = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "HEADLINE"}</script>'


@pytest.mark.parametrize(
    ("title", "head"),
    [
        ("Page not found: how a library lost 404 books", ARTICLE + '<meta name="robots" content="noindex">'),
        ("Just a moment in time", ARTICLE),
        ("Access denied: reporters before the gates", ARTICLE),
        ("Before you continue to eat, read this", ARTICLE),
        ("A quiet day", '<meta name="robots" content="noindex">'),
        ("A quiet day", '<link rel="canonical" href="https://courier.example/">'),
        ("404 people found in a cellar", '<meta name="robots" content="noindex">'),
    ],
)
def test_one_sign_alone_makes_no_wall(title, head):
    text = "<p>It was a quiet day in the town, and nobody was sorry for it.</p>" * 40
    head = head.replace("HEADLINE", title)
    assert of(f"<html><head><title>{title}</title>{head}</head><body><h1>{title}</h1>{text}</body></html>") is None


@pytest.mark.parametrize("title", ["Just a moment, please: a plea for slowness", "Access denied", "Before you continue"])
def test_words_of_a_wall_over_a_long_text_make_none(title):
    text = "<p>It was a quiet day in the town, and nobody was sorry for it.</p>" * 200
    assert of(f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>") is None


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://consent.google.com/m?continue=https://news.example/1", "consent wall"),
        ("https://guce.news.example/consent?sessionId=3", "consent wall"),
        ("https://news.example/zustimmung?url=%2Fpolitik%2F1", "consent wall"),
        ("https://news.example/cookiewall/", "consent wall"),
        ("https://news.example/login?next=%2F1", "login wall"),
        ("https://news.example/account/sign-in", "login wall"),
        ("https://sso.news.example/?next=%2F1", "login wall"),
        ("https://validate.perfdrive.com/?ssa=1", "bot wall"),
        ("https://geo.captcha-delivery.com/captcha/?x", "bot wall"),
        ("https://news.example/2026/consent-of-the-governed-1", None),
        ("https://news.example/2026/login-problems-1", None),
        ("https://news.example/", None),
    ],
)
def test_addresses_that_keep_readers_from_the_page(url, kind):
    assert gate(url) == kind


def test_what_is_no_page_is_no_wall():
    assert of("") is None
    assert obstacle(JsonResponse(URL, body=b'{"title": "Just a moment..."}')) is None
    assert obstacle(HtmlResponse(URL, body=b"\x89PNG\x00\x01", encoding="utf-8")) is None


def test_nesting_without_end_is_looked_through():
    assert of("<div>" * 100_000 + "<p>x</p>") is None


TEASERS = "".join(
    f"""<article itemscope itemtype="https://schema.org/NewsArticle"><a itemprop="url" href="/2026/03/0{n}/x-{n}">
    <h3 itemprop="headline">A story that many readers liked, number {n}</h3></a>
    <p itemprop="description">Some teaser text which is long enough to look like a sentence.</p></article>"""
    for n in range(1, 7)
)
TEASER_DATA = """<script type="application/ld+json">{"@type": "ItemList", "publisher": {"name": "The Demo Courier"},
"itemListElement": [{"@type": "NewsArticle", "headline": "Liked story", "datePublished": "2026-03-01T00:00:00Z"}]}</script>"""
OF_THE_ARTICLE = """<meta property="og:type" content="article"><meta property="og:title" content="The true headline">
<meta property="article:published_time" content="2026-03-01T10:00:00Z">"""
LOST = "<h1>Page not found</h1><p>Sorry, we could not find that page. It may have been moved or deleted.</p>"
WITH_DATA = {
    "soft 404 with teasers": ("Page not found - The Demo Courier", '<meta name="robots" content="noindex">', LOST + TEASERS),
    "soft 404 with data of teasers": ("Page not found - The Demo Courier", TEASER_DATA, LOST),
    "consent wall": ("Before you continue", OF_THE_ARTICLE, "<h1>We value your privacy</h1><p>We need your consent.</p>"),
    "bot wall": ("Just a moment...", OF_THE_ARTICLE, "<h1>courier.example</h1><p>Verifying you are human.</p>"),
}


@pytest.mark.parametrize("name", WITH_DATA)
def test_data_of_another_article_makes_no_article_of_a_wall(name):
    title, head, body = WITH_DATA[name]
    found = of(f"<html><head><title>{title}</title>{head}</head><body><main>{body}</main></body></html>")
    assert found.startswith(" ".join(name.split()[:2]))


@pytest.mark.parametrize(
    ("kind", "title", "headline"),
    [
        ("maintenance", "The Courier", "We will be right back"),
        ("maintenance", "Site under maintenance", ""),
        ("maintenance", "Wartungsarbeiten | Der Kurier", ""),
        ("server error", "Database Error", "Error establishing a database connection"),
        ("server error", "Courier", "Internal Server Error"),
        ("server error", "502 Bad Gateway", "502 Bad Gateway"),
        ("server error", "503 Service Temporarily Unavailable", ""),
        ("server error", "The Courier", "Oops, something went wrong"),
        ("login wall", "Sign in - The Courier", "Sign in to continue"),
        ("login wall", "Anmelden", ""),
        ("login wall", "The Courier", "Register to read this article"),
    ],
)
def test_a_notice_in_an_articles_place_is_recognised(kind, title, headline):
    said = f"<h1>{headline}</h1><p>Thank you for your patience, please come back later.</p>"
    page = f"<html><head><title>{title}</title></head><body>{said}</body></html>"
    assert of(page).startswith(f"{kind}: ")
    assert of(page, status=500) is None, "its status says it"


@pytest.mark.parametrize(
    "headline",
    [
        "Maintenance of bridges costs millions",
        "Something went wrong in Reno",
        "Login data of thousands stolen",
        "500 people march for peace",
        "Sign in the sky puzzles a village",
        "Register of voters is to be published",
        "Internal server error at the bank locks customers out",
        "We will be back, says the mayor",
    ],
)
def test_a_short_article_about_such_things_is_no_notice(headline):
    text = "<p>It was a quiet day in the town, and nobody was sorry for it.</p>" * 3
    assert of(f"<html><head><title>{headline} - The Courier</title></head><body><h1>{headline}</h1>{text}</body></html>") is None
