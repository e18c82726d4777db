from __future__ import annotations

from collections.abc import Iterable

from newsarchive.discovery.listing import Earlier, Interrupted, Listing
from newsarchive.discovery.walk import BARREN_CHUNKS, STALE_CHUNKS, Walk, in_order
from newsarchive.items import Link

FRONT = Listing("sections", "https://news.example/world/", "world")


def links(*days: str | None, prefix: str = "") -> list[Link]:
    return [Link(f"https://news.example/{prefix}{n}", key=f"{prefix}{n}", day=day) for n, day in enumerate(days)]


def chunk(walk: Walk, found: list[Link], more: str | None = "next", known: Iterable[str] = ()) -> list[str]:
    return walk.take(found, dict.fromkeys(known, (1, 1)), [f"https://news.example/{more}"] if more else [])


def test_a_listing_without_continuation_is_exhausted_to_its_end():
    walk = Walk(FRONT)
    assert chunk(walk, links("2022-02-03", prefix="a")) == ["https://news.example/next"]
    assert chunk(walk, links("2022-02-02", prefix="b"), None) == []
    assert (walk.end, walk.covers, walk.reached, walk.pages, walk.links) == ("exhausted", "", "2022-02-02", 2, 2)


def test_since_is_passed_when_a_whole_chunk_is_older():
    walk = Walk(FRONT, since="2022-02-02")
    assert chunk(walk, links("2022-02-03", "2022-02-01", prefix="a"), "2")
    assert walk.end is None
    chunk(walk, links("2022-02-01", None, "2022-01-31", prefix="b"), "3")
    assert (walk.end, walk.covers) == ("since", "2022-02-02")


def test_a_pinned_old_story_stops_nothing_and_reaches_nothing():
    walk = Walk(FRONT, since="2022-02-02")
    assert chunk(walk, links("2015-01-01", "2022-02-03", "2022-02-03", prefix="a"))
    assert (walk.end, walk.reached) == (None, "2022-02-03")


def test_a_pinned_story_that_is_new_does_not_hinder_meeting():
    walk = Walk(FRONT, earlier=Earlier(1, "", None))
    found = links("2015-01-01", "2022-02-03", "2022-02-02", "2022-02-02", prefix="a")
    chunk(walk, found, known={"a1", "a2", "a3"})
    assert (walk.end, walk.covers) == ("met", "")


def test_one_unknown_article_in_the_chunk_goes_on():
    walk = Walk(FRONT, earlier=Earlier(1, "2022-01-01", None))
    assert chunk(walk, links("2022-02-03", "2022-02-02", prefix="a"), known={"a1"})
    chunk(walk, links("2022-02-01", prefix="b"), "3", known={"b0"})
    assert (walk.end, walk.covers) == ("met", "2022-01-01")


def test_nothing_is_met_when_the_last_walk_was_not_whole():
    walk = Walk(FRONT)
    assert chunk(walk, links("2022-02-03", prefix="a"), known={"a0"})
    assert walk.end is None


def test_three_empty_chunks_end_it_and_one_does_not():
    walk = Walk(FRONT)
    chunk(walk, links("2022-02-03", prefix="a"), "2")
    assert chunk(walk, [], "3")
    assert chunk(walk, links("2022-02-02", prefix="b"), "4")
    assert chunk(walk, [], "5")
    assert chunk(walk, [], "6")
    assert chunk(walk, [], "7") == []
    assert walk.end == "exhausted"


def test_a_first_page_without_articles_is_an_error_not_an_end():
    """A changed markup must not look like an empty section."""
    walk = Walk(FRONT)
    chunk(walk, [], None)
    assert (walk.end, walk.reason, walk.covers) == ("error", "no article on it", None)


def test_a_continuation_that_was_asked_before_repeats():
    walk = Walk(FRONT)
    chunk(walk, links("2022-02-03", prefix="a"), "2")
    chunk(walk, links("2022-02-02", prefix="b"), "2")
    assert (walk.end, walk.covers) == ("repeats", None)


def test_chunks_that_go_round_under_new_addresses_repeat():
    walk = Walk(FRONT)
    for n in range(3):
        chunk(walk, links("2022-02-03", "2022-02-03", prefix=f"{n}-"), f"p{n}")
    chunk(walk, links("2022-02-03", "2022-02-03", prefix="1-"), "p9")
    assert walk.end == "repeats"


def test_a_listing_without_end_is_bounded():
    walk = Walk(FRONT, max_pages=5)
    for n in range(9):
        if walk.end is None:
            chunk(walk, links("2022-02-03", prefix=f"{n}-"), f"p{n}")
    assert (walk.end, walk.pages) == ("bound", 5)


def test_a_sitemap_index_is_walked_when_all_its_files_are():
    walk = Walk(Listing("sitemap", "https://news.example/sitemap.xml", newest_first=False))
    assert walk.take([], {}, ["https://news.example/1", "https://news.example/2", "https://news.example/1"]) == [
        "https://news.example/1",
        "https://news.example/2",
    ]
    walk.take(links("2022-02-03"), {}, [])
    assert walk.end is None
    walk.take(links("2022-02-03"), {}, [])
    assert walk.end == "exhausted"


def test_a_sitemap_goes_on_without_a_file_that_fails_and_is_not_whole():
    walk = Walk(Listing("sitemap", "https://news.example/sitemap.xml", newest_first=False))
    walk.take([], {}, ["https://news.example/1", "https://news.example/2"])
    walk.fail("HTTP 500")
    assert walk.end is None
    walk.take(links("2022-02-03"), {}, [])
    assert (walk.end, walk.reason, walk.covers) == ("error", "HTTP 500", None)


def test_a_run_of_pinned_stories_longer_than_the_news_stops_nothing():
    walk = Walk(FRONT, since="2022-02-02")
    assert chunk(walk, links("2021-04-03", "2021-04-02", "2021-04-01", "2022-02-04", "2022-02-03", prefix="a"))
    assert (walk.end, walk.reached) == (None, "2022-02-03")


def test_one_newer_item_in_an_old_chunk_goes_on():
    walk = Walk(FRONT, since="2022-02-02")
    assert chunk(walk, links("2022-01-03", "2022-01-02", "2022-02-03", prefix="a"))
    assert walk.end is None


def test_a_drifting_cursor_shows_one_article_twice_and_goes_on():
    walk = Walk(FRONT)
    chunk(walk, links("2022-02-03", "2022-02-02", prefix="a"), "2")
    assert chunk(walk, links("2022-02-03", "2022-02-02", prefix="a")[1:], "3")
    assert chunk(walk, links("2022-02-01", prefix="b"), "4")


def test_exhausted_with_since_vouches_for_since_alone():
    walk = Walk(FRONT, since="2022-02-02")
    chunk(walk, links("2022-02-03", "2022-01-01", prefix="a"), None)
    assert (walk.end, walk.covers) == ("exhausted", "2022-02-02")


def test_what_an_earlier_walk_did_not_look_for_is_not_met():
    walk = Walk(FRONT, earlier=Earlier(1, "", "2022-02-02"))
    assert chunk(walk, links("2022-02-04", "2022-02-03", prefix="a"), "2", known={"a0", "a1"})
    assert chunk(walk, links("2022-02-03", "2022-02-02", prefix="b"), "3", known={"b0", "b1"})
    chunk(walk, links("2022-02-02", "2022-02-01", prefix="c"), "4", known={"c0", "c1"})
    assert walk.end == "met"


def test_nothing_is_met_by_pinned_stories_alone():
    walk = Walk(FRONT, until="2022-01-31", earlier=Earlier(1, "", None))
    assert chunk(walk, links("2015-01-01", "2022-02-03", "2022-02-02", prefix="a"), known={"a0", "a1", "a2"})
    assert walk.end is None


def test_in_order_are_those_with_nothing_newer_below():
    found = links("2020-01-01", None, "2022-02-03", "2022-02-03", "2022-02-02")
    assert [link.key for link in in_order(found)] == ["1", "2", "3", "4"]


def resumed(until: str | None = None) -> Walk:
    """A walk, the third of its listing, that may go on with the second."""
    return Walk(FRONT, id=3, interrupted={2: Interrupted(2, "https://news.example/deep", until)})


def test_a_walk_goes_on_where_one_that_it_meets_was_interrupted():
    walk = resumed()
    found = links("2022-02-03", "2022-02-02", prefix="a")
    assert walk.take(found, {"a1": (1, 2)}, ["https://news.example/2"]) == ["https://news.example/2"]
    found = links("2022-02-02", "2022-02-01", prefix="b")
    assert walk.take(found, {"b0": (2, 2), "b1": (1, 2)}, ["https://news.example/3"]) == ["https://news.example/deep"]
    assert walk.take(links("2021-02-03", "2021-02-02", prefix="c"), {"c0": (2, 2)}, []) == []
    assert (walk.end, walk.covers) == ("exhausted", "")


def test_a_walk_comes_back_to_the_last_chunk_that_it_read():
    walk = Walk(FRONT)
    chunk(walk, links("2022-02-03", prefix="a"), "2")
    assert walk.comes_back_to == FRONT.url
    chunk(walk, links("2022-02-02", prefix="b"), "3")
    chunk(walk, [], "4")
    assert walk.comes_back_to == "https://news.example/2"


def test_what_others_saw_since_is_not_gone_on_from():
    found = links("2022-02-03", "2022-02-02", "2022-02-01")
    for known in ({"0": (2, 2), "1": (2, 2)}, {"0": (2, 2), "1": (2, 2), "2": (1, 1)}):
        assert resumed().take(found, known, ["https://news.example/2"]) == ["https://news.example/2"]
    known = dict.fromkeys("012", (2, 2))
    assert resumed("2022-02-02").take(found, known, ["https://news.example/2"]) == ["https://news.example/2"]


def test_a_continuation_that_is_gone_is_made_good_for_from_above():
    found, known = links("2022-02-03", prefix="a"), {"a0": (2, 2)}
    for answer in ("fails", "is empty", "is the top again", "moved up"):
        walk = resumed()
        assert walk.take(found, known, ["https://news.example/2"]) == ["https://news.example/deep"]
        if answer == "fails":
            instead = walk.fail("HTTP 404")
        else:
            again = {"is empty": [], "is the top again": found, "moved up": links("2021-02-02", prefix="c")}[answer]
            instead = walk.take(again, {"a0": (2, 3)}, ["https://news.example/2"] if again else [])
        assert (instead, walk.end) == (["https://news.example/2"], None)
        assert walk.take(links("2022-02-02", prefix="b"), {"b0": (2, 2)}, ["https://news.example/deep"])
        assert walk.fail("HTTP 404") == []
        assert (walk.end, walk.covers) == ("error", None)


def test_an_archive_by_date_that_brings_nothing_new_is_not_followed_for_ever():
    """A calendar without end that shows the newest articles on each of its days."""
    walk = Walk(Listing("days", "/archive/", newest_first=False))
    page = [Link(f"/{n}", key=str(n)) for n in range(5)]
    asked = ["/archive/"]
    while asked and walk.pages < 200:
        asked = walk.take(page, {}, [f"/archive/{walk.pages}"])
    assert (walk.end, walk.pages) == ("exhausted", BARREN_CHUNKS + 1)


def test_the_pages_of_one_day_end_when_they_go_round():
    walk = Walk(Listing("days", "/2026/03/01/", newest_first=False, day="2026-03-01"))
    asked = ["/2026/03/01/"]
    while asked and walk.pages < 200:
        asked = walk.take([Link("/1", key="1")], {}, [f"/2026/03/01/?page={walk.pages + 2}"])
    assert (walk.end, walk.pages) == ("exhausted", STALE_CHUNKS + 1)
