"""Servers as they are: one fault at one place of the demo site, and a whole crawl that must end by itself.

What happened is recorded, the neighbours are unharmed, and memory stays under a ceiling.
"""

from __future__ import annotations

import json
import time

import pytest
from conftest import command
from reference_pages import ReferencePages

from newsarchive.demo.faults import FAULTS, walls
from newsarchive.store.archive import Archive

MB = 1024 * 1024
PROBE = ("-s", 'EXTENSIONS={"memory_probe.MemoryPeak": 1}')
ONCE = ("-s", "RETRY_TIMES=0")
HASTY = (*ONCE, "-s", "DOWNLOAD_TIMEOUT=2")

# Fault → state, beginning of the reason, settings.
NOT_STORED = {
    "404": ("gone", "HTTP 404", ()),
    "410": ("gone", "HTTP 410", ()),
    "to_front": ("gone", "redirected to https://courier.example/", ()),
    "to_section": ("gone", "redirected to https://courier.example/world/", ()),
    "to_consent": ("waiting", "consent wall: redirected to https://consent.courier.example/", ()),
    "403": ("waiting", "HTTP 403", ()),
    "429": ("waiting", "HTTP 429", ("-s", "RETRY_AFTER_MAX=1")),
    "500": ("waiting", "HTTP 500", ()),
    "502": ("waiting", "HTTP 502", ()),
    "503": ("waiting", "HTTP 503", ()),
    "loop": ("waiting", "IgnoreRequest: max redirections reached", ()),
    "reset": ("waiting", "ResponseDataLossError", ONCE),
    "short": ("waiting", "ResponseDataLossError", ONCE),
    "torn_gzip": ("waiting", "TornBody: gzip body without its end", ONCE),
    "no_gzip": ("waiting", "BadGzipFile", ONCE),
    "gzip_bomb": ("waiting", "IgnoreRequest", ONCE),
    "packed_tags": ("waiting", "page of ", ONCE),
    "huge": ("waiting", "DownloadCancelledError", ONCE),
    "drip": ("waiting", "DownloadTimeoutError", HASTY),
    "silence": ("waiting", "DownloadTimeoutError", HASTY),
    "empty": ("waiting", "empty answer", ()),
    "nested": ("waiting", "elements nested", ()),
    "no_body": ("waiting", "no text on it", ()),
    **{name: ("waiting", " ".join(name.split()[:2]) + ": ", ("-s", "RETRY_TIMES=1")) for name in walls.WALLS},
}


def victim(site):
    """The story that the fault meets: one of the section "world", and nothing else odd about it."""
    return [s for s in site.pages.newsroom.all() if s.section == "world" and not s.missing and not s.canonical][1]


def others(site, story) -> set[str]:
    """What a crawl of "world" must store all the same."""
    listed = [s for s in site.pages.newsroom.all() if "world" in (s.section, s.also_in) and not s.missing]
    return {str(s.number) for s in listed} - {str(story.number)} | {str(site.pages.newsroom.pinned)}


def assert_unharmed(site, done, story, traceback: bool = False) -> None:
    """The crawl ended by itself within memory, and every neighbour is stored, and was asked for, once."""
    assert done.code == 0, done.log
    assert done.rows("select reason from crawl order by id desc limit 1") == [("finished",)], done.log
    assert set(done.articles()) - {str(story.number)} == others(site, story)
    asked = [number for path in site.requests if (number := site.pages.number(path.split("?")[0])) and number != story.number]
    assert len(asked) == len(set(asked))
    assert done.stats()["memory/peak"] < 300 * MB
    assert ("Traceback" in done.log) is traceback, done.log


def crawl_with(crawl, play, fault: str, *arguments: str, pages=None):
    site = play(pages, stories=40) if pages else play(stories=40)
    story = victim(site)
    site.faults[site.pages.path(story)] = FAULTS[fault]
    return site, story, crawl(site, "-a", "section=world", *PROBE, *arguments)


@pytest.mark.parametrize("fault", NOT_STORED)
def test_what_is_no_article_is_recorded_with_its_reason(play, crawl, fault):
    state, reason, arguments = NOT_STORED[fault]
    site, story, done = crawl_with(crawl, play, fault, *arguments)
    ((found, said, tries),) = done.rows("select state, reason, tries from page where key = ?", str(story.number))
    assert (found, said[: len(reason)]) == (state, reason)
    assert tries == (1 if state == "waiting" else 0), "what fails twice in one crawl is one failure"
    assert str(story.number) not in done.articles()
    assert_unharmed(site, done, story)


# Fault → flags, and what must stand in the article.
STORED = {
    "no_charset": (["charset_guessed"], {}),
    "wrong_charset": (["charset_wrong"], {}),
    "invalid_utf8": (["charset_wrong"], {}),
    "broken_jsonld": ([], {}),
    "no_metadata": ([], {}),
    "second_article": ([], {}),
    "year 1970": ([], {"published_at": None, "modified_at": None}),
    "year 2099": (["future_date"], {"day": "2099-01-01"}),
    "odd_headline": ([], {}),
    "long_headline": ([], {}),
}


@pytest.mark.parametrize("fault", STORED)
def test_what_is_odd_on_a_page_costs_itself_alone(play, crawl, fault):
    flags, fields = STORED[fault]
    site, story, done = crawl_with(crawl, play, fault)
    assert_unharmed(site, done, story)
    article = done.articles()[str(story.number)]
    assert article["flags"] == flags
    expected = site.pages.expected(story) | fields
    wanted = {"key", "url", "authors", *fields}
    wanted |= set() if "headline" in fault else {"headline"}
    wanted |= set() if flags and fault != "year 2099" else {"body", "text"}
    assert {name: article[name] for name in wanted} == {name: expected[name] for name in wanted}
    for text in (article["headline"], *article["tags"]):
        assert len(text) <= 2000
        assert not set(text) & set("\x00\u202e\ud800")
    assert [line["key"] for line in done.lines()].count(str(story.number)) == 1


def test_missing_microdata_costs_itself_alone(play, crawl):
    site, story, done = crawl_with(crawl, play, "no_metadata", pages=ReferencePages)
    article = done.articles()[str(story.number)]
    assert (article["headline"], article["body"]) == (story.headline, site.pages.expected(story)["body"])


def test_no_link_is_dropped_unseen_for_its_length_or_depth(play, crawl, tmp_path):
    """Scrapy's own bounds of 2,083 characters, and of a depth, leave nothing in the archive that says so."""
    site = play(stories=40)
    stories = [story for story in site.pages.newsroom.all() if not story.missing and not story.canonical][:3]
    lengths = (2, 4000, 9000)
    urls = [f"https://courier.example{site.pages.path(s)}?q={'a' * n}" for s, n in zip(stories, lengths, strict=True)]
    (tmp_path / "urls.txt").write_text("\n".join(urls))
    done = crawl(site, "-a", f"urls={tmp_path / 'urls.txt'}", "-s", "DEPTH_LIMIT=1")
    assert done.code == 0 and "DEPTH_LIMIT is not used" in done.log, done.log
    assert set(done.articles()) == {str(story.number) for story in stories[:2]}
    assert done.stats()["archive/link/not_article"] == 1
    done = crawl(site, "-a", "section=world", "-s", "DEPTH_LIMIT=one", folder=tmp_path / "deep")
    assert done.code == 0 and "DEPTH_LIMIT is not used" in done.log, done.log
    assert set(done.articles()) == others(site, stories[0]) | {str(s.number) for s in stories if "world" in (s.section, s.also_in)}


@pytest.mark.parametrize("fault", ["429 seconds", "503 seconds", "429 date", "503 date"])
def test_retry_after_holds_the_whole_host(play, crawl, fault):
    times = []
    site = play(stories=40, override=lambda path: times.append((time.monotonic(), path)))
    story = victim(site)
    site.faults[site.pages.path(story)] = FAULTS[fault]
    done = crawl(site, "-a", "section=world", *PROBE)
    assert_unharmed(site, done, story)
    assert str(story.number) in done.articles()
    asked = [n for n, (_, path) in enumerate(times) if path == site.pages.path(story)]
    assert len(asked) == 2
    # What was under way when the answer came was on its way already.
    waited = max(later - before for (before, _), (later, _) in zip(times[asked[0] :], times[asked[0] + 1 :], strict=False))
    assert waited >= 1, "of the two seconds that it asked for"


def test_a_host_that_is_closed_for_the_day_is_left_alone_and_everything_waits(play, crawl):
    site, story, done = crawl_with(crawl, play, "closed")
    assert done.rows("select reason from crawl") == [("finished",)]
    assert site.requests.count(site.pages.path(story)) == 1
    waiting = done.rows(
        """select distinct reason, tries, due_at > strftime('%Y-%m-%dT%H', 'now', '+23 hours') from page
        where state = 'waiting'"""
    )
    assert len(waiting) == 1
    assert waiting[0][0].endswith("wants to be left alone")
    assert waiting[0][1:] == (0, 1)
    assert "more than RETRY_AFTER_MAX (600)" in done.log


def test_what_fails_for_a_moment_is_had_at_the_end_of_the_same_crawl(play, crawl):
    site, story, done = crawl_with(crawl, play, "fails_at_first")
    assert_unharmed(site, done, story)
    assert str(story.number) in done.articles()
    assert site.requests.count(site.pages.path(story)) == 4
    assert site.requests[-1] == site.pages.path(story)


def test_the_last_try_of_a_crawl_passes_max_articles_by_none(play, crawl):
    site = play(stories=40)
    for story in [s for s in site.pages.newsroom.all() if s.section == "world" and not s.missing][:4]:
        site.faults[site.pages.path(story)] = FAULTS["fails_at_first"]
    done = crawl(site, "-a", "section=world", "-a", "max_articles=8")
    assert done.rows("select count(*) from article") == [(8,)]


def test_what_is_owed_is_shown_with_its_reason(play, crawl):
    _, _, done = crawl_with(crawl, play, "500", *ONCE)
    shown = command("report", "coverage", "--json", "-s", f"ARCHIVE_DIR={done.folder}")
    ((report,),) = [json.loads(shown.stdout)]
    ((owed),) = report["owed"]
    assert (owed["state"], owed["reason"], owed["pages"], owed["tries"]) == ("waiting", "HTTP 500", 1, 1)
    table = command("report", "coverage", "-s", f"ARCHIVE_DIR={done.folder}").stdout
    assert any(line.split()[:4] == ["waiting", "HTTP", "500", "1"] for line in table.splitlines()), table


# Fault → where, its arguments, end of the listing, beginning of its reason, whether the other articles of it are had.
LISTINGS = {
    "bad_xml feed": ("/feed.xml", "bad_xml", "source=feed", "error", "torn XML"),
    "no_xml feed": ("/feed.xml", "no_xml", "source=feed", "error", "no XML"),
    "empty feed": ("/feed.xml", "empty", "source=feed", "error", "no XML"),
    "bomb feed": ("/feed.xml", "gzip_bomb", "source=feed", "error", "IgnoreRequest"),
    "bad_xml index": ("/sitemap.xml", "bad_xml", "source=sitemap", "error", "torn XML"),
    "bad_xml days": ("/sitemap_article.xml", "bad_xml", "since=2026-03-02", "error", "torn XML"),
    "bad_xml sitemap": ("/sitemap-a.xml.gz", "no_xml", "source=sitemap", "error", "no XML"),
    "entity bomb": ("/sitemap_article.xml", "entity_bomb", "since=2026-03-02", "error", "torn XML: Maximum entity"),
    "torn sitemap": ("/sitemap.xml", "torn_gzip", "source=sitemap", "error", "TornBody"),
    "503 section": ("/world/", "503", "section=world,sport", "error", "HTTP 503"),
    "drip section": ("/world/", "drip", "section=world,sport", "error", "DownloadTimeoutError"),
    "empty section": ("/world/", "empty", "section=world,sport", "error", "no article on it"),
    "bot wall section": ("/world/", "bot wall akamai", "section=world,sport", "error", "bot wall"),
    "consent wall section": ("/world/", "consent wall google", "section=world,sport", "error", "consent wall"),
    "repeating": ("/more/world/*", "repeating", "section=world,sport", "repeats", "its continuation"),
    "endless": ("/more/world/*", "endless", "section=world,sport", "repeats", "page "),
    "calendar": ("/more/world/*", "calendar", "section=world,sport", "exhausted", None),
    "growing": ("/more/world/*", "growing", "section=world,sport", "bound", "6 pages walked"),
    "drifting": ("/more/world/*", "drifting", "section=world,sport", "exhausted", None),
    "other links": ("/world/", "other_links", "section=world,sport", "exhausted", None),
    "session links": ("*", "session_links", "section=world,sport", "exhausted", None),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_ends_with_its_reason_and_the_crawl_goes_on(play, crawl, name):
    path, fault, argument, end, reason = LISTINGS[name]
    site = play(stories=160)
    site.faults[path] = FAULTS[fault]
    until = ("-a", "until=2026-03-12") if argument.startswith("since") else ()
    done = crawl(site, "-a", argument, *until, "-s", "LISTING_MAX_PAGES=6", *PROBE, *HASTY)
    assert done.code == 0
    assert done.rows("select reason from crawl") == [("finished",)]
    assert "Traceback" not in done.log
    assert done.stats()["memory/peak"] < 300 * MB
    walks = done.rows("""select "end", coalesce(reason, '') from listing where coalesce(section, 'world') = 'world'""")
    assert [found for found in walks if (found[0], found[1][: len(reason or "")]) == (end, reason or "")], walks
    asked = [number for path in site.requests if (number := site.pages.number(path.split("?")[0]))]
    assert name == "growing" or len(asked) == len(set(asked))
    stored = set(done.articles())
    if argument.startswith("section"):
        assert {str(s.number) for s in site.pages.newsroom.all() if s.section == "sport" and not s.missing} <= stored
        world = {str(s.number) for s in site.pages.newsroom.all() if "world" in (s.section, s.also_in) and not s.missing}
        assert len(world & stored) >= (0 if end == "error" else 20)
        if end == "exhausted" and fault != "calendar":
            assert world <= stored


def test_an_empty_chunk_in_the_middle_ends_nothing(play, crawl):
    site = play(stories=400)
    chunks = [site.pages.more_path("world", site.pages.listed("world")[19])]
    site.faults[chunks[0]] = FAULTS["hole"]
    done = crawl(site, "-a", "section=world", *PROBE)
    assert done.rows('select "end" from listing') == [("exhausted",)]
    world = [s for s in site.pages.listed("world") if not s.missing]
    assert {str(s.number) for s in world[:20] + world[40:]} <= set(done.articles())
    assert len(done.articles()) < len(world)


def test_a_robots_txt_that_fails_between_two_crawls_costs_no_page(play, crawl):
    site = play(stories=40)
    story = victim(site)
    first = crawl(site, "-a", "section=world", *PROBE)
    assert_unharmed(site, first, story)
    site.faults["/robots.txt"] = FAULTS["500"]
    done = crawl(site, "-a", "section=world", *ONCE)
    assert done.rows('select "end" from listing order by id') == [("exhausted",), ("robots",)]
    assert set(done.articles()) == set(first.articles())
    assert "Traceback" not in done.log


def test_a_page_that_was_gone_for_an_hour_is_had_by_a_later_crawl(play, crawl):
    """A section's later walk meets the earlier one and does not come down to it."""
    site = play(stories=200)
    story = next(s for s in site.pages.listed("world")[-5:] if not s.missing and not s.canonical)
    site.faults[site.pages.path(story)] = FAULTS["404"]
    first = crawl(site, "-a", "section=world", *PROBE)
    assert str(story.number) not in first.articles()
    site.faults.clear()
    archive = Archive(first.folder / "archive.db")
    archive.db.execute("update page set due_at = first_seen_at where state = 'gone' and key = ?", (str(story.number),))
    archive.close()
    site.requests.clear()
    done = crawl(site, "-a", "section=world", *PROBE)
    assert str(story.number) in done.articles()
    assert done.rows('select "end" from listing order by id') == [("exhausted",), ("met",)]
    assert [path for path in site.requests if site.pages.number(path)] == [site.pages.path(story)]


LATER = [
    "404",
    "410",
    "to_front",
    "soft 404 plain",
    "soft 404 front",
    "bot wall cloudflare",
    "bot wall akamai",
    "consent wall pur",
    "500",
    "empty",
]


@pytest.mark.parametrize("fault", LATER)
def test_a_stored_article_keeps_its_text_whatever_its_page_becomes(play, crawl, fault):
    site = play(stories=40)
    story = victim(site)
    before = crawl(site, "-a", "section=world").articles()[str(story.number)]
    site.faults[site.pages.path(story)] = FAULTS[fault]
    # The site says that it changed.
    site.pages.newsroom.touched = [story.number]
    site.pages.newsroom.edition = 2
    done = crawl(site, "-a", "section=world", *ONCE)
    assert done.articles()[str(story.number)] == before
    assert done.rows("select count(*) from revision where key = ?", str(story.number)) == [(0,)]
    ((state, reason, tries),) = done.rows("select state, reason, tries from page where key = ?", str(story.number))
    gone = fault in ("404", "410", "to_front")
    assert (state, tries) == (("gone", 0) if gone else ("stored", 1))
    assert gone or reason == "newer"
