"""Pages that need a browser, read by a real Chromium."""

from __future__ import annotations

import os

import pytest
from conftest import assert_true

from newsarchive.chromium import find_browser
from newsarchive.demo.faults.browser import draw_by_script

ON = ("-s", "PLAYWRIGHT=1")


@pytest.fixture(scope="session", autouse=True)
def chromium():
    """A browser, without which these tests are left out; CI must have one."""
    try:
        find_browser({"PLAYWRIGHT_EXECUTABLE": ""})
    except ValueError as error:
        if os.environ.get("CI"):
            pytest.fail(f"no browser, and CI must not pass over its tests: {error}")
        pytest.skip("no browser here: the tests of drawn pages are left out; apt-get install chromium brings one")


def of(site, section: str) -> dict[str, dict]:
    """What must be stored of a section: the truth by key."""
    stories = [*site.pages.listed(section), site.pages.newsroom.get(site.pages.newsroom.pinned)]
    return {str(story.number): site.pages.expected(story) for story in stories if not story.missing}


def test_articles_that_scripts_draw_are_read_once_there_is_a_browser(play, crawl):
    site = play(stories=40)
    draw_by_script(site)
    without = crawl(site, "-a", "section=world")
    assert without.articles() == {}
    reasons = without.rows("select distinct state, reason from page where state <> 'gone'")
    assert reasons == [("waiting", "needs a browser (PLAYWRIGHT=1): no text on it")]
    assert without.stats()["archive/page/needs_browser"] == len(of(site, "world"))
    done = crawl(site, "-a", "section=world", *ON)
    articles = done.articles()
    assert set(articles) == set(of(site, "world"))
    for key, expected in of(site, "world").items():
        assert_true(articles[key], expected)
        assert articles[key]["flags"] == ["rendered"]
