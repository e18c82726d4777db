"""Notes every answer of a server in the archive: what came from where, and what to ask with next time."""

from __future__ import annotations

import base64
import hashlib

from scrapy import Request, signals
from scrapy.http import Response

from newsarchive.ledger import ArchiveLedger


class CaptureExtension:
    """One row of ``capture`` an answer: redirects, errors and robots.txt included."""

    def __init__(self, crawler):
        self.crawler = crawler
        crawler.signals.connect(self.response_downloaded, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def response_downloaded(self, response: Response, request: Request) -> None:
        ledger = getattr(self.crawler.spider, "ledger", None)
        if not isinstance(ledger, ArchiveLedger):
            return
        ledger.archive.captures.add(
            crawl=ledger.crawl,
            url=request.url,
            fetched_at=ledger.archive.now(),
            status=response.status,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            digest="sha1:" + base64.b32encode(hashlib.sha1(response.body).digest()).decode(),
            kind=request.meta.get("kind", "other"),
        )


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
