"""What goes wrong on the way: torn, short, endless and silent answers."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib
from dataclasses import replace
from functools import cache, partial
from http.server import BaseHTTPRequestHandler

from newsarchive.demo.faults.registry import fault
from newsarchive.demo.server import Answer, Asked

MB = 1024 * 1024
SILENT_SECONDS = 30
"""So long a server that never answers holds a connection."""


def _head(handler: BaseHTTPRequestHandler, answer: Answer, length: int | None, **headers: str) -> None:
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.type)
    handler.send_header("Connection", "close")
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


@fault()
def reset(asked: Asked) -> Answer:
    """Reset the connection in the middle of the body."""

    def send(handler, answer: Answer) -> None:
        _head(handler, answer, len(answer.body))
        handler.wfile.write(answer.body[: len(answer.body) // 2])
        handler.wfile.flush()
        # Lingering for no time is what makes close() send RST (socket(7)).
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.shutdown(socket.SHUT_RD)

    return replace(asked.answer, send=send)


@fault()
def short(asked: Asked) -> Answer:
    """Send less than Content-Length says."""

    def send(handler, answer: Answer) -> None:
        _head(handler, answer, len(answer.body) + 1000)
        handler.wfile.write(answer.body)

    return replace(asked.answer, send=send)


@fault()
def torn_gzip(asked: Asked) -> Answer:
    """Send a gzip body that lacks its end, with the right length."""
    packed = gzip.compress(asked.answer.body, 1, mtime=0)[: -len(asked.answer.body) // 20]
    return replace(asked.answer, body=packed, send=partial(_send_packed))


@fault()
def no_gzip(asked: Asked) -> Answer:
    """Call plain text gzip."""
    return replace(asked.answer, send=partial(_send_packed))


@fault()
def gzip_bomb(asked: Asked) -> Answer:
    """Send a few kilobytes that unpack to 500 MB."""
    return replace(asked.answer, body=_bomb(), send=partial(_send_packed))


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    begin = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    # What follows a full flush refers to nothing before it (zlib manual).
    again = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + 499 * again


def _send_packed(handler, answer: Answer) -> None:
    _head(handler, answer, len(answer.body), Content_Encoding="gzip")
    handler.wfile.write(answer.body)


@fault()
def huge(asked: Asked) -> Answer:
    """Send 50 MB of paragraphs, without saying so beforehand."""

    def send(handler, answer: Answer) -> None:
        _head(handler, answer, None)
        part = b"<p>Word for word for word.</p>\n" * 32_768
        for _ in range(50 * MB // len(part) + 1):
            handler.wfile.write(part)

    return replace(asked.answer, send=send)


@fault()
def packed_tags(asked: Asked) -> Answer:
    """Send a few kilobytes that unpack to 15 MB of nothing but elements."""
    body = gzip.compress(asked.answer.body.replace(b"</main>", b"<p>x</p>" * (15 * MB // 8) + b"</main>"), 1)
    return replace(asked.answer, body=body, send=partial(_send_packed))


@fault()
def drip(asked: Asked) -> Answer:
    """Send one byte a second."""

    def send(handler, answer: Answer) -> None:
        _head(handler, answer, len(answer.body))
        for byte in answer.body[:SILENT_SECONDS]:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if handler.demo.stopped.wait(1):
                return

    return replace(asked.answer, send=send)


@fault()
def silence(asked: Asked) -> Answer:
    """Never answer."""
    return replace(asked.answer, send=lambda handler, answer: handler.demo.stopped.wait(SILENT_SECONDS))
