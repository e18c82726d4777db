"""Pages that need a browser, read by a real Chromium."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import contextmanager

import pytest
from conftest import assert_true, command

from newsarchive import chromium
from newsarchive.demo.faults import FAULTS
from newsarchive.demo.faults.browser import draw_by_script
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import Answer
from newsarchive.store.warc import read_record

ON = ("-s", "PLAYWRIGHT=1")


@pytest.fixture(scope="session", autouse=True)
def browser():
    """A browser, without which these tests are left out; CI must have one."""
    try:
        chromium.find_browser({"PLAYWRIGHT_EXECUTABLE": ""})
    except ValueError as error:
        if os.environ.get("CI"):
            pytest.fail(f"no browser, and CI must not pass over its tests: {error}")
        pytest.skip("no browser here: the tests of drawn pages are left out; apt-get install chromium brings one")


def of(site, section: str) -> dict[str, dict]:
    """What must be stored of a section: the truth by key."""
    stories = [*site.pages.listed(section), site.pages.newsroom.get(site.pages.newsroom.pinned)]
    return {str(story.number): site.pages.expected(story) for story in stories if not story.missing}


@contextmanager
def spied_on():
    """Servers of this machine that note who comes, and the addresses by which a page may look for them."""
    spied: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))
    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packets.bind(server.getsockname())

    def note(receive) -> None:
        try:
            while True:
                spied.append(str(receive()))
        except OSError:
            pass

    for receive in (server.accept, lambda: packets.recvfrom(1000)):
        threading.Thread(target=note, args=(receive,), daemon=True).start()
    port = server.getsockname()[1]
    hosts = ("127.0.0.1", "localhost", "127.1", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]", socket.gethostname())
    try:
        yield [f"http://{host}:{port}/x" for host in hosts] + ["file:///etc/passwd", "http://169.254.169.254/latest/"], spied
    finally:
        server.close()
        packets.close()


def test_articles_that_scripts_draw_are_read_once_there_is_a_browser(play, crawl, tmp_path):
    site = play(stories=30)
    draw_by_script(site)
    without = crawl(site, "-a", "section=world")
    assert without.articles() == {}
    assert "playwright" not in without.log, "off, nothing of it is loaded"
    reasons = without.rows("select distinct state, reason from page where state <> 'gone'")
    assert reasons == [("waiting", "needs a browser (PLAYWRIGHT=1): no text on it")]
    assert without.stats()["archive/page/needs_browser"] == len(of(site, "world"))
    done = crawl(site, "-a", "section=world", *ON)
    articles = done.articles()
    assert set(articles) == set(of(site, "world"))
    for key, expected in of(site, "world").items():
        assert_true(articles[key], expected)
        assert articles[key]["flags"] == ["rendered"]
    check = command("reextract", "-s", f"ARCHIVE_DIR={done.folder}")
    assert f"{len(articles)} articles read again, 0 of them otherwise" in check.stdout
    ((file, offset),) = {(a["capture"]["file"], a["capture"]["offset"]) for a in articles.values() if a["key"] == min(articles)}
    assert read_record(done.folder / "warc" / file, offset).headers["warc-type"] == "resource"
    asked = len(site.requests)
    again = crawl(None, "-a", "section=world", "-s", f"REPLAY={done.folder}", *ON, spider="demo", folder=tmp_path / "again")
    assert len(site.requests) == asked
    assert again.articles().keys() == articles.keys()
    for key, article in again.articles().items():
        assert {**article, "fetched_at": None, "capture": None} == {**articles[key], "fetched_at": None, "capture": None}


def test_a_browser_that_no_page_needs_is_not_started(play, crawl):
    site = play(stories=30)
    done = crawl(site, "-a", "section=world", *ON)
    assert set(done.articles()) == set(of(site, "world"))
    assert not any(name.startswith(("playwright/", "archive/browser/")) for name in done.stats())


def test_without_a_browser_a_crawl_says_how_to_get_one_and_does_not_begin(tmp_path, monkeypatch):
    folder = tmp_path / "archive"
    missing = command("crawl", "demo", *ON, "-s", "PLAYWRIGHT_EXECUTABLE=/nowhere/chromium", "-s", f"ARCHIVE_DIR={folder}")
    assert missing.returncode == 2
    assert missing.stderr.strip().splitlines() == [
        "scrapy crawl: PLAYWRIGHT_EXECUTABLE is '/nowhere/chromium', which is no program; leave it out, or name a Chromium"
    ]
    assert not folder.exists()
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"apt-get install chromium \(Debian\), or playwright install chromium"):
        chromium.find_browser({"PLAYWRIGHT_EXECUTABLE": ""})
    own = tmp_path / "chromium-1200" / "chrome-linux" / "chrome"
    own.parent.mkdir(parents=True)
    own.touch(mode=0o755)
    assert chromium.find_browser({"PLAYWRIGHT_EXECUTABLE": ""}) == str(own)


class Clicked(DemoPages):
    site = "clicked"


class Scrolled(DemoPages):
    site = "scrolled"


class Bounded(DemoPages):
    site = "bounded"


class Consenting(DemoPages):
    site = "consenting"


SITES = ("-s", "SPIDER_MODULES=sites_of_tests")
MORE = {Clicked: "more_by_click", Scrolled: "more_by_scrolling"}


@pytest.mark.parametrize("pages", MORE, ids=["click", "scrolling"])
def test_a_listing_that_loads_more_by_script_is_walked_to_its_end(play, crawl, tmp_path, pages):
    site = play(pages, stories=130)
    site.faults["/world/"] = FAULTS[MORE[pages]]
    done = crawl(site, "-a", "section=world", *SITES)
    assert done.rows('select "end", reason, covers from listing') == [("exhausted", None, "")]
    if pages is Clicked:
        site.pages.newsroom.edition = 2
        done = crawl(site, "-a", "section=world", *SITES)
        assert done.rows('select "end", pages from listing') == [("exhausted", 2), ("exhausted", 2)]
    articles = done.articles()
    assert set(articles) == set(of(site, "world"))
    for key, expected in of(site, "world").items():
        assert_true(articles[key], expected)
    # Published times stand around a link, not on it: sightings have them though the list forgot what was scrolled past.
    assert done.rows("select count(*) from sighting where published_at is null") == [(0,)]
    check = command("check-archive", "-s", f"ARCHIVE_DIR={done.folder}", *SITES)
    assert check.returncode == 0, check.stdout
    if pages is Scrolled:
        return
    without = crawl(site, "-a", "section=world", *SITES, "-s", "PLAYWRIGHT=0", folder=tmp_path / "without")
    assert without.rows('select "end", reason, pages from listing') == [
        ("error", "IgnoreRequest: needs a browser: PLAYWRIGHT=1 has one", 1)
    ]
    asked = len(site.requests)
    again = crawl(None, "-a", "section=world", *SITES, "-s", f"REPLAY={done.folder}", spider=pages.site, folder=tmp_path / "again")
    assert len(site.requests) == asked
    assert again.rows('select "end", pages, links from listing') == done.rows('select "end", pages, links from listing')
    assert set(again.articles()) == set(articles)


def test_a_walk_in_the_browser_ends_like_any_other(play, crawl, tmp_path):
    site = play(Bounded, stories=230)
    site.faults["/world/"] = site.faults["/sport/"] = FAULTS["more_by_click"]
    chunk = site.pages.more_path("sport", site.pages.listed("sport")[19])
    site.faults[chunk] = FAULTS["500"]
    done = crawl(site, "-a", "section=world,sport", "-s", "RETRY_TIMES=0", *SITES)
    ends = {row[0]: row[1:] for row in done.rows('select section, "end", reason, pages from listing')}
    assert ends["world"] == ("bound", "2 pages walked; LISTING_MAX_PAGES, or the site's rule, allows no more", 2)
    assert ends["sport"] == ("error", f"BrowserFailed: the page did not get https://courier.example{chunk}: HTTP 500", 1)
    assert site.requests.count(chunk) == 2, "once more from the top, and no more"
    assert done.rows("select count(*) from gap where closed_at is null") == [(2,)]
    assert {str(s.number) for s in site.pages.listed("sport")[:20] if not s.missing} <= set(done.articles())
    site.faults["/sport/"] = FAULTS["more_by_click"]
    del site.faults[chunk]
    later = crawl(site, "-a", "section=sport", "-a", "since=2026-03-11", *SITES)
    assert later.rows('select "end", reason from listing order by id desc limit 1') == [("since", None)]


TROUBLE = ("busy_for_ever", "crashes", "windows", "spying")


def test_hostile_pages_cost_themselves_alone(play, crawl, tmp_path):
    """A renderer that hangs or dies, windows and dialogs, a page that looks for servers of this machine."""
    site = play(stories=40)
    draw_by_script(site)
    stories = [s for s in site.pages.newsroom.all() if s.section == "world" and not s.missing and not s.canonical]
    victims = dict(zip(TROUBLE, stories, strict=False))
    for name, story in victims.items():
        site.faults[site.pages.path(story)] = FAULTS[name]
    forbidden = stories[len(TROUBLE)]
    site.pages.robots += f"Disallow: /api{site.pages.path(forbidden)}\n"
    with spied_on() as (targets, spied):
        away = {"/away": Answer(b"", status=302, headers={"Location": targets[0]})}
        targets = ["https://courier.example/away", *targets]
        site.override = (away | {"/spied": Answer(json.dumps(targets).encode(), "application/json")}).get
        done = crawl(site, "-a", "section=world", *ON, "-s", "PLAYWRIGHT_PAGE_SECONDS=8", "-s", "RETRY_TIMES=0")
    assert spied == []
    found = {row[0]: row[1:] for row in done.rows("select key, state, coalesce(reason, ''), tries from page")}
    state, reason, tries = found[str(victims["busy_for_ever"].number)]
    assert (state, reason, tries) == ("waiting", "BrowserFailed: the page took more than 8 s", 1)
    state, reason, tries = found[str(victims["crashes"].number)]
    assert (state, tries) == ("waiting", 1)
    assert reason.startswith("BrowserFailed: ")
    assert done.stats()["archive/browser/pages"] >= len(found) + 1, "what failed was tried once more"
    articles = done.articles()
    for name in ("windows", "spying"):
        story = victims[name]
        assert_true(articles[str(story.number)], site.pages.expected(story))
    assert not any(path.startswith("/advertisement/") for path in site.requests)
    lacks = f"https://courier.example/api{site.pages.path(forbidden)}: Forbidden by robots.txt"
    assert found[str(forbidden.number)][:2] == ("waiting", f"no text on it; its scripts did not get {lacks}")
    failed = {str(story.number) for story in (victims["busy_for_ever"], victims["crashes"], forbidden)}
    assert set(articles) == set(of(site, "world")) - failed
    assert "Traceback" not in done.log


def test_consent_is_given_where_the_site_names_the_button(play, crawl):
    site = play(Consenting, stories=30)
    draw_by_script(site)
    site.faults["/20*"] = FAULTS["consent_wall"]
    without = crawl(site, "-a", "section=world", *SITES, "-s", "PLAYWRIGHT=0")
    assert without.articles() == {}
    assert [reason for (reason,) in without.rows("select distinct reason from page")] == [
        "needs a browser (PLAYWRIGHT=1): consent wall"
    ]
    done = crawl(site, "-a", "section=world", "-a", "max_articles=2", *SITES)
    assert len(done.articles()) == 2
    for key, article in done.articles().items():
        assert_true(article, site.pages.expected(site.pages.newsroom.get(int(key))))
    assert "/subscribed" not in site.requests
