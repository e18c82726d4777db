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
from newsarchive.extract.walls import gate, obstacle

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


ARTICLE = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x"}</script>'


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
