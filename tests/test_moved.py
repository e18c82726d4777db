"""Articles under several addresses, and canonical links that are wrong: by whole crawls."""

from __future__ import annotations

import pytest
from reference_pages import ReferencePages

from newsarchive.demo.server import Answer

NEW_SLUG = "https://sputnikglobe.com/20260310/quite-another-slug--{}.html"
OTHER_HOST = "https://www.sputniknews.com/20260310/{}.html"


def aliases(done, id: str) -> set[str]:
    return {url for (url,) in done.rows("select url from alias where page = ?", id)}


@pytest.mark.parametrize("form", [NEW_SLUG, OTHER_HOST])
def test_a_new_slug_or_host_for_the_same_number_is_one_more_alias(play, crawl, tmp_path, form):
    site = play(ReferencePages, stories=40)
    story = next(s for s in site.pages.newsroom.all() if not s.missing and not s.canonical)
    path = site.pages.path(story)
    new = form.format(story.number)
    crawl(site, "-a", "source=feed")
    # The site sends old addresses to the new one, and a list of addresses names both.
    target = "/" + new.split("/", 3)[3]
    site.override = lambda p: (
        Answer(site.pages.article(story).encode())
        if p == target
        else Answer(b"", status=301, headers={"Location": target})
        if p == path
        else None
    )
    site.requests.clear()
    urls = tmp_path / "urls.txt"
    urls.write_text(f"{new}\nhttps://sputnikglobe.com{path}\n")
    done = crawl(site, "-a", f"urls={urls}")
    id = f"sputnik:{story.number}"
    assert done.rows("select count(*) from page where key = ?", str(story.number)) == [(1,)]
    assert done.rows("select count(*) from article where key = ?", str(story.number)) == [(1,)]
    assert new in aliases(done, id)
    assert f"https://sputnikglobe.com{path}" in aliases(done, id)
    assert len([p for p in site.requests if str(story.number) in p]) <= 1


@pytest.mark.parametrize("wrong", ["front", "other number", "other site", "section", "error page"])
def test_a_wrong_canonical_link_merges_nothing(play, crawl, wrong):
    site = play(stories=40)
    one, other = [s for s in site.pages.newsroom.all() if s.section == "world" and not s.missing and not s.canonical][:2]
    own, theirs = (site.pages.url(site.pages.path(s)) for s in (one, other))
    target = {
        "front": "https://courier.example/",
        "other number": theirs,
        "other site": own.replace("courier.example", "copy.example"),
        "section": "https://courier.example/world/",
        "error page": "https://courier.example/404",
    }[wrong]
    page = site.pages.article(one).replace(f'rel="canonical" href="{own}"', f'rel="canonical" href="{target}"')
    site.override = lambda path: Answer(page.encode()) if path == site.pages.path(one) else None
    done = crawl(site, "-a", "section=world")
    articles = done.articles()
    assert (articles[str(one.number)]["headline"], articles[str(other.number)]["headline"]) == (one.headline, other.headline)
    assert articles[str(one.number)]["url"] == own
    assert articles[str(one.number)]["flags"] == ["canonical_ignored"]
    assert target == theirs or target not in aliases(done, f"demo:{one.number}")
    assert own not in aliases(done, f"demo:{other.number}")


def test_two_pages_that_name_the_same_canonical_article_stay_two(play, crawl):
    """A template that was filled with the wrong story must not swallow it."""
    site = play(stories=40)
    stories = [s for s in site.pages.newsroom.all() if s.section == "sport" and not s.missing and not s.canonical]
    front = site.pages.url(site.pages.path(stories[0]))

    def answer(path):
        for story in stories[1:]:
            if path == site.pages.path(story):
                return Answer(site.pages.article(story).replace(site.pages.url(path), front, 1).encode())
        return None

    site.override = answer
    done = crawl(site, "-a", "section=sport")
    assert {str(s.number) for s in stories} <= set(done.articles())
