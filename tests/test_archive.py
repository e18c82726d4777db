"""The archive without Scrapy."""

from __future__ import annotations

import copy
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.items import Article, Link
from newsarchive.revisions import content_hash
from newsarchive.store import reports
from newsarchive.store.archive import Archive, ArchiveError, NoArchiveError
from newsarchive.store.pages import DISTANCES, Cover
from newsarchive.store.schema import APPLICATION_ID

LISTING = "https://news.example/world/"


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def archive(tmp_path, clock):
    archive = Archive(tmp_path / "archive.db", clock=clock)
    yield archive
    archive.close()


@pytest.fixture
def crawl(archive):
    return archive.crawls.begin("news", {})


def link(n: int, **more) -> Link:
    url = f"https://news.example/{n}.html"
    return Link(url, site="news", key=str(n), address=url, day="2026-02-28", **more)


def sight(archive, crawl, links, section="world", source="sections", listing=LISTING, limit=100):
    walk, *_ = archive.listings.begin(crawl, "news", source, listing, section, None, None)
    return archive.sightings.sight(source, listing, section, links, walk=walk, crawl=crawl, limit=limit)


def article(n: int = 1, **fields) -> Article:
    url = f"https://news.example/{n}.html"
    made = Article(
        id=f"news:{n}",
        site="news",
        key=str(n),
        url=url,
        headline="A headline",
        text="Some words",
        extractor="1",
        **fields,
    )
    made.content_hash = content_hash(made)
    return made


def state(archive, page: str) -> tuple:
    return tuple(archive.db.execute("select state, reason, tries, lease_by from page where id = ?", (page,)).fetchone())


def test_a_link_is_claimed_once_and_waits_when_there_is_no_room(archive, crawl):
    found = sight(archive, crawl, [link(n) for n in range(5)], limit=3)
    assert [s.claimed for s in found] == [True] * 3 + [False] * 2
    assert archive.pages.held(crawl) == 3
    assert len(archive.pages.claim(crawl, Cover("news"), 10)) == 2
    assert archive.pages.claim(crawl, Cover("news"), 10) == []


def test_pages_of_a_live_crawl_are_left_to_it_and_those_of_an_ended_one_are_free(archive, crawl):
    sight(archive, crawl, [link(1)])
    other = archive.crawls.begin("news", {})
    assert archive.pages.claim(other, Cover("news"), 10) == []
    archive.crawls.end(crawl, "shutdown", {})
    assert [page.id for page in archive.pages.claim(other, Cover("news"), 10)] == ["news:1"]


def test_pages_of_a_crawl_whose_process_is_gone_are_free_at_once(archive, crawl):
    sight(archive, crawl, [link(1)])
    archive.db.execute("update crawl set process = '999999999:1' where id = ?", (crawl,))
    other = archive.crawls.begin("news", {})
    assert len(archive.pages.claim(other, Cover("news"), 10)) == 1


def test_a_crawl_on_another_machine_is_dead_when_it_is_silent(archive, crawl, clock):
    sight(archive, crawl, [link(1)])
    archive.db.execute("update crawl set host = 'elsewhere' where id = ?", (crawl,))
    other = archive.crawls.begin("news", {})
    assert archive.pages.claim(other, Cover("news"), 10) == []
    clock.now += timedelta(minutes=2)
    assert len(archive.pages.claim(other, Cover("news"), 10)) == 1


def test_claims_keep_to_what_the_arguments_cover(archive, crawl):
    sight(archive, crawl, [link(1)], limit=0)
    sight(archive, crawl, [link(2)], section="sport", limit=0)
    sight(archive, crawl, [link(3)], section=None, source="days", listing="https://news.example/day", limit=0)
    claim = archive.pages.claim
    assert claim(crawl, Cover("other"), 9) == []
    assert claim(crawl, Cover("news", since="2026-03-01"), 9) == []
    assert claim(crawl, Cover("news", ("feed",)), 9) == []
    assert [p.id for p in claim(crawl, Cover("news", ("sections",), ("sport",)), 9)] == ["news:2"]
    assert {p.id for p in claim(crawl, Cover("news", ("days", "sections"), ("world",)), 9)} == {"news:1", "news:3"}


def test_a_stored_article_is_due_when_its_listing_gives_a_newer_time(archive, crawl):
    times = {"published_at": "2026-02-28T10:00:00+00:00", "modified_at": "2026-02-28T10:00:00+00:00"}
    sight(archive, crawl, [link(1, **times)])
    archive.articles.store(article(), crawl, "news:1")
    assert not sight(archive, crawl, [link(1, **times)])[0].claimed
    newer = times | {"modified_at": "2026-02-28T11:00:00+00:00"}
    later = archive.crawls.begin("news", {})
    assert sight(archive, later, [link(1, **newer)])[0].claimed
    archive.articles.store(article(), later, "news:1")
    assert not sight(archive, later, [link(1, **newer)])[0].claimed
    # Another listing tells the same crawl the same.
    assert not sight(archive, later, [link(1, **newer)], source="days", listing="https://news.example/day")[0].claimed


def test_what_another_crawl_stored_a_moment_ago_is_not_asked_for(archive, crawl, clock):
    """The clocks of two processes read a little apart; only a page of the far future was written by a wrong one."""
    times = {"published_at": "2026-02-28T10:00:00+00:00"}
    later = archive.crawls.begin("news", {})
    sight(archive, crawl, [link(1, **times)])
    archive.articles.store(article(), crawl, "news:1")
    clock.now -= timedelta(seconds=30)
    assert not sight(archive, later, [link(1, **times)], source="days", listing="https://news.example/day")[0].due


def test_a_newer_time_survives_a_crawl_that_died(archive, crawl):
    sight(archive, crawl, [link(1, modified_at="2026-02-28T10:00:00+00:00")])
    archive.articles.store(article(), crawl, "news:1")
    died = archive.crawls.begin("news", {})
    assert sight(archive, died, [link(1, modified_at="2026-02-28T11:00:00+00:00")])[0].claimed
    archive.db.execute("update crawl set process = '999999999:1' where id = ?", (died,))
    other = archive.crawls.begin("news", {})
    assert [page.id for page in archive.pages.claim(other, Cover("news"), 9)] == ["news:1"]


def test_failing_is_owing_until_it_is_given_up(archive, crawl, clock):
    sight(archive, crawl, [link(1)])
    for distance in DISTANCES:
        assert archive.pages.failed("news:1", "HTTP 503") == "waiting"
        assert archive.pages.claim(crawl, Cover("news"), 9) == []
        clock.now += distance
        assert len(archive.pages.claim(crawl, Cover("news"), 9)) == 1
    assert archive.pages.failed("news:1", "HTTP 503") == "given_up"
    assert archive.pages.owed("news") == 1


def test_a_page_that_is_gone_keeps_its_text(archive, crawl):
    archive.articles.store(article(), crawl)
    archive.pages.outcome("news:1", "gone", "HTTP 410")
    assert archive.articles.get("news:1").headline == "A headline"
    assert state(archive, "news:1") == ("gone", "HTTP 410", 0, None)


def test_a_page_that_is_gone_is_asked_for_again_with_growing_distance(archive, crawl, clock):
    """A site in trouble answers 404 to everything; one that means it costs three requests more."""
    sight(archive, crawl, [link(1), link(2)])
    archive.pages.outcome("news:2", "gone", "HTTP 410")
    asked = []
    archive.pages.outcome("news:1", "gone", "HTTP 404")
    for hour in range(1000):
        for page in archive.pages.claim(crawl, Cover("news", ("sections",)), 10, gone=True):
            asked.append((page.id, hour))
            if len(asked) == 1:
                archive.pages.failed(page.id, "HTTP 500")
            else:
                archive.pages.outcome(page.id, "gone", "HTTP 404")
            assert archive.pages.owed("news") == 0
        clock.now += timedelta(hours=1)
    assert asked == [("news:1", hour) for hour in (1, 25, 193)]
    assert state(archive, "news:1") == ("gone", "HTTP 404", 3, None)


def test_a_page_that_is_back_is_stored_again(archive, crawl, clock):
    sight(archive, crawl, [link(1)])
    archive.pages.outcome("news:1", "gone", "HTTP 404")
    clock.now += timedelta(hours=1)
    assert archive.pages.claim(crawl, Cover("news", ("feed",)), 10, gone=True) == []
    (page,) = archive.pages.claim(crawl, Cover("news"), 10, gone=True)
    archive.articles.store(article(), crawl, page.id, [])
    assert state(archive, "news:1") == ("stored", None, 0, None)


def test_what_older_versions_called_gone_is_asked_for_again(archive, crawl):
    sight(archive, crawl, [link(1), link(2)])
    archive.db.execute("update page set state = 'gone', reason = 'HTTP 404', lease_by = null")
    archive.db.execute("update page set tries = 7 where id = 'news:2'")  # a soft 404
    assert [page.id for page in archive.pages.claim(crawl, Cover("news"), 10, gone=True)] == ["news:1"]


def test_headlines_that_alternate_make_one_revision(archive, crawl):
    first, second = article(), article()
    second.headline = "Another headline"
    second.content_hash = content_hash(second)
    assert [archive.articles.store(copy.copy(a), crawl) for a in (first, second, first, second, first)] == [
        "new",
        "revised",
        "returned",
        "returned",
        "returned",
    ]
    assert archive.articles.get("news:1").headline == "A headline"
    assert [tuple(r) for r in archive.db.execute("select revision, headline, changed from revision")] == [
        (2, "Another headline", '["headline"]')
    ]


def test_white_space_and_unicode_form_make_no_revision(archive, crawl):
    first, second = article(description="Caf\u00e9  noir"), article(description="Cafe\u0301 noir")
    assert archive.articles.store(first, crawl) == "new"
    assert archive.articles.store(second, crawl) == "unchanged"


def test_other_fields_are_updated_in_place(archive, crawl):
    archive.articles.store(article(genre="News"), crawl)
    assert archive.articles.store(article(genre="Column"), crawl) == "unchanged"
    assert archive.articles.get("news:1").genre == "Column"
    assert archive.db.execute("select count(*) from revision").fetchone()[0] == 0


def test_a_silent_edit_is_called_silent(archive, crawl):
    time = "2026-02-28T10:00:00+00:00"
    archive.articles.store(article(modified_at=time), crawl)
    edited = article(modified_at=time)
    edited.headline = "Quietly changed"
    edited.content_hash = content_hash(edited)
    archive.articles.store(edited, crawl)
    assert [tuple(r) for r in archive.db.execute("select silent, cause from revision")] == [(1, "publisher")]


def test_another_reader_cannot_accuse_the_publisher(archive, crawl):
    archive.articles.store(article(), crawl)
    other = article()
    other.extractor, other.headline = "2", "Read otherwise"
    other.content_hash = content_hash(other)
    archive.articles.store(other, crawl)
    assert archive.db.execute("select cause from revision").fetchone()[0] == "unknown"


def test_a_text_that_another_version_reads_the_same_gets_its_version_alone(archive, crawl):
    archive.articles.store(article(fetched_at="2026-02-28T10:00:00+00:00"), crawl)
    old = archive.articles.get("news:1")
    for hash, version in (("another", "1"), (old.content_hash, "2")):
        archive.articles.read_the_same([("2", old.id, "1", hash, old.fetched_at)], crawl)
        assert archive.articles.get("news:1").extractor == version
    assert archive.db.execute("select count(*) from revision").fetchone()[0] == 0


def test_a_page_known_by_its_address_goes_over_to_the_true_page(archive, crawl):
    address = "https://news.example/story?id=7"
    seen = Link(address, site="news", key=address, address=address, day="2026-02-28")
    assert sight(archive, crawl, [seen])[0].page.id == f"news:{address}"
    archive.articles.store(article(7), crawl, f"news:{address}", [address])
    assert [tuple(r) for r in archive.db.execute("select id, state from page")] == [("news:7", "stored")]
    assert [r[0] for r in archive.db.execute("select page from sighting")] == ["news:7"]
    assert not sight(archive, crawl, [seen])[0].new
    assert archive.db.execute("select count(*) from page").fetchone()[0] == 1


def test_a_page_with_another_number_has_moved(archive, crawl):
    sight(archive, crawl, [link(1)])
    archive.articles.store(article(2), crawl, "news:1", ["https://news.example/1.html"])
    assert state(archive, "news:1")[:2] == ("moved", "to news:2")
    assert state(archive, "news:2")[0] == "stored"


def test_full_text_is_searched_without_regard_to_accents(archive, crawl):
    archive.articles.store(article(1, description="Žluťoučký kůň"), crawl)
    archive.articles.store(article(2), crawl)

    def search(words: str) -> list[str]:
        query = "select a.id from article_fts f join article a on a.n = f.rowid where article_fts match ? order by a.id"
        return [row[0] for row in archive.db.execute(query, (words,))]

    assert search("zlutoucky") == ["news:1"]
    assert search("words") == ["news:1", "news:2"]
    changed = article(1, description="Something else")
    archive.articles.store(changed, crawl)
    assert search("zlutoucky") == []
    archive.db.execute("insert into article_fts(article_fts) values ('integrity-check')")


def test_a_transaction_is_all_or_nothing(archive, crawl):
    with pytest.raises(RuntimeError), archive.transaction():
        archive.articles.store(article(), crawl)
        raise RuntimeError
    assert archive.db.execute("select count(*) from article").fetchone()[0] == 0
    assert archive.db.execute("select count(*) from page").fetchone()[0] == 0


def test_coverage_adds_up_and_counts_each_page_once_in_all(archive, crawl):
    sight(archive, crawl, [link(n) for n in range(4)])
    sight(archive, crawl, [link(0)], section="sport", listing="https://news.example/sport/")
    archive.articles.store(article(0, section="world"), crawl, "news:0")
    archive.pages.outcome("news:1", "gone", "HTTP 404")
    archive.pages.failed("news:2", "HTTP 500")
    (report,) = reports.coverage(archive)
    assert report["totals"] | {"seen": 4, "stored": 1, "excluded": 1, "owed": 2} == report["totals"]
    for row in report["rows"]:
        assert row["seen"] == row["stored"] + row["excluded"] + row["owed"]
    assert sum(row["seen"] for row in report["rows"]) == 5
    assert not report["complete"]
    assert "2 articles wait to be fetched" in report["missing"]


def test_the_coverage_report_has_the_rows_of_the_view(archive, crawl):
    """It reads nothing behind an article's text; the view, which may be joined with anything, does."""
    feed = {"section": None, "source": "feed", "listing": "https://news.example/feed.xml"}
    sight(archive, crawl, [link(n) for n in range(6)])
    sight(archive, crawl, [link(n) for n in range(3)], listing=f"{LISTING}?again")  # one section, two listings
    sight(archive, crawl, [link(n) for n in range(4)], **feed)
    sight(archive, crawl, [link(0)], **feed | {"listing": "https://news.example/more.xml"})  # the article's section tells both
    sight(archive, crawl, [link(1)], listing="https://news.example/feed.xml", source="feed")  # and here the listing's
    sight(archive, crawl, [link(7, via="https://web.archive.example/7")], **feed | {"source": "wayback"})
    sight(archive, crawl, [link(8)], **feed | {"source": "warc"})
    fields = {"fetched_at": "2026-02-28T00:00:00+00:00", "day": "2026-02-28"}
    for n in (0, 1, 2):
        archive.articles.store(article(n, section="world", **fields), crawl, f"news:{n}")
    for n in (7, 8):
        archive.articles.store(article(n, flags=["second_hand"], **fields), crawl, f"news:{n}")
    archive.pages.outcome("news:3", "gone", "HTTP 404")
    archive.pages.failed("news:4", "HTTP 500")
    (report,) = reports.coverage(archive)
    view = [dict(row) for row in archive.db.execute("select * from coverage order by site, source, section, day")]
    assert report["rows"] == view
    assert report["totals"]["second_hand"] == sum(row["second_hand"] for row in view) == 2
    assert reports.coverage(archive, "news") == [report]


def test_days_that_were_walked_whole_stand_in_for_a_listing(archive, crawl):
    walk, *_ = archive.listings.begin(crawl, "news", "sections", LISTING, "world", "2026-02-27", "2026-02-28")
    archive.listings.step(walk, pages=1, links=20, new=20, reached="2026-02-28", at=None)
    archive.listings.end(walk, "robots", None, "robots.txt forbids it")
    assert not reports.coverage(archive)[0]["complete"]
    for day in ("2026-02-27", "2026-02-28"):
        walk, *_ = archive.listings.begin(crawl, "news", "days", f"https://news.example/{day}", None, day, day)
        archive.listings.end(walk, "exhausted", day)
    (report,) = reports.coverage(archive)
    assert report["complete"], report["missing"]
    assert [listing["by_days"] for listing in report["listings"]] == [False, False, True]


def test_newer_archives_and_strange_databases_are_refused_in_one_line(tmp_path):
    newer = tmp_path / "newer.db"
    Archive(newer).close()
    with sqlite3.connect(newer) as db:
        assert db.execute("pragma application_id").fetchone()[0] == APPLICATION_ID
        db.execute("pragma user_version = 99")
    with pytest.raises(ArchiveError, match="newer newsarchive"):
        Archive(newer)
    strange = tmp_path / "strange.db"
    with sqlite3.connect(strange) as db:
        db.execute("create table mine (x)")
    with pytest.raises(ArchiveError, match="no archive of newsarchive"):
        Archive(strange)
    with pytest.raises(NoArchiveError, match="there is no archive"):
        Archive(tmp_path / "nothing.db", read_only=True)
    sqlite3.connect(tmp_path / "begun.db").execute("pragma journal_mode = wal")  # as a first crawl does before its tables
    with pytest.raises(NoArchiveError, match=r"there is no archive in .* yet"):
        Archive(tmp_path / "begun.db", read_only=True)


def test_the_views_are_there_for_joins(archive, crawl):
    archive.articles.store(
        article(
            authors=[{"name": "Ada", "url": None}],
            tags=["a", "b"],
            images=[
                {
                    "url": "https://i.example/1.jpg",
                    "width": 2,
                    "height": 1,
                    "caption": None,
                    "credit": None,
                    "alt": None,
                    "role": "lead",
                    "key": "1",
                    "crop": None,
                }
            ],
        ),
        crawl,
    )
    assert [tuple(r) for r in archive.db.execute("select id, position, name from article_author")] == [("news:1", 1, "Ada")]
    assert [r["tag"] for r in archive.db.execute("select * from article_tag")] == ["a", "b"]
    assert [(r["key"], r["width"]) for r in archive.db.execute("select * from article_image")] == [("1", 2)]
    shares = {r["field"]: r["filled"] for r in archive.db.execute("select * from fields")}
    assert (shares["authors"], shares["genre"]) == (1, 0)


def test_what_one_learned_of_a_site_stands_beside_what_others_did(archive, tmp_path):
    archive.learned.put("example.com", "news", {"shapes": {"/{w}/{n}": [1, 0, 0, 0]}})
    archive.learned.put("example.com", "other", {"a": "\N{SNOWMAN}"})
    archive.learned.put("example.com", "news", {"shapes": {}})
    later = Archive(tmp_path / "archive.db")
    assert later.learned.get("example.com", "news") == {"shapes": {}}
    assert later.learned.get("example.com", "other") == {"a": "\N{SNOWMAN}"}
    assert later.learned.get("example.org", "news") is later.learned.get("example.com", "nothing") is None
    later.close()
