"""Downloads and reads the addresses of a file as a peer's documentation says: ``python peers.py trafilatura FILE``.

Prints how many had a text, and the seconds on the wall and of CPU that it took, imports left out.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path


def trafilatura(urls: list[str]) -> int:
    import urllib3
    from trafilatura import extract

    pool = urllib3.PoolManager()

    def read(url: str) -> bool:  # its own fetch_url refuses addresses of this machine
        return bool(extract(pool.request("GET", url).data, output_format="json", with_metadata=True))

    return _count(read, urls)


def newspaper4k(urls: list[str]) -> int:
    from newspaper import Article

    def read(url: str) -> bool:
        article = Article(url, fetch_images=False)
        article.download()
        article.parse()
        return bool(article.text)

    return _count(read, urls)


def news_please(urls: list[str]) -> int:
    from newsplease import NewsPlease

    return _count(lambda url: bool(NewsPlease.from_url(url).maintext), urls)


def _count(read, urls: list[str]) -> int:
    read(urls[0])  # what is loaded at the first use is no part of it
    began, cpu = time.monotonic(), time.process_time()
    found = sum(map(read, urls))
    print(found, time.monotonic() - began, time.process_time() - cpu)
    return found


if __name__ == "__main__":
    {"trafilatura": trafilatura, "newspaper4k": newspaper4k, "news-please": news_please}[sys.argv[1]](
        Path(sys.argv[2]).read_text().split()
    )
