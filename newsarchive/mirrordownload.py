"""How a crawl asks a site, or its mirror. Imported by crawls alone: Scrapy's own handler takes a tenth of a second."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsarchive.stopping import unless_stopped
from newsarchive.turns import HostTurns


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
