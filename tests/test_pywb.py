"""A real pywb over our own WARC files, as CDX server and for raw captures."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from conftest import OF_THE_CRAWL, PROJECT, assert_true, command
from reference_pages import ReferencePages

from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import Answer

BIN = PROJECT / ".venv-pywb" / "bin"
SPAN = ("-a", "since=2026-03-01", "-a", "until=2026-03-12")


@pytest.fixture
def pywb(tmp_path):
    """``pywb(warc_files)`` plays them; it returns the address of its collection."""
    if not (BIN / "wayback").exists():
        if os.environ.get("CI"):
            pytest.fail("no pywb: CI must not pass over its tests")
        pytest.skip("no pywb here: make test installs it")
    servers = []

    def play(files: list[Path]) -> str:
        folder = tmp_path / "pywb"
        folder.mkdir()
        quiet = {"cwd": folder, "check": True, "capture_output": True}
        subprocess.run([BIN / "wb-manager", "init", "news"], **quiet)
        subprocess.run([BIN / "wb-manager", "add", "news", *files], **quiet)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = open(folder / "log", "wb")
        server = subprocess.Popen([BIN / "wayback", "-p", str(port), "-b", "127.0.0.1"], cwd=folder, stdout=log, stderr=log)
        servers.append((server, log))
        url = f"http://127.0.0.1:{port}/news"
        while server.poll() is None:
            try:
                urllib.request.urlopen(f"{url}/cdx?url=courier.example", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                continue
        assert server.poll() is None, (folder / "log").read_text()
        return url

    yield play
    for server, log in servers:
        server.terminate()
        server.wait()
        log.close()


@pytest.mark.parametrize("pages", [DemoPages, ReferencePages], ids=["demo", "sputnik"])
def test_a_real_pywb_gives_back_the_archive_that_made_its_files(play, crawl, pywb, tmp_path, pages):
    site = play(pages, stories=60)
    first = crawl(site, "-a", "source=days", *SPAN, folder=tmp_path / "first")
    collection = pywb(sorted((first.folder / "warc").glob("*.warc.gz")))
    asked = len(site.requests)
    done = crawl(None, "-a", "source=wayback", "-a", f"cdx={collection}/cdx", *SPAN, spider=pages.site, folder=tmp_path / "past")
    assert len(site.requests) == asked
    before, after = first.articles(), done.articles()
    assert set(after) == set(before)
    for key, article in after.items():
        assert "second_hand" in article["flags"] and "id_/https://" in article["capture"]["from"]
        assert _of_the_page(article) == _of_the_page(before[key])
    assert done.rows("select sum(second_hand) from coverage where source = 'wayback'") == [(len(after),)]
    # Read again from our own capture of pywb's answer, and asked no second time.
    again = crawl(None, "-a", "source=wayback", "-a", f"cdx={collection}/cdx", *SPAN, spider=pages.site, folder=tmp_path / "past")
    assert again.stats().get("downloader/request_count", 0) == 0
    read = command("reextract", "-s", f"ARCHIVE_DIR={done.folder}").stdout
    assert f"{len(after)} articles read again, 0 of them otherwise" in read


def test_what_is_gone_is_had_from_the_past_and_what_is_there_is_not_asked_for(play, crawl, pywb, tmp_path):
    site = play(stories=60)
    first = crawl(site, "-a", "source=days", *SPAN, folder=tmp_path / "first")
    collection = pywb(sorted((first.folder / "warc").glob("*.warc.gz")))
    gone = [story for story in site.pages.newsroom.all() if not story.missing and not story.canonical][:5]
    paths = {site.pages.path(story) for story in gone}
    site.override = lambda path: None if path not in paths else Answer(b"gone", status=404)
    folder = tmp_path / "later"
    later = crawl(site, "-a", "source=days", *SPAN, folder=folder)
    assert later.rows("select count(*) from page where state = 'gone'") == [(6,)]
    past = ("-a", "source=wayback", "-a", f"cdx={collection}/cdx", *SPAN)
    done = crawl(None, *past, spider="demo", folder=folder)
    articles = done.articles()
    second_hand = {key for key, article in articles.items() if "second_hand" in article["flags"]}
    assert second_hand == {str(story.number) for story in gone}
    for story in gone:
        assert_true(articles[str(story.number)], site.pages.expected(story))
    assert done.rows("select count(*) from page where state = 'gone'") == [(1,)]
    # First-hand again once the site has it and says so on a listing that it was not on.
    site.override = lambda path: None
    back = crawl(site, "-a", "source=feed", folder=folder)
    assert not any("second_hand" in article["flags"] for article in back.articles().values())
    assert back.rows("select count(*) from revision") == [(0,)]


def _of_the_page(article: dict) -> dict:
    return {name: value for name, value in article.items() if name not in OF_THE_CRAWL}


def test_pywb_shows_the_pages_of_a_crawl(play, crawl, pywb, tmp_path):
    """As a reader's browser asks for them: the page framed, its links on the replay's own addresses."""
    site = play(stories=60)
    done = crawl(site, "-a", "source=days", *SPAN)
    done = crawl(site, "-a", "source=due", "-s", "REVISIT_MIN_HOURS=0", "-s", "REVISIT_MIN_CHANCE=0")
    collection = pywb(sorted((done.folder / "warc").glob("*.warc.gz")))
    # What the server called unchanged is shown as the page that it is.
    unchanged = "select c.url, c.fetched_at, headline from capture c join article a on a.url = c.url where status = 304 limit 1"
    ((url, at, headline),) = done.rows(unchanged)
    with urllib.request.urlopen(f"{collection}/{re.sub('[^0-9]', '', at)[:14]}id_/{url}", timeout=30) as answer:
        assert answer.status == 200 and headline in answer.read().decode()
    story = next(story for story in site.pages.newsroom.all() if not story.missing)
    with urllib.request.urlopen(f"{collection}/2026mp_/{site.pages.url(site.pages.path(story))}", timeout=30) as answer:
        page = answer.read().decode()
    assert story.headline in page and "/news/2026" in page
