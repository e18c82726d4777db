"""Which capture answers for a page, without Scrapy."""

from __future__ import annotations

import pytest

from newsarchive.store.archive import Archive
from newsarchive.store.captures import Captures

URL = "https://news.example/1.html"


@pytest.fixture
def captures(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    yield archive.captures
    archive.close()


def add(captures: Captures, status: int = 200, digest: str = "a", at: str | None = None, crawl: int | None = None, kind="article"):
    captures.archive.db.execute(
        """insert into capture (crawl, url, fetched_at, status, digest, file, "offset", kind) values (?, ?, ?, ?, ?, 'f', 0, ?)""",
        (crawl, URL, at or captures.archive.now(), status, digest, kind),
    )


def test_what_others_captured_is_no_answer_of_the_site(captures):
    """A file of others gave the validators of the next visit, and its bytes when the site answered 304."""
    crawls = captures.archive.crawls
    add(captures, crawl=crawls.begin("demo", {}))
    add(captures, digest="forged", at="2026-03-01T00:00:00.000000+00:00", crawl=crawls.begin("demo", {}), kind="imported")
    assert captures.newest(URL, kind="article")["digest"] == captures.newest(URL)["digest"] == "a"
    assert captures.newest(URL, kind="imported")["digest"] == "forged"
    assert captures.different(URL) == [1]
    assert captures.at(URL, 2)["id"] == 1


def test_captures_of_listings_and_of_pages_do_not_refer_to_each_other(captures):
    """A rule lets the files of listings go: what an article's file refers to must not go with them."""
    add(captures, kind="listing")
    assert captures.newest(URL, kind="article") is None and captures.newest(URL, kind="robots")["id"] == 1
    add(captures, kind="other")
    assert captures.newest(URL, kind="article")["id"] == 2 and captures.newest(URL, kind="listing")["id"] == 1


def test_a_page_was_one_thing_after_the_other(captures):
    for status, digest in ((200, "a"), (304, "a"), (500, "x"), (410, "gone"), (200, "a"), (503, "x"), (304, "a"), (301, "")):
        add(captures, status, digest)
    assert captures.different(URL) == [1]
    assert captures.different(URL, lasting=True) == [1, 4, 5, 8]
    assert [captures.at(URL, id)["id"] for id in (0, 3, 4, 6, 100)] == [1, 2, 4, 5, 8]


def test_bytes_are_as_old_as_the_first_capture_that_cites_them(captures):
    """Asked every quarter of an hour and equal each time, a listing was never old enough to be written anew."""
    for day in range(1, 9):
        add(captures, at=f"2026-03-0{day}T00:00:00.000000+00:00", kind="listing")
    assert captures.written_at(captures.newest(URL)) == "2026-03-01T00:00:00.000000+00:00"
