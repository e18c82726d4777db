"""Whole crawls of the demo newsroom, judged by the archive that they leave."""

from __future__ import annotations

import pytest
from conftest import assert_true

from newsarchive.demo.newsroom import SECTIONS

SINCE, UNTIL = "2026-03-04", "2026-03-07"


def told(site, section=None, since=None, until=None):
    """The stories that a crawl with these arguments must bring."""
    stories = [s for s in site.pages.newsroom.all() if not s.missing]
    if section:
        stories = [s for s in stories if section in (s.section, s.also_in) or section in s.tags]
    days = {s.number: f"{s.published:%Y-%m-%d}" for s in stories}
    return {str(s.number): s for s in stories if (since or "") <= days[s.number] <= (until or "9999")}


@pytest.mark.parametrize("source", ["sections", "days", "sitemap"])
def test_a_section_between_two_days_is_archived_once_and_true(site, crawl, source):
    done = crawl(site, "-a", "section=middle east", "-a", f"since={SINCE}", "-a", f"until={UNTIL}", "-a", f"source={source}")
    assert done.code == 0, done.log
    wanted = told(site, "middle east", SINCE, UNTIL)
    lines = done.lines()
    assert sorted(line["key"] for line in lines) == sorted(wanted)
    articles = done.articles()
    for line in lines:
        assert_true(line, site.pages.expected(wanted[line["key"]]))
        assert_true(articles[line["key"]], site.pages.expected(wanted[line["key"]]))
    paths = [path for path in site.requests if site.pages.number(path)]
    assert len(paths) == len(set(paths)), "an article was fetched twice"


def test_a_feed_brings_every_article_that_it_lists(site, crawl):
    done = crawl(site, "-a", "source=feed")
    newest = [s for s in site.pages.newsroom.all()[:40] if not s.missing]
    assert {line["key"] for line in done.lines()} == {str(s.number) for s in newest}
    for line in done.lines():
        assert_true(line, site.pages.expected(site.pages.newsroom.get(int(line["key"]))))


def test_the_whole_site_is_found_and_every_page_has_an_outcome(site, crawl):
    done = crawl(site, "-a", f"section={','.join(SECTIONS)}")
    newsroom = site.pages.newsroom
    assert set(done.articles()) == set(told(site))
    assert done.rows("select key, state, reason from page where state <> 'stored'") == [
        (str(next(s.number for s in newsroom.all() if s.missing)), "gone", "HTTP 404")
    ]
    assert {end for (end,) in done.rows('select "end" from listing')} == {"exhausted"}
    assert done.rows("select count(*) from crawl where ended_at is not null and reason = 'finished'") == [(1,)]
    # The edition in Spanish has articles of its own, with the same numbers.
    assert not [path for path in done.rows("select url from alias where url like '%mundo%' or url like '%es.courier%'")]


def test_an_article_in_two_sections_is_fetched_once_and_both_sightings_are_kept(site, crawl):
    done = crawl(site, "-a", "section=world,middle east", "-a", "since=2026-03-01")
    both = next(s for s in site.pages.newsroom.all() if s.also_in == "world" and s.section == "middle east")
    assert sorted(done.rows("select section from sighting where page = ?", f"{site.pages.site}:{both.number}")) == [
        ("middle east",),
        ("world",),
    ]
    assert sum(str(both.number) in path for path in site.requests if site.pages.number(path)) == 1


def test_second_crawl_asks_listings_and_articles_that_changed(play, crawl):
    site = play()
    crawl(site)
    site.requests.clear()
    newsroom = site.pages.newsroom
    newsroom.edition = 2
    done = crawl(site, feed="-O")
    fetched = {site.pages.number(path) for path in site.requests} - {None}
    assert fetched == {s.number for s in newsroom.new} | set(newsroom.edited) | set(newsroom.touched)
    assert {int(line["key"]) for line in done.lines()} == {s.number for s in newsroom.new} | set(newsroom.edited)
    revisions = done.rows("select key, revision, cause, silent from revision order by key")
    assert revisions == [(str(number), 1, "publisher", 0) for number in sorted(newsroom.edited)]
    articles = done.articles()
    for story in newsroom.all():
        if not story.missing and story.number not in newsroom.touched and str(story.number) in articles:
            expected = site.pages.expected(story)
            # What was not due keeps the text of its last visit, and so do times that only its listing tells anew.
            assert articles[str(story.number)]["headline"] == expected["headline"]
            assert articles[str(story.number)]["body"] == expected["body"]
    ends = done.rows('select "end" from listing where crawl = 2 and source = ?', "sections")
    assert {end for (end,) in ends} == {"met"}


def test_a_crawl_pages_no_further_than_since(play, crawl):
    site = play()
    crawl(site, "-a", "section=world", "-a", "since=2026-03-11")
    chunks = [path for path in site.requests if path.startswith("/more/")]
    assert len(chunks) == 1
