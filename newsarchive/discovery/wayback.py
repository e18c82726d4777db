"""The past, from web archives: a CDX server tells which captures of a site's addresses they hold.

Two kinds of server are known. The Wayback Machine's (github.com/internetarchive/wayback, wayback-cdx-server) ends in
``/cdx/search/cdx``, answers an array of arrays, and goes on by a resume key. All others are taken for pywb's
(pywb.readthedocs.io, "CDXJ Server API"): one JSON object a line, no continuation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from scrapy.http import Response

from newsarchive.dates import is_of_the_web, iso
from newsarchive.discovery.listing import Chunk, Listing
from newsarchive.discovery.safexml import ListingError
from newsarchive.items import Link

WAYBACK = "https://web.archive.org/cdx/search/cdx"
REVISIT = "warc/revisit"
"""In the place of a capture's type: its bytes are those of another capture."""

CHUNK = 5000
"""So many captures are asked for at once."""


@dataclass(frozen=True)
class Wayback:
    """Captures of a site's articles.

    ``paths`` are beginnings of article paths with the day as a format (``/{0:%Y%m%d}/``), and the first and last publication
    day on which the site used them (empty: open). Then one listing a day and path is asked for; without them one a host.
    """

    paths: dict[str, tuple[str, str]] = field(default_factory=dict)

    def listings(self, cdx: str, hosts: Iterable[str], days: Iterable[str], since: str | None) -> list[Listing]:
        """Return the listings to walk at the server ``cdx``: for each of ``days``, or for all captures after ``since``."""
        hosts = list(dict.fromkeys(host.removeprefix("www.") for host in hosts))  # CDX servers know them for one
        if not self.paths:
            return [Listing("wayback", _query(cdx, f"{host}/*", since), newest_first=False) for host in hosts]
        return [
            Listing("wayback", _query(cdx, f"{host}{path.format(date.fromisoformat(day))}*", day), newest_first=False, day=day)
            for day in days
            for path, (first, last) in self.paths.items()
            if first <= day <= (last or "9999")
            for host in hosts
        ]

    def read(self, response: Response, zone: str, since: str | None = None, until: str | None = None) -> Chunk:
        """Return one link a capture, with ``captured_at`` and ``via``, and where the listing goes on.

        Captures that are no HTML, or no answer 200, are left out; and so are revisits where the bytes stand in a capture of
        their own, for some archives give such a one without them.
        """
        try:
            text = response.body.decode("utf-8")
            rows, key = _array(text) if text.lstrip().startswith("[") else (list(_lines(text)), None)
        except (UnicodeDecodeError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ListingError(f"no CDX answer: {error}") from None
        links = [(link, row.get("mimetype") == REVISIT) for row in rows if (link := _link(response.url, row))]
        whole = {link.url for link, revisit in links if not revisit}
        more = [_with(response.url, resumeKey=key)] if key else []
        return Chunk([link for link, revisit in links if not revisit or link.url not in whole], more)


def _query(cdx: str, pattern: str, since: str | None) -> str:
    after = (since or "1996-01-01").replace("-", "")  # nothing was captured before it was published
    parameters = {"url": pattern, "from": after, "output": "json"}
    if _is_wayback(cdx):
        parameters |= {"fl": "original,timestamp,statuscode,mimetype", "limit": str(CHUNK), "showResumeKey": "true"}
        return f"{cdx}?{urlencode(parameters)}&filter=statuscode:200&filter=mimetype:text/html"
    return f"{cdx}?{urlencode(parameters)}"


def _is_wayback(cdx: str) -> bool:
    return urlsplit(cdx).path.rstrip("/").endswith("/cdx/search/cdx")


def _with(url: str, **parameters: str) -> str:
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in parameters]
    return urlunsplit(parts._replace(query=urlencode([*query, *parameters.items()])))


def _array(text: str) -> tuple[list[dict], str | None]:
    """Rows under their names, and the resume key, which stands alone behind an empty row."""
    table = json.loads(text)
    if not table:
        return [], None
    names, *rows = table
    if not isinstance(names, list):
        raise ValueError(f"it begins with {str(names)[:40]!r} instead of the names of its columns")
    key = None
    if len(rows) >= 2 and rows[-2] == [] and len(rows[-1]) == 1:
        key = rows[-1][0]
        rows = rows[:-2]
    return [dict(zip(names, row, strict=True)) for row in rows if isinstance(row, list) and len(row) == len(names)], key


def _lines(text: str) -> Iterator[dict]:
    for line in text.splitlines():
        if line.strip():
            row = json.loads(line)
            yield {
                "original": row["url"],
                "timestamp": row["timestamp"],
                "statuscode": row.get("status", ""),
                "mimetype": row.get("mime", ""),
            }


def _link(asked: str, row: dict) -> Link | None:
    original, at = str(row["original"]), capture_time(str(row["timestamp"]))
    html = "html" in str(row.get("mimetype", "html")) or row.get("mimetype") == REVISIT
    if at is None or not html or str(row.get("statuscode", "200")) not in ("200", "-", ""):
        return None
    return Link(original, captured_at=iso(at), via=_raw(asked, str(row["timestamp"]), original))


def _raw(asked: str, timestamp: str, original: str) -> str:
    """Address of the bytes of a capture as they were sent: ``id_`` behind the time."""
    parts = urlsplit(asked)
    folder = "/web" if _is_wayback(asked) else parts.path.rstrip("/").removesuffix("/cdx")
    return f"{parts.scheme}://{parts.netloc}{folder}/{timestamp}id_/{quote(original, safe=':/?&=%+,;@~!*()$-_.')}"


def capture_time(timestamp: str) -> datetime | None:
    """Return ``YYYYMMDDHHMMSS`` as a time; None when no page was captured then, whatever a server tells."""
    try:
        at = datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if is_of_the_web(at) else None


def nearest(links: Iterable[Link]) -> list[Link]:
    """Return of several captures of one article, by site and key, the one nearest to its publication.

    Where the day of publication is not known the earliest one.
    """
    best: dict[tuple, Link] = {}
    for link in links:
        known = best.get((link.site, link.key))
        if known is None or _distance(link) < _distance(known):
            best[link.site, link.key] = link
    return list(best.values())


def _distance(link: Link) -> tuple[float, str]:
    if link.day is None:
        return 0.0, link.captured_at
    noon = datetime.fromisoformat(f"{link.day}T12:00:00+00:00")
    return abs((datetime.fromisoformat(link.captured_at) - noon).total_seconds()), link.captured_at
