"""Wrong arguments end a crawl before it begins: one line, status not 0, no file touched (contract 1.5)."""

from __future__ import annotations

import re

import pytest
from conftest import command

from newsarchive.arguments import Arguments
from newsarchive.spiders.demo import DemoSpider
from newsarchive.spiders.news import AnySpider


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nosuch"], "there is no site 'nosuch'; there are demo,"),
        (["demo", "-a", "sinze=2026-03-01"], "demo knows no argument 'sinze'"),
        (["demo", "-a", "source=sitemaps"], "demo has no source 'sitemaps'; it has days, due, feed, sections, sitemap"),
        (["demo", "-a", "since=2026-02-30"], "since: '2026-02-30' is no day of the calendar"),
        (["demo", "-a", "until=yesterday"], "until: 'yesterday' is no day, write YYYY-MM-DD"),
        (["demo", "-a", "since=2026-03-05", "-a", "until=2026-03-04"], "until=2026-03-04 is before since=2026-03-05"),
        (["demo", "-a", "section=https://other.example/world/"], "is not on demo's hosts"),
        (["demo", "-a", "urls=/nowhere/urls.txt"], "urls: cannot read /nowhere/urls.txt: No such file"),
        (["demo", "-a", "max_articles=many"], "max_articles=many is no number"),
        (["demo", "-a", "base_url=localhost"], "base_url=localhost is no server"),
        (["demo", "-a", "base_url=http://127.0.0.1:port"], "is no server"),
        (["demo", "-a", "base_url=http://127.0.0.1:99999"], "is no server"),
        (["demo", "-a", "section=//evil.example/x/"], "is not on demo's hosts"),
        (["demo", "-a", "section=https://other.example/world/", "-a", "source=days"], "is not on demo's hosts"),
        (["demo", "-a", "section=,"], "section=, names nothing"),
        (["demo", "-a", "source= ,"], "names nothing"),
        (["demo", "-a", "until=0001-01-01"], "until=0001-01-01 is before"),
        (["demo", "-a", "since="], "since= is empty"),
        (["demo", "-s", "LISTING_MAX_PAGES=abc"], "LISTING_MAX_PAGES is abc"),
        (["demo", "-s", "DOWNLOAD_DELAY=nan"], "DOWNLOAD_DELAY is nan"),
        (["demo", "-s", "DOWNLOAD_DELAY=0"], "DOWNLOAD_DELAY is 0"),
        (
            ["demo", "-s", 'DOWNLOAD_SLOTS={"courier.example": {"delay": 0}}'],
            "DOWNLOAD_SLOTS['courier.example']['delay'] is 0",
        ),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path, arguments, says):
    feed = tmp_path / "articles.jsonl"
    feed.write_text("kept\n")
    done = command("crawl", *arguments, "-O", str(feed), "-s", f"ARCHIVE_DIR={tmp_path / 'archive'}")
    assert done.returncode != 0
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert feed.read_text() == "kept\n"
    assert not (tmp_path / "archive").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = command("crawl", "demo", "-s", f"ARCHIVE_DIR={tmp_path / 'file' / 'archive'}")
    assert done.returncode != 0
    assert done.stderr.startswith("scrapy crawl: cannot open the archive")
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_no_archive_is_one_line(tmp_path):
    (tmp_path / "archive.db").write_bytes(b"something else entirely, and long enough to be read" * 100)
    done = command("crawl", "demo", "-s", f"ARCHIVE_DIR={tmp_path}")
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "archive.db").read_bytes().startswith(b"something else")


def parse(**given: str) -> Arguments:
    return Arguments.parse(given, DemoSpider)


def test_default_sources_follow_from_what_is_asked_for():
    assert parse().sources == ("feed", "sections")
    assert parse(section="world").sources == ("sections",)
    assert parse(since="2026-03-01").sources == ("days",)
    both = parse(section="world", since="2026-03-01")
    assert (both.sources, both.fills) == (("sections",), True)
    assert not parse(section="world", since="2026-03-01", source="sections").fills


def test_days_without_since_are_the_last_two(monkeypatch):
    arguments = parse(source="days", until="2026-03-01")
    assert (arguments.since, arguments.until) == ("2026-02-28", "2026-03-01")
    assert parse(source="days").since is not None


def test_names_of_scrapyd_are_let_pass():
    assert parse(_job="7f3a").sources == ("feed", "sections")


def test_a_feed_that_cannot_be_written_is_one_line(tmp_path):
    done = command("crawl", "demo", "-o", "/proc/nowhere/articles.jsonl", "-s", f"ARCHIVE_DIR={tmp_path / 'archive'}")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "cannot write in /proc" in done.stderr


def test_a_place_for_captures_that_is_none_is_one_line(tmp_path):
    (tmp_path / "warc").write_text("")
    done = command("crawl", "demo", "-s", f"ARCHIVE_DIR={tmp_path}")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert f"{tmp_path / 'warc'} is no folder" in done.stderr


def test_the_two_days_are_those_of_days_alone():
    """Beside another source they bound the days, not the other."""
    arguments = Arguments.parse({"source": "sections,days", "section": "world"}, DemoSpider)
    assert arguments.since is None and arguments.sources == ("sections", "days")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"url": "www.example.com"}, "url=www.example.com is no address of a site; write https://www.example.com/"),
        ({"url": "https://example.com:999999/"}, "is no address of a site"),
        ({"url": "https://example.com/", "warc": "a.warc.gz"}, "leave one of them out"),
        ({"url": "https://example.com/", "source": "feeds"}, "has no source 'feeds'; it has days, due, feed, sections, sitemap"),
        ({"url": "https://example.com/", "section": "https://example.org/world/"}, "is not on news's hosts"),
        ({"section": "world"}, "news wants url= or warc="),
    ],
)
def test_a_site_that_nobody_described_is_named_by_its_address(given, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        Arguments.parse(given, AnySpider)


def test_what_an_undescribed_site_has_shows_when_it_is_crawled():
    """Nothing is refused before its start page was read."""
    given = {"url": "https://www.example.com/news/"}
    assert set(Arguments.parse(given, AnySpider).sources) == {"feed", "sections"}
    assert Arguments.parse({**given, "section": "Middle East"}, AnySpider).sources == ("sections",)
    assert AnySpider.of(given).hosts == ["www.example.com", "example.com"]
    assert AnySpider(**given).site == "example.com"
