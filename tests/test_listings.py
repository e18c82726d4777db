"""How listings are walked by whole crawls: cut off, met, named, bounded, filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reference_pages import PATHS, ReferencePages

from newsarchive.demo.server import Answer
from newsarchive.store import reports
from newsarchive.store.archive import Archive

SINCE, UNTIL = "2026-03-04", "2026-03-07"


def ends(done, source="sections"):
    return [end for (end,) in done.rows('select "end" from listing where source = ? order by id', source)]


def keys(stories) -> set[str]:
    return {str(story.number) for story in stories if not story.missing}


def test_days_fill_what_robots_cuts_off(play, crawl):
    """The reference site's robots.txt is said to forbid /services/, where load-more lives."""
    site = play(ReferencePages, services=False)
    done = crawl(site, "-a", "section=middle east", "-a", f"since={SINCE}")
    assert not [path for path in site.requests if path.startswith("/services/")]
    assert ends(done) == ["robots"]
    wanted = [
        s for s in site.pages.newsroom.all() if "middle east" in (s.section, s.also_in) and f"{s.published:%Y-%m-%d}" >= SINCE
    ]
    assert {line["key"] for line in done.lines()} == keys(wanted)
    assert sum("reading the day sitemaps from" in line for line in done.log.splitlines()) == 1
    assert set(ends(done, "days")) == {"exhausted"}
    # Articles of other sections are stored all the same; they are no part of the feed.
    assert done.rows("select count(*) from article")[0][0] > len(wanted)
    assert done.stats()["archive/article/other_section"] > 0


def test_without_since_nothing_is_filled_and_the_cut_is_recorded(play, crawl):
    site = play(ReferencePages, services=False)
    done = crawl(site, "-a", "section=middle east")
    assert done.rows('select source, "end", covers from listing') == [("sections", "robots", None)]
    assert done.rows("select count(*) from article")[0][0] == 21  # twenty, and the pinned one


def test_an_explicit_source_is_not_filled(play, crawl):
    site = play(ReferencePages, services=False)
    done = crawl(site, "-a", "section=middle east", "-a", f"since={SINCE}", "-a", "source=sections")
    assert ends(done, "days") == []


def test_a_bound_is_filled_too(play, crawl):
    site = play()
    done = crawl(site, "-a", "section=world", "-a", f"since={SINCE}", "-a", f"until={UNTIL}", "-s", "LISTING_MAX_PAGES=2")
    assert ends(done) == ["bound"]
    # A story of another section that "world" lists as well is known for one only by the listing.
    wanted = [s for s in site.pages.newsroom.all() if s.section == "world" and SINCE <= f"{s.published:%Y-%m-%d}" <= UNTIL]
    assert {line["key"] for line in done.lines()} >= keys(wanted)


def test_a_walk_goes_deeper_when_the_last_one_did_not_reach_so_far(play, crawl):
    site = play()
    crawl(site, "-a", "section=world", "-a", "since=2026-03-10")
    done = crawl(site, "-a", "section=world", "-a", "since=2026-03-08")
    assert ends(done) == ["since", "since"]
    again = crawl(site, "-a", "section=world", "-a", "since=2026-03-09")
    assert ends(again)[-1] == "met"
    deepest = crawl(site, "-a", "section=world")
    assert ends(deepest)[-1] == "exhausted"
    assert crawl(site, "-a", "section=world").rows('select pages, "end", covers from listing order by id desc limit 1') == [
        (1, "met", "")
    ]


def test_a_section_is_followed_by_path_address_and_menu(play, crawl, tmp_path):
    for n, wanted in enumerate(("/location_middle-east/", "https://sputniknews.com/location_middle-east/", "Middle-East")):
        site = play(ReferencePages, stories=60)
        done = crawl(site, "-a", f"section={wanted}", folder=tmp_path / str(n))
        assert done.rows("select distinct section from sighting") == [("middle east",)]
        assert done.rows("select count(*) from article")[0][0] >= 12


def test_a_section_whose_address_changed_is_found_in_the_menu(play, crawl, monkeypatch):
    monkeypatch.setitem(PATHS, "middle east", "middleeast-2026")
    site = play(ReferencePages, stories=60)
    done = crawl(site, "-a", "section=middle east")
    assert done.rows('select url, "end" from listing') == [("https://sputnikglobe.com/middleeast-2026/", "exhausted")]
    assert done.rows("select distinct section from sighting") == [("middle east",)]


def test_an_unknown_section_ends_the_crawl_with_its_reason(play, crawl):
    site = play(stories=40)
    done = crawl(site, "-a", "section=gardening")
    assert done.rows("select reason from crawl") == [("unknown section",)]
    (line,) = [line for line in done.log.splitlines() if "] ERROR" in line]
    assert "demo knows no section 'gardening'" in line
    assert "Traceback" not in done.log


def test_a_listing_that_fails_is_recorded_and_the_others_go_on(play, crawl):
    site = play(override=lambda path: Answer(b"", status=500) if path == "/world/" else None, stories=60)
    done = crawl(site, "-s", "RETRY_TIMES=1")
    found = dict(done.rows('select coalesce(section, source), "end" from listing'))
    assert found == {
        "feed": "exhausted",
        "world": "error",
        "middle east": "exhausted",
        "business": "exhausted",
        "science": "exhausted",
        "sport": "exhausted",
    }
    assert done.rows("select reason from listing where section = 'world'") == [("HTTP 500",)]


def test_addresses_from_a_file_and_from_standard_input(play, crawl, tmp_path):
    site = play(stories=60)
    stories = [s for s in site.pages.newsroom.all() if not s.missing][:5]
    urls = tmp_path / "urls.txt"
    urls.write_text(
        "\n".join(
            ["https://courier.example" + site.pages.path(s) for s in stories] + ["", "https://other.example/x", "not an address"]
        )
    )
    done = crawl(site, "-a", f"urls={urls}")
    assert {line["key"] for line in done.lines()} == keys(stories)
    assert done.rows('select source, "end", links from listing') == [("urls", "exhausted", 5)]
    assert done.log.count("is no article address of demo") == 2
    assert not [path for path in site.requests if path == "/feed.xml"]


def test_max_articles_are_not_passed_by_one(play, crawl):
    site = play()
    done = crawl(site, "-a", "section=world", "-a", "max_articles=33")
    assert len(done.lines()) == done.rows("select count(*) from article")[0][0] == 33
    assert done.rows("select reason from crawl") == [("max_articles",)]
    assert ends(done) == ["bound"]
    more = crawl(site, "-a", "section=world", "-a", "max_articles=10")
    assert more.rows("select count(*) from article") == [(43,)]


def test_the_archive_can_be_switched_off_and_a_feed_is_enough(play, crawl):
    site = play()
    off = ("-s", 'ITEM_PIPELINES={"newsarchive.pipelines.ArchivePipeline": null}')
    done = crawl(site, "-a", "section=world,middle east", *off)
    wanted = [s for s in site.pages.newsroom.all() if {"world", "middle east"} & {s.section, s.also_in}]
    assert {line["key"] for line in done.lines()} == keys(wanted) | {str(site.pages.newsroom.pinned)}
    assert len(done.lines()) == len({line["key"] for line in done.lines()})
    assert not done.folder.exists()


def test_robots_and_both_sources_combine(play, crawl):
    site = play(stories=120)
    done = crawl(site, "-a", "source=sitemap,feed,days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")
    assert done.rows("select count(*) from article") == [(119,)]
    articles = [path for path in site.requests if site.pages.number(path)]
    assert len(articles) == len(set(articles)) == 120
    assert {source for (source,) in done.rows("select distinct source from sighting")} == {"sitemap", "feed", "days"}


def test_redirects_are_followed_on_the_site_and_not_off_it(play, crawl):
    site = play(stories=60)
    same, front, off, local, loop = [s for s in site.pages.newsroom.all() if not s.missing and not s.canonical][:5]
    targets = {
        site.pages.path(same): site.pages.path(same) + "?new=1",
        site.pages.path(front): "https://courier.example/",
        site.pages.path(off): "https://es.courier.example/elsewhere",
        site.pages.path(local): "http://127.0.0.1:1/secret",
        site.pages.path(loop): site.pages.path(loop),
    }
    site.override = lambda path: Answer(b"", status=302, headers={"Location": targets[path]}) if path in targets else None
    done = crawl(site)
    states = {
        key: (state, reason) for key, state, reason in done.rows("select key, state, reason from page where state <> 'stored'")
    }
    assert states[str(front.number)] == ("gone", "redirected to https://courier.example/")
    assert states[str(off.number)] == ("waiting", "redirected to https://es.courier.example/elsewhere")
    assert states[str(local.number)] == ("waiting", "redirected to http://127.0.0.1:1/secret")
    assert states[str(loop.number)] == ("waiting", "IgnoreRequest: max redirections reached")
    assert str(same.number) not in states
    aliases = {url for (url,) in done.rows("select url from alias where page = ?", f"demo:{same.number}")}
    assert {"https://courier.example" + path for path in (site.pages.path(same), site.pages.path(same) + "?new=1")} <= aliases


def test_a_page_that_reloads_itself_is_asked_once(play, crawl):
    site = play(stories=40)
    front = site.pages.section_page("world").replace("<head>", '<head><meta http-equiv="refresh" content="5">')
    site.override = lambda path: Answer(front.encode()) if path == "/world/" else None
    crawl(site, "-a", "section=world")
    assert site.requests.count("/world/") == 1


def gaps(done) -> list[tuple]:
    return done.rows("select source, reason, since, until, closed_by from gap order by id")


def test_a_feed_that_moved_on_leaves_a_gap_until_the_days_close_it(play, crawl):
    site = play(stories=400)
    newsroom = site.pages.newsroom
    stories = newsroom._first
    newsroom._first = stories[:200]
    crawl(site, "-a", "source=feed")
    newsroom._first = stories
    done = crawl(site, "-a", "source=feed")
    before, now = stories[199].published.date().isoformat(), stories[360].published.date().isoformat()
    assert gaps(done) == [("feed", "no overlap", before, now, None)]
    done = crawl(site, "-a", "source=days", "-a", f"since={before}", "-a", f"until={now}")
    assert gaps(done) == [("feed", "no overlap", before, now, "days")]


def test_a_listing_cut_off_is_a_gap_that_a_whole_walk_closes(play, crawl):
    site = play(ReferencePages, services=False)
    done = crawl(site, "-a", "section=middle east", "-a", "source=sections")
    ((source, reason, since, _, closed_by),) = gaps(done)
    assert (source, reason, since, closed_by) == ("sections", "robots", None, None)
    site.pages.robots = ""
    done = crawl(site, "-a", "section=middle east")
    assert gaps(done)[0][-1] == "sections"


def test_a_section_that_redirects_to_the_front_page_is_looked_up(play, crawl):
    site = play(stories=40, override=lambda path: Answer(b"", status=302, headers={"Location": "/"}) if path == "/world/" else None)
    site.pages.section_path = lambda section: {"world": "/the-world/"}.get(section, f"/{section.replace(' ', '-')}/")
    section = site.pages.section
    site.pages.section = lambda path: section(path.replace("/the-world/", "/world/"))
    done = crawl(site, "-a", "section=world")
    assert done.rows('select url, "end" from listing') == [("https://courier.example/the-world/", "exhausted")]
    assert len(done.lines()) < 15, "the front page was taken for the section"


def test_sections_that_robots_cuts_off_are_complete_by_their_days(play, crawl):
    """Two sections share the days, and ``until`` lies below what they showed: no gap stays open."""
    site = play(ReferencePages, services=False)
    done = crawl(site, "-a", "section=middle east,world", "-a", f"since={SINCE}", "-a", "until=2026-03-08")
    archive = done.archive()
    (report,) = reports.coverage(archive)
    archive.close()
    assert report["complete"], report["missing"]
    assert [listing["by_days"] for listing in report["listings"] if listing["source"] == "sections"] == [True, True]


def test_a_day_that_was_walked_before_it_was_over_stands_in_for_nothing(tmp_path):
    """Walked at noon, it says nothing of the evening; walked the day after, it does."""
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    archive = Archive(tmp_path / "archive.db", clock=lambda: now[0])

    def walk(source, url, end):
        crawl = archive.crawls.begin("demo", {})
        since = until = "2026-03-01" if source == "days" else None
        number, *_ = archive.listings.begin(crawl, "demo", source, url, None, since or "2026-03-01", until)
        archive.listings.end(number, end, "2026-03-01" if end == "exhausted" else None)
        archive.crawls.end(crawl, "finished", {})

    def open_gaps():
        return archive.db.execute("select count(*) from gap where closed_at is null").fetchone()[0]

    walk("days", "https://courier.example/d", "exhausted")
    now[0] += timedelta(hours=8)
    walk("sections", "https://courier.example/world/", "robots")
    assert open_gaps() == 1
    now[0] += timedelta(days=1)
    walk("days", "https://courier.example/d", "exhausted")
    assert open_gaps() == 0


def test_a_feed_without_archive_keeps_to_the_arguments(play, crawl):
    site = play()
    off = ("-s", 'ITEM_PIPELINES={"newsarchive.pipelines.ArchivePipeline": null}')
    done = crawl(site, "-a", "source=days", "-a", "section=world", "-a", f"since={SINCE}", "-a", f"until={SINCE}", *off)
    wanted = [s for s in site.pages.newsroom.all() if s.section == "world" and f"{s.published:%Y-%m-%d}" == SINCE]
    assert {line["key"] for line in done.lines()} == keys(wanted)


def test_one_section_under_several_names_is_walked_once(play, crawl):
    site = play(stories=60)
    done = crawl(site, "-a", "section=middle east,middle-east,/middle-east/")
    assert len(ends(done)) == 1


def test_a_sitemap_fills_where_there_are_no_days(play, crawl):
    site = play(ReferencePages, services=False)
    done = crawl(site, "-a", "section=middle east", "-a", f"since={SINCE}", "-s", "SPIDER_MODULES=sites_of_tests", spider="nodays")
    wanted = [
        s for s in site.pages.newsroom.all() if "middle east" in (s.section, s.also_in) and f"{s.published:%Y-%m-%d}" >= SINCE
    ]
    assert {line["key"] for line in done.lines()} == keys(wanted)
    assert "reading the sitemap instead" in done.log


def test_a_file_of_addresses_may_begin_with_a_mark(play, crawl, tmp_path):
    """Windows editors write one before the first line."""
    site = play(stories=60)
    stories = [s for s in site.pages.newsroom.all() if not s.missing][:2]
    file = tmp_path / "urls.txt"
    file.write_text("".join(f"{site.pages.url(site.pages.path(s))}\r\n" for s in stories), encoding="utf-8-sig")
    assert len(crawl(site, "-a", f"urls={file}").lines()) == 2


def test_robots_txt_may_redirect_to_another_host(play, crawl):
    """RFC 9309, 2.3.1.2."""
    site = play(stories=60, override=lambda path: MOVED if path == "/robots.txt" else None)
    done = crawl(site, "-a", "source=feed")
    assert "is no public host" in done.log  # the test's own; a public one would be asked
    assert "not on the site" not in done.log


MOVED = Answer(b"", status=302, headers={"Location": "http://localhost/robots.txt"})
