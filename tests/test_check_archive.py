"""``scrapy check-archive``: a sound archive is called sound, and every damage is named."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import closing

import pytest
from conftest import command
from reference_pages import ReferencePages
from test_interrupted import ARGUMENTS, counting, start, stop_at  # noqa: F401

from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import DemoSite
from newsarchive.jsonlinesfile import JsonLinesFile
from newsarchive.recount import recount
from newsarchive.spiders.demo import DemoSpider
from newsarchive.store import checks, recordchecks
from newsarchive.store.archive import Archive

STORIES = 100


def check(folder, *arguments: str) -> tuple[int, dict]:
    done = command("check-archive", "--json", *arguments, "-s", f"ARCHIVE_DIR={folder}")
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def findings(found: dict) -> list[str]:
    return [finding["what"] for one in found["checks"] for finding in one["findings"]]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """The archive of two crawls of the demo site, to be copied."""
    folder = tmp_path_factory.mktemp("crawled") / "archive"
    with DemoSite(DemoPages(Newsroom(STORIES))) as site:
        for edition in (1, 2):
            site.pages.newsroom.edition = edition
            done = command(
                "crawl", "demo", "-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={folder}", "-s", "DOWNLOAD_DELAY=0.002",
                "-a", "source=sections,days,sitemap,feed", "-a", "since=2026-03-02",
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def archive(crawled, tmp_path):
    shutil.copytree(crawled, tmp_path / "archive")
    with closing(Archive(tmp_path / "archive" / "archive.db")) as archive:
        yield archive


def test_a_sound_archive_is_called_sound(crawled):
    code, found = check(crawled, "--full")
    assert (code, found["sound"], findings(found)) == (0, True, [])
    printed = command("check-archive", "-s", f"ARCHIVE_DIR={crawled}")
    assert printed.returncode == 0
    assert [line.split()[-1] for line in printed.stdout.splitlines()] == ["sound"] * 7 + ["sound."]


@pytest.mark.parametrize("more", [(), ("-a", "section=middle east", "-a", "since=2026-03-04", "-a", "until=2026-03-07")])
def test_the_reference_site_is_sound_too(play, crawl, more):
    done = crawl(play(ReferencePages, stories=120), *more)
    assert check(done.folder) == (0, {"sound": True, "checks": check(done.folder)[1]["checks"]})
    assert findings(check(done.folder)[1]) == []


def test_what_a_kill_leaves_is_a_note_and_what_follows_is_sound(counting, crawl, tmp_path):  # noqa: F811
    site, folder = counting, tmp_path / "archive"
    stop_at(site, start(site, folder, "-s", "HEARTBEAT_SECONDS=0.05"), 90, signal.SIGKILL)
    code, found = check(folder, "--full")
    assert code == 0, findings(found)
    said = " ".join(findings(found))
    assert "held by a crawl that died" in said and "was not closed" in said
    crawl(site, *ARGUMENTS, folder=folder)
    code, found = check(folder, "--full")
    assert (code, [what for what in findings(found) if "no capture cites" not in what]) == (0, [])


PAGE = "(select id from page where state = 'stored' order by id limit 1)"


@pytest.mark.parametrize(
    ("name", "statement", "says"),
    [
        ("orphans", f"delete from page where id = {PAGE}", "1 articles have no page: demo:"),
        ("orphans", f"delete from page where id = {PAGE}", "1 sightings have no page: demo:"),
        ("orphans", f"delete from page where id = {PAGE}", "addresses lead to no page: https://courier.example/"),
        ("orphans", f"delete from article where id = {PAGE}", "1 pages are stored, and have no article: demo:"),
        ("orphans", "delete from article where id in (select id from revision)", "3 earlier texts have no article"),
        ("orphans", f"update page set lease_by = 1 where id = {PAGE}", "1 pages are held by a crawl that has ended"),
        (
            "orphans",
            f"insert into page (id, site, key, url, first_seen_at) select 'demo:' || url, site, url, url, '' from page where id = {PAGE}",
            "1 pages stand under an address that leads to another page: demo:https://",
        ),
        ("orphans", f"insert into withdrawal values ({PAGE}, 'erase', 'x', 'now', null)", "1 withdrawn pages have a text"),
        ("orphans", "update page set state = 'gone' where id = (select max(id) from page where state = 'stored')", "1 pages are said to be gone, or no article"),
        ("orphans", f"update article set revision = 7 where id = {PAGE}", "1 articles lack an earlier text, or have a number twice"),
        ("orphans", "delete from revision where n = (select min(n) from revision)", "1 articles lack an earlier text"),
        (
            "orphans",
            f"update alias set page = 'demo:1000101' where url = (select url from article where id = {PAGE})",
            "1 articles have an address that leads to another page",
        ),
        (
            "orphans",
            f"update article set capture = (select capture from article order by n desc limit 1) where id = {PAGE}",
            "1 articles cite a capture of another page",
        ),
        ("orphans", "insert into withdrawal values ('demo:0', 'erase', 'x', 'now', null)", "1 withdrawals have no page: demo:0"),
        ("orphans", "delete from listing where id = 1", "1 walks are not there of which sightings are: 1"),
        ("orphans", "update listing set reason = 'LISTING_MAX_PAGES' where id = 1", "1 walks are said to be whole"),
        ("orphans", "delete from capture where kind = 'listing'", "2 crawls walked more pages of listings than they have"),
        (
            "orphans",
            f"update page set state = 'waiting', due_at = '9999-01-01T00:00:00+00:00' where id = {PAGE}",
            "1 pages wait for longer than a year",
        ),
        ("files", "insert into jsonlines values ('/nowhere/a.jsonl', 99999, 0)", "/nowhere/a.jsonl is said to have text 99999"),
        ("sums", f"update page set state = 'lost' where id = {PAGE}", "is in a state 'lost' that there is not"),
        ("database", "update counter set value = 3", "the counter of texts is 3"),
        ("files", "update capture set \"offset\" = 99999999 where id = 9", "which ends before it"),
        ("files", "insert into image_file (url, page, file, state) values ('u', 'p', 'a.jpg', 'stored')", "the picture images/a.jpg"),
        ("files", "insert into jsonlines values ('/nowhere/a.jsonl', 5, 5)", "/nowhere/a.jsonl has 0 bytes"),
    ],
)  # fmt: skip
def test_damage_among_rows_is_named(archive, name, statement, says):
    assert not list(getattr(checks, name)(archive))
    archive.db.execute(statement)
    found = [finding.what for finding in getattr(checks, name)(archive)]
    assert [what for what in found if says in what], found


def test_damage_of_texts_is_named(archive):
    assert not list(checks.texts(archive, full=True))
    archive.db.execute(f"update article set text = text || 'x', body = '[]' where id = {PAGE}")
    archive.db.execute("update revision set capture = json_set(capture, '$.digest', 'sha1:AAA') where n = 1")
    said = sorted(finding.what.split(" is not ")[1] for finding in checks.texts(archive, full=True))
    assert said == ["what its digest says", "what its hash says"]


def test_a_search_index_that_lost_an_article_is_named(archive):
    assert not list(checks.search(archive))
    archive.db.execute(
        "insert into article_fts(article_fts, rowid, headline, description, text) select 'delete', n, headline, description, text from article limit 1"
    )
    (finding,) = checks.search(archive)
    assert "the search index is not that of the articles" in finding.what
    archive.db.execute(finding.repair)
    assert not list(checks.search(archive))


def test_files_that_are_gone_or_nobodys_are_named(archive):
    folder = archive.path.parent / "warc"
    gone, *_ = sorted(path for path in folder.iterdir() if "listings" not in path.name)
    gone.rename(folder / "newsarchive-demo-20200101T000000-000099-00001.warc.gz")
    said = [finding.what for finding in checks.files(archive)]
    assert [what.split(f"warc/{gone.name}")[1] for what in said if gone.name in what] == [", which is not there"]
    assert any(what.startswith("no capture cites warc/newsarchive-demo-2020") for what in said)
    assert any("cannot be read: no record at" in finding.what for finding in checks.texts(archive, full=True))


def listings(archive) -> list[str]:
    return [
        finding.what for finding in recount(archive, {"demo": DemoSpider.addresses}, {"demo": DemoSpider.sources["sections"].menu})
    ]


def test_the_listings_read_again_name_what_the_ledger_lost(archive):
    assert listings(archive) == []
    lost = [row[0] for row in archive.db.execute("select id from page where day = '2026-03-05' order by id limit 2")]
    for page in lost:
        for table, column in (("page", "id"), ("alias", "page"), ("sighting", "page"), ("article", "id")):
            archive.db.execute(f"delete from {table} where {column} = ?", (page,))
    (said,) = listings(archive)
    assert said.startswith("2 articles that captured listings of demo show are not in the ledger: ")
    assert all(page in said for page in lost)


def test_what_no_listing_shows_is_named_only_when_all_are_kept(archive):
    archive.db.execute("insert into page (id, site, key, url, first_seen_at) values ('demo:7', 'demo', '7', 'u', '')")
    archive.db.execute(
        "insert into sighting select 'demo:7', source, listing, section, 1, null, null, '', '', walk, walk, null from sighting limit 1"
    )
    assert listings(archive) == ["1 pages of demo were sighted, and no captured listing shows them: demo:7"]
    archive.db.execute(
        "update capture set file = null where kind = 'listing' and id = (select max(id) from capture where kind = 'listing')"
    )
    assert listings(archive) == []


def test_wrong_usage_is_one_line(tmp_path):
    for arguments, says in ((("word",), "it takes no words"), (("-s", f"ARCHIVE_DIR={tmp_path}"), "there is no archive")):
        done = command("check-archive", *arguments)
        assert done.returncode == 2 and says in done.stderr and len(done.stderr.splitlines()) == 1


def test_findings_are_lines_of_a_hundred_columns(archive):
    archive.db.execute(f"delete from page where id = {PAGE}")
    done = command("check-archive", "-s", f"ARCHIVE_DIR={archive.path.parent}")
    assert done.returncode == 1
    assert "1 articles have no page" in done.stdout and "to mend: put a backup of the archive in its place" in done.stdout
    assert "is not sound" in " ".join(done.stdout.split()) and max(map(len, done.stdout.splitlines())) <= 100


def test_every_record_is_read_whether_a_text_cites_it_or_not(archive):
    """A flipped byte in a 404, in robots.txt or in a page that nobody cites, and a file cut at its end, were not noticed."""
    assert not list(recordchecks.records(archive))
    robots = archive.db.execute("select file, \"offset\" from capture where kind = 'robots' limit 1").fetchone()
    path = archive.path.parent / "warc" / robots["file"]
    data = bytearray(path.read_bytes())
    data[robots["offset"] + 150] ^= 0xFF
    path.write_bytes(data[:-10])
    (found,) = recordchecks.records(archive)
    assert found.what.startswith(f"2 records of warc/{path.name} are damaged: at {robots['offset']}, ")
    path.write_bytes(data)
    archive.db.execute("update capture set digest = 'sha1:AAA' where id = (select max(id) from capture where file is not null)")
    assert [finding.what for finding in recordchecks.records(archive) if "1 captures not where they are cited" in finding.what]


def test_every_line_of_a_json_lines_file_is_compared_with_its_hash_and_the_archive(archive, tmp_path):
    file = JsonLinesFile(archive, tmp_path / "lines.jsonl")
    while file.write():
        pass
    assert not list(recordchecks.lines(archive))
    written = file.path.read_bytes().splitlines(keepends=True)
    headline = json.loads(written[2])["headline"].encode()
    written[2] = written[2].replace(headline, headline.swapcase())
    written[4] = written[4].replace(b'{"id": "demo:1', b'{"id": "demo:9')
    file.path.write_bytes(b"".join(written))
    (found,) = recordchecks.lines(archive)
    assert found.what.startswith(f"2 lines of {file.path} are not what their hash says, or of no text here: 3, 5")
