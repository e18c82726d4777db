"""The past: WARC files that others made, and captures that web archives hold."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import json
import random
import re
import signal
import sqlite3
import tracemalloc
import zlib
from contextlib import closing
from itertools import islice
from time import process_time
from urllib.parse import parse_qs, urlsplit

import brotli
import pytest
from conftest import assert_true, command
from forked import forks
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive.capturestore import CaptureStore
from newsarchive.demo.newsroom import Newsroom
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.server import Answer
from newsarchive.discovery.listing import Listing
from newsarchive.discovery.safexml import ListingError
from newsarchive.discovery.walk import Walk
from newsarchive.discovery.wayback import WAYBACK, Wayback, nearest
from newsarchive.extract.article import load_article
from newsarchive.items import Article, Link, Visit
from newsarchive.ledger import ArchiveLedger
from newsarchive.revisions import content_hash
from newsarchive.spiders.news import AnySpider
from newsarchive.spiders.sputnik import SputnikSpider
from newsarchive.store.archive import Archive
from newsarchive.store.warc import record_of
from newsarchive.store.warcreader import Counts, records, unchunked
from newsarchive.unpacking import zstd
from newsarchive.warcmessages import response_of

PAGES = DemoPages(Newsroom(60))
STORIES = [story for story in PAGES.newsroom.all() if not story.missing and not story.canonical]
PACKED = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def page(story, pages=PAGES, at="2026-03-20T00:00:00Z", encoding="", chunked=False, url=None):
    """A response record's address, time, headers and body."""
    body = PACKED[encoding](pages.article(story).encode())
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    if chunked:
        half = len(body) // 2
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:])) + b"0\r\n\r\n"
        headers.append(("Transfer-Encoding", "chunked"))
    return url or PAGES.url(PAGES.path(story)), at, headers, body


def warc(path, records, packed=True):
    with open(path, "wb") as out:
        writer = WARCWriter(out, gzip=packed)
        for url, at, headers, body in records:
            head = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
            dated = {"WARC-Date": at}
            writer.write_record(
                writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=head, warc_headers_dict=dated)
            )
    return path


def imported(crawl, path, *arguments, spider="news"):
    return crawl(None, "-a", f"warc={path}", *arguments, spider=spider)


def test_articles_are_read_out_of_warc_files_of_all_kinds(crawl, tmp_path):
    """Plain and gzip, chunked, and every way in which bodies come packed; front pages and feeds are no articles."""
    folder = tmp_path / "warcs"
    folder.mkdir()
    encodings = list(PACKED)
    records = [page(story, encoding=encodings[n % 5], chunked=n % 2 == 0) for n, story in enumerate(STORIES[:20])]
    front = PAGES.url("/"), "2026-03-20T00:00:00Z", [("Content-Type", "text/html")], PAGES.front().encode()
    section = PAGES.url("/world/"), "2026-03-20T00:00:00Z", [("Content-Type", "text/html")], PAGES.section_page("world").encode()
    feed = PAGES.url("/feed.xml"), "2026-03-20T00:00:00Z", [("Content-Type", "application/xml")], b"<rss/>"
    warc(folder / "a.warc.gz", [front, section, feed, *records[:10]])
    warc(folder / "b.warc", records[10:], packed=False)
    (folder / "notes.txt").write_text("no WARC")
    done = imported(crawl, folder)
    assert done.code == 0 and len(done.lines()) == 20
    articles = {article["url"]: article for article in done.articles().values()}
    for story in STORIES[:20]:
        article = articles[PAGES.url(PAGES.path(story))]
        assert (article["headline"], article["published_at"]) == (story.headline, PAGES.expected(story)["published_at"])
        assert article["site"] == "courier.example" and "second_hand" in article["flags"]
        assert article["fetched_at"] == "2026-03-20T00:00:00+00:00" and article["capture"]["from"].startswith("file://")
    # Their bytes are ours now, and read back.
    assert "20 articles read again, 0 of them otherwise" in reextracted(done)
    assert done.rows('select source, links, "end" from listing order by id') == [("warc", 10, "exhausted")] * 2
    assert done.rows("select state, count(*) from page group by 1") == [("stored", 20)]


def reextracted(done) -> str:
    return command("reextract", "-s", f"ARCHIVE_DIR={done.folder}").stdout


def test_the_same_files_again_bring_nothing_twice(crawl, tmp_path):
    path = warc(tmp_path / "a.warc.gz", [page(story) for story in STORIES[:6]])
    imported(crawl, path)
    done = imported(crawl, path)
    assert done.stats()["archive/warc/had_before"] == 6
    assert done.rows("select count(*) from capture where kind = 'imported'") == [(6,)]
    assert len(done.lines()) == 6


def test_two_imports_of_one_file_at_once_take_a_capture_over_once(tmp_path):
    """Both saw that it was not there, and there it was twice."""
    archive = Archive(tmp_path / "archive.db")
    url, at, headers, body = page(STORIES[0])
    answer = HtmlResponse(url, headers=dict(headers), body=body)

    async def both() -> list[str]:
        ledgers, visits = [], []
        for name in ("one", "two"):
            crawl = archive.crawls.begin("news", {})
            store = CaptureStore(archive, crawl, tmp_path / "warc", name, {"date": at}, 1 << 30, 0)
            ledgers.append(ArchiveLedger(archive, "courier.example", None, crawl, store))
            captured = ledgers[-1].capture(Request(url, meta={"kind": "article"}), answer, "2026-03-20T00:00:00+00:00")
            visits.append(Visit(None, (url,), captured))
        outcomes = []
        for ledger, visit in zip(ledgers, visits, strict=True):
            article = load_article(answer)
            article.flags.append("second_hand")
            article.fetched_at, article.visit = "2026-03-20T00:00:00+00:00", visit
            outcomes.append(await ledger.store(article))
            await ledger.captures.close()
        return outcomes

    assert asyncio.run(both()) == ["new", "unchanged"]
    assert archive.db.execute("select count(*) from capture").fetchone()[0] == 1


def test_max_articles_are_not_passed_by_one_of_a_file(crawl, tmp_path):
    path = warc(tmp_path / "a.warc.gz", [page(story) for story in STORIES[:9]])
    done = imported(crawl, path, "-a", "max_articles=4")
    assert len(done.lines()) == 4
    done = imported(crawl, path, "-a", "max_articles=4")
    assert len(done.lines()) == 8
    assert done.rows('select "end" from listing') == [("bound",), ("bound",)]


def test_a_described_site_takes_its_own_articles(crawl, tmp_path):
    story = STORIES[0]
    foreign = page(story, url="https://other.example/2026/03/01/a-1")
    path = warc(tmp_path / "a.warc.gz", [page(story), foreign])
    done = imported(crawl, path, spider="demo")
    ((key, article),) = done.articles().items()
    assert key == str(story.number)
    assert_true(article, PAGES.expected(story))


def test_what_is_damaged_is_counted_and_passed_over(crawl, tmp_path):
    whole = warc(tmp_path / "a.warc.gz", [page(story) for story in STORIES[:8]])
    data = bytearray(whole.read_bytes())
    data[len(data) // 2] ^= 0xFF
    torn = tmp_path / "torn.warc.gz"
    torn.write_bytes(bytes(data[:-50]))
    done = imported(crawl, torn)
    assert done.stats()["archive/warc/damaged"] >= 2
    assert 5 <= len(done.lines()) <= 6
    ((end, reason),) = done.rows('select "end", reason from listing')
    assert end == "error" and "damaged" in reason
    assert "Traceback" not in done.log


GOOD = [page(story) for story in STORIES[:3]]
TARGET = PAGES.url(PAGES.path(STORIES[5]))


def raw(head: str, block: bytes, end: str = "\r\n") -> bytes:
    return head.replace("\n", end).encode("utf-8", "surrogateescape") + block + b"\r\n\r\n"


def response(block: bytes, more: str = "", url: str = TARGET, date: str = "2026-03-20T00:00:00Z", length: object = None) -> bytes:
    size = len(block) if length is None else length
    head = f"WARC/1.1\nWARC-Type: response\nWARC-Target-URI: {url}\nWARC-Date: {date}\n{more}Content-Type: application/http\n"
    return raw(f"{head}Content-Length: {size}\n\n", block)


HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGES.article(STORIES[5]).encode()


def packed(name: str, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + name.encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "odd",
    [
        response(HTML, length="²"),
        response(HTML, length="9" * 5000),
        response(HTML, length=-5),
        response(HTML, length=10**12),
        response(HTML, length=200_000),
        response(b""),
        response(b"\r\n\r\n"),
        response(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 100_000 + HTML.partition(b"\r\n")[2]),
        response(HTML, date="0001-01-01T00:00:00+14:00"),
        response(HTML, date="9999-12-31T23:59:59-12:00"),
        response(HTML, date="2999-01-01T00:00:00Z"),
        response(HTML, url="http://[bad/x"),
        response(HTML, url="http://a.example:999999/x"),
        response(HTML, url=f"{TARGET}?q=caf\udce9"),
        response(HTML, more="WARC-Truncated: length\n"),
        response(packed("Content-Encoding: gzip", gzip.compress(PAGES.article(STORIES[5]).encode())[:-300])),
        response(packed("Content-Encoding: br", brotli.compress(PAGES.article(STORIES[5]).encode())[:-300])),
        response(packed("Content-Encoding: zstd", zstd.compress(PAGES.article(STORIES[5]).encode())[:-300])),
        response(packed("Transfer-Encoding: chunked", b"2000\r\n" + PAGES.article(STORIES[5]).encode()[:600])),
    ],
    ids=lambda odd: None,
)
@pytest.mark.parametrize("packing", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_odd_record_costs_itself_alone(tmp_path, odd, packing):
    """One wrong length, date, address or torn body in the middle of a file: the others are read, and it is no article."""
    first = warc(tmp_path / "first.warc", GOOD[:1], packed=False).read_bytes()
    others = [warc(tmp_path / "x.warc", [record], packed=False).read_bytes() for record in GOOD[1:]]
    path = tmp_path / "odd.warc"
    path.write_bytes(packing(first) + packing(odd) + b"".join(map(packing, others)))
    assert [article.url for article in articles_in(path)] == [record[0] for record in GOOD]


@pytest.mark.parametrize("packing", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_wrong_lengths_cost_no_reading_of_the_whole_file_each(tmp_path, packing):
    """Each was read to the file's end, and the next began one record on: two megabytes took forty seconds."""
    path = tmp_path / "lengths.warc"
    lengths = (10**17, 60_000_000)
    path.write_bytes(
        b"".join(packing(response(b"%d" % n * 100, length=lengths[n % 2])) for n in range(6000)) + packing(response(HTML))
    )
    counts, begun = Counts(), process_time()
    assert len(list(filter(None, records(path, frozenset(("response",)), 1 << 26, counts)))) == 1
    assert (counts.records, counts.damaged) == (1, 6000) and process_time() - begun < 15


@pytest.mark.parametrize("odd", [response(HTML, length=-5), response(HTML).replace(b"response", b"request")])
def test_others_have_their_turn_while_records_are_passed_over(tmp_path, odd):
    """A million requests of others held a crawl up for a minute: no sign of life, and no stop was obeyed."""
    path = tmp_path / "tiny.warc.gz"
    path.write_bytes(gzip.compress(odd) * 1050)
    assert list(records(path, frozenset(("response",)), 1 << 26, Counts())) == [None] * 10


def articles_in(path) -> list[Article]:
    spider = AnySpider.from_crawler(get_crawler(AnySpider, {"ADDONS": {}}), warc=str(path))
    walk, counts = Walk(Listing("warc", "file:///odd.warc")), Counts()
    found = filter(None, records(path, frozenset(("response", "resource")), 1 << 26, counts))
    return [article for record in found if (article := spider._article_in(record, walk, path, counts))]


def test_a_record_whose_bytes_are_not_those_of_its_digest_is_damaged(tmp_path):
    """A file that is not packed tells by nothing else that it is rotten: letters that nobody wrote were archived."""
    story = STORIES[5]
    whole = warc(tmp_path / "a.warc", [page(story)], packed=False).read_bytes()
    path = tmp_path / "digest.warc"
    path.write_bytes(whole + whole.replace(story.headline.encode(), story.headline.upper().encode()))
    assert [article.headline for article in articles_in(path)] == [story.headline]
    digests = (hashlib.sha256(HTML).hexdigest(), base64.b32encode(hashlib.sha256(HTML).digest()).decode(), "0" * 64)
    for digest, intact in (*zip((f"sha256:{d}" for d in digests), (1, 1, 0), strict=True), ("blake3:0", 1)):
        path.write_bytes(response(HTML, more=f"WARC-Block-Digest: {digest}\n"))
        assert len(articles_in(path)) == intact


@pytest.mark.parametrize("charset", ["base64", "idna", "x\udcff"])
def test_a_record_whose_type_is_odd_is_read_all_the_same(tmp_path, charset):
    """One such record ended the import of its file, and of all files behind it."""
    type = f"text/html; charset={charset}"
    page = PAGES.article(STORIES[5]).encode()
    head = f"WARC/1.1\nWARC-Type: resource\nWARC-Target-URI: {TARGET}\nWARC-Date: 2026-03-20T00:00:00Z\nContent-Type: {type}\n"
    path = tmp_path / "odd.warc"
    path.write_bytes(raw(f"{head}Content-Length: {len(page)}\n\n", page))
    assert [article.headline for article in articles_in(path)] == [STORIES[5].headline]


def test_heads_with_lf_alone_and_addresses_beyond_ascii_are_read(tmp_path, crawl):
    body = PAGES.article(STORIES[5]).encode()
    url = "http://courier.example/2026/03/12/café-1"
    head = (
        f"WARC/1.0\nWARC-Type: response\nWARC-Target-URI: {url}\nWARC-Date: 2026-03-20T00:00:00Z\nContent-Type: application/http\n"
    )
    block = b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + body
    path = tmp_path / "lf.warc"
    path.write_bytes(raw(f"{head}Content-Length: {len(block)}\n\n", block, end="\n"))
    for _ in range(2):
        done = imported(crawl, path)
    assert done.rows("select url from capture where kind = 'imported'") == [("http://courier.example/2026/03/12/caf%C3%A9-1",)]
    assert len(done.articles()) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_stopped_goes_on_and_loses_nothing(crawl, tmp_path, how):
    pages = DemoPages(Newsroom(600))
    stories = [story for story in pages.newsroom.all() if not story.missing and not story.canonical]
    path = warc(tmp_path / "a.warc.gz", [page(story, pages, url=pages.url(pages.path(story))) for story in stories])
    folder = tmp_path / "archive"
    process = forks().start(["crawl", "news", "-a", f"warc={path}", "-s", f"ARCHIVE_DIR={folder}"])
    while not _stored(folder):
        assert process.poll() is None
    process.send_signal(how)
    process.communicate(timeout=30)
    assert 0 < _stored(folder) < len(stories)
    done = imported(crawl, path)
    assert done.rows("select count(*) from article") == [(len(stories),)]
    assert done.rows("select count(*) from capture where kind = 'imported'") == [(len(stories),)]
    ends = {signal.SIGKILL: "stopped", signal.SIGINT: "stopped"}
    assert done.rows('select "end" from listing order by id') == [(ends[how],), ("exhausted",)]


def _stored(folder) -> int:
    if not (folder / "archive.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        try:
            return db.execute("select count(*) from article").fetchone()[0]
        except sqlite3.OperationalError:  # it is being made
            return 0


def test_a_replay_of_files_is_refused_in_one_line(tmp_path, crawl):
    path = warc(tmp_path / "a.warc.gz", GOOD)
    done = imported(crawl, path)
    refused = command("crawl", "news", "-a", f"warc={path}", "-s", f"REPLAY={done.folder}", "-s", f"ARCHIVE_DIR={tmp_path / 'r'}")
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1


def test_older_captures_become_earlier_texts(play, crawl, tmp_path):
    """A first-hand text is not replaced by what others captured before it; the difference is an edit."""
    site = play(stories=60)
    edited = site.pages.newsroom.edited[0]
    story = site.pages.newsroom.get(edited)
    older = page(story, at="2026-03-13T00:00:00Z")
    site.pages.newsroom.edition = 2
    done = crawl(site, "-a", "source=feed")
    done = imported(crawl, warc(tmp_path / "a.warc.gz", [older]), spider="demo")
    (article,) = [article for article in done.articles().values() if article["key"] == str(edited)]
    assert article["headline"].startswith("Correction:") and "second_hand" not in article["flags"]
    assert done.rows("select headline, cause, changed from revision where id = ?", f"demo:{edited}") == [
        (story.headline, "publisher", '["headline"]')
    ]
    assert done.stats()["archive/article/earlier"] == 1


def test_an_unchanged_page_is_not_answered_with_the_bytes_of_others(play, crawl, tmp_path):
    """A file that claims the site's own ETag came back as the site's answer, first-hand."""
    site = play(stories=40)
    story = next(s for s in site.pages.newsroom.all() if not s.missing and not s.canonical)
    url, at, headers, body = page(story, site.pages, at="2026-03-25T00:00:00Z", url=site.pages.url(site.pages.path(story)))
    headers.append(("ETag", f'"{hashlib.sha1(body).hexdigest()[:16]}"'))
    forged = warc(tmp_path / "a.warc.gz", [(url, at, headers, body.replace(story.headline.encode(), b"Made up"))])
    crawl(site, "-a", "source=feed")
    assert imported(crawl, forged, spider="demo").stats()["archive/article/earlier"] == 1
    done = crawl(site, "-a", "source=due", "-s", "REVISIT_MIN_HOURS=0", "-s", "REVISIT_MIN_CHANCE=0")
    assert done.rows("select status, kind from capture where url = ?", url) == [
        (200, "article"),
        (200, "imported"),
        (304, "article"),
    ]
    assert done.articles()[str(story.number)]["headline"] == story.headline
    bodies = "select count(*) from article a join capture c on json_extract(a.capture, '$.file') = c.file where kind = 'imported'"
    assert done.rows(bodies) == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["news"], "news wants url= or warc="),
        (["news", "-a", "warc=/nowhere/*.warc.gz"], "names no file"),
        (["demo", "-a", "source=warc"], "source=warc wants warc= as well"),
        (["demo", "-a", "cdx=http://127.0.0.1:1/news/cdx"], "cdx= is for source=wayback"),
        (["demo", "-a", "source=wayback", "-a", "cdx=web.archive.org"], "is no address of a CDX server"),
    ],
)
def test_wrong_arguments_of_the_past_are_one_line(tmp_path, arguments, says):
    done = command("crawl", *arguments, "-s", f"ARCHIVE_DIR={tmp_path / 'archive'}")
    assert done.returncode == 2 and says in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_file_that_is_packed_with_zstd_is_said_to_be_so(tmp_path):
    """It counted as one damaged record, with no word of what would be right."""
    path = tmp_path / "a.warc.zst"
    path.write_bytes(zstd.compress(response(HTML)))
    with pytest.raises(ValueError, match="is packed with zstd, which is not read; unpack it first"):
        AnySpider.from_crawler(get_crawler(AnySpider, {"ADDONS": {}}), warc=str(path))


def test_walls_in_files_of_others_are_no_articles(crawl, tmp_path):
    wall = b"<html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1><p>Enable JavaScript and cookies to continue</p></body></html>"
    records = [page(STORIES[0]), (PAGES.url(PAGES.path(STORIES[1])), "2026-03-20T00:00:00Z", [("Content-Type", "text/html")], wall)]
    done = imported(crawl, warc(tmp_path / "a.warc.gz", records), spider="demo")
    assert len(done.lines()) == 1 and done.stats()["archive/warc/wall"] == 1


def test_a_large_file_is_read_in_flat_memory(crawl, tmp_path):
    """A record of a hundred megabytes is passed over, and thousands of articles leave nothing behind."""
    large = (PAGES.url("/film"), "2026-03-20T00:00:00Z", [("Content-Type", "text/html")], bytes(100_000_000))
    pages = DemoPages(Newsroom(2000))
    stories = [story for story in pages.newsroom.all() if not story.missing and not story.canonical]
    records = [large, *(page(story, pages, url=pages.url(pages.path(story))) for story in stories)]
    probe = tmp_path / "memory.txt"
    arguments = ("-s", 'EXTENSIONS={"memory_probe.MemoryProbe": 1}', "-s", f"MEMORY_PROBE={probe}")
    done = imported(crawl, warc(tmp_path / "a.warc.gz", records), *arguments)
    assert done.stats()["archive/warc/too_large"] == 1
    assert done.rows("select count(*) from article") == [(len(stories),)]
    memory = [int(line) for line in probe.read_text().splitlines()]
    assert max(memory) < 250_000_000 and memory[-1] - memory[len(memory) // 2] < 5_000_000


def test_pages_that_pack_well_hide_no_record_behind_them(tmp_path):
    """A member that unpacks to more than is asked for at once lost the record behind it, or gave one again without end."""
    chance = random.Random(3)
    said = [
        " ".join(chance.choices(["ice", "river", "Tuesday", "harbour", "early"], k=chance.randrange(9_000, 90_000)))
        for _ in range(40)
    ]
    pages = [
        (f"https://x.example/{n}", "2026-03-20T00:00:00Z", [("Content-Type", "text/html")], text.encode())
        for n, text in enumerate(said)
    ]
    counts = Counts()
    found = list(islice(records(warc(tmp_path / "a.warc.gz", pages), frozenset(("response",)), 1 << 24, counts), 100))
    assert [record.headers["warc-target-uri"] for record in found] == [url for url, *_ in pages]
    assert (counts.records, counts.damaged) == (40, 0)


class Captures:
    """A CDX server as the Wayback Machine's, with ``chunks`` of captures of the demo site, and their bytes."""

    def __init__(self, pages, size=10):
        self.pages, self.size, self.refuse = pages, size, {}
        self.stories = [s for s in pages.newsroom.all() if not s.missing and not s.canonical]
        self.asked: list[str] = []

    def __call__(self, path: str) -> Answer | None:
        if not path.startswith(("/cdx/", "/web/")):
            return None
        self.asked.append(path)
        for part, answers in self.refuse.items():
            if part in path and answers:
                return answers.pop(0)
        if path.startswith("/web/"):
            m = re.match(r"/web/(\d{14})id_/https?://[^/]+(/.*)", path)
            return Answer(self.pages.article(self.pages.newsroom.get(self.pages.number(m[2]))).encode())
        query = parse_qs(urlsplit(path).query)
        start = int(query.get("resumeKey", ["0"])[0])
        part = self.stories[start : start + self.size]
        rows = [[self.pages.url(self.pages.path(s)), f"{s.published:%Y%m%d}120000", "200", "text/html"] for s in part]
        more = [[], [str(start + self.size)]] if start + self.size < len(self.stories) else []
        return Answer(json.dumps([["original", "timestamp", "statuscode", "mimetype"], *rows, *more]).encode(), "application/json")


def past(site) -> tuple[str, ...]:
    """Of the whole host: without ``since`` no day is asked for by itself."""
    return "-a", "source=wayback", "-a", f"cdx={site.url}/cdx/search/cdx", "-s", "RETRY_TIMES=0"


def test_a_walk_of_a_cdx_server_goes_on_where_it_was_stopped(play, crawl):
    site = play(stories=60)
    server = site.override = Captures(site.pages)
    server.refuse["resumeKey=30"] = [Answer(b"", status=503)]
    done = crawl(None, *past(site), spider="demo")
    assert done.rows('select "end" from listing') == [("error",)]
    assert done.rows("select count(*) from article") == [(30,)]
    asked, server.asked[:] = list(server.asked), []
    done = crawl(None, *past(site), spider="demo")
    listings = [path for path in server.asked if path.startswith("/cdx/")]
    assert "resumeKey=30" in listings[0] and len(listings) == 3
    assert done.rows('select "end" from listing order by id') == [("error",), ("exhausted",)]
    assert done.rows("select count(*) from article") == [(len(server.stories),)]
    captures = [path for path in asked + server.asked if path.startswith("/web/")]
    assert len(captures) == len(set(captures)) == len(server.stories)
    server.asked.clear()
    crawl(None, *past(site), spider="demo")
    assert server.asked == [], "what it said is known for a while"


def test_a_web_archive_that_asks_for_patience_gets_it(play, crawl):
    site = play(stories=60)
    server = site.override = Captures(site.pages, size=100)
    server.refuse["id_/"] = [Answer(b"", status=429, headers={"Retry-After": "2"})]
    done = crawl(None, *past(site)[:-1], "RETRY_TIMES=2", spider="demo")
    assert done.rows("select state, count(*) from page group by 1") == [("stored", len(server.stories))]
    assert done.stats()["downloader/response_status_count/429"] == 1


@pytest.mark.parametrize("order", ["ABA", "BAA", "AAB", "CAB", "ACB", "BCA"])
def test_captures_take_their_place_in_time_whatever_their_order(tmp_path, order):
    """A in April, B in May, and in June A again, or C: what was seen last is present, in whatever order they come."""
    months = {"A": [4, 6], "B": [5], "C": [6]}
    if "C" in order:
        months["A"] = [4]
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("demo", {})
    for text in order:
        archive.articles.store(text_of(text, months[text].pop(0)), crawl, None)
    present, earlier = ("C", [("A", "2026-05"), ("B", "2026-06")]) if "C" in order else ("A", [("B", "2026-06")])
    assert archive.articles.get("demo:1").headline == present
    rows = archive.db.execute("select headline, superseded_at from revision order by fetched_at").fetchall()
    assert [(headline, at[:7]) for headline, at in rows] == earlier


def text_of(headline: str, month: int, flags=("second_hand",)) -> Article:
    made = Article(
        id="demo:1", site="demo", key="1", url="https://courier.example/1", headline=headline, extractor="x", flags=list(flags),
        fetched_at=f"2026-{month:02}-01T00:00:00+00:00", capture={"from": "file:///a"} if flags else None,
    )  # fmt: skip
    made.content_hash = content_hash(made)
    return made


@pytest.mark.parametrize("later", ["captured again", "gone"])
def test_another_reading_of_others_bytes_takes_the_place_of_the_text(tmp_path, later):
    """The page was seen after the capture that is read again: that made its new reading a text of before, each time anew."""
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("demo", {})
    archive.articles.store(text_of("Then", 1), crawl, "demo:1")
    if later == "gone":
        archive.pages.outcome("demo:1", "gone", "HTTP 410")
    else:
        archive.articles.store(text_of("Then", 2), crawl, "demo:1")
    reading = text_of("Then", 1)
    reading.extractor, reading.body = "2", [{"type": "paragraph", "text": "What the new code reads"}]
    reading.content_hash = content_hash(reading)
    assert [archive.articles.put(reading, crawl, "reread") for _ in range(2)] == ["revised", "unchanged"]
    present = archive.articles.get("demo:1")
    assert (present.body, present.extractor, present.fetched_at) == (reading.body, "2", reading.fetched_at)
    assert [row["cause"] for row in archive.db.execute("select cause from revision")] == ["reread"]
    archive.close()


def test_the_same_text_from_others_leaves_what_is_first_hand(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    crawl = archive.crawls.begin("demo", {})
    archive.articles.store(text_of("A", 3, flags=()), crawl, None)
    assert archive.articles.store(text_of("A", 10), crawl, None) == "unchanged"
    kept = archive.articles.get("demo:1")
    assert (kept.flags, kept.fetched_at, kept.capture) == ([], "2026-03-01T00:00:00+00:00", None)
    # Seen first-hand in November, as the clock has it, with the same text: what others had in May is older.
    assert archive.articles.store(text_of("B", 5), crawl, None) == "earlier"
    assert archive.articles.get("demo:1").headline == "A"


def test_a_web_archive_that_fails_sends_nobody_to_the_site(play, crawl):
    """Its own failures, refusals and redirects are not the site's: the pages are owed, and the site is not asked."""
    site = play(stories=60)
    server = site.override = Captures(site.pages, size=100)
    front = Answer(b"", status=302, headers={"Location": "https://courier.example/"})
    elsewhere = Answer(b"", status=302, headers={"Location": "http://localhost:1/"})
    server.refuse["id_/"] = [Answer(b"", status=500), front, elsewhere]
    done = crawl(None, *past(site), spider="demo")
    assert not [path for path in site.requests if not path.startswith(("/cdx/", "/web/", "/robots.txt"))]
    assert dict(done.rows("select state, count(*) from page group by 1")) == {"stored": len(server.stories) - 3, "waiting": 3}
    assert all(reason.startswith("web archive: ") for (reason,) in done.rows("select reason from page where state = 'waiting'"))


def test_a_web_archive_whose_robots_txt_says_no_is_not_complete(play, crawl):
    site = play(stories=60)
    server = Captures(site.pages, size=100)
    no = Answer(b"User-agent: *\nDisallow: /web/\n", "text/plain")
    site.override = lambda path: no if path == "/robots.txt" else server(path)
    done = crawl(None, *past(site), spider="demo")
    assert done.rows("select distinct state, reason from page") == [("waiting", "web archive: Forbidden by robots.txt")]


def test_a_cdx_server_that_goes_round_is_not_whole():
    walk = Walk(Listing("wayback", "https://cdx.example/", newest_first=False))
    assert walk.take([], {}, ["https://cdx.example/?resumeKey=1"]) == ["https://cdx.example/?resumeKey=1"]
    assert walk.take([], {}, ["https://cdx.example/?resumeKey=1"]) == [] and walk.end == "repeats"


@pytest.mark.parametrize("body", [b"[5]", b"[" * 200_000, b"<html>", b'{"a": 1}', b"[[]"])
def test_an_answer_that_is_no_cdx_is_said_to_be_none(body):
    with pytest.raises(ListingError, match="no CDX answer"):
        Wayback().read(Response("https://web.archive.org/cdx/search/cdx?url=a", body=body), "UTC")


def test_one_odd_row_costs_itself_alone():
    rows = [
        ["original", "timestamp", "statuscode", "mimetype"],
        ["short"],
        7,
        *(["http://a.b/never", f"{year}0203125400", "200", "text/html"] for year in ("0001", "1989", "2999", "9999")),
        ["http://a.b/x", "20220203125400", "200", "text/html"],
    ]
    read = Wayback().read(Response("https://web.archive.org/cdx/search/cdx?url=a", body=json.dumps(rows).encode()), "UTC")
    assert [link.url for link in read.links] == ["http://a.b/x"]


def test_a_revisit_is_asked_for_where_no_capture_has_the_bytes_alone():
    """A pywb answered HTTP 304 for it: the page was owed, though the capture before it is whole."""
    lines = [("1", "20220203120000", "text/html"), ("1", "20220203125400", "warc/revisit"), ("2", "20220203120000", "warc/revisit")]
    rows = [json.dumps({"url": f"http://a.b/{n}", "timestamp": at, "mime": mime, "status": "-"}) for n, at, mime in lines]
    read = Wayback().read(Response("http://127.0.0.1:80/news/cdx?url=a", body="\n".join(rows).encode()), "UTC")
    assert [(link.url, link.captured_at[11:16]) for link in read.links] == [("http://a.b/1", "12:00"), ("http://a.b/2", "12:00")]


def test_chunks_are_undone_where_there_are_any():
    assert unchunked(b"5\r\nhello\r\n3;x=1\r\nabc\r\n0\r\n\r\n") == b"helloabc"
    assert unchunked(b"<html>") == b"<html>"


def test_a_head_without_end_and_very_many_chunks_cost_no_more_than_their_bytes(tmp_path):
    """A file of 336 kB took two gigabytes: a line of five bytes is a pair of words in memory."""
    body = b"2\r\nab\r\n" * 50_000 + b"0\r\n\r\n"
    assert peak(lambda: unchunked(body)) < len(body)
    path = tmp_path / "head.warc"
    head = b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 60_000
    path.write_bytes(response(head))
    assert peak(lambda: list(records(path, frozenset(("response",)), 1 << 26, Counts()))) < 8 * len(head)
    longest = b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 50_000 + b"\r\n"
    begun = process_time()
    answer = response_of(record_of({"content-type": "application/http"}, longest))
    assert answer.headers.getlist("A") == [b"b"] * 50_000 and process_time() - begun < 10


def peak(do) -> int:
    """The most bytes that ``do`` held at once."""
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_capture_nearest_to_publication_is_taken():
    def link(at, day="2022-02-03", key="1"):
        return Link("u", site="s", key=key, day=day, captured_at=f"{at}T00:00:00+00:00")

    links = [
        link("2022-01-01"),
        link("2022-02-04"),
        link("2024-01-01"),
        link("2023-01-01", None, "2"),
        link("2021-01-01", None, "2"),
    ]
    assert [found.captured_at[:10] for found in nearest(links)] == ["2022-02-04", "2021-01-01"]


def test_a_day_is_asked_for_under_the_addresses_that_the_site_had_then():
    wayback = SputnikSpider.sources["wayback"]

    def patterns(day):
        listings = wayback.listings(WAYBACK, SputnikSpider.hosts, [day], day)
        return {parse_qs(urlsplit(listing.url).query)["url"][0] for listing in listings}

    assert patterns("2022-02-03") == {"sputnikglobe.com/20220203/*", "sputniknews.com/20220203/*"}
    assert {"sputniknews.com/middleeast/20160131*", "sputniknews.com/world/20160131*"} < patterns("2016-01-31")
    assert len(patterns("2016-01-31")) == 40


def test_both_kinds_of_cdx_servers_are_understood():
    asked = "https://web.archive.org/cdx/search/cdx?url=a"
    table = [["original", "timestamp", "statuscode", "mimetype"], ["http://a.b:80/x y?q=1", "20220203125400", "200", "text/html"]]
    rows = [*table, ["http://a.b/gone", "20220203125400", "404", "text/html"], [], ["resume key"]]
    chunk = Wayback().read(Response(asked, body=json.dumps(rows).encode()), "UTC")
    assert [(link.url, link.captured_at, link.via) for link in chunk.links] == [
        (
            "http://a.b:80/x y?q=1",
            "2022-02-03T12:54:00+00:00",
            "https://web.archive.org/web/20220203125400id_/http://a.b:80/x%20y?q=1",
        )
    ]
    assert chunk.more == [f"{asked}&resumeKey=resume+key"]
    line = {"urlkey": "b,a)/x", "timestamp": "20220203125400", "url": "http://a.b/x", "mime": "text/html", "status": "200"}
    chunk = Wayback().read(Response("http://127.0.0.1:80/news/cdx?url=a", body=json.dumps(line).encode()), "UTC")
    assert chunk.links[0].via == "http://127.0.0.1:80/news/20220203125400id_/http://a.b/x" and chunk.more == []
    assert Wayback().read(Response(asked, body=b""), "UTC").links == []
