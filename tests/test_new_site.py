"""A site that nobody described yet, added in under 40 lines of class attributes."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta

from scrapy.http import HtmlResponse

from newsarchive.demo.server import Answer, DemoSite
from newsarchive.discovery.sections import Sections
from newsarchive.extract.article import load_article
from newsarchive.extract.rules import BodyRules, ImageRules
from newsarchive.spiders.base import NewsSpider


class RiverSpider(NewsSpider):
    """A paper in Moscow time, without JSON-LD or microdata, with pages by number."""

    name = "river"
    hosts = ["river.example", "www.river.example"]
    article_urls = [r"^/story/(?P<id>\d+)/"]
    zone = "Europe/Moscow"
    sources = {"sections": Sections("https://river.example/{}", {"town": "town"}, links="h2 a", more="a.next::attr(href)")}
    selectors = {
        "headline": ["h1.head"],
        "published_at": [".when"],
        "section": [".crumbs a:last-child"],
        "authors": [".by b"],
        "tags": [".topics a"],
    }
    furniture = {"headline": r"^Exclusive: "}
    body = BodyRules(within=".copy", lead=".intro", drop=".ad, .more", quote=".pull", cite=".who")
    images = ImageRules(
        frame=".pic",
        caption=".text",
        credit=".by-photo",
        lead=".top",
        address=r"/p(?P<key>\d+)-(?P<width>\d+)x(?P<height>\d+)\.",
    )


PAGE = """<html lang="ru-RU"><body><p class="crumbs"><a>Home</a><a>Town</a></p><h1 class="head">Exclusive: Ice on the river</h1>
<p class="when">Published 21:30 03.02.2022</p><p class="by">By <b>Ada Linwood</b> and <b>Bruno Castell</b></p>
<div class="pic top"><img src="/p77-800x450.jpg"><span class="text">The river <i class="by-photo">A. Linwood</i></span></div>
<p class="intro">It came early.</p><div class="copy">Loose words.<p>First.<br><br>Second.</p><div class="ad">Buy!</div>
<h3>How thick</h3><div class="pull">“Thick enough.”<span class="who">A skater</span></div>
<ol><li>One<ul><li>One a</li></ul></li><li>Two</li></ol><table><tr><td>Day</td><td>cm</td></tr></table>
<iframe src="//video.example/1"></iframe><div class="more"><p>Read more</p></div><script>alert("Third")</script></div>
<p class="topics"><a>ice</a><a>rivers</a><a>Ice</a></p></body></html>"""


def test_the_class_is_short():
    assert len(inspect.getsource(RiverSpider).splitlines()) < 40


def test_its_pages_are_read_by_its_attributes():
    article = load_article(HtmlResponse("https://river.example/story/7/ice", body=PAGE.encode(), encoding="utf-8"), RiverSpider)
    assert (article.id, article.url) == ("river:7", "https://river.example/story/7/ice")
    assert article.headline == "Ice on the river"
    # Half past nine in the evening in Moscow.
    assert (article.published_at, article.day) == ("2022-02-03T18:30:00+00:00", "2022-02-03")
    assert article.times["published_at"] == {"raw": "Published 21:30 03.02.2022", "precision": "minute", "zone": "site"}
    assert (article.section, article.language, article.tags) == ("Town", "ru-RU", ["ice", "rivers"])
    assert [author["name"] for author in article.authors] == ["Ada Linwood", "Bruno Castell"]
    assert article.body == [
        {"type": "lead", "text": "It came early."},
        {"type": "paragraph", "text": "Loose words."},
        {"type": "paragraph", "text": "First."},
        {"type": "paragraph", "text": "Second."},
        {"type": "heading", "text": "How thick"},
        {"type": "quote", "text": "“Thick enough.”", "cite": "A skater"},
        {"type": "list", "text": "One\nOne a\nTwo", "items": ["One", "One a", "Two"]},
        {"type": "paragraph", "text": "Day | cm"},
        {"type": "embed", "text": "", "url": "https://video.example/1"},
    ]
    assert article.text.endswith("“Thick enough.”\n\nOne\nOne a\nTwo\n\nDay | cm")
    (image,) = article.images
    assert image == {
        "url": "https://river.example/p77-800x450.jpg",
        "width": 800,
        "height": 450,
        "caption": "The river",
        "credit": "A. Linwood",
        "alt": None,
        "role": "lead",
        "key": "77",
        "crop": None,
    }
    assert article.origins["headline"] == "selectors"


def test_it_is_crawled_like_any_other(crawl):
    """Forty stories on pages of ten, the last one without a link to a next."""

    class Pages:
        site, robots = "river", ""

    first = datetime(2022, 2, 3, tzinfo=UTC)

    def answer(path: str) -> Answer:
        if path.startswith("/story/"):
            number = int(path.split("/")[2])
            at = first - timedelta(hours=number)
            return Answer(PAGE.replace("21:30 03.02.2022", f"{at:%H:%M %d.%m.%Y}").encode())
        if path.startswith("/town"):
            page = int(path.partition("?page=")[2] or 0)
            links = "".join(f'<h2><a href="/story/{n}/x">{n}</a></h2>' for n in range(page * 10, page * 10 + 10))
            return Answer((links + (f'<a class="next" href="?page={page + 1}">Next</a>' if page < 3 else "")).encode())
        return Answer(b"", status=404)

    with DemoSite(Pages(), override=answer) as site:
        done = crawl(site, "-s", "SPIDER_MODULES=test_new_site")
    assert done.rows("select count(*) from article") == [(40,)], done.log
    assert done.rows('select "end", pages from listing') == [("exhausted", 4)]
    assert done.rows("select min(day), max(day) from article") == [("2022-02-01", "2022-02-03")]
