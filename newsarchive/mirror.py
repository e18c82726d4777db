"""A mirror or a test copy of a site: asked instead of the site, and never named in the archive (``base_url``)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request


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
