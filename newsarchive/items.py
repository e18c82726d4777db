"""What passes between discovery, extraction and the archive: an article, a link to one, a visit of its page."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import NotRequired, TypedDict


class Author(TypedDict):
    """A person who signs an article."""

    name: str
    url: str | None
    """Absolute address of the author's page; None when the page gives none."""


class Block(TypedDict):
    """One piece of an article's body, in reading order."""

    type: str
    """``lead``, ``paragraph``, ``heading``, ``quote``, ``list``, ``embed`` or ``entry``."""

    text: str
    """Plain text; of a list its items, one a line; of an embed empty unless it has a title."""

    cite: NotRequired[str]
    """Of a quote: who said it."""

    items: NotRequired[list[str]]
    """Of a list: its items."""

    url: NotRequired[str]
    """Of an embed: the address of what is embedded."""

    at: NotRequired[str]
    """Of an entry of a live report: its time, as :attr:`Article.published_at`."""


class Image(TypedDict):
    """One photo in one size, as the page declares it."""

    url: str
    """Absolute address, as the page gives it."""

    width: int | None
    """Pixels; None when neither page nor address tells."""

    height: int | None
    """Pixels; None when neither page nor address tells."""

    caption: str | None
    credit: str | None
    alt: str | None

    role: str
    """``lead``, ``body``, or ``share``: the picture made for social media."""

    key: str | None
    """The photo's own number: the same for all its sizes and crops."""

    crop: list[int] | None
    """``[left, top, right, bottom]`` in pixels of the original, when the address tells."""


class Logo(TypedDict):
    """A publisher's logo."""

    url: str | None
    width: int | None
    """Pixels."""

    height: int | None
    """Pixels."""


class Publisher(TypedDict):
    """Who published an article, as the page says."""

    name: str | None
    legal_name: str | None
    email: str | None
    telephone: str | None
    logo: Logo | None


class PageTime(TypedDict):
    """What a page said of one time."""

    raw: str
    """The text as found."""

    precision: str
    """``second``, ``minute`` or ``day``."""

    zone: str
    """``given`` by the page, or the ``site``'s own."""


@dataclass
class Visit:
    """How a crawl came to the page of an article: what the archive needs beside its text."""

    page: str | None
    """Id of the page that was visited; None when it was not claimed from an archive."""

    addresses: tuple[str, ...] = ()
    """Every address on the way: the one asked for, redirects, the answer's, the canonical one."""

    captured: object | None = None
    """The :class:`newsarchive.capturestore.Captured` answer that the article was read from."""

    seen: tuple | None = None
    """The walk and the :class:`Link` to enter with the article, when no listing had shown it before."""

    counts: bool = True
    """False when a crawl's ``section``, ``since`` or ``until`` leave the article out of its feed."""

    passing: bool = False
    """A redirect led here that says of itself that it is for the time being."""


@dataclass
class Article:
    """A news article as its page shows it. Field order is the order of a JSON line.

    A value that the page does not give is None or an empty list, never a guess.
    """

    id: str | None = None
    """Site, colon, key: ``sputnik:1092718478``."""

    site: str | None = None
    """The spider's name; for ``news`` the registrable domain."""

    key: str | None = None
    """The site's own number of the article as text, else its canonical address."""

    url: str | None = None
    """Canonical address: absolute, no fragment, no tracking parameters, not the AMP copy."""

    headline: str | None = None
    alternative_headline: str | None = None
    description: str | None = None
    """Plain text, without the date and site name that a site may add."""

    created_at: str | None = None
    """UTC, ISO 8601, to the second: ``2022-02-03T12:54:00+00:00``. A day stands for its midnight in the site's zone."""

    published_at: str | None = None
    """As :attr:`created_at`; the first publication."""

    modified_at: str | None = None
    """As :attr:`created_at`; the last change that the site admits."""

    times: dict[str, PageTime] = field(default_factory=dict)
    """What the page said of each of the three times."""

    day: str | None = None
    """Publication day in the site's zone, ``YYYY-MM-DD``."""

    section: str | None = None
    """As the site writes it: ``middle east``."""

    tags: list[str] = field(default_factory=list)
    authors: list[Author] = field(default_factory=list)
    genre: str | None = None
    language: str | None = None
    """BCP 47: ``en``, ``pt-BR``."""

    body: list[Block] = field(default_factory=list)
    text: str = ""
    """The blocks as plain text, joined by blank lines; quotes without who said them, embeds left out."""

    images: list[Image] = field(default_factory=list)
    publisher: Publisher | None = None
    copyright_year: int | None = None
    is_accessible_for_free: bool | None = None
    og: dict[str, list[str]] = field(default_factory=dict)
    """Every ``og:*`` and ``article:*`` property as found."""

    origins: dict[str, str] = field(default_factory=dict)
    """Which origin filled each field: ``{"headline": "jsonld"}``."""

    flags: list[str] = field(default_factory=list)
    """What a careful reader should know: ``short_body``, ``paywalled``, ``dates_disagree``, …"""

    revision: int = 1
    """The how-manieth text of this article, counted by the archive from 1."""

    content_hash: str | None = None
    """SHA-256 (hexadecimal) of what makes a revision, see :mod:`newsarchive.revisions`."""

    extractor: str | None = None
    """Version of the reading code."""

    fetched_at: str | None = None
    """When the page was fetched, as :attr:`created_at`."""

    capture: dict | None = None
    """Where the bytes are: ``{file, offset, digest}``; None when they were not kept.

    Of a second-hand article also ``from``: the address at the web archive, or the WARC file that it was in.
    """

    visit = None  # A plain attribute, no field: a Visit for the pipelines, never exported.


ARTICLE_FIELDS = tuple(f.name for f in fields(Article))


@dataclass(slots=True)
class Link:
    """A link to an article, as a listing shows it."""

    url: str
    """Absolute address as found."""

    published_at: str | None = None
    """The listing's own time of the article, as :attr:`Article.created_at`; None when it gives none."""

    modified_at: str | None = None
    """``lastmod`` of a sitemap, or the time of change that a listing shows; None when it gives none."""

    site: str | None = None
    """Whose article it is; filled in, as what follows, by who knows the site's addresses."""

    key: str | None = None
    """The article's number, else its cleaned address."""

    address: str | None = None
    """Where to ask for the article: ``url`` without what only tells how a reader came."""

    day: str | None = None
    """Publication day in the site's zone, ``YYYY-MM-DD``: from the link's date, else from its address."""

    captured_at: str | None = None
    """When a web archive captured the page, as :attr:`Article.created_at`."""

    via: str | None = None
    """Where to ask for the article instead of ``address``: a web archive's capture of it; None: at its own address."""
