"""Later crawls: listings are asked again, articles only when they are due."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conftest import assert_true

from newsarchive.demo.newsroom import Newsroom, Story
from newsarchive.demo.server import Answer
from newsarchive.store import reports

WINDOW = {"days": ("-a", "since=2026-03-01", "-a", "until=2026-03-14")}
EVERYTHING = ("-s", "REVISIT_MIN_HOURS=0", "-s", "REVISIT_MIN_CHANCE=0", "-s", "REVISIT_MAX_DAYS=99999")


def asked(site) -> tuple[list[int], list[str]]:
    """Numbers of the articles that were asked for, and the other paths; the site forgets them."""
    articles = sorted(number for path in site.requests if (number := site.pages.number(path)))
    others = [path for path in site.requests if not site.pages.number(path)]
    site.requests.clear()
    return articles, others


@pytest.mark.parametrize("source", ["sections", "days", "sitemap", "feed"])
def test_a_later_crawl_asks_listings_again_and_articles_that_are_new_or_changed(play, crawl, source):
    site = play(stories=60)
    newsroom = site.pages.newsroom
    arguments = ("-a", f"source={source}", *WINDOW.get(source, ()))
    crawl(site, *arguments)
    first, listings = asked(site)
    assert len(first) == len(set(first)) >= 40
    crawl(site, *arguments)
    again, same = asked(site)
    assert again == [] and "/robots.txt" in same
    # A section is walked until it meets what is known; every other listing is asked for whole.
    assert set(same) <= set(listings) if source == "sections" else sorted(same) == sorted(listings)
    newsroom.edition = 2
    done = crawl(site, *arguments)
    # A feed tells when an article was published, and not that it changed.
    changed = [] if source == "feed" else [*newsroom.edited, *newsroom.touched]
    assert asked(site)[0] == sorted([story.number for story in newsroom.new] + changed)
    assert [int(key) for (key,) in done.rows("select key from revision order by key")] == sorted(set(changed) & {*newsroom.edited})


def stamp_everything(site) -> None:
    """Let the sitemap call every article changed just now."""

    def sitemap(path: str) -> Answer | None:
        if not path.startswith("/sitemap-"):
            return None
        # Later than the second in which the crawl before ended, and than what that was told.
        now = (datetime.now(UTC) + timedelta(seconds=5 * site.pages.newsroom.edition)).isoformat(timespec="seconds")
        text = gzip.decompress(site.answer(path).body).decode()
        return Answer(gzip.compress(re.sub(r"<lastmod>[^<]*", f"<lastmod>{now}", text).encode()), "application/gzip")

    site.override = sitemap


def test_a_sitemap_that_stamps_everything_with_the_present_time_makes_nothing_due(play, crawl):
    site = play(stories=100)
    stamp_everything(site)
    crawl(site, "-a", "source=sitemap")
    asked(site)
    site.pages.newsroom.edition = 2
    done = crawl(site, "-a", "source=sitemap")
    assert asked(site)[0] == sorted(story.number for story in site.pages.newsroom.new)
    assert done.log.count("stamps everything with the present time") == 1
    assert done.stats()["archive/sighting/stamped"] == 100
    assert done.rows("select count(*) from page where reason = 'newer'") == [(0,)]


def test_a_sitemap_that_stamps_everything_makes_nothing_due_that_another_listing_brought(play, crawl):
    site = play(stories=100)
    crawl(site, "-a", "source=sections")
    stamp_everything(site)
    asked(site)
    done = crawl(site, "-a", "source=sitemap")
    assert asked(site)[0] == []
    assert done.rows("select count(*) from sighting where source = 'sitemap'") == [(100,)]


class Edits(Newsroom):
    """Some days later one article in twenty was edited, each in another field; many others had their furniture moved."""

    later = False

    def all(self) -> list[Story]:
        return [self._edited(n, story) if self.later else story for n, story in enumerate(super().all())]

    def changed(self) -> list[Story]:
        return [story for n, story in enumerate(self.all()) if n % 20 == 3 and not story.missing]

    def _edited(self, n: int, story: Story) -> Story:
        story = replace(story, views=story.views + 1000 + n)
        if n % 20 == 7:
            story = replace(story, modified=story.modified.replace(month=4))
        if n % 20 != 3:
            return story
        first, *rest = story.blocks
        return [
            replace(story, headline=f"Correction: {story.headline}", modified=story.modified.replace(month=4)),
            replace(story, lead=f"{story.lead} So they say."),
            replace(story, blocks=(first | {"text": f"{first['text']} It was later than that."}, *rest)),
            replace(story, blocks=(*story.blocks, {"type": "paragraph", "text": "A second meeting is to follow."})),
            replace(story, blocks=story.blocks[:-1], modified=story.modified.replace(month=4)),
            replace(story, tags=(*story.tags, "corrections")),
            replace(story, author={"name": "Ida Marlowe", "url": None}),
            replace(story, photos=(replace(story.photos[0], number=story.photos[0].number + 500_000_000), *story.photos[1:])),
        ][n // 20 % 8]


def test_every_edit_is_one_revision_and_no_other_article_gets_one(play, crawl):
    site = play(stories=160)
    newsroom = site.pages.newsroom = Edits(160)
    crawl(site)
    stored, _ = asked(site)
    stored = [number for number in stored if not newsroom.get(number).missing]
    newsroom.later = True
    done = crawl(site, "-a", "source=due", *EVERYTHING, feed="-O")
    assert asked(site) == (stored, ["/robots.txt"])
    changed = {str(story.number): story for story in newsroom.changed()}
    assert len(changed) == 8
    assert done.rows("select key, revision, cause from revision order by key") == [(key, 1, "publisher") for key in sorted(changed)]
    assert sorted(line["key"] for line in done.lines()) == sorted(changed)
    assert len({fields for (fields,) in done.rows("select changed from revision")}) == 6
    articles = done.articles()
    for key, story in changed.items():
        assert_true(articles[key], site.pages.expected(story))
        assert articles[key]["revision"] == 2
    stats = done.stats()
    assert (stats["archive/revisit/asked"], stats["archive/article/revised"]) == (len(stored), 8)
    # What was asked for and found unchanged was visited all the same.
    began = done.rows("select started_at from crawl order by id desc limit 1")[0][0]
    assert done.rows("select count(*) from page where state = 'stored' and fetched_at < ?", began) == [(0,)]
    archive = done.archive()
    (report,) = reports.coverage(archive)
    archive.close()
    assert report["complete"], report["missing"]
    assert done.rows("select count(*) from listing where crawl = 2") == [(0,)]
    (edits, hours) = done.rows("select sum(edits), min(hours) from edit_rate")[0]
    # What was seen a few seconds ago counts a little less already.
    assert 7.99 < edits < 12 and hours > 0


def test_revisits_keep_to_the_budget_and_to_what_the_arguments_cover(play, crawl):
    site = play(stories=100)
    crawl(site, "-a", "source=sitemap")
    asked(site)
    crawl(site, "-a", "source=due", *EVERYTHING, "-s", "REVISIT_MAX=7")
    assert len(asked(site)[0]) == 7
    days = ("-a", "since=2026-03-04", "-a", "until=2026-03-05")
    crawl(site, "-a", "source=due", "-a", "section=middle-east", *days, *EVERYTHING)
    stories = [s for s in site.pages.newsroom.all() if s.published.day in (4, 5) and s.section == "middle east" and not s.missing]
    assert asked(site)[0] == sorted(story.number for story in stories)
    # Nothing rested for an hour yet.
    done = crawl(site, "-a", "source=due", "-s", "REVISIT_MAX_DAYS=99999", "-s", "REVISIT_MIN_CHANCE=0")
    assert asked(site)[0] == [] and "Re-visited 0 articles" in done.log


def test_what_answers_304_was_visited(play, crawl):
    site = play(stories=40)
    crawl(site, "-a", "source=feed")
    before = crawl(site, "-a", "source=feed").rows("select id, fetched_at from page where state = 'stored' order by id")
    done = crawl(site, "-a", "source=due", *EVERYTHING)
    after = done.rows("select id, fetched_at from page where state = 'stored' order by id")
    stats = done.stats()
    assert stats["archive/article/unchanged"] == len(after)
    assert stats["archive/capture/not_modified"] == len(after) + 1  # and robots.txt
    assert [id for id, _ in after] == [id for id, _ in before]
    assert all(later > earlier for (_, later), (_, earlier) in zip(after, before, strict=True))
    assert done.rows("select round(sum(visits), 2), sum(edits) from edit_rate") == [(len(after), 0)]
