"""What is erased from WARC files, read back from these."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from test_archive import article, link, sight
from test_withdraw import traces

from newsarchive.revisions import content_hash
from newsarchive.store.archive import Archive
from newsarchive.store.linktexts import LinkTexts
from newsarchive.store.members import readable
from newsarchive.store.warc import WarcWriter, exchange, payload_digest, read_record

DATE = "2026-03-01T00:00:00Z"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
LISTING = "https://news.example/world/"
PARAGRAPH = "Nobody but the quixwombat knew what the mayor had hidden below the old market for thirty years."

CAPTION = "The quixwombat in the cellar of the town hall, where it had lived"


@dataclass
class Captured:
    """An archive with WARC files, without a crawl."""

    archive: Archive

    def __post_init__(self):
        self.crawl = self.archive.crawls.begin("news", {})
        self.writer = WarcWriter(self.archive.path.parent / "warc", "news", {"date": DATE}, 1 << 30)

    def add(self, url: str, html: str, kind: str) -> dict:
        payload = html.encode()
        digest = payload_digest(payload)
        place = self.writer.append(exchange(url, DATE, None, None, HEAD, payload, digest, packed=True))
        row = {"file": place.file, "offset": place.offset, "digest": digest}
        self.archive.captures.add(crawl=self.crawl, url=url, fetched_at=DATE, status=200, kind=kind, **row)
        return row

    def store(self, n: int, html: str = "", **fields) -> None:
        one = replace(article(n), **fields)
        one.content_hash = content_hash(one)
        one.capture = self.add(one.url, html or f"<h1>{one.headline}</h1><p>{one.text}</p>", "article")
        self.archive.articles.store(one, self.crawl)
        self.archive.db.execute("insert or ignore into alias values (?, ?)", (one.url, one.id))

    def close(self) -> None:
        """As a crawl that ends."""
        self.writer.close()
        self.archive.crawls.end(self.crawl, "finished", {})

    def file(self) -> Path:
        (path,) = self.writer.folder.glob("*.warc.gz")
        return path

    def erase(self, page: str) -> list[str]:
        self.archive.withdrawals.erase(page, "by court order")
        return self.archive.withdrawals.clean()


@pytest.fixture
def captured(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    yield Captured(archive)
    archive.close()


def damage(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


def body(*paragraphs: str) -> list[dict]:
    return [{"type": "paragraph", "text": text} for text in paragraphs]


@pytest.mark.parametrize("at", ["head", "end"])
def test_a_damaged_record_keeps_no_other_from_being_erased(captured, at):
    """One flipped byte kept the whole file from being treated, for ever."""
    captured.store(1, body=body(PARAGRAPH), text=PARAGRAPH)
    captured.store(2, text="Something else.")
    captured.add(LISTING, f'<a href="/1.html">{PARAGRAPH}</a>', "listing")
    captured.close()
    damage(captured.file(), 200 if at == "head" else captured.file().stat().st_size - 12)
    assert traces(captured.archive.path.parent, "quixwombat")
    left = captured.erase("news:1")
    assert traces(captured.archive.path.parent, "quixwombat") == []
    assert len(left) == (at == "head"), left
    # What is damaged can lose nothing but itself.
    kept = captured.archive.db.execute("select file from capture where kind = 'listing'").fetchone()[0]
    assert (kept is not None) == (at == "head")


@pytest.mark.parametrize("behind", [20, 200, 300])
def test_a_record_of_the_erased_article_that_is_damaged_behind_its_address_goes_as_a_whole(captured, behind):
    captured.store(2, text="Something else.")
    captured.store(1, html=f"<p>{PARAGRAPH}</p><p>{'The mayor said no more. ' * 500}</p>", body=body(PARAGRAPH), text=PARAGRAPH)
    captured.store(3, text="More of it.")
    place = json.loads(captured.archive.db.execute("select capture from article where key = '1'").fetchone()[0])
    captured.close()
    before = captured.file().stat().st_size
    data = captured.file().read_bytes()[place["offset"] :]
    told = next(n for n in range(len(data)) if b"/1.html\r\n" in readable(data[:n]))
    damage(captured.file(), place["offset"] + told + behind)
    assert captured.erase("news:1") == []
    assert captured.file().stat().st_size == before
    assert captured.archive.db.execute("select file from capture where url like '%/1.html'").fetchone()[0] is None
    assert traces(captured.archive.path.parent, "quixwombat") == []


LEAD = (
    "A ferry with a quixwombat on its deck was found drifting off the northern harbour late on Sunday, with forty people on board."
)
OTHERS = """<div class="teaser"><a href="/2.html">The mayor resigns</a><p>He said on Monday that he had enough of it.</p></div>"""


def read(captured, url: str) -> str:
    """What is left of a capture in the WARC file."""
    place = captured.archive.captures.newest(url)
    return read_record(captured.file(), place["offset"]).payload.decode()


@pytest.mark.parametrize(
    "teaser",
    [
        '<div><a href="/1.html">Dead: quixwombat</a></div>',
        '<div><a href="https://news.example/1.html?utm_source=x" title="Quixwombat dead">A <b>quixwombat</b> that died</a></div>',
        '<div><h2><a href="/1.html">x</a></h2><a href="/world/">World</a><img alt="The quixwombat"><p>Quixwombat: dead</p></div>',
        f"<div><p>{LEAD[:60]}…</p></div>",
        f"<div><p>{PARAGRAPH[:80]}...</p></div>",
        f'<div><img alt="{CAPTION}"></div>',
        "<item><title>Quixwombat: dead</title><link>/1.html</link><description>&lt;p&gt;Quixwombat&lt;/p&gt;</description></item>",
        "<item><title><![CDATA[A dead quixwombat]]></title><guid>https://news.example/1.html</guid></item>",
    ],
)
def test_a_listing_keeps_nothing_that_it_says_of_an_erased_article(captured, teaser):
    """Its own wording, a short headline, a cut lead and the caption of a picture stayed."""
    image = {
        "url": "https://news.example/1.jpg",
        "width": None,
        "height": None,
        "caption": CAPTION,
        "alt": None,
        "role": "body",
        "key": None,
    }
    captured.store(
        1, headline="Quixwombat dead", text=LEAD, body=[{"type": "lead", "text": LEAD}, *body(PARAGRAPH)], images=[image]
    )
    captured.store(2, headline="The mayor resigns", text="He said on Monday that he had enough of it.")
    captured.add(LISTING, f"<main>{teaser}{OTHERS}</main>", "listing")
    captured.close()
    assert traces(captured.archive.path.parent, "quixwombat")
    assert captured.erase("news:1") == []
    assert traces(captured.archive.path.parent, "quixwombat") == []
    left = read(captured, LISTING)
    assert OTHERS in left and "CDATA" not in left.replace("<![CDATA[", "")
    assert captured.erase("news:1") == []
    assert read(captured, LISTING) == left


def test_another_article_keeps_its_own_words_around_a_link_to_an_erased_one(captured):
    captured.store(1, headline="Quixwombat dead", text=LEAD)
    own = "The mayor of the town, who had said on Sunday that it was nothing, resigned."
    link = own.replace("said on Sunday", '<a href="/1.html">said on Sunday</a>')
    captured.store(2, f'<p>{link}</p><aside><a href="/1.html">How the quixwombat died</a></aside>', text=own, body=body(own))
    captured.close()
    captured.erase("news:1")
    left = read(captured, "https://news.example/2.html")
    assert link in left and "quixwombat" not in left


def test_a_listing_that_shows_an_erased_article_again_is_known(captured):
    """What it says in its own words has to leave the crawl's files as well."""
    archive = captured.archive
    sight(archive, captured.crawl, [link(1)])
    captured.store(1)
    captured.close()
    captured.erase("news:1")
    later = archive.crawls.begin("news", {})
    assert not archive.withdrawals.erased_since(archive.crawls.began(later))
    sight(archive, later, [link(1)])
    assert archive.withdrawals.erased_since(archive.crawls.began(later))


def test_while_crawls_are_at_work_the_file_is_not_rewritten(captured):
    """VACUUM holds an archive for as long as it takes to copy it, and crawls wait for no more than a minute."""
    for n in range(40):
        captured.store(n, headline=f"The quixwombat, part {n}" if n == 7 else f"Part {n}", text=LEAD if n == 7 else "Some words.")
    captured.close()
    said = []
    captured.archive.db.set_trace_callback(said.append)
    captured.archive.withdrawals.erase("news:7", "by court order")
    assert captured.archive.withdrawals.clean(live=[captured.crawl]) == []
    assert "vacuum" not in said
    captured.archive.db.set_trace_callback(None)
    captured.archive.db.execute("pragma wal_checkpoint(truncate)")
    assert traces(captured.archive.path.parent, "quixwombat") == []
    captured.archive.db.execute("insert into article_fts (article_fts, rank) values ('integrity-check', 1)")


def test_a_page_of_nothing_but_links_to_erased_articles_is_treated_in_time():
    """Each link looked at each element: a page of a hostile site held the command for hours."""
    page = "<div>" * 20_000 + '<a href="/1.html">quixwombat</a>' * 20_000 + "</div>" * 20_000
    links = LinkTexts({"1"}, lambda url: "news:1" if url.endswith("/1.html") else None, bool, bool, lambda url: "")
    began = time.process_time()
    words = links.found(LISTING, page)
    assert len(words) == 20_000 and time.process_time() - began < 20
