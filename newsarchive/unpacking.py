"""Packed answers: unpacked by Scrapy, and refused when they were cut off."""

from __future__ import annotations

import zlib

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response


class TornBody(Exception):
    """A packed body has no end; what could be unpacked of it would pass for a short page."""


class UnpackingMiddleware(HttpCompressionMiddleware):
    """Scrapy's own, which gives what it can of a torn gzip or deflate body (2.19), and an error instead."""

    def process_response(self, request: Request, response: Response) -> Response:
        packed = response.body
        names = b",".join(response.headers.getlist("Content-Encoding")).lower()
        unpacked = super().process_response(request, response)
        if unpacked is not response and packed:
            encoding = names.split(b",")[-1].strip()
            if encoding in (b"gzip", b"x-gzip"):
                # RFC 1952, 2.3.1: the last four bytes are the size of what was packed. Most bodies pass by this alone.
                if int.from_bytes(packed[-4:], "little") != len(unpacked.body) & 0xFFFFFFFF and _torn(packed, zlib.MAX_WBITS | 16):
                    raise TornBody(f"gzip body without its end, {len(packed)} bytes")
            elif encoding == b"deflate" and _torn(packed, zlib.MAX_WBITS) and _torn(packed, -zlib.MAX_WBITS):
                raise TornBody(f"deflate body without its end, {len(packed)} bytes")
        return unpacked


def _torn(packed: bytes, bits: int) -> bool:
    """Tell whether the packed stream, or the last of several one after the other, lacks its end."""
    while True:
        unpacker = zlib.decompressobj(bits)
        data = packed
        try:
            while data and not unpacker.eof:
                unpacker.decompress(data, 65_536)  # what was made of it is known to have room in memory, one by one
                data = unpacker.unconsumed_tail
        except zlib.error:
            return True
        if not unpacker.eof:
            return True
        packed = unpacker.unused_data
        if not packed.startswith(b"\x1f\x8b"):  # padding, or nothing
            return False
