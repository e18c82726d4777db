"""What each stage of a page costs by itself: CPU of one process, over pages on the disk."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from scrapy.http import HtmlResponse

from newsarchive.extract.article import load_article
from newsarchive.extract.walls import obstacle
from newsarchive.spiders.sputnik import SputnikSpider
from newsarchive.store.archive import Archive
from newsarchive.store.warc import WarcWriter, exchange, payload_digest
from newsarchive.trees import tree_of

HEADS = b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
AT = "2026-03-09T12:00:00Z"


def stages(files: list[Path], urls: list[str]) -> dict[str, float]:
    """Return milliseconds a page by stage. ``files`` are the packed bytes of ``urls``."""
    pages = [(url, file.read_bytes(), file.with_suffix("").read_bytes()) for url, file in zip(urls, files, strict=True)]
    responses = [HtmlResponse(url, body=body, encoding="utf-8") for url, _, body in pages]
    found = {"parse": _each(responses, tree_of), "look for walls": _each(responses, obstacle)}
    articles = []
    found["extract"] = _each(responses, lambda response: articles.append(load_article(response, SputnikSpider)))
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder) / "archive.db")
        crawl = archive.crawls.begin("bench", {})
        for article in articles:
            article.fetched_at = "2026-03-09T12:00:00+00:00"
        found["store"] = _each(articles, lambda article: archive.articles.store(article, crawl))
        archive.close()
        writer = WarcWriter(Path(folder), "bench", {"date": AT}, 10**9)

        def capture(page: tuple[str, bytes, bytes]) -> None:
            url, packed, _ = page
            writer.append(exchange(url, AT, None, *HEADS, packed, payload_digest(packed), None, True))

        found["capture"] = _each(pages, capture)
        writer.close()
    return found


def _each(things: list, do: Callable) -> float:
    do(things[0])  # what is loaded or made once is no part of it
    began = time.process_time()
    for thing in things[1:]:
        do(thing)
    return 1000 * (time.process_time() - began) / (len(things) - 1)
