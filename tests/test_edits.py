"""What makes a revision and what does not, and how an article's edits are shown."""

from __future__ import annotations

import copy
import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conftest import command

from newsarchive.demo.pages import DemoPages
from newsarchive.items import Article
from newsarchive.revisions import content_hash, is_another_page
from newsarchive.store.archive import Archive
from newsarchive.store.edits import edits

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path):
    moments = iter(BEGIN + timedelta(hours=n) for n in range(10_000))
    archive = Archive(tmp_path / "archive.db", clock=lambda: next(moments))
    yield archive
    archive.close()


def text(headline: str, fetched: int = 0, **fields) -> Article:
    made = Article(
        id="news:1",
        site="news",
        key="1",
        url="https://news.example/1.html",
        headline=headline,
        fetched_at=(BEGIN + timedelta(hours=fetched)).isoformat(),
        extractor="1",
        **fields,
    )
    made.content_hash = content_hash(made)
    return made


def history(archive: Archive, headlines: str) -> list[tuple[str, str]]:
    """Store one text after the other, and return old and new headline of each edit."""
    crawl = archive.crawls.begin("news", {})
    for headline in headlines:
        fetched = datetime.fromisoformat(archive.now())
        article = text(headline, int((fetched - BEGIN).total_seconds()) // 3600)
        archive.articles.store(article, crawl)
    return [(edit["fields"][0]["old"], edit["fields"][0]["new"]) for edit in edits(archive, "news:1")["edits"]]


@pytest.mark.parametrize(
    ("headlines", "shown"),
    [
        ("A", []),
        ("ABC", ["AB", "BC"]),
        ("ABA", ["BA"]),
        ("ABABABAB", ["AB"]),
        ("ABAC", ["BA", "AC"]),
        ("ABCB", ["AB", "CB"]),
        ("ABCA", ["BC", "CA"]),
    ],
)
def test_each_edit_leads_to_the_text_that_took_its_place(archive, headlines, shown):
    assert ["".join(pair) for pair in history(archive, headlines)] == shown
    (revisions,) = archive.db.execute("select count(*) from revision").fetchone()
    assert revisions == len(set(headlines)) - 1


def test_an_edit_says_when_who_and_whether_silently(archive):
    crawl = archive.crawls.begin("news", {})
    body = [{"type": "paragraph", "text": "It took two months."}]
    archive.articles.store(text("One", modified_at="2026-03-01T00:00:00+00:00", body=body), crawl)
    archive.articles.store(text("Two", modified_at="2026-03-01T00:00:00+00:00", body=body), crawl)
    body = [{"type": "paragraph", "text": "It took two weeks."}, {"type": "paragraph", "text": "That is all."}]
    archive.articles.store(text("Two", modified_at="2026-03-02T00:00:00+00:00", body=body), crawl)
    first, second = edits(archive, "news:1")["edits"]
    assert (first["silent"], first["cause"], first["revision"], first["becomes"]) == (True, "publisher", 1, 2)
    assert first["noticed_at"] < second["noticed_at"] and not second["silent"]
    assert [field["field"] for field in first["fields"]] == ["headline"]
    (lines,) = [field["lines"] for field in second["fields"]]
    assert [(line["what"], line["new"]) for line in lines] == [
        ("~", "[paragraph] It took two weeks."),
        ("+", "[paragraph] That is all."),
    ]
    assert lines[0]["words"][1:3] == [["-", "months"], ["+", "weeks"]]


def test_what_is_no_edit_makes_no_revision(archive):
    """Unicode forms, white space, counters in picture addresses, share pictures, other fields."""
    crawl = archive.crawls.begin("news", {})
    photo = {"width": 9, "height": 9, "caption": "c", "credit": None, "alt": None, "crop": None}
    lead = {"url": "https://i.example/a.jpg?v=1", "role": "lead", "key": None, **photo}
    share = {"url": "https://i.example/share.jpg?1", "role": "share", "key": None, **photo}
    first = text("Crème  brûlée", description="d", tags=["à"], body=[{"type": "paragraph", "text": "é  x"}], images=[lead, share])
    archive.articles.store(copy.deepcopy(first), crawl)
    for form in ("NFD", "NFC", "NFD"):
        other = replace(
            first,
            headline=unicodedata.normalize(form, "Crème brûlée "),
            tags=[unicodedata.normalize(form, "à")],
            body=[{"type": "paragraph", "text": unicodedata.normalize(form, "é\u00a0x")}],
            images=[
                lead | {"url": f"https://i.example/a.jpg?v={form}", "width": 10},
                share | {"url": f"https://i.example/s?{form}"},
            ],
            og={"og:title": [form]},
            modified_at=f"2026-03-0{len(form)}T00:00:00+00:00",
        )
        other.content_hash = content_hash(other)
        assert archive.articles.store(other, crawl) == "unchanged"
    assert edits(archive, "news:1")["edits"] == []
    keyed = replace(first, images=[lead | {"key": "7"}])
    keyed.content_hash = content_hash(keyed)
    assert archive.articles.store(keyed, crawl) == "revised", "another lead photo is an edit"


def test_the_order_of_tags_is_no_edit(archive):
    crawl = archive.crawls.begin("news", {})
    for headline, tags, outcome in (
        ("A", ["a", "b"], "new"),
        ("A", ["b", "a"], "unchanged"),
        ("B", ["a", "b"], "revised"),
        ("A", ["a", "b"], "returned"),
        ("A", ["a", "c"], "revised"),
    ):
        assert archive.articles.store(text(headline, tags=tags), crawl) == outcome
    assert archive.articles.get("news:1").tags == ["a", "c"]


def test_what_comes_and_goes_with_a_pages_json_ld_is_no_edit(archive):
    crawl = archive.crawls.begin("news", {})
    marked = {"section": "world", "origins": {"headline": "jsonld", "section": "jsonld"}}
    bare = {"origins": {"headline": "html"}}
    for fields, outcome in (
        (marked, "new"),
        (bare, "unchanged"),
        (marked, "unchanged"),
        ({"origins": {"headline": "jsonld"}}, "revised"),  # the section alone was taken away
        (marked | {"section": "sport"}, "revised"),
    ):
        assert archive.articles.store(text("A", **copy.deepcopy(fields)), crawl) == outcome


@pytest.mark.parametrize(
    ("fields", "another"),
    [
        ({"headline": "Sorry"}, True),
        ({"headline": "Sorry", "published_at": "2026-03-01T00:00:00+00:00"}, False),
        (
            {"headline": "Sorry", "body": [{"type": "paragraph", "text": "It is late."}, {"type": "paragraph", "text": "First"}]},
            False,
        ),
        ({"headline": "One "}, False),
        ({"headline": "Sorry", "extractor": "2"}, False),
    ],
)
def test_a_page_without_anything_of_the_article_is_another(fields, another):
    body = [{"type": "paragraph", "text": "First"}, {"type": "paragraph", "text": "Second"}]
    old = text("One", body=body, published_at="2026-03-01T00:00:00+00:00")
    new = replace(text("One", body=[{"type": "paragraph", "text": "We looked everywhere."}]), **fields)
    assert is_another_page(old, new) is another


class Restless(DemoPages):
    """Counters, teasers, a banner and picture addresses change at every visit; Unicode comes composed and not."""

    visits = 0

    def article(self, story):
        self.visits += 1
        form = ("NFC", "NFD")[self.visits % 2]
        page = super().article(replace(story, views=self.visits, headline=story.headline + " é"))
        page = page.replace(".jpg", f".jpg?hash={self.visits}").replace("<p>", "<p>\n   ")
        banner = f'<aside class="related">Banner {self.visits}: <p>buy {self.visits}</p></aside>'
        return unicodedata.normalize(form, page.replace("</h1>", f"</h1>{banner}", 1))


def test_a_restless_site_makes_no_revisions(play, crawl):
    site = play(Restless, stories=40)
    done = crawl(site, "-a", "source=feed")
    for _ in range(2):
        archive = Archive(done.folder / "archive.db")
        archive.db.execute("update page set reason = 'newer' where state = 'stored'")
        archive.close()
        done = crawl(site, "-a", "source=feed")
    assert done.stats()["archive/article/unchanged"] == 40
    assert site.pages.visits == 120
    assert done.rows("select count(*) from revision") == [(0,)]


def test_the_edits_of_an_article_are_printed_and_given_as_data(play, crawl):
    site = play(stories=60)
    crawl(site)
    site.pages.newsroom.edition = 2
    done = crawl(site)
    here = ("-s", f"ARCHIVE_DIR={done.folder}")
    renamed, reworded, longer = (f"demo:{number}" for number in site.pages.newsroom.edited)
    shown = command("report", "changes", "--diff", renamed, *here)
    assert shown.returncode == 0, shown.stderr
    assert "~ {+Correction: +}" in shown.stdout and "revision 1 → 2, by the publisher\n" in shown.stdout
    assert shown.stdout.endswith("1 edit seen.\n") and "\x1b" not in shown.stdout
    assert "{+ An earlier version" in " ".join(command("report", "changes", "--diff", reworded, *here).stdout.split())
    shown = command("report", "changes", "--diff", longer, *here)
    assert "+ [paragraph] The council confirmed this in the evening." in shown.stdout
    assert max(len(line) for line in shown.stdout.splitlines() if not line.startswith("https:")) <= 100
    data = json.loads(command("report", "changes", "--diff", renamed, "--json", *here).stdout)
    (edit,) = data["edits"]
    assert (data["id"], edit["changed"], edit["cause"], edit["fields"][0]["lines"][0]["words"][0]) == (
        renamed,
        ["headline"],
        "publisher",
        ["+", "Correction: "],
    )
    for arguments in (("changes", "--diff", "demo:1"), ("coverage", "--diff", renamed)):
        wrong = command("report", *arguments, *here)
        assert wrong.returncode == 2 and len(wrong.stderr.splitlines()) == 1
