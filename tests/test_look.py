"""``scrapy look``: every origin of one page side by side."""

from __future__ import annotations

import argparse
import gzip
import io
import json

import pytest
from conftest import command
from rich.console import Console
from scrapy.http import HtmlResponse
from scrapy.settings import Settings

from newsarchive.commands.look import Command
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.extract.reading import Reading
from newsarchive.extract.rules import SiteRules
from newsarchive.sidebyside import SideBySide, print_side_by_side
from newsarchive.spiders.demo import DemoSpider

URL = "https://paper.example/2024/03/05/ice"
TEXT = "The ice on the river broke on Tuesday, two weeks earlier than in any year since it was measured. " * 6
LD = {
    "@type": "NewsArticle",
    "headline": "Ice on the river breaks early",
    "datePublished": "2024-03-05T10:00:00+01:00",
    "author": {"name": "Ada Linwood"},
    "keywords": "ice, rivers",
}


def page(ld: dict = LD, head: str = "", heading: str = "Ice on the river breaks early") -> str:
    return (
        f'<html lang="en"><head><title>Ice | The Paper</title><link rel="canonical" href="{URL}">'
        f'<meta property="og:title" content="Thaw comes early">{head}<script type="application/ld+json">{json.dumps(ld)}</script></head>'
        f"<body><article><h1>{heading}</h1><p>{TEXT}</p><p>{TEXT}</p></article></body></html>"
    )


def looked(html: str, site: type[SiteRules] | None = None, url: str = URL) -> SideBySide:
    return SideBySide(Reading(HtmlResponse(url, body=html.encode("utf-8", "surrogatepass"), encoding="utf-8"), site))


def printed(found: SideBySide, width: int) -> str:
    out = io.StringIO()
    print_side_by_side(Console(file=out, width=width, highlight=False, markup=False, emoji=False), found)
    return out.getvalue()


def run(*words: str, **settings) -> int:
    """Run the command in this process; return its status."""
    command = Command()
    command.settings = Settings()
    command.settings.setmodule("newsarchive.settings")
    command.settings.setdict(settings)
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    opts, args = parser.parse_known_args(words)
    command.run(args, opts)
    return command.exitcode


def test_every_origin_shows_what_it_found_beside_the_winner():
    found = looked(page())
    told = found.as_json()
    headlines = {origin: fields["headline"] for origin, fields in told["origins"].items() if "headline" in fields}
    assert headlines == {
        "jsonld": "Ice on the river breaks early",
        "opengraph": "Thaw comes early",
        "html": "Ice on the river breaks early",
        "searched": "Ice on the river breaks early",
    }
    assert told["won"]["headline"] == "searched" and found.notes("searched", "headline") == "HTML"
    assert told["won"]["body"] == "html" and told["origins"]["html"]["body"]["blocks"] == 2
    assert told["article"] == json.loads(json.dumps(told["article"])) and told["article"]["headline"] == headlines["html"]
    assert told["instead"] is None


def test_a_sites_own_rules_stand_beside_what_they_overrule():
    class Paper(SiteRules):
        name, hosts = "paper", ["paper.example"]
        selectors = {"headline": ["h1"]}
        not_from = {"authors": ("jsonld",)}

    told = looked(page(heading="Told by the selector"), Paper).as_json()
    assert told["site"] == "paper" and told["not_asked"] == {"authors": ["jsonld"]}
    assert told["won"]["headline"] == "selectors" and told["origins"]["selectors"]["headline"] == "Told by the selector"
    assert told["origins"]["jsonld"]["headline"] == "Ice on the river breaks early"


def test_the_winner_is_the_origin_that_the_article_names():
    """On pages of every kind: the value in the winner's column is the article's."""
    pages = DemoPages(Newsroom(40))
    for story in pages.newsroom.all()[::4]:
        for site in (DemoSpider, None):
            found = looked(pages.article(story), site, pages.url(pages.path(story)))
            for field in found.article.origins.keys() - {"body", "images"}:
                assert found.found[found.winner(field)][field] == getattr(found.article, field), (field, site)
            assert {"body", "images"} & {field for field in found.by} == set()
            assert found.winner("body") == found.article.origins["body"] in found.found


@pytest.mark.parametrize("width", [80, 120, 160])
def test_it_is_readable_at_every_width(width):
    lines = printed(looked(page()), width).splitlines()
    assert max(map(len, lines)) <= width
    (heading,) = [n for n, line in enumerate(lines) if line.startswith("headline")]
    together = "".join(lines[heading : heading + 4])
    assert "▶" in together and "Thaw comes early" in together
    columns = [line for line in lines if line.split() == ["JSON-LD", "OpenGraph", "HTML", "searched"]]
    assert len(columns) == (width > 100)
    assert any(line.startswith("flags") and "headlines_disagree" in line for line in lines)
    assert any("published_at" in line and "2024-03-05T10:00:00+01:00 (second, zone given)" in line for line in lines)
    # A paragraph is one line, cut where the line ends.
    assert sum("paragraph" in line and line.rstrip().endswith("…") for line in lines) == 2


def test_a_hostile_page_gives_the_terminal_no_orders():
    evil = "\x1b[31m\x1b]0;x\x07 [bold]\u202e\x9b2J\x00"
    ld = {key: f"{value}{evil}" if isinstance(value, str) else value for key, value in LD.items()}
    ld |= {
        "author": {"name": "Ada " + evil},
        "keywords": [evil, "ice"],
        "image": f"https://x.example/{evil}.jpg",
        "inLanguage": evil,
    }
    html = page(ld, f'<meta property="article:section" content="{evil}">', f"Ice {evil}").replace("<p>", f"<p>{evil}")
    for width in (80, 160):
        shown = printed(looked(html, url=f"{URL}?{evil}"), width)
        assert "[bold]" in shown
        assert not {c for c in shown if c != "\n" and not c.isprintable() and not c.isspace()}
        assert not set("\x1b\x07\x9b\u202e\x00\r") & set(shown)


def test_a_wall_is_called_one():
    wall = '<html><head><title>Just a moment...</title></head><body><script src="/cdn-cgi/challenge-platform/x"></script></body></html>'
    assert "No article: bot wall" in printed(looked(wall), 80)


def test_files_are_read_plain_and_packed_at_their_own_address(tmp_path, capsys):
    (tmp_path / "a.html").write_text(page())
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(page().encode()))
    for name in ("a.html", "b.html.gz"):
        assert run(str(tmp_path / name)) == 0
        assert capsys.readouterr().out.startswith(f"{URL}\nread as a page that nobody described\n")
    assert run(str(tmp_path / "a.html"), "--url", "https://courier.example/2026/03/12/ice-7") == 0
    assert "demo:7, read by the rules of demo" in capsys.readouterr().out
    assert run(str(tmp_path / "a.html"), "--url", "https://courier.example/2026/03/12/ice-7", "--site", "news", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["site"], told["article"]["site"]) == (None, "courier.example")


def test_what_cannot_be_looked_at_is_one_line(tmp_path, capsys):
    (tmp_path / "torn.html.gz").write_bytes(gzip.compress(page().encode())[:200])
    (tmp_path / "empty.html").write_text(" \n")
    (tmp_path / "nameless.html").write_text("<h1>Ice</h1>")
    (tmp_path / "lies.html").write_text('<html><head><link rel="canonical" href="javascript:x"></head></html>')
    (tmp_path / "named.html").write_text(page())
    for words, says in (
        ((), "it wants one address"),
        (("a.html", "b.html"), "it wants one address"),
        ((str(tmp_path / "no\x1b[31mthing.html"),), "there is no file"),
        ((str(tmp_path),), "there is no file"),
        (("ftp://x.example/a",), "is no address of a page"),
        (("http://[bad/a",), "is no address of a page"),
        ((str(tmp_path / "torn.html.gz"),), "cannot be unpacked"),
        ((str(tmp_path / "empty.html"),), "is empty"),
        ((str(tmp_path / "nameless.html"),), "give it: --url"),
        ((str(tmp_path / "lies.html"),), "give it: --url"),
        ((str(tmp_path / "named.html"), "--url", "paper"), "--url paper is no address"),
        ((str(tmp_path / "named.html"), "--site", "nix"), "there is no site 'nix'; there are demo"),
        (("demo:1", "--archived"), "there is no archive"),
    ):
        assert run(*words, ARCHIVE_DIR=str(tmp_path)) == 2, words
        said = capsys.readouterr()
        assert says in said.err and said.err.startswith("scrapy look: ") and len(said.err.splitlines()) == 1, said
        assert "\x1b" not in said.err and not said.out


def test_an_archived_page_is_looked_at_without_asking_the_site(play, crawl, capsys):
    site = play(stories=40)
    done = crawl(site, "-a", "section=world", "-a", "max_articles=1")
    ((id, url, headline),) = done.rows("select id, url, headline from article")
    site.requests.clear()
    for word in (id, url):
        assert run(word, "--archived", "--json", ARCHIVE_DIR=str(done.folder)) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["site"], told["url"], told["article"]["headline"]) == ("demo", url, headline)
    assert site.requests == []
    assert run("demo:7", "--archived", ARCHIVE_DIR=str(done.folder)) == 2
    assert "the archive has no article demo:7" in capsys.readouterr().err


def test_a_page_that_robots_txt_forbids_is_not_asked_for(play, tmp_path):
    site = play(stories=40)
    site.pages.robots = "User-agent: *\nDisallow: /2026/\n"
    path = site.pages.path(site.pages.newsroom.all()[0])
    done = command("look", site.url + path, "-s", f"ARCHIVE_DIR={tmp_path / 'archive'}", "-s", "DOWNLOAD_DELAY=0.002")
    assert done.returncode == 2 and done.stderr == f"scrapy look: {site.url}{path} cannot be had: Forbidden by robots.txt\n"
    assert site.requests == ["/robots.txt"]
    assert not (tmp_path / "archive").exists()
