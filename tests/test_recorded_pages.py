"""``scrapy record``, and every page that it recorded: an article reads as it did, field by field."""

from __future__ import annotations

import argparse
import gzip
import json

import pytest
from conftest import PROJECT, command
from scrapy.http import HtmlResponse
from scrapy.settings import Settings

from newsarchive.commands.record import Command
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.items import Article
from newsarchive.onepage import rules_for
from newsarchive.recorded import fields_of, paths, read_again, recordable, recorded_pages, slug
from newsarchive.spiders.demo import DemoSpider

PAGES = DemoPages(Newsroom(40))
STORY = PAGES.newsroom.all()[0]
URL = PAGES.url(PAGES.path(STORY))
RECORDED = recorded_pages(PROJECT / "tests" / "pages")


@pytest.fixture(scope="module")
def settings() -> Settings:
    found = Settings()
    found.setmodule("newsarchive.settings")
    return found


def run(settings: Settings, *words: str) -> int:
    """Run the command in this process; return its status."""
    command = Command()
    command.settings = settings
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    opts, args = parser.parse_known_args(words)
    command.run(args, opts)
    return command.exitcode


@pytest.mark.parametrize(("page", "expected"), RECORDED, ids=[f"{page.parent.name}-{page.stem}" for page, _ in RECORDED])
def test_a_recorded_page_is_read_as_it_was(page, expected, settings):
    now, then = read_again(page, expected, rules_for("", page.parent.name, settings))
    assert now == then


def test_every_kind_of_reading_has_a_recorded_page():
    assert {page.parent.name for page, _ in RECORDED} >= {"demo", "news", "sputnik"}


def test_a_page_that_the_site_serves_is_recorded_once(play, tmp_path, settings, capsys):
    """What is saved is what the test above reads, whoever records it and when."""
    site = play(stories=40)
    options = ("--url", URL, "-d", str(tmp_path / "pages"))
    done = command("record", "demo", site.url + PAGES.path(STORY), *options, "-s", "DOWNLOAD_DELAY=0.002")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(STORY.headline)
    assert site.requests == ["/robots.txt", PAGES.path(STORY)]
    ((page, expected),) = recorded_pages(tmp_path / "pages")
    assert page.parent.name == "demo" and page.name.startswith(f"{STORY.published:%Y-%m-%d}-")
    assert gzip.decompress(page.read_bytes()) == PAGES.article(STORY).encode()
    now, then = read_again(page, expected, DemoSpider)
    assert now == then and then["headline"] == STORY.headline
    assert PAGES.expected(STORY).items() <= then.items()
    before = page.read_bytes(), expected.read_bytes()
    assert before[0][4:8] == bytes(4)  # gzip's time of packing
    file = tmp_path / "page.html"
    file.write_text(PAGES.article(STORY))
    assert run(settings, "demo", str(file), *options) == 2
    assert capsys.readouterr().err == f"scrapy record: {page} is there; --force overwrites it\n"
    assert run(settings, "demo", str(file), *options, "--force") == 0
    assert (page.read_bytes(), expected.read_bytes()) == before
    page.write_bytes(gzip.compress(PAGES.article(STORY).replace(STORY.headline, "Another headline").encode()))
    now, then = read_again(page, expected, DemoSpider)
    assert {field for field in then if now[field] != then[field]} >= {"headline"}


def test_what_only_the_header_told_is_kept(tmp_path):
    """The bytes alone must read as the answer did: a charset that its header named would be guessed otherwise."""
    html = f"<html><head><title>Łódź</title></head><body><h1>Zażółć gęślą jaźń w Łodzi</h1><p>{'Święta we wsi są ciche. ' * 30}</p></body></html>"
    response = HtmlResponse(
        "https://gazeta.example/a/", body=html.encode("iso8859-2"), headers={"Content-Type": "text/html; charset=iso-8859-2"}
    )
    kept, article = recordable(response, None)
    assert article.headline == "Zażółć gęślą jaźń w Łodzi" and "charset_guessed" not in article.flags
    assert kept.decode("utf-8-sig") == html
    # A page that says it itself stays as it is, byte for byte.
    own = html.replace("<head>", '<head><meta charset="iso-8859-2">').encode("iso8859-2")
    assert recordable(HtmlResponse("https://gazeta.example/a/", body=own), None)[0] == own


@pytest.mark.parametrize(
    ("url", "headline", "name"),
    [
        ("https://x.example/2026/03/A-Story_of.Ice.html", "", "a-story-of-ice"),
        ("https://x.example/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", "etc-passwd"),
        ("https://x.example/a/..%5c..%00/", "Ice, on \x1b[31m../../rivers", "ice-on-31m-rivers"),
        ("https://x.example/%D0%9B%D1%91%D0%B4-12", "Лёд на реках", "https-x-example-12"),
        ("https://x.example/" + "long-" * 40, "", "-".join(["long"] * 12)[:59]),
        ("https://x.example/12345.html", "", "12345"),
    ],
)
def test_a_hostile_address_names_no_other_folder(tmp_path, url, headline, name):
    article = Article(key=url if "%D0" in url else "12345", url=url, headline=headline, day="2026-03-12")
    assert slug(article) == name
    page, expected = paths(tmp_path, "news", article)
    assert page == tmp_path / "news" / f"2026-03-12-{name}.html.gz" and expected == tmp_path / "news" / f"2026-03-12-{name}.json"
    assert set(slug(article)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_page_that_calls_itself_another_is_not_recorded():
    """Read at that address it calls itself the first again, and the test would never agree with what was recorded."""

    class Turning(DemoSpider):
        name = "turning"

        @classmethod
        def canonical_key(cls, canonical, url):
            return "1" if url.endswith("-2") else "2"

    html = '<html><head><link rel="canonical" href="{}"></head><body><h1>T</h1></body></html>'
    body = html.format("https://courier.example/2026/03/12/story-1").encode()
    with pytest.raises(ValueError, match="name one with --url"):
        recordable(HtmlResponse("https://courier.example/about", body=body), Turning)


def test_what_the_crawl_decides_is_not_recorded():
    """The reading code's version would make every recorded page differ with each commit."""
    fields = fields_of(recordable(HtmlResponse(URL, body=PAGES.article(STORY).encode()), DemoSpider)[1])
    assert not {"extractor", "fetched_at", "capture", "revision"} & fields.keys()
    assert json.loads(json.dumps(fields)) == fields


def test_what_cannot_be_recorded_is_one_line(tmp_path, settings, capsys):
    (tmp_path / "about.html").write_text("<html><head><title>About us</title></head><body><p>We are.</p></body></html>")
    about, elsewhere = str(tmp_path / "about.html"), ("--url", "https://other.example/a")
    for words, says in (
        (("nix", "a.html"), "there is no site 'nix'; there are demo,"),
        (("demo",), "it wants the name of a site"),
        (("demo", about, *elsewhere), "is not on the hosts of demo: courier.example"),
        (("news", about, *elsewhere), "gives no article (no text on it); --force"),
        (("news", about, *elsewhere, "--force", "-d", about), "cannot write in"),
    ):
        assert run(settings, "-d", str(tmp_path / "pages"), *words) == 2
        said = capsys.readouterr()
        assert says in said.err and len(said.err.splitlines()) == 1 and not said.out, said
    assert not (tmp_path / "pages").exists()
