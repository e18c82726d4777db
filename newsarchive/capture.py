"""Capture as Scrapy's HTTP cache: a storage, a policy and a middleware in Scrapy's own socket.

One object does three things: it keeps answers, asks again with their validators, and gives them back when a crawl is replayed.
"""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from newsarchive.store.warc import (
    WarcError,
)
from newsarchive.trouble import FAULTS
from newsarchive.warcmessages import read_response

CONDITIONS = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
"""Headers of a conditional request, and those of the capture that they come from."""


class NotCaptured(IgnoreRequest):
    """A replayed archive has no answer to a request."""


class CaptureStorage:
    """Scrapy's cache storage (``HTTPCACHE_STORAGE``) over the spider's ledger."""

    def __init__(self, settings):
        self.replay = bool(settings["REPLAY"])

    def open_spider(self, spider) -> None:
        self.store = spider.ledger.captures

    def close_spider(self, spider) -> None:
        """The ledger closes its store itself, after everything else."""

    def retrieve_response(self, spider, request: Request) -> Response | None:
        """Return the stored answer to ``request``; without replay one that has the validators alone."""
        if self.replay:
            row = self.store.find(request)
            if row is None or row["file"] is None:
                return None
            response = read_response(self.store.source, row)
            request.meta["captured"] = self.store.add(row)
            return response
        try:
            row = self.store.known(request)
        except FAULTS as error:  # here, for Scrapy takes whatever comes out for a broken entry of its cache
            if spider.ledger.fail(error) is error:
                raise
            return None
        request.meta["capture_row"] = row
        if row is None or not (row["etag"] or row["last_modified"]):
            return None
        validators = {"ETag": row["etag"], "Last-Modified": row["last_modified"]}
        return Response(request.url, headers={name: value for name, value in validators.items() if value})

    def store_response(self, spider, request: Request, response: Response) -> None:
        """Keep ``response``; where it is kept stands in the request's meta as ``captured``."""
        request.meta["captured"] = self.store.add(request, response)


class CapturePolicy:
    """Scrapy's cache policy (``HTTPCACHE_POLICY``): nothing is fresh but in a replay; 304 alone means unchanged."""

    def __init__(self, settings):
        self.replay = bool(settings["REPLAY"])

    def should_cache_request(self, request: Request) -> bool:
        return request.method == "GET" and urlparse_cached(request).scheme in ("http", "https")

    def should_cache_response(self, response: Response, request: Request) -> bool:
        return True

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """In a replay, yes; else ask with the validators of the last 200."""
        for name, validator in CONDITIONS.items():
            if not self.replay and (value := cachedresponse.headers.get(validator)):
                request.headers[name] = value
        return self.replay

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        return response.status == 304


class CaptureMiddleware(HttpCacheMiddleware):
    """Scrapy's cache middleware, with a failure let through: a dead server must not look like an unchanged page."""

    def process_request(self, request: Request) -> Response | None:
        try:
            return super().process_request(request)
        except IgnoreRequest as error:
            raise NotCaptured("not in the replayed archive") from error

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        request.meta.pop("_dont_cache", None)
        known = request.meta.pop("cached_response", None)
        row = request.meta.get("capture_row")
        if "cached" in response.flags or not self.policy.should_cache_request(request):
            return response
        try:
            self.storage.store_response(self.crawler.spider, request, response)
            await self.storage.store.room()
        except FAULTS as error:
            raise self.crawler.spider.ledger.fail(error) from None
        finally:
            self._forget(request)
        if known is None or not self.policy.is_cached_response_valid(known, response, request):
            return response
        self.stats.inc_value("archive/capture/not_modified")
        try:
            return read_response(self.storage.store.folder, row)
        except WarcError as error:
            # Its file was taken away: ask for the whole page.
            self.stats.inc_value("archive/capture/unreadable")
            self.crawler.spider.logger.error("Cannot read the capture of %s again: %s", request.url, error)
            again = request.replace(dont_filter=True)
            again.meta["dont_cache"] = True
            return again

    def process_exception(self, request: Request, exception: Exception) -> None:
        request.meta.pop("cached_response", None)
        self._forget(request)

    @staticmethod
    def _forget(request: Request) -> None:
        """What was asked of one address is not asked of the one that it leads to: a redirect copies the request."""
        request.meta.pop("capture_row", None)
        for name in CONDITIONS:
            request.headers.pop(name, None)
