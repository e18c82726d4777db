"""The demo site's photos: grey JPEG files of any size, a few kilobytes each."""

from __future__ import annotations


def jpeg(width: int, height: int, comment: str) -> bytes:
    """Return a grey photo of ``width`` by ``height`` pixels as a baseline JPEG (ITU-T T.81); ``comment`` makes it unique.

    Both Huffman tables know one code alone, ``0``: the block is as grey as the one before, and nothing follows in it.
    """
    blocks = -(-width // 8) * -(-height // 8)
    bits = 2 * blocks
    scan = bytearray(-(-bits // 8))
    if spare := 8 * len(scan) - bits:
        scan[-1] |= (1 << spare) - 1
    one_code = bytes([1] + [0] * 15 + [0])
    return (
        b"\xff\xd8"
        + _segment(0xFE, comment.encode())
        + _segment(0xDB, bytes(1) + bytes([1] * 64))
        + _segment(0xC0, bytes([8]) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([1, 1, 0x11, 0]))
        + _segment(0xC4, bytes([0x00]) + one_code)
        + _segment(0xC4, bytes([0x10]) + one_code)
        + _segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
        + bytes(scan)
        + b"\xff\xd9"
    )


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data
