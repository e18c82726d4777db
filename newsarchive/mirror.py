"""A mirror or a test copy of a site: asked instead of the site, and never named in the archive (``base_url``)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsarchive.stopping import unless_stopped
from newsarchive.turns import HostTurns


class Mirror:
    """The server at ``base_url`` stands in for ``hosts``; path and query are kept."""

    def __init__(self, base_url: str, hosts: Iterable[str]):
        parts = urlsplit(base_url)
        self.scheme, self.netloc = parts.scheme, parts.netloc
        self.hosts = list(hosts)

    def address(self, url: str) -> str | None:
        """Return where to ask for ``url``; None when it is not on the mirrored hosts."""
        parts = urlsplit(url)
        if parts.hostname not in self.hosts:
            return None
        return urlunsplit(parts._replace(scheme=self.scheme, netloc=self.netloc))

    def real(self, url: str, host: str | None = None) -> str:
        """Return the site's own address for ``url``, on ``host`` or the first one, when it is the mirror's."""
        try:
            parts = urlsplit(url)
        except ValueError:  # such as an unclosed bracket in the host: nobody's address
            return url
        if parts.netloc != self.netloc:
            return url
        return urlunsplit(parts._replace(scheme="https", netloc=host or self.hosts[0]))


class MirrorMiddleware:
    """Gives all hosts behind a mirror one download slot: one server, one delay."""

    def __init__(self, crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        mirror = getattr(self.crawler.spider, "mirror", None)
        if mirror and "playwright" not in request.meta and mirror.address(request.url):
            request.meta["download_slot"] = mirror.netloc


class MirrorDownloadHandler(HTTP11DownloadHandler):
    """Sends a request to the spider's mirror, and gives back its answer as the real site's. Takes its host's turn first."""

    async def download_request(self, request: Request) -> Response:
        if request.meta.get("playwright"):
            raise IgnoreRequest("needs a browser: PLAYWRIGHT=1 has one")
        if turns := self.crawler.get_extension(HostTurns):
            await turns.wait(request)
        mirror = getattr(self.crawler.spider, "mirror", None)
        address = mirror and mirror.address(request.url)
        if not address:
            return await unless_stopped(self.crawler, super().download_request(request))
        response = await unless_stopped(self.crawler, super().download_request(request.replace(url=address)))
        headers = response.headers
        if location := headers.get("Location"):
            real = mirror.real(location.decode("latin-1"), urlsplit(request.url).netloc)
            headers["Location"] = real.encode("latin-1")
        return response.replace(url=request.url, headers=headers)
