"""Requests and answers of Scrapy as HTTP messages in WARC records, and back."""

from __future__ import annotations

from http.client import responses
from pathlib import Path

from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.httpobj import urlparse_cached

from newsarchive.store.warc import (
    Record,
    http_message,
    locate,
    read_record,
)


def read_response(folder: Path, row: dict) -> Response:
    """Return the answer in the capture ``row``, with its file in ``folder``, as the downloader gave it.

    Raises :class:`newsarchive.store.warc.WarcError`.
    """
    record = read_record(locate(folder, row["file"]), row["offset"])
    return response_of(record)


def response_of(record: Record) -> Response:
    """Return the answer in a WARC record, its body still as it was sent."""
    url = record.headers.get("warc-target-uri", "").strip("<>")
    flags = []
    lists: dict[str, list[bytes]] = {}  # appendlist() copies what is there each time
    for name, value in record.http:
        lists.setdefault(name.lower(), []).append(value.encode("latin-1"))  # the bytes that came, whatever they mean
    headers = Headers({name.encode("latin-1"): values for name, values in lists.items()})
    if record.headers.get("warc-type") == "resource":
        headers["Content-Type"], flags = record.headers["content-type"].encode("utf-8", "surrogateescape"), ["playwright"]
    kind = responsetypes.from_args(headers=headers, url=url, body=record.payload)
    return kind(url, status=record.status or 200, headers=headers, body=record.payload, flags=flags)


def request_head(request: Request) -> bytes:
    """Return ``request`` as an HTTP message without body."""
    parts = urlparse_cached(request)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return http_message(f"{request.method} {path} HTTP/1.1", [("Host", parts.netloc), *_fields(request.headers)])


def _fields(headers: Headers) -> list[tuple[str, str]]:
    """Names and values, each byte one character: nobody can say in which charset a server writes them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name in headers for value in headers.getlist(name)]


def response_head(response: Response) -> bytes:
    """Return ``response`` as an HTTP message without body; what only belongs to the way it came is left out."""
    phrase = responses.get(response.status, "")
    headers = [(n, v) for n, v in _fields(response.headers) if n.lower() not in ("transfer-encoding", "content-length")]
    headers.append(("Content-Length", str(len(response.body))))
    return http_message(f"{response.protocol or 'HTTP/1.1'} {response.status} {phrase}", headers)


def header(response: Response, name: str) -> str | None:
    """Return a header as text."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def warc_date(at: str) -> str:
    """Return a time of the ledger as WARC has it: with ``Z``."""
    return at.replace("+00:00", "Z")
