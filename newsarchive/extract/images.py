"""Images: what the origins say of them, put together to one entry a photo and size."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from lxml import etree

from newsarchive.extract.index import Index
from newsarchive.extract.rules import BodyRules, ImageRules
from newsarchive.extract.select import text_of
from newsarchive.extract.text import plain
from newsarchive.items import Image
from newsarchive.urls import absolute, photo_address

# It begins where a word does: a page in an attribute that was never closed has long ones.
SRCSET = re.compile(r"(?<![^\s,])([^\s,]\S*[^\s,]|[^\s,])(?:\s+([\d.]+)([wxh]))?\s*(?:,|$)")
PIXELS = re.compile(r"\s*([0-9]{1,5})(?:\.[0-9]+)?\s*(?:px)?\s*$")
LAZY = (
    "data-src data-original data-lazy-src data-lazy data-hi-res-src data-src-large data-full-src data-image data-url "
    "data-large-file data-orig-file"
    " data-srcset-src data-img-src data-image-src"
).split()
MAX_IMAGES = 500
MAX_CAPTIONS = 10
"""Of one frame; those that nobody closed stand in each other."""
MAX_CAPTION = 5_000
"""Characters."""
MAX_SRCSET = 20_000
"""Characters; forty addresses of a generous length."""

_img = etree.XPath("descendant-or-self::img")
_sources = etree.XPath("ancestor::picture[1]/source")


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern:
    return re.compile(text)


def visible_images(
    root: etree._Element, index: Index, containers: list[etree._Element], body: BodyRules, rules: ImageRules
) -> list[dict]:
    """Return the photos that the article in ``root`` shows, in reading order: the lead photo's element first, then the body."""
    dropped = index.matching(body.drop)
    found: list[dict] = []
    seen: set[etree._Element] = set()
    for scope, role in ((index.first(rules.lead, root), "lead"), *((container, "body") for container in containers)):
        for img in _img(scope)[:MAX_IMAGES] if scope is not None else ():
            if img not in seen and not any(a in dropped for a in _up_to(img, scope)):
                seen.add(img)
                found.extend(image | {"role": role} for image in _shown(img, scope, dropped, rules, index))
    return found


def described(imgs: list[etree._Element], index: Index, rules: ImageRules) -> list[dict]:
    """Return what elements ``imgs`` of a page show: every size, with what the frame around says."""
    return [image for img in imgs[:MAX_IMAGES] for image in _shown(img, index.root, set(), rules, index)]


def _up_to(element: etree._Element, top: etree._Element):
    while element is not None:
        yield element
        if element is top:
            return
        element = element.getparent()


def _shown(img: etree._Element, scope: etree._Element, dropped: set[etree._Element], rules: ImageRules, index: Index) -> list[dict]:
    frames = index.matching(rules.frame)
    frame = next((a for a in _up_to(img, scope) if a in frames), None)
    said = {"alt": img.get("alt"), "caption": None, "credit": None}
    if frame is not None:
        credits = index.elements(rules.credit, frame)[:MAX_CAPTIONS]
        said["credit"] = next((text for c in credits if (text := _words(c))), None)
        captioned = index.elements(rules.caption, frame)[:MAX_CAPTIONS]
        left_out = (dropped - set(captioned)) | set(credits)
        captions = [_words(c, left_out) for c in captioned if c not in left_out]
        said["caption"] = " ".join(dict.fromkeys(text for text in captions if text)) or None
    said["caption"] = said["caption"] or img.get("title")
    # What loads later is the picture; what stands in its place is nothing.
    address = next((img.get(name) for name in (*LAZY, "src") if img.get(name)), "")
    if address.startswith("data:"):
        address = ""
    sizes = [{"url": address, "width": img.get("width"), "height": img.get("height")}] if address else []
    for element in [img, *_sources(img)]:
        for name in ("srcset", "data-srcset", "data-lazy-srcset"):
            for url, number, unit in SRCSET.findall((element.get(name) or "")[:MAX_SRCSET]):
                sizes.append({"url": url, "width": number if unit == "w" else None})
    if rules.large and frame is not None:
        sizes += [{"url": url} for element in frame.iter() if (url := element.get(rules.large))]
    return [size | said for size in sizes]


def _words(element: etree._Element, left_out: Collection[etree._Element] = ()) -> str:
    return plain(text_of(element, left_out)[:MAX_CAPTION])


def put_together(found: list[dict], rules: ImageRules, base: str) -> list[Image]:
    """Return one entry a photo and size out of ``found``, dicts with ``url`` and whatever an origin said beside it.

    The first mention gives an entry its place; later ones fill what it lacks. Caption, credit and text alternative
    belong to the photo and go to all its sizes. The lead photo comes first, share pictures last.
    """
    images: dict[tuple, Image] = {}
    addresses: dict[str, list[Image]] = {}
    for raw in found:
        if (url := absolute(base, raw["url"])) is None:
            continue
        image: Image = {
            "url": url,
            "width": pixels(raw.get("width")),
            "height": pixels(raw.get("height")),
            "caption": _said(raw, "caption"),
            "credit": _said(raw, "credit"),
            "alt": (alt := _said(raw, "alt")) and (re.sub(rules.alt_tail, "", alt) or None),
            "role": raw.get("role") or "body",
            "key": None,
            "crop": None,
        }
        if rules.address and (m := _pattern(rules.address).search(urlsplit(url).path)):
            _read_address(image, m.groupdict())
        same_path = addresses.setdefault(photo_address(url), [])
        identity = (image["key"], image["width"], image["height"]) if image["key"] else (url,)
        if known := images.get(identity) or next((one for one in same_path if _same_size(one, image)), None):
            for name, value in image.items():
                if known[name] is None:
                    known[name] = value
            if image["role"] == "lead":
                known["role"] = "lead"
        else:
            images[identity] = image
            same_path.append(image)
    _share_words(images.values())
    order = {"lead": 0, "body": 1, "share": 2}
    return sorted(images.values(), key=lambda image: order[image["role"]])


def _said(raw: dict, name: str) -> str | None:
    return plain(text) or None if (text := raw.get(name)) else None


def _same_size(one: Image, other: Image) -> bool:
    """Tell whether two images of one photo's address are the same: queries sign and count, but some sites size by them."""
    return one["url"] == other["url"] or other["width"] is None or one["width"] == other["width"] or bool(one["key"])


def _share_words(images) -> None:
    photos: dict[str, dict] = {}
    for image in images:
        if image["key"]:
            said = photos.setdefault(image["key"], {"role": image["role"]})
            for name in ("caption", "credit", "alt"):
                said[name] = said.get(name) or image[name]
            if image["role"] == "lead":
                said["role"] = "lead"
    for image in images:
        if image["key"]:
            image.update(photos[image["key"]])


def pixels(value) -> int | None:
    """Return a number of pixels; None when ``value`` is none.

    >>> pixels("252px"), pixels("100%")
    (252, None)
    """
    return int(m[1]) or None if value and (m := PIXELS.match(str(value))) else None


def _read_address(image: Image, groups: dict[str, str | None]) -> None:
    """Take key, crop and size from an address; what the page says of the size goes before."""
    image["key"] = groups.get("key")
    width, height = (int(groups.get(name) or 0) for name in ("width", "height"))
    if groups.get("crop"):
        left, top, right, bottom = image["crop"] = [int(n) for n in groups["crop"].split(":")]
        across, down = right - left, bottom - top
        if across > 0 and down > 0:
            if groups.get("fit") and width and height:
                scale = min(width / across, height / down)
                width, height = round(across * scale), round(down * scale)
            elif width and not height:
                height = round(width * down / across)
            elif height and not width:
                width = round(height * across / down)
    if not image["width"] or not image["height"]:
        image["width"], image["height"] = width or None, height or None
