"""Feeds: RSS 2.0 and Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree
from scrapy.http import Response

from newsarchive.dates import iso, parse_time
from newsarchive.discovery.listing import Chunk, Listing
from newsarchive.discovery.safexml import ListingError, children, local_name, parse_xml, text_at
from newsarchive.items import Link


@dataclass(frozen=True)
class Feed:
    """The feed at ``address``: the newest articles and no more."""

    address: str

    def listings(self, days: Iterable[str]) -> list[Listing]:
        """Return the listings to walk; ``days`` is no matter here."""
        return [Listing("feed", self.address, newest_first=False, newest_only=True)]

    def read(self, response: Response, zone: str, since: str | None = None, until: str | None = None) -> Chunk:
        """Return the links of the feed's items."""
        root, fault = parse_xml(response)
        kind = local_name(root)
        if kind == "feed":
            items = children(root, "entry")
        elif kind in ("rss", "RDF"):
            items = [item for top in (root, *children(root, "channel")) for item in children(top, "item")]
        else:
            raise ListingError(f"no feed: <{kind}> instead of <rss> or <feed>")
        links = [link for item in items if (link := _link(item, response, zone))]
        if not links:
            raise ListingError(fault or "no item on it")
        return Chunk(links, fault=fault)


def _link(item: etree._Element, response: Response, zone: str) -> Link | None:
    links = children(item, "link")
    # A service that counts readers leads through its own host, and says what for (FeedBurner).
    address = text_at(item, "origLink") or next((text for link in links if (text := "".join(link.itertext()).strip())), None)
    # RFC 4287, 4.2.7: of several alternates the page is the one in HTML.
    alternates = [link for link in links if link.get("href") and link.get("rel", "alternate") == "alternate"]
    if not address and alternates:
        address = min(alternates, key=lambda link: "html" not in link.get("type", "html")).get("href")
    if not address and (guid := children(item, "guid")) and guid[0].get("isPermaLink", "true") == "true":
        address = text_at(item, "guid")
    try:
        url = response.urljoin(address) if address else None
    except ValueError:
        return None
    if not url or not url.startswith(("http://", "https://")):
        return None
    published = parse_time(text_at(item, "pubDate") or text_at(item, "published") or text_at(item, "date") or "", zone)
    modified = parse_time(text_at(item, "updated") or text_at(item, "modified") or "", zone)
    return Link(url, published and iso(published.at), modified and iso(modified.at))
