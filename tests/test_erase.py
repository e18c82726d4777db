"""What is erased from WARC files, read back from these."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from test_archive import article
from test_withdraw import traces

from newsarchive.revisions import content_hash
from newsarchive.store.archive import Archive
from newsarchive.store.warc import WarcWriter, payload_digest

DATE = "2026-03-01T00:00:00Z"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
LISTING = "https://news.example/world/"
PARAGRAPH = "Nobody but the quixwombat knew what the mayor had hidden below the old market for thirty years."


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
        place = self.writer.write_exchange(url, DATE, None, None, HEAD, payload, digest)
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


@pytest.mark.parametrize("at", [100, 300, 400])
def test_a_damaged_record_of_the_erased_article_goes_as_a_whole(captured, at):
    captured.store(2, text="Something else.")
    captured.store(1, html=f"<p>{PARAGRAPH}</p><p>{'The mayor said no more. ' * 500}</p>", body=body(PARAGRAPH), text=PARAGRAPH)
    captured.store(3, text="More of it.")
    place = json.loads(captured.archive.db.execute("select capture from article where key = '1'").fetchone()[0])
    captured.close()
    before = captured.file().stat().st_size
    damage(captured.file(), place["offset"] + at)
    assert captured.erase("news:1") == []
    assert captured.file().stat().st_size == before
    assert captured.archive.db.execute("select file from capture where url like '%/1.html'").fetchone()[0] is None
    assert traces(captured.archive.path.parent, "quixwombat") == []
