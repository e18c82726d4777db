"""What a site may say about its own pages. A site is data: a subclass sets what differs from these defaults."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from newsarchive.urls import Addresses, clean_url, registrable_domain


@dataclass(frozen=True)
class BodyRules:
    """Where the body of a site's articles is and what its parts are: CSS selectors, alternatives comma-separated."""

    within: str = ""
    """The element that holds the body; empty: found by its paragraphs."""

    lead: str = ""
    """The standfirst."""

    drop: str = ""
    """What stands between the blocks and is no part of the text."""

    quote: str = ""
    """A quotation, beside ``<blockquote>``."""

    cite: str = ""
    """Inside a quotation: who said it."""

    entry: str = ""
    """One entry of a live report."""

    entry_time: str = ""
    """Inside an entry: its time, from ``datetime``, ``data-unixtime`` or the text."""

    block: str = ""
    """A block that names its kind in ``data-type``."""

    kinds: frozenset[str] = frozenset()
    """The kinds that are known; text of another kind is kept and the article flagged ``unknown_block``."""


@dataclass(frozen=True)
class ImageRules:
    """How a site shows photos."""

    frame: str = "figure"
    """The element around a photo and what is said of it."""

    caption: str = "figcaption"
    """Inside the frame; drawn from the image's ``title`` when there is none."""

    credit: str = ".credit, .copyright, .photo-credit"
    """Inside the frame; no part of the caption."""

    lead: str = ""
    """The element that holds the lead photo."""

    large: str = ""
    """Name of an attribute, on the frame or inside it, with the address of a further size."""

    address: str = ""
    """Regular expression for an image's address, with groups of ``key``, ``crop`` (left:top:right:bottom), ``width``,
    ``height`` (0: in proportion) and ``fit`` (set when the photo is fitted into the box, not cropped to it)."""

    alt_tail: str = ""
    """Regular expression for what the site adds to every ``alt``."""


class SiteRules:
    """A site as far as reading its pages goes."""

    name: str | None = None
    hosts: list[str] = []
    """Exact host names."""

    image_hosts: list[str] = []
    """Hosts of its pictures for which ``base_url`` stands in as well."""

    article_urls: list[str] = []
    """Regular expressions of article paths with groups ``id`` and ``day``: see :class:`newsarchive.urls.Addresses`."""

    addresses = Addresses((), ())
    """Made of ``hosts`` and ``article_urls``."""

    article: str = ""
    """The element that holds the article, for pages that hold several: what is visible is read inside the first."""

    encoding: str | None = None
    """The charset of pages whose header and ``<meta>`` name none, and that are no UTF-8; None: guessed, and flagged so."""

    zone: str = "UTC"
    """The time zone in which the site writes times without offset and counts its days."""

    false_utc: dict[str, str] = {}
    """Pages that write ``Z`` and mean another zone: selector that tells them → the zone of their times of day."""

    selectors: dict[str, list[str]] = {}
    """Field → CSS selectors or XPaths, tried before every other origin. The first that finds a valid value wins."""

    fallbacks: dict[str, list[str]] = {}
    """As ``selectors``, tried after every other origin but plain HTML."""

    not_from: dict[str, tuple[str, ...]] = {}
    """Field → origins that say something else on this site, and are not asked for it."""

    microdata: str = ""
    """The element that holds the article's microdata, where it may lack ``itemscope``."""

    consent: str = ""
    """The button of a consent dialog that the browser presses, a CSS selector; nothing else is."""

    page_hosts: list[str] = []
    """Further hosts that may fill frames of its pages in the browser, or be sent something: those of a consent dialog."""

    furniture: dict[str, str] = {}
    """Field → regular expression of what the site adds to it and is cut."""

    body: BodyRules = BodyRules()
    images: ImageRules = ImageRules()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.addresses = Addresses(cls.hosts, cls.article_urls)

    @classmethod
    def site_of(cls, url: str) -> str:
        """Return the ``site`` of an article at ``url``: the spider's name, else the registrable domain."""
        return cls.name or registrable_domain(urlsplit(url).hostname or "")

    @classmethod
    def canonical_key(cls, canonical: str, url: str) -> str | None:
        """Return the key of the article that a page at ``url`` calls ``canonical`` (cleaned), or None.

        None when it is not on the same site, or no article address of it: then the link does not count.
        """
        if cls.article_urls:
            found = cls.addresses.article(canonical)
            return found and found[0]
        parts = urlsplit(canonical)
        if parts.scheme not in ("http", "https") or parts.path in ("", "/"):
            return None
        same = registrable_domain(parts.hostname or "") == registrable_domain(urlsplit(url).hostname or "")
        return clean_url(canonical) if same else None
