"""What the bytes of a picture file say of it: type and size, and whether they are all there. Nothing is decoded."""

from __future__ import annotations

from io import BytesIO

import imagesize

# First bytes → type and file ending. Only what a browser shows as a picture is one.
TYPES = (
    (b"\xff\xd8\xff", 0, "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", "png"),
    (b"GIF8", 0, "image/gif", "gif"),
    (b"WEBP", 8, "image/webp", "webp"),
    (b"ftypavif", 4, "image/avif", "avif"),
    (b"ftypavis", 4, "image/avif", "avif"),
    (b"ftyphei", 4, "image/heic", "heic"),
    (b"BM", 0, "image/bmp", "bmp"),
    (b"II*\x00", 0, "image/tiff", "tif"),
    (b"MM\x00*", 0, "image/tiff", "tif"),
)


def measured(body: bytes) -> tuple[str | None, int | None, int | None]:
    """Return type, width and height in pixels of the picture ``body``; the type None when it is none that can be shown.

    One that was cut off is none: its end is looked for.
    """
    kind = next((type for start, at, type, _ in TYPES if body[at : at + len(start)] == start), None)
    if kind is None or not ENDS.get(kind, bool)(body):
        return None, None, None
    width, height = imagesize.get(BytesIO(body))
    return (kind, width, height) if width > 0 and height > 0 else (None, None, None)


def _jpeg_ends(body: bytes) -> bool:
    """ITU-T T.81, annex B: segments with their lengths, then the scans, in which a marker is EOI or begins a segment."""
    at = 2
    while body[at : at + 1] == b"\xff" and body[at + 1 : at + 2] not in (b"\xda", b""):
        at += 1 if body[at + 1] == 0xFF else 2 + int.from_bytes(body[at + 2 : at + 4], "big")
    return body.find(b"\xff\xd9", at) > 0  # of the picture itself; a small one for previews is in a segment


def _gif_ends(body: bytes) -> bool:
    """GIF89a, 15 to 27: blocks of parts with their lengths, and a semicolon behind the last."""
    at = 13 + _palette(body[10:11])
    while (kind := body[at : at + 1]) in (b",", b"!"):
        at += 11 + _palette(body[at + 9 : at + 10]) if kind == b"," else 2
        while body[at : at + 1] not in (b"\0", b""):
            at += 1 + body[at]
        at += 1
    return kind == b";"


def _palette(packed: bytes) -> int:
    """Return how many bytes of colours follow, of which ``packed`` tells."""
    return 3 << ((packed[0] & 7) + 1) if packed and packed[0] & 0x80 else 0


def _boxes_end(body: bytes) -> bool:
    """ISO 14496-12, 4.2: boxes with their lengths, one after the other."""
    at = 0
    while at + 8 <= len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(body[at + 8 : at + 16], "big")
        if size < 8:  # 0: to the end
            return size == 0
        at += size
    return at <= len(body)


# Type → whether a file of it is there to its end.
ENDS = {
    "image/jpeg": _jpeg_ends,
    "image/png": lambda body: b"IEND\xaeB`\x82" in body,
    "image/gif": _gif_ends,
    "image/webp": lambda body: len(body) >= 8 + int.from_bytes(body[4:8], "little"),
    "image/bmp": lambda body: len(body) >= int.from_bytes(body[2:6], "little"),
    "image/avif": _boxes_end,
    "image/heic": _boxes_end,
}
