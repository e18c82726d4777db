"""What stands in the place of a listing's chunk is not its end."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from newsarchive.demo.faults.walls import WALLS
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.discovery.walk import Walk
from newsarchive.spiders.demo import DemoSpider

PAGES = DemoPages(Newsroom(200))
WORLD = "https://courier.example/world/"
CHUNK = PAGES.chunk("world", 20)
LAST = PAGES.chunk("world", len(PAGES.listed("world")) - 3)
NOTICE = "<html><head><title>The Demo Courier</title></head><body><h1>{}</h1><p>{}</p></body></html>"


def walked(*chunks: str) -> Walk:
    """Walk the first page of a section, then ``chunks``, as the spider reads them."""
    spider = DemoSpider.from_crawler(get_crawler(DemoSpider, {"ADDONS": {}, "LISTING_MAX_PAGES": 99}), section="world")
    walk = spider.new_walk(spider.sources["sections"].listing("world", WORLD))
    url = WORLD
    for page in (PAGES.section_page("world"), *chunks):
        response = HtmlResponse(url, body=page.encode(), encoding="utf-8")
        response.request = spider.more_request(url, walk)
        requests = list(spider.parse_listing(response, walk))
        if walk.end:
            break
        links = [request.meta["link"] for request in requests if "link" in request.meta]
        asked = walk.take(links, {}, [request.url for request in requests if request.meta.get("continues")])
        url = asked[0] if asked else url
    return walk


BROKEN = {
    **{name: page for name, (status, _, page) in WALLS.items() if status == 200},
    "empty": "",
    "maintenance": NOTICE.format("We will be right back", "Scheduled maintenance."),
    "login": NOTICE.format("", '<a href="/">Home</a><form>Your name <input name="user"></form>'),
    "no markup": "The list is \0 not here",
    "torn between tags": CHUNK[: CHUNK.index("<time", len(CHUNK) // 2)],
    "torn in a tag": CHUNK[: len(CHUNK) // 2] + "<<&",
    "torn page": (page := PAGES.section_page("science"))[: page.index("</a>", page.index('<div class="list">') + 500)],
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_stands_in_a_chunks_place_is_not_the_end_of_its_listing(name):
    walk = walked(BROKEN[name])
    assert (walk.end, walk.covers) == ("error", None)
    assert walk.reason


TRUE = {
    "last articles": LAST,
    "nothing more": '<div class="list"></div>',
    "nothing more on a page with its menu": PAGES._page("<title>World</title>", '<main><div class="list"></div></main>'),
    "end tags left out": LAST.replace("</time>", "").replace('<div class="list">', '<html><body><div class="list"><p>News'),
    "markup in a script": LAST + "<script>open('<div><div')</script>",
}


@pytest.mark.parametrize("name", TRUE)
def test_the_true_last_chunk_is_the_end_of_its_listing(name):
    walk = walked(CHUNK, TRUE[name])
    assert (walk.end, walk.reason, walk.covers) == ("exhausted", None, "")


def test_an_empty_chunk_that_goes_on_ends_nothing():
    walk = walked('<a class="more" href="/more/world/1">More</a>', CHUNK)
    assert (walk.end, walk.pages) == (None, 3)
