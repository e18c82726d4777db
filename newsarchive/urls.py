"""Addresses: the clean form of one, and which of a site's addresses are articles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, url_query_cleaner

# Parameters that name the way a reader came, never what is shown.
TRACKING = (
    "fbclid gclid dclid gbraid wbraid msclkid yclid ysclid twclid igshid mc_cid mc_eid _openstat at_medium at_campaign ocid"
    " cmpid ncid share-block share-img"
).split()

# Numbers of a reader's visit. A short "sid" may be a story's own number, as on PHP-Nuke sites.
SESSION = re.compile(r"(?i)(?<=[?&])(?:(?:phpsessid|jsessionid|aspsessionid\w*|session_?id)=[^&#]*|sid=\w{20,})(?:&|(?=#|$))")
SESSION_PATH = re.compile(r"(?i);jsessionid=[^/?#;]*")

MAX_ADDRESS = 8000
"""Characters: servers are asked to take so long an address (RFC 9110, 4.1), and what is longer is data."""

# Absolute, and nothing in it to resolve.
PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/[^\s\\?#]*")

# Clean already.
CLEAN_ADDRESS = re.compile(r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*/[A-Za-z0-9/_.-]*")

# How a picture is shown, signed or counted, never which one it is: names at imgix, Thumbor, Arc, WordPress, S3 and others.
SHOWING = re.compile(
    r"(?i)(max-?)?(w|h|width|height)|s|size|scale|dpr|ar|aspect|rect|crop|fit|resize|mode|q|quality|auto|fm|fmt|format|strip|ssl"
    r"|sharp\w*|blur|bg\w*|sig|signature|auth|token|itok|policy|exp|expires?|key-pair-id|x-(amz|goog)-.*|v|ver|version|t|ts|cb|_"
)
PICTURE_FILE = re.compile(r"(?i)\.(jpe?g|png|gif|webp|avif|hei[cf]|bmp|tiff?|svg)$")


def without_session(url: str) -> str:
    """Return ``url`` without the number of a reader's visit.

    >>> without_session("https://example.org/a;jsessionid=1F?sid=0123456789abcdef0123&b=1")
    'https://example.org/a?b=1'
    """
    return SESSION.sub("", SESSION_PATH.sub("", url)).rstrip("?&") if "sess" in url.lower() or "sid=" in url.lower() else url


def clean_url(url: str) -> str:
    """Return ``url`` without fragment, tracking parameters, session numbers and default port, its query sorted.

    >>> clean_url("https://Example.org:443/a/?utm_source=x&b=2&a=1#top")
    'https://example.org/a/?a=1&b=2'
    """
    if CLEAN_ADDRESS.fullmatch(url) and "/." not in url:
        return url
    url = without_session(url)
    tracking = (*TRACKING, *re.findall(r"(?<=[?&;])utm_[^=&;#]*", url))
    parts = urlsplit(url_query_cleaner(url, tracking, remove=True, unique=False, keep_fragments=False))
    host = parts.netloc.rpartition("@")[2].lower()
    for scheme, port in (("http", ":80"), ("https", ":443")):
        if parts.scheme.lower() == scheme:
            host = host.removesuffix(port)
    return canonicalize_url(urlunsplit(parts._replace(netloc=host)), keep_blank_values=True)


def absolute(base: str, address: str | None) -> str | None:
    """Return ``address``, relative to ``base``, as an http or https address; None when it is none.

    >>> absolute("https://example.org/a/", "b.html")
    'https://example.org/a/b.html'
    >>> absolute("https://example.org/", "javascript:alert(1)")
    """
    if not address or not (address := address.strip()):
        return None
    if PLAIN_ADDRESS.fullmatch(address) and "/." not in address:
        return address
    try:
        url = urljoin(base, address)
        return url if urlsplit(url).hostname and url.startswith(("http://", "https://")) else None
    except ValueError:  # such as an unclosed bracket in the host
        return None


def photo_address(url: str) -> str:
    """Return what of a picture's address says which picture it is, and not in which size or by which signature.

    >>> photo_address("https://example.org/a.jpg?sum=1F"), photo_address("https://example.org/image.php?id=7&w=600")
    ('https://example.org/a.jpg', 'https://example.org/image.php?id=7')
    """
    path, _, query = url.partition("#")[0].partition("?")
    kept = [part for part in query.split("&") if part and not SHOWING.fullmatch(part.partition("=")[0])]
    return path if PICTURE_FILE.search(path) or not kept else f"{path}?{'&'.join(kept)}"


def is_address(url: str) -> bool:
    """Tell whether ``url`` can be asked for: http or https, with a host, a port that is one, and no longer than any is.

    >>> is_address("https://example.org/a"), is_address("http://[bad/x"), is_address("http://example.org:999999/")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
        asked = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        return asked and len(url) <= MAX_ADDRESS
    except ValueError:
        return False


def slash_twin(url: str) -> str | None:
    """Return ``url`` with a slash at the end of its path, or without the one it has: most sites show the same at both.

    None for a front page and for a file.

    >>> slash_twin("https://example.org/a/?b=1"), slash_twin("https://example.org/a"), slash_twin("https://example.org/a.html")
    ('https://example.org/a?b=1', 'https://example.org/a/', None)
    """
    parts = urlsplit(url)
    if parts.path in ("", "/") or "." in parts.path.rpartition("/")[2]:
        return None
    path = parts.path.rstrip("/") if parts.path.endswith("/") else f"{parts.path}/"
    return urlunsplit(parts._replace(path=path))


def not_amp(url: str) -> str:
    """Return ``url`` with a leading or trailing ``/amp`` taken from its path.

    >>> not_amp("https://example.org/amp/20231209/story-1.html")
    'https://example.org/20231209/story-1.html'
    """
    parts = urlsplit(url)
    path = re.sub(r"^/amp(?=/)|/amp/?$", "", parts.path) or "/"
    return urlunsplit(parts._replace(path=path))


def memento(url: str) -> tuple[str, str] | None:
    """Return time (``YYYYMMDDHHMMSS``) and original address of a web archive's capture at ``url``; None when it is none.

    >>> memento("https://web.archive.org/web/20220203125400id_/https://example.org/a")
    ('20220203125400', 'https://example.org/a')
    """
    m = re.search(r"/(\d{14})id_/(https?://.+)$", url)
    return (m[1], m[2]) if m else None


@lru_cache(maxsize=1024)
def registrable_domain(host: str) -> str:
    """Return the part of ``host`` that somebody registered, with a registrar or with a host of blogs; else ``host``.

    >>> registrable_domain("www.news.example.co.uk"), registrable_domain("paper.blogspot.com")
    ('example.co.uk', 'paper.blogspot.com')
    """
    return _suffixes()(host).top_domain_under_public_suffix or host


@lru_cache(maxsize=1)
def _suffixes():
    # Offline: the list that comes with the package, no cache folder. It brings an HTTP client along: few commands want it.
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


class Addresses:
    """The addresses of a site: which are articles, and what they say of them.

    ``hosts`` are exact. ``article_urls`` are regular expressions for paths, with the groups ``id`` (the site's own
    number) and ``day`` (eight digits, with or without separators) where the path has them.
    """

    def __init__(self, hosts: Iterable[str], article_urls: Iterable[str]):
        self.hosts = frozenset(hosts)
        self.article_urls = tuple(re.compile(pattern) for pattern in article_urls)

    def owns(self, url: str) -> bool:
        """Tell whether ``url`` is on one of the site's hosts."""
        try:
            parts = urlsplit(url)
        except ValueError:  # such as an unclosed bracket in the host
            return False
        return parts.scheme in ("http", "https") and parts.hostname in self.hosts

    def article(self, url: str) -> tuple[str, str | None] | None:
        """Return key and day of the article at ``url``, or None when it is no article address of this site.

        The key is the site's number, else the cleaned address; the day is ``YYYY-MM-DD``, None when the address tells
        none. AMP copies count as their originals.
        """
        url = without_session(url)
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or parts.hostname not in self.hosts:
                return None
        except ValueError:  # such as an unclosed bracket in the host
            return None
        for pattern in self.article_urls:
            if m := pattern.search(parts.path) or pattern.search(urlsplit(not_amp(url)).path):
                groups = m.groupdict()
                return groups.get("id") or clean_url(not_amp(url)), _day(groups.get("day"))
        return None


def _day(text: str | None) -> str | None:
    digits = re.sub(r"\D", "", text or "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return None
