"""Ceilings of memory on larger sites. Times are no matter of tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from scrapy import Request
from scrapy.http import XmlResponse
from scrapy.utils.test import get_crawler
from scrapy.utils.trackref import iter_all

from newsarchive.frontier import BATCH
from newsarchive.middlewares import PART, SightingMiddleware
from newsarchive.spiders.demo import DemoSpider

MB = 1024 * 1024


def test_thousands_of_articles_are_found_once_in_flat_memory(play, crawl, tmp_path):
    site = play(stories=2500)
    probe = tmp_path / "memory.txt"
    done = crawl(site, "-s", 'EXTENSIONS={"memory_probe.MemoryProbe": 1}', "-s", f"MEMORY_PROBE={probe}")
    assert done.rows("select count(*) from article") == [(2499,)], done.log
    assert len({line["key"] for line in done.lines()}) == len(done.lines()) == 2499
    articles = [path for path in site.requests if site.pages.number(path)]
    assert len(articles) == len(set(articles)) == 2500
    memory = [int(line) for line in probe.read_text().splitlines()]
    assert max(memory) < 250 * MB
    assert memory[-1] - memory[len(memory) // 2] < 5 * MB


def test_a_sitemap_of_the_largest_size_is_recorded_in_parts():
    """50,000 links wanted 500 MB when all were requests at once."""
    count, most = 5 * PART, 0
    spider = DemoSpider.from_crawler(get_crawler(DemoSpider, {"ADDONS": {}}))
    spider.crawler.spider = spider
    walk = spider.new_walk(spider.sources["sitemap"].listings([])[0])
    urls = "".join(f"<url><loc>https://courier.example/2026/03/01/story-{n}</loc></url>" for n in range(count))
    request = Request("https://courier.example/sitemap-1.xml", meta={"walk": walk})
    response = XmlResponse(request.url, body=f"<urlset>{urls}</urlset>".encode(), request=request)

    async def read() -> AsyncIterator[Request]:
        for output in spider.parse_listing(response, walk):
            yield output

    async def record() -> None:
        nonlocal most
        async for _ in SightingMiddleware(spider.crawler).process_spider_output(response, read()):
            most = max(most, len(list(iter_all("Request"))))

    asyncio.run(record())
    assert (walk.links, walk.new, walk.end, len(spider.ledger.seen)) == (count, count, "exhausted", count)
    assert most < PART + 2 * BATCH
