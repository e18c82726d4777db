"""Picture files: the largest rendition of each photo, once, as it was sent."""

from __future__ import annotations

import hashlib
import json
import signal
import struct
import zlib

import imagesize
import pytest
from reference_pages import ReferencePages
from scrapy.http import HtmlResponse
from test_interrupted import start, stop_at

from newsarchive.demo.photos import jpeg
from newsarchive.demo.server import Answer
from newsarchive.extract.article import load_article
from newsarchive.extract.images import put_together
from newsarchive.extract.rules import ImageRules
from newsarchive.imagefiles import AT_ONCE
from newsarchive.pictures import measured
from newsarchive.store.archive import Archive
from newsarchive.store.images import largest_renditions

KEEP = ("-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12", "-s", "KEEP_IMAGES=1")


def photos(site) -> set[int]:
    return {photo.number for story in site.pages.newsroom.all() if not story.missing for photo in story.photos}


def asked_photos(site) -> list[str]:
    return [path for path in site.requests if site.pages.photo_size(path)]


@pytest.mark.parametrize("pages", [None, ReferencePages], ids=["demo", "sputnik"])
def test_the_largest_rendition_of_each_photo_is_kept_once(play, crawl, pages):
    site = play(*filter(None, [pages]), stories=25)
    done = crawl(site, *KEEP)
    rows = done.rows("select url, key, file, digest, type, bytes, width, height, state from image_file")
    assert {int(row[1]) for row in rows} == photos(site) and len(rows) == len(photos(site))
    assert len(asked_photos(site)) == len(rows)
    largest = {}
    for article in done.articles().values():
        for image in largest_renditions(article["images"]):
            largest[image["url"]] = (image["width"], image["height"])
    for url, _, file, digest, type, size, width, height, state in rows:
        body = (done.folder / "images" / file).read_bytes()
        assert (state, type, size, hashlib.sha256(body).hexdigest()) == ("stored", "image/jpeg", len(body), digest)
        assert file.endswith(f"{digest}.jpg")
        assert imagesize.get(done.folder / "images" / file) == (width, height) == largest[url]
    # Captured too, and beside the declared sizes.
    assert done.rows("select count(*) from capture where kind = 'image' and file is not null and status = 200") == [(len(rows),)]
    assert done.rows(
        "select count(*) from article_image where file is not null and (width, height) <> (real_width, real_height)"
    ) == [(0,)]


def test_off_by_default_no_picture_is_asked_for(play, crawl):
    site = play(stories=30)
    done = crawl(site, *KEEP[:-2])
    assert asked_photos(site) == [] and not (done.folder / "images").exists()
    assert done.rows("select count(*) from image_file") == [(0,)]


def test_switched_on_later_it_fetches_what_was_stored_before(play, crawl):
    site = play(stories=30)
    crawl(site, *KEEP[:-2])
    done = crawl(site, *KEEP)
    assert done.rows("select state, count(*) from image_file group by 1") == [("stored", len(photos(site)))]
    again = len(asked_photos(site))
    crawl(site, *KEEP)
    assert len(asked_photos(site)) == again


def test_after_a_hard_kill_the_other_pictures_are_fetched(play, crawl, tmp_path):
    site = play(stories=40, override=lambda path: call(path))
    site.at_request = None

    def call(path):
        if site.at_request and len(asked_photos(site)) >= site.at_request[0]:
            (_, kill), site.at_request = site.at_request, None
            kill()

    folder = tmp_path / "archive"
    stop_at(site, start(site, folder, *KEEP[-2:]), 10, signal.SIGKILL)
    done = crawl(site, *KEEP, folder=folder)
    assert done.rows("select state, count(*) from image_file group by 1") == [("stored", len(photos(site)))]
    assert len(asked_photos(site)) - len(photos(site)) <= 5, "more than those in flight were asked for again"
    kept = [path for path in (folder / "images").rglob("*") if path.is_file()]
    assert all(path.stem == hashlib.sha256(path.read_bytes()).hexdigest() for path in kept if not path.name.startswith("."))


def test_what_is_no_picture_is_recorded_and_costs_nothing_else(play, crawl):
    """Gone, broken, too large, refused, failing: each has its state and reason, and the others are kept."""
    answers = iter(
        [
            Answer(b"gone", status=404),
            Answer(b"<h1>Not found</h1>"),
            Answer(jpeg(1920, 1080, "x") + bytes(60_000), "image/jpeg"),
            Answer(jpeg(1920, 1080, "x") + bytes(60_000), "image/jpg"),  # sent as gzip
            Answer(b"no", status=403),
            Answer(b"", status=500),
        ]
    )
    first: dict[str, Answer] = {}

    def fail(path):
        if path.startswith("/photos/"):
            if path not in first:
                first[path] = next(answers, None)
            return first[path]

    site = play(stories=30, override=fail)
    done = crawl(site, *KEEP, "-s", "IMAGE_MAX_BYTES=50000", "-s", "RETRY_TIMES=0")
    states = dict(done.rows("select state, count(*) from image_file group by 1"))
    assert states == {"gone": 1, "broken": 1, "too_large": 2, "refused": 1, "waiting": 1, "stored": len(photos(site)) - 6}
    assert done.rows("select reason from image_file where state in ('gone', 'waiting') order by 1") == [
        ("HTTP 404",),
        ("HTTP 500",),
    ]
    assert done.rows("select count(*) from page where state = 'stored'") == [(30,)]
    assert "Traceback" not in done.log, done.log[done.log.index("Traceback") - 600 :][:2500]
    done = crawl(site, *KEEP)
    assert dict(done.rows("select state, max(tries) from image_file where state = 'waiting' group by 1")) == {"waiting": 2}


def test_an_address_that_is_none_stops_no_other_picture(play, crawl):
    site = play(stories=30)
    page, first = site.pages.article, site.pages.newsroom.all()[0]
    bad = "http://a.example:99999/x.jpg"

    def article(story):
        html = page(story)
        return html.replace(site.pages.image_url(story.photos[0], 1920), bad) if story == first else html

    site.pages.article = article
    done = crawl(site, *KEEP)
    assert done.rows("select url, state from image_file where state <> 'stored'") == [(bad, "broken")]


def test_a_photo_without_a_number_is_kept_once_whatever_its_query(archive_of_two):
    archive, images = archive_of_two
    archive.images.want("demo:1", images(600))
    archive.images.want("demo:2", images(1200))
    assert archive.db.execute("select count(*) from image_file").fetchone()[0] == 1


@pytest.fixture
def archive_of_two(tmp_path):
    archive = Archive(tmp_path / "archive.db")

    def images(width):
        nothing = dict.fromkeys(("caption", "credit", "alt", "key", "crop", "height"))
        return [{"url": f"https://x.example/one.jpg?w={width}", "width": width, "role": "body", **nothing}]

    yield archive, images
    archive.close()


def test_the_limit_of_a_crawl_leaves_the_others_waiting(play, crawl):
    site = play(stories=30)
    done = crawl(site, *KEEP, "-s", "IMAGES_MAX_BYTES=20000")
    states = dict(done.rows("select state, count(*) from image_file group by 1"))
    assert states["waiting"] > 0 and 0 < states["stored"] < 10
    assert done.log.count("wait for the next crawl") == 1
    done = crawl(site, *KEEP)
    assert dict(done.rows("select state, count(*) from image_file group by 1")) == {"stored": len(photos(site))}


def test_what_is_no_picture_counts_for_the_limit_of_a_crawl(play, crawl):
    """Of 100 kB that a crawl was to fetch it fetched ten megabytes: only what was kept counted."""
    page = Answer(b"<html>" + bytes(200_000), "image/jpeg")
    site = play(stories=30, override=lambda path: page if path.startswith("/photos/") else None)
    done = crawl(site, *KEEP, "-s", "IMAGES_MAX_BYTES=100000")
    assert 0 < len(asked_photos(site)) <= AT_ONCE
    assert done.rows("select count(*) from image_file where state = 'broken'") == [(len(asked_photos(site)),)]


def test_a_page_cannot_send_us_to_machines_of_our_own_network(play, crawl):
    """A picture's address is whatever a hostile page says."""
    site = play(stories=30)
    other = play(stories=30)
    page = site.pages.article
    addresses = [
        "http://127.0.0.1:1/a.jpg",
        f"{other.url}/photos/2000000000/1920.jpg",
        "http://localhost/x.jpg",
        "http://[::1]/a.jpg",
    ]

    def article(story):
        return page(story).replace(site.pages.image_url(story.photos[0], 1920), addresses[story.number % len(addresses)])

    site.pages.article = article
    done = crawl(site, *KEEP)
    rows = dict(done.rows("select url, state from image_file"))
    assert {rows[address] for address in addresses} == {"refused"}
    assert other.requests == []


def test_only_what_a_browser_shows_is_a_picture():
    assert measured(jpeg(33, 20, "x")) == ("image/jpeg", 33, 20)
    for body in (b"", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", b"\xff\xd8\xff", b"GIF8", b"<html>"):
        assert measured(body) == (None, None, None)


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


WHOLE = {
    "image/jpeg": jpeg(640, 480, "x"),
    "image/png": png(640, 480),
    "image/gif": b"GIF89a\x80\x02\xe0\x01\x80\x00\x00;;;;;;!\xf9\x01;\x00,\x00\x00\x00\x00\x80\x02\xe0\x01\x00\x02\x02\x44\x3b\x00;",
    "image/webp": b"RIFF" + (22).to_bytes(4, "little") + b"WEBPVP8X\n\0\0\0\0\0\0\0" + b"\x7f\x02\0\xdf\x01\0",
    "image/bmp": b"BM" + (58).to_bytes(4, "little") + bytes(4) + struct.pack("<IIiiHHI", 54, 40, 640, 480, 1, 24, 0) + bytes(24),
}


@pytest.mark.parametrize("type", WHOLE)
def test_a_picture_that_was_cut_off_is_none(type):
    """JPEGs without their last bytes counted as stored, and 29 bytes that tell of 10,000 megapixels."""
    whole = WHOLE[type]
    assert measured(whole) == (type, 640, 480)
    assert measured(whole + bytes(7))[0] == type
    for cut in (len(whole) - 1, len(whole) - 3, max(len(whole) // 2, 30)):
        assert measured(whole[: min(cut, len(whole) - 1)]) == (None, None, None)


def test_the_end_of_a_preview_is_not_that_of_its_picture():
    preview = b"Exif\0\0" + jpeg(64, 48, "x")
    whole = b"\xff\xd8\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview + jpeg(640, 480, "x")[2:]
    assert measured(whole)[0] == "image/jpeg" and measured(whole[:-2])[0] is None


def test_photos_that_the_query_names_are_different_ones():
    """Of a site whose pictures are ``image.php?id=…`` one was kept of 131; on each page one was read."""
    addresses = [f"https://x.example/image.php?id={n}&w={w}&sig=a{w}" for n in (1, 2) for w in (1200, 600)]
    signed = "https://x.example/photo.jpg?w=600&sum=1f", "https://x.example/photo.jpg?w=1200&sum=2f"
    found = [{"@type": "ImageObject", "url": url, "width": 1200 if "w=1200" in url else 600} for url in (*addresses, *signed)]
    data = json.dumps({"@type": "NewsArticle", "headline": "H", "image": found})
    page = f'<script type="application/ld+json">{data}</script>'.encode()
    images = load_article(HtmlResponse("https://x.example/a", body=page)).images
    assert [image["url"] for image in images] == [*addresses, *signed]
    assert [image["url"] for image in largest_renditions(images)] == [addresses[0], addresses[2], signed[1]]
    assert len(put_together([{"url": url} for url in addresses], ImageRules(), "https://x.example/")) == 2
