"""The bytes: WARC files that the standard's own tools accept, replay, and reading again."""

from __future__ import annotations

import asyncio
import errno
import gzip
import importlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import assert_true, command
from forked import forks
from scrapy import Request
from scrapy.http import Response
from warcio.archiveiterator import ArchiveIterator

from newsarchive.capturestore import UNSETTLED, CaptureStore
from newsarchive.demo.server import Answer
from newsarchive.extract.article import extractor_version
from newsarchive.extract.rules import SiteRules
from newsarchive.items import Article
from newsarchive.replaystore import ReplayStore
from newsarchive.reread import reread
from newsarchive.store.archive import Archive
from newsarchive.store.captures import COLUMNS
from newsarchive.store.warc import (
    IDENTICAL,
    NOT_MODIFIED,
    OPEN,
    WarcError,
    WarcWriter,
    exchange,
    http_message,
    locate,
    mend,
    payload_digest,
    read_record,
)
from newsarchive.warcfiles import drop_old_listings

UPGRADED = ("-s", "SPIDER_MODULES=upgraded_spiders")


def check(folder: Path) -> list[Path]:
    """``warcio check`` and ``gzip -t`` accept every WARC file of the archive, and none is left open."""
    files = sorted((folder / "warc").iterdir())
    assert files and all(path.name.endswith(".warc.gz") for path in files), files
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    done = subprocess.run(["gzip", "-t", *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return files


def records(folder: Path) -> list[tuple]:
    """Type, address, status, WARC headers of every record, read by warcio."""
    found = []
    for path in sorted((folder / "warc").iterdir()):
        with open(path, "rb") as stream:
            for record in ArchiveIterator(stream):
                status = record.http_headers.get_statuscode() if record.http_headers and record.rec_type != "request" else None
                found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), status, record.rec_headers))
    return found


def assert_captures_read_back(done) -> int:
    """Every article's and revision's capture is found at its place, with its digest."""
    rows = done.rows("select capture from article union all select capture from revision")
    for (capture,) in rows:
        place = json.loads(capture)
        record = read_record(locate(done.folder / "warc", place["file"]), place["offset"])
        assert payload_digest(record.payload) == place["digest"]
    return len(rows)


def exported(done) -> dict[str, dict]:
    return {
        key: {k: v for k, v in vars(done.archive().articles.get(key)).items()} for (key,) in done.rows("select id from article")
    }


def test_every_answer_is_in_files_that_the_tools_accept(play, crawl):
    site = play(stories=60)
    moved = site.pages.newsroom.all()[3]
    site.override = lambda path: (
        Answer(b"", status=301, headers={"Location": path + "?new=1"}) if path == site.pages.path(moved) else None
    )
    done = crawl(site)
    check(done.folder)
    found = records(done.folder)
    answers = [(url.removeprefix("https://courier.example"), int(status)) for kind, url, status, _ in found if kind == "response"]
    assert sorted(path for path, _ in answers) == sorted(site.requests)
    assert {status for _, status in answers} == {200, 301, 404}
    assert sum(kind == "request" for kind, *_ in found) == len(answers)
    assert ("/robots.txt", 200) in answers
    (info, *_) = [headers for kind, _, _, headers in found if kind == "warcinfo"]
    assert info.get_header("WARC-Filename").startswith("newsarchive-demo-")
    assert assert_captures_read_back(done) == 59
    assert done.rows("select count(*) from capture where file is null") == [(0,)]


def test_the_warcinfo_says_what_wrote_it_and_what_it_cannot_keep(play, crawl):
    done = crawl(play(stories=40), "-a", "source=feed", "-s", "CONTACT=mailto:desk@archive.example")
    for path in check(done.folder):
        with open(path, "rb") as stream:
            info = next(iter(ArchiveIterator(stream))).content_stream().read().decode()
        assert "software: newsarchive/" in info
        assert "robots: obey, RFC 9309" in info
        assert "operator: mailto:desk@archive.example" in info
        assert "the answer as Scrapy saw it" in info


def test_unchanged_pages_are_asked_with_validators_and_kept_as_revisits(play, crawl):
    site = play(stories=60)
    crawl(site)
    size = sum(path.stat().st_size for path in check(crawl(site).folder))
    done = crawl(site)
    files = check(done.folder)
    kinds = [(kind, headers.get_header("WARC-Profile")) for kind, _, _, headers in records(done.folder)]
    assert ("revisit", NOT_MODIFIED) in kinds
    assert done.rows("select count(*) from capture where status = 304")[0][0] >= 6
    # The third crawl brought nothing but revisits.
    third = [path for path in files if "-000003" in path.name]
    assert {kind for path in third for kind, *_ in records_of(path)} == {"warcinfo", "revisit", "request"}
    assert sum(path.stat().st_size for path in third) < size / 10


def records_of(path: Path) -> list[tuple]:
    with open(path, "rb") as stream:
        return [(record.rec_type,) for record in ArchiveIterator(stream)]


def test_the_same_payload_without_validators_is_kept_once(play, crawl):
    site = play(stories=40)
    send = site.server.RequestHandlerClass.send_header
    site.server.RequestHandlerClass.send_header = lambda self, name, value: send(self, name, value) if name != "ETag" else None
    for _ in range(2):
        done = crawl(site, "-a", "source=feed")
    check(done.folder)
    profiles = [headers.get_header("WARC-Profile") for kind, _, _, headers in records(done.folder) if kind == "revisit"]
    assert profiles and set(profiles) == {IDENTICAL}


def test_a_dead_server_does_not_look_like_an_unchanged_page(play, crawl):
    """Scrapy's stock cache gives the old page when the server is down."""
    site = play(stories=60)
    crawl(site)
    newsroom = site.pages.newsroom
    newsroom.edition = 2
    number = newsroom.edited[0]
    site.override = lambda path: Answer(b"", status=503) if site.pages.number(path) == number else None
    done = crawl(site, "-s", "RETRY_TIMES=1")
    # The change that the listing announced is still to be fetched.
    assert done.rows("select state, reason, tries from page where key = ?", str(number)) == [("stored", "newer", 1)]
    # Twice, and twice more at the end of the crawl.
    assert done.rows("select count(*) from capture where status = 503")[0][0] == 4
    site.override = lambda path: None
    # A later crawl, when the page is due again, brings it.
    archive = type(done.archive())(done.folder / "archive.db")
    archive.db.execute("update page set due_at = null")
    archive.close()
    done = crawl(site)
    assert done.articles()[str(number)]["headline"].startswith("Correction: ")


def test_a_capture_that_was_taken_away_is_fetched_whole(play, crawl):
    site = play(stories=40)
    done = crawl(site, "-a", "source=feed")
    for path in (done.folder / "warc").glob("*-listings-*"):
        path.unlink()
    done = crawl(site, "-a", "source=feed")
    assert done.rows('select "end" from listing order by id') == [("exhausted",), ("exhausted",)]
    assert done.stats()["archive/capture/unreadable"] == 2  # the feed and robots.txt
    kept = done.rows("select file from capture where crawl = 2 and status = 200")
    assert kept and all((done.folder / "warc" / file).exists() for (file,) in kept), "it was kept as equal to what is not there"


def test_validators_are_for_their_own_address_alone(play, crawl):
    """They followed a redirect: 304 came from an address that was never captured, and robots.txt allowed everything."""
    site = play(stories=40)
    crawl(site, "-a", "source=feed")
    rules = site.answer("/robots.txt")
    moved = Answer(b"", status=301, headers={"Location": "/robots-2.txt"})
    site.override = lambda path: {"/robots.txt": moved, "/robots-2.txt": rules}.get(path)
    done = crawl(site, "-a", "source=feed")
    assert done.rows("select status from capture where url like '%/robots-2.txt'") == [(200,)]


def test_capture_can_be_switched_off(play, crawl):
    done = crawl(play(stories=40), "-s", "CAPTURE_ENABLED=False")
    assert not (done.folder / "warc").exists()
    assert done.rows("select count(*) from capture where digest is not null and file is null")[0][0] > 40
    assert done.rows("select count(*) from article where capture is not null") == [(0,)]


def test_files_are_rolled_by_size(play, crawl):
    done = crawl(play(stories=60), "-s", "WARC_MAX_BYTES=50000")
    files = [path for path in check(done.folder) if "listings" not in path.name]
    assert len(files) > 2
    assert all(path.stat().st_size < 80_000 for path in files)
    assert assert_captures_read_back(done) == 59


def test_old_listing_captures_are_let_go_by_the_setting(play, crawl):
    site = play(stories=40)
    retention = ("-s", "LISTING_CAPTURE_DAYS=30")
    for _ in range(2):
        done = crawl(site, *retention)
    listings = [records_of(path) for path in sorted((done.folder / "warc").glob("*-listings-*"))]
    assert ("response",) in listings[0] and ("response",) not in listings[1]
    archive = type(done.archive())(done.folder / "archive.db")
    archive.db.execute("update capture set fetched_at = ?", (archive.ago(20),))
    # What a revisit refers to is written anew in time: asked with its validators, it would be a 304 for ever.
    done = crawl(site, *retention)
    assert ("response",) in records_of(next((done.folder / "warc").glob("*-000003-listings-*")))
    assert done.rows("select count(*) from capture where crawl = 3 and status = 304 and kind = 'listing'") == [(0,)]
    archive.db.execute("update capture set fetched_at = ? where crawl < 3", (archive.ago(60),))
    for path in (done.folder / "warc").glob("*-00000[12]-listings-*"):
        os.utime(path, (0, 0))
    drop_old_listings(archive, done.folder / "warc", 30)
    archive.close()
    assert {path.name.split("-")[3] for path in (done.folder / "warc").glob("*-listings-*")} == {"000003"}
    assert assert_captures_read_back(done) == 40
    check(done.folder)


def test_a_replay_repeats_the_crawls_without_a_network(play, crawl, tmp_path):
    site = play()
    crawl(site)
    newsroom = site.pages.newsroom
    newsroom.edition = 2
    site.override = lambda path: Answer(b"", status=410) if site.pages.number(path) == newsroom.edited[0] else None
    done = crawl(site)
    assert done.rows("select state from page where key = ?", str(newsroom.edited[0])) == [("gone",)]
    site.stop()
    replayed = crawl(None, "-s", f"REPLAY={done.folder}", spider="demo", folder=tmp_path / "replayed")
    assert replayed.code == 0, replayed.log
    assert exported(replayed) == exported(done)
    revisions = "select id, revision, changed, silent, cause, headline, capture from revision order by id"
    assert replayed.rows(revisions) == done.rows(revisions)
    assert replayed.rows("select id, state from page order by id") == done.rows("select id, state from page order by id")
    assert assert_captures_read_back(replayed) == 343


def test_a_replay_takes_of_a_file_that_is_not_closed_what_is_whole(tmp_path):
    """The torn file of a crawl that died was linked to under its final name, and nothing mended it."""
    source, folder = tmp_path / "source", tmp_path / "replayed" / "warc"
    Archive(source / "archive.db").close()
    writer = WarcWriter(source / "warc", "test-000001", {"date": "2026-03-01T00:00:00.000000Z"}, 10**9)
    archive = Archive(tmp_path / "replayed" / "archive.db")
    store = ReplayStore(archive, 1, source, folder)

    def replay(place):
        store.add(dict.fromkeys(COLUMNS) | {"file": place.file, "offset": place.offset})
        assert [path.name for path in folder.iterdir()] == [place.file]
        assert subprocess.run(["gzip", "-t", str(folder / place.file)]).returncode == 0
        return read_record(folder / place.file, place.offset).payload

    place = write(writer, b"x" * 3000)
    writer.sync()
    size = writer.path.stat().st_size
    with open(writer.path, "ab") as torn:
        torn.write(b"\x1f\x8b\x08torn")
    assert replay(place) == b"x" * 3000
    # The crawl is at work, and its file grows.
    os.truncate(writer.path, size)
    later = write(writer, b"y" * 3000)
    writer.sync()
    assert replay(later) == b"y" * 3000
    last = write(writer, b"z" * 3000)
    writer.close()
    assert replay(last) == b"z" * 3000 and replay(place) == b"x" * 3000
    archive.captures.waiting.clear()
    archive.close()


def test_a_replay_into_an_archive_is_refused(play, crawl, tmp_path):
    done = crawl(play(stories=40), "-a", "source=feed")
    again = command("crawl", "demo", "-s", f"REPLAY={done.folder}", "-s", f"ARCHIVE_DIR={done.folder}")
    assert again.returncode == 2 and "wants an empty ARCHIVE_DIR" in again.stderr and len(again.stderr.splitlines()) == 1
    nothing = command("crawl", "demo", "-s", f"REPLAY={tmp_path / 'nothing'}", "-s", f"ARCHIVE_DIR={tmp_path / 'new'}")
    assert nothing.returncode == 2 and "there is no archive" in nothing.stderr


def test_an_upgrade_of_the_reading_code_is_no_edit(play, crawl):
    site = play(stories=120)
    crawl(site)
    newsroom = site.pages.newsroom
    newsroom.edition = 2
    done = crawl(site, *UPGRADED)
    causes = done.rows("select id, cause from revision")
    assert {int(id.split(":")[1]) for id, cause in causes if cause == "publisher"} == set(newsroom.edited)
    # Articles that were touched, and read otherwise, have a revision that the publisher did not make.
    assert all(cause in ("publisher", "reread") for _, cause in causes)


def test_a_changed_rule_and_an_unchanged_site_make_no_publisher_edits(play, crawl):
    """Every page is asked again, with nothing changed but the code that reads it."""
    site = play(stories=120)
    done = crawl(site)
    archive = type(done.archive())(done.folder / "archive.db")
    archive.db.execute("update page set reason = 'newer' where state = 'stored'")
    archive.close()
    done = crawl(site, *UPGRADED)
    assert done.stats()["archive/capture/not_modified"] >= 118
    assert done.rows("select count(*) from revision where cause <> 'reread'") == [(0,)]
    assert done.rows("select count(*) from revision")[0][0] > 30


def test_a_rule_that_sites_share_is_part_of_the_code_that_reads_them(tmp_path, monkeypatch):
    """A selector changed in a base class of an unchanged site looked like edits of the publisher."""
    shared = tmp_path / "group_rules.py"
    shared.write_text(f"from {SiteRules.__module__} import SiteRules\n\n\nclass Group(SiteRules):\n    encoding = None\n")
    (tmp_path / "group_site.py").write_text("from group_rules import Group\n\n\nclass Site(Group):\n    name = 'site'\n")
    monkeypatch.syspath_prepend(tmp_path)
    site = importlib.import_module("group_site").Site
    before = extractor_version(site)
    shared.write_text(shared.read_text().replace("None", "'cp1252'"))
    extractor_version.cache_clear()
    assert extractor_version(site) != before
    for module in ("group_site", "group_rules"):
        del sys.modules[module]


def test_every_article_is_read_again_offline(play, crawl):
    site = play(stories=120)
    done = crawl(site)
    site.stop()
    here = ("-s", f"ARCHIVE_DIR={done.folder}")
    same = command("reextract", *here)
    assert "119 articles read again, 0 of them otherwise" in same.stdout, same.stderr
    before = done.articles()
    shown = command("reextract", "--diff", *here, *UPGRADED)
    with_headings = [key for key, article in before.items() if any(b["type"] == "heading" for b in article["body"])]
    assert f"119 articles read again, {len(with_headings)} of them otherwise" in shown.stdout
    assert "- [heading] What" in shown.stdout
    assert command("reextract", "--diff", "--processes", "1", *here, *UPGRADED).stdout == shown.stdout
    assert done.articles() == before, "nothing is written without --apply"
    applied = command("reextract", "--apply", *here, *UPGRADED)
    assert applied.returncode == 0, applied.stderr
    after = done.articles()
    assert len({article["extractor"] for article in (*before.values(), *after.values())}) == 2, "each has the new version"
    for key, article in after.items():
        assert not any(block["type"] == "heading" for block in article["body"])
        assert article["fetched_at"] == before[key]["fetched_at"]
    assert done.rows("select cause, count(*) from revision group by cause") == [("reread", len(with_headings))]
    again = command("reextract", "--apply", *here, *UPGRADED)
    assert "119 articles read again, 0 of them otherwise" in again.stdout
    assert done.rows("select count(*) from revision") == [(len(with_headings),)]


def test_reading_again_says_what_it_cannot_read(play, crawl):
    done = crawl(play(stories=40))
    for path in (done.folder / "warc").iterdir():
        if "listings" not in path.name:
            path.unlink()
    again = command("reextract", "-s", f"ARCHIVE_DIR={done.folder}")
    assert again.returncode == 1
    assert again.stdout.count("Not readable: demo:") == 20
    assert "and 20 more" in again.stdout


def test_twenty_kills_leave_nothing_that_cannot_be_read(play, crawl, tmp_path):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    killed = []

    def count(path):
        if site.at_request and len(site.requests) >= site.at_request[0]:
            (_, call), site.at_request = site.at_request, None
            call()

    site = play(override=count, stories=400)
    site.at_request = None
    folder = tmp_path / "archive"
    for _ in range(20):
        process = forks().start(
            ["crawl", "demo", "-a", f"base_url={site.url}", "-s", f"ARCHIVE_DIR={folder}", "-s", "DOWNLOAD_DELAY=0.002"]
        )
        site.at_request = (len(site.requests) + dice.randrange(3, 25), lambda p=process: p.send_signal(signal.SIGKILL))
        process.wait(timeout=120)
        killed.append(process.returncode)
        site.at_request = None
    assert killed.count(-signal.SIGKILL) >= 15
    done = crawl(site, folder=folder)
    assert done.code == 0
    check(folder)
    assert assert_captures_read_back(done) == 399
    stories = {str(s.number): s for s in site.pages.newsroom.all() if not s.missing}
    for key, article in done.articles().items():
        assert_true(article, site.pages.expected(stories[key]))
    assert done.rows("pragma integrity_check") == [("ok",)]


@pytest.fixture
def writer(tmp_path) -> WarcWriter:
    return WarcWriter(tmp_path, "test-000001", {"date": "2026-03-01T00:00:00.000000Z", "software": "test"}, 10**9)


def write(writer: WarcWriter, body: bytes):
    head = http_message("HTTP/1.1 200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
    request, date = b"GET / HTTP/1.1\r\n\r\n", "2026-03-01T00:00:00.000000Z"
    return writer.append(exchange("https://news.example/", date, None, request, head, body, payload_digest(body)))


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_could_not_be_written_is_never_taken_for_kept(tmp_path, encoding):
    """Several wait for the same write; one of them saw an empty queue behind it, and its article cited nothing."""

    async def all_fail() -> None:
        archive = Archive(tmp_path / "archive.db")
        store = CaptureStore(archive, archive.crawls.begin("news", {}), tmp_path / "warc", "c1", {"date": "2026-03-01"}, 1 << 30, 0)
        url, headers = "https://x.example/", {"Content-Encoding": encoding}
        one, other = (store.add(Request(f"{url}{n}"), Response(f"{url}{n}", headers=headers, body=b"x")) for n in range(2))
        store.writers[False].folder = tmp_path / "archive.db"  # a file: no folder can be made there
        found = await asyncio.gather(*map(store.settle, (one, other, None)), return_exceptions=True)
        assert [type(error) for error in found] == [FileExistsError] * 3
        assert not one.safe and not other.safe and one.reference is None
        later = store.add(Request(f"{url}2"), Response(f"{url}2", headers=headers, body=b"x"))
        with pytest.raises(FileExistsError):
            await store.settle(later)
        with pytest.raises(FileExistsError):
            await store.close()
        assert archive.db.execute("select count(*) from capture").fetchone()[0] == 0
        archive.close()

    asyncio.run(all_fail())


def test_a_file_that_ends_in_a_part_of_a_record_is_not_called_whole(writer):
    """One that is larger than the buffer goes past it, so that nothing is left whose writing fails again."""
    place, file = write(writer, b"x" * 3000), writer.file

    class Full:
        def __init__(self):
            self.flush, self.fileno, self.close = file.flush, file.fileno, file.close

        def write(self, record):
            file.write(record[:100])
            raise OSError(errno.ENOSPC, "No space left on device")

    writer.file = Full()
    with pytest.raises(OSError):
        write(writer, b"y" * 3000)
    writer.close()
    (left,) = writer.folder.iterdir()
    assert left.name.endswith(OPEN)
    assert mend(left) == 100
    assert read_record(writer.folder / place.file, place.offset).payload == b"x" * 3000


def test_answers_wait_for_the_disk_up_to_a_number_and_to_a_size(tmp_path, monkeypatch):
    async def add(store, count: int, body: bytes) -> list:
        kept = []
        for n in range(count):
            url = f"https://x.example/{len(body)}/{n}"
            kept.append(store.add(Request(url), Response(url, body=body)))
            await store.room()
        return [one.safe for one in kept]

    async def settled() -> None:
        archive = Archive(tmp_path / "archive.db")
        store = CaptureStore(archive, archive.crawls.begin("news", {}), tmp_path / "warc", "c1", {"date": "2026-03-01"}, 1 << 30, 0)
        assert await add(store, UNSETTLED + 1, b"x") == [True] * UNSETTLED + [False]
        monkeypatch.setattr("newsarchive.capturestore.QUEUED_BYTES", 2500)
        assert await add(store, 4, b"x" * 1000) == [True] * 3 + [False]
        assert store.queued == 1000
        await store.close()
        assert store.queued == 0
        archive.close()

    asyncio.run(settled())


@pytest.mark.parametrize("size", [0, 1, 65531, 65532, 3 * 65535 - 4, 200_000])
def test_a_body_that_came_packed_stands_there_as_it_came(writer, size):
    """In blocks of deflate that are not packed: each has 65,535 bytes at most."""
    body, head = random.Random(size).randbytes(size), b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    digest = payload_digest(body)
    place = writer.append(exchange("https://x.example/", "2026-03-01T00:00:00Z", None, None, head, body, digest, packed=True))
    writer.close()
    path = writer.folder / place.file
    assert read_record(path, place.offset).payload == body
    assert path.stat().st_size < size + 1500
    with open(path, "rb") as file:
        assert [record.raw_stream.read() for record in ArchiveIterator(file, no_record_parse=True)][1:] == [head + body]


def test_a_page_that_cannot_be_read_any_more_keeps_no_other_from_being_read(writer):
    """One article whose reading raised ended the reading of all."""

    class Broken(SiteRules):
        selectors = {"headline": ["//["]}

    place = write(writer, b"<h1>A headline</h1>")
    writer.close()
    with pytest.raises(WarcError, match="while reading the capture of news:1"):
        reread(Article(id="news:1", capture=vars(place)), writer.folder, Broken)


@pytest.mark.parametrize("torn", [1, 7, 40, 400])
def test_a_torn_tail_is_cut_off_and_what_was_whole_stays(writer, torn):
    places = [write(writer, bytes([n]) * 3000) for n in range(5)]
    writer.sync()
    path = writer.path
    os.truncate(path, path.stat().st_size - torn)
    assert mend(path, places[2].offset) > 0
    mended = path.with_name(path.name.removesuffix(OPEN))
    assert subprocess.run(["gzip", "-t", str(mended)]).returncode == 0
    for n, place in enumerate(places[:4]):
        assert read_record(mended, place.offset).payload == bytes([n]) * 3000


def test_a_file_that_ends_before_its_last_cited_record_is_cut_off_where_it_is_whole(writer):
    places = [write(writer, bytes([n]) * 3000) for n in range(5)]
    writer.sync()
    path = writer.path
    os.truncate(path, places[3].offset + 7)
    assert mend(path, places[4].offset) == 7
    mended = path.with_name(path.name.removesuffix(OPEN))
    assert mended.stat().st_size == places[3].offset
    assert subprocess.run(["gzip", "-t", str(mended)]).returncode == 0


def test_garbage_behind_the_last_record_is_cut_off(writer):
    place = write(writer, b"x" * 100)
    writer.sync()
    with open(writer.path, "ab") as file:
        file.write(b"\0" * 5000)
    mend(writer.path, 0)
    mended = writer.path.with_name(writer.path.name.removesuffix(OPEN))
    assert gzip.decompress(mended.read_bytes()).count(b"WARC/1.1") == 3
    assert read_record(mended, place.offset).payload == b"x" * 100


def test_a_file_without_any_record_is_removed(tmp_path):
    path = tmp_path / f"test-000001-00001.warc.gz{OPEN}"
    path.write_bytes(b"\x1f\x8b\x08")
    mend(path)
    assert not path.exists()


def test_headers_are_kept_as_the_bytes_that_came(play, crawl, tmp_path):
    """A name in Latin-1, or in UTF-8, in a header must neither stop a crawl nor be lost from its captures."""
    site = play(stories=60)
    story = next(s for s in site.pages.newsroom.all() if not s.missing and not s.canonical)
    path = site.pages.path(story)
    # What http.server sends as Latin-1 are these very bytes.
    moved = f"/{story.published:%Y/%m/%d}/новости-{story.number}".encode().decode("latin-1")
    odd = {"X-Author": "Ren\xe9e", "X-Line": "a\x85b"}

    def answer(asked):
        if asked == path:
            return Answer(b"", status=301, headers={"Location": moved})
        if asked == "/robots.txt":
            return Answer(b"", "text/plain", headers=odd)
        if site.pages.number(asked) == story.number:
            return Answer(site.pages.article(story).encode(), headers=odd)

    site.override = answer
    days = ("-a", "source=days", "-a", "since=2026-03-01", "-a", "until=2026-03-12")
    done = crawl(site, *days)
    assert done.rows("select count(*) from article") == [(59,)], done.log
    read = b"".join(gzip.decompress(file.read_bytes()) for file in check(done.folder)).decode("latin-1")
    assert "Ren\xe9e" in read and "a\x85b" in read and moved in read
    site.stop()
    again = crawl(None, *days, "-s", f"REPLAY={done.folder}", spider="demo", folder=tmp_path / "again")
    assert again.rows("select id from article order by id") == done.rows("select id from article order by id")
