"""Packed bodies: whole, or none at all."""

from __future__ import annotations

import gzip
import zlib
from time import process_time

import brotli
import pytest
from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from newsarchive.store.warc import WarcError
from newsarchive.unpacking import MAX_BYTES, TornBody, UnpackingMiddleware, unpacked, zstd

PAGE = b"<html><body>" + b"".join(b"<p>Paragraph %d, and what it says.</p>" % n for n in range(400)) + b"</body></html>"
PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


def answer(encoding: str, body: bytes) -> Response:
    return Response("https://x.example/a", headers={"Content-Encoding": encoding, "Content-Type": "text/html"}, body=body)


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_that_was_cut_off_is_none_live_or_kept(encoding):
    """Half a page would pass for a short one, and for an edit of the publisher."""
    middleware = UnpackingMiddleware.from_crawler(get_crawler(Spider))
    whole = PACKERS[encoding](PAGE)
    assert middleware.process_response(Request("https://x.example/a"), answer(encoding, whole)).body == PAGE
    page = unpacked(answer(encoding, whole))
    assert isinstance(page, HtmlResponse) and page.body == PAGE
    torn = answer(encoding, whole[: len(whole) * 4 // 5])
    with pytest.raises(WarcError):
        unpacked(torn)
    with pytest.raises(TornBody):
        middleware.process_response(Request("https://x.example/a"), torn)


def test_members_one_after_the_other_and_padding_behind_them_are_whole():
    """RFC 1952, 2.2."""
    packed = gzip.compress(PAGE[:2000]) + gzip.compress(PAGE[2000:]) + bytes(8)
    assert unpacked(answer("gzip", packed)).body == PAGE
    middleware = UnpackingMiddleware.from_crawler(get_crawler(Spider))
    assert middleware.process_response(Request("https://x.example/a"), answer("gzip", packed)).body.startswith(PAGE[:2000])


def test_frames_of_zstd_one_after_the_other_are_whole():
    """RFC 8878, 3.1: what stood behind the first was lost, and all behind one that is to be skipped."""
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"abcd"
    for begin, end in ((skipped, b""), (b"", skipped)):
        packed = begin + zstd.compress(PAGE[:2000]) + zstd.compress(PAGE[2000:]) + end
        assert unpacked(answer("zstd", packed)).body == PAGE
        middleware = UnpackingMiddleware.from_crawler(get_crawler(Spider))
        assert middleware.process_response(Request("https://x.example/a"), answer("zstd", packed)).body == PAGE
    with pytest.raises(WarcError):
        unpacked(answer("zstd", zstd.compress(PAGE[:2000]) + zstd.compress(PAGE[2000:])[:-30]))


def test_a_body_of_very_many_empty_members_is_unpacked_in_one_go():
    """Each member cost a copy of all that stood behind it: eight megabytes held a crawl up for a minute."""
    empty = gzip.compress(b"")
    body = gzip.compress(PAGE) + empty * (8_000_000 // len(empty))
    begun = process_time()
    assert unpacked(answer("gzip", body)).body == PAGE
    assert process_time() - begun < 10


@pytest.mark.parametrize("packing", [gzip.compress, lambda body: gzip.compress(body[:-1]) + gzip.compress(body[-1:])])
def test_a_body_that_is_larger_than_any_page_is_refused(packing):
    assert len(unpacked(answer("gzip", packing(bytes(MAX_BYTES)))).body) == MAX_BYTES
    with pytest.raises(WarcError, match="larger than any page"):
        unpacked(answer("gzip", packing(bytes(MAX_BYTES + 1))))


def test_limits_of_size_hold_for_what_is_unpacked():
    """``DOWNLOAD_MAXSIZE``, a request's own, and those at the very bound."""
    middleware = UnpackingMiddleware.from_crawler(get_crawler(Spider, {"DOWNLOAD_MAXSIZE": len(PAGE)}))
    packed, url = gzip.compress(PAGE), "https://x.example/a"
    assert middleware.process_response(Request(url), answer("gzip", packed)).body == PAGE
    with pytest.raises(IgnoreRequest):
        middleware.process_response(Request(url, meta={"download_maxsize": len(PAGE) - 1}), answer("gzip", packed))
    with pytest.raises(IgnoreRequest):
        middleware.process_response(Request(url), answer("gzip", gzip.compress(PAGE + b" ")))
    assert (
        middleware.process_response(Request(url, meta={"download_maxsize": 0}), answer("gzip", gzip.compress(PAGE * 99))).body
        == PAGE * 99
    )


def test_a_page_that_is_large_when_it_is_unpacked_is_said(caplog):
    middleware = UnpackingMiddleware.from_crawler(get_crawler(Spider, {"DOWNLOAD_WARNSIZE": 20_000}))
    for size, warned in ((19_999, 0), (20_000, 1)):
        page = middleware.process_response(Request("https://x.example/a"), answer("gzip", gzip.compress(b"x" * size)))
        assert len(page.body) == size and len(caplog.records) == warned


def test_an_unpacked_page_is_as_scrapy_gives_it():
    """Class, headers, flags and counts."""
    crawler = get_crawler(Spider)
    middleware, packed = UnpackingMiddleware.from_crawler(crawler), gzip.compress(PAGE)
    page = middleware.process_response(Request("https://x.example/a"), answer("gzip", packed).replace(flags=["a flag"]))
    assert isinstance(page, HtmlResponse) and page.flags == ["a flag"]
    assert "Content-Encoding" not in page.headers and page.headers["Content-Type"] == b"text/html"
    assert crawler.stats.get_stats() == {"httpcompression/response_bytes": len(PAGE), "httpcompression/response_count": 1}
