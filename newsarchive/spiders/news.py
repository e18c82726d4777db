"""Any news site, read without a description."""

from __future__ import annotations

from urllib.parse import urlsplit

from newsarchive.spiders.base import NewsSpider
from newsarchive.urls import clean_url, not_amp, registrable_domain


class AnySpider(NewsSpider):
    """Any news site. Each article's ``site`` is the registrable domain of its address."""

    name = "news"
    wants = ("warc",)

    @property
    def rules(self) -> None:
        """Generic."""
        return None

    def identify(self, url: str) -> tuple[str, str, str | None] | None:
        """Every address but a front page may be an article's; what it is, its page tells."""
        parts = urlsplit(url)
        if parts.path in ("", "/") or not parts.hostname:
            return None
        return registrable_domain(parts.hostname), clean_url(not_amp(url)), None
