"""One undescribed site with what odd ones have, crawled whole. No markup here is another publisher's."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest
from undescribed import Undescribed, html, text

from newsarchive.demo.newsroom import Story
from newsarchive.demo.server import Answer, DemoSite


class Weir(Undescribed):
    """Pages and articles at addresses of one form; pagers that lead too far, all with one canonical link; a list as JSON."""

    host = "www.example.dk"
    chunk = 4

    def path(self, story: Story) -> str:
        return f"/{self.newsroom.slugs[story.number]}/"

    def page(self, path: str) -> Answer | None:
        parts = urlsplit(path)
        if story := self.by_path.get(f"{parts.path.rstrip('/')}/"):
            thing = {"@type": "NewsArticle", "headline": story.headline, "datePublished": story.published.isoformat()}
            body = f"<article><h1>{escape(story.headline)}</h1>{text(story)}</article>"
            return self.framed(f'<script type="application/ld+json">{json.dumps(thing)}</script>', body)
        if path == "/feed/":
            items = "".join(f"<item><link>{self.url(self.path(s))}</link></item>" for s in self.stories[:7])
            return Answer(f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(), "application/rss+xml")
        if path == "/":
            return self.framed("", self.items(self.stories[:6], 0))
        if parts.path == "/who-we-are-and-what-we-do/":
            return self.framed("", "<h1>Who we are</h1><p>" + "We have been here for a long time. " * 20 + "</p>")
        if parts.path.startswith("/c/"):
            *_, section, number = f"{parts.path.strip('/')}/1".split("/")[:3]
            stories, number = self.of(section), int(number)
            part = stories[(number - 1) * self.chunk : number * self.chunk]
            more = f'<a class="next" href="/c/{section}/{number + 1}">Older</a><a href="/who-we-are-and-what-we-do/">Who we are</a>'
            head = f'<link rel="canonical" href="{self.url("/")}">'
            return self.framed(head, self.items(part, number) + more) if part else None
        if path == "/closed":
            return self.framed("", "<h1>Page not found</h1><p>Try another one.</p>")
        if parts.path == "/latest":
            return self.framed("", self.items(self.stories[:3], 1) + '<div data-next-url="/api/latest?skip=3"></div>')
        if parts.path == "/api/latest":
            skip = int(parse_qs(parts.query)["skip"][0])
            loaded = {"html": self.items(self.stories[skip : skip + 3], 0), "next": f"/api/latest?skip={skip + 3}"}
            loaded["next"] = loaded["next"] if skip + 3 < len(self.stories) else None
            return Answer(json.dumps(loaded).encode(), "application/json")
        return None

    def items(self, stories: list[Story], odd: int) -> str:
        """Every other page links without the slash."""
        return "".join(
            f'<li><a href="{self.path(s)[: -1 if odd % 2 else None]}">{escape(s.headline)}</a> <a href="{self.path(s)}print">Print</a>'
            for s in stories
        )

    def framed(self, head: str, body: str) -> Answer:
        menu = (
            "".join(f'<a href="/c/{name}">{name.title()}</a>' for name in ("world", "sport"))
            + '<a href="/latest">Latest</a><a href="/closed">Garden</a>'
        )
        feed = '<link rel="alternate" type="application/rss+xml" href="/feed/"><meta property="og:type" content="article">'
        return html(feed + head, f"<nav>{menu}</nav><main>{body}</main>")


@pytest.fixture(scope="module")
def played():
    pages = Weir(40)
    with DemoSite(pages, override=pages.answer) as site:
        yield site


def test_an_odd_site_gives_its_articles_once_and_knows_where_its_lists_end(played, crawl):
    pages = played.pages
    done = crawl(played, "-a", f"url=https://{pages.host}/", spider="news")
    found = [url.rstrip("/") for (url,) in done.rows("select url from article")]
    assert sorted(found) == sorted(url.rstrip("/") for url in pages.urls()), done.log
    assert {url for (url,) in done.rows("select url from page where state = 'not_article'")} <= {
        pages.url("/who-we-are-and-what-we-do/")
    }
    # A list whose end is not known is walked whole by every crawl.
    assert done.rows('select distinct "end" from listing') == [("exhausted",)], done.log
    assert done.rows("select * from gap") == []
    first, played.requests[:] = len(played.requests), []
    again = crawl(played, "-a", f"url=https://{pages.host}/", spider="news")
    assert not {path for path in played.requests if path in pages.by_path}
    assert len(played.requests) < first / 4
    assert set(again.rows('select "end" from listing where crawl = 2')) == {("exhausted",), ("met",)}
