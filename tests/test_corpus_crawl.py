"""A crawl of real pages of two hundred publishers, out of a WARC file; they belong to their publishers and are not here."""

from __future__ import annotations

import gzip
import io
import json
import re

import pytest
from conftest import Crawl
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsarchive.extract.loader import MAX_AUTHORS, MAX_HEADLINE, MAX_TAG, MAX_TAGS
from newsarchive.extract.text import letters
from newsarchive.items import Article

PAGES = 200
AT = "2026-06-30T00:00:00Z"
# What a page must say of itself to be archived out of a stranger's file: that it is an article, or when it was published.
MARKED = re.compile(rb"article:published_time|datePublished|NewsArticle")


def chosen(shared) -> list[tuple[dict, bytes]]:
    """Records and bytes of one page of each of the first publishers that mark what they publish."""
    found: dict[str, tuple[dict, bytes]] = {}
    for line in (shared / "corpus" / "dev.jsonl").open(encoding="utf-8"):
        record = json.loads(line)
        body = gzip.decompress((shared / "corpus" / record["file"]).read_bytes())
        if MARKED.search(body):
            found.setdefault(record["domain"], (record, body))
    return list(found.values())[:PAGES]


def share(text: str, expected: str) -> float:
    """Return how much of ``expected`` stands in ``text``, by runs of eight letters."""
    wanted, said = letters(expected), letters(text)
    runs = [wanted[n : n + 8] for n in range(0, len(wanted), 8)]
    return sum(run in said for run in runs) / len(runs)


@pytest.fixture
def crawled(shared, crawl, tmp_path) -> tuple[Crawl, list[dict]]:
    pages = chosen(shared)
    with open(tmp_path / "pages.warc.gz", "wb") as out:
        writer = WARCWriter(out, gzip=True)
        for record, body in pages:
            headers = [("Content-Type", f"text/html; charset={record['encoding']}")]
            writer.write_record(
                writer.create_warc_record(
                    record["url"],
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1"),
                    warc_headers_dict={"WARC-Date": AT},
                )
            )
    return crawl(None, "-a", f"warc={tmp_path / 'pages.warc.gz'}", spider="news"), [record for record, _ in pages]


def faults(article: Article, record: dict) -> list[str]:
    """Return what is not sane about an article of a news site."""
    expected = record["expected"].get("body") or article.text
    texts = [article.headline, article.text, article.description or "", *article.tags, *(a["name"] for a in article.authors)]
    checks = {
        "headline": 5 <= len(article.headline) <= min(300, MAX_HEADLINE),
        "text": share(article.text, expected) > 0.25 and 100 <= len(article.text) < 200_000,
        "day": article.day is None or "1995-01-01" <= article.day <= AT[:10],
        "published": "published" not in record["expected"] or article.day is not None,
        "modified": (article.modified_at or AT) <= "2027",
        "authors": len(article.authors) <= min(30, MAX_AUTHORS) and all(0 < len(a["name"]) <= 300 for a in article.authors),
        "tags": len(article.tags) <= MAX_TAGS and all(0 < len(tag) <= MAX_TAG for tag in article.tags),
        "section": len(article.section or "") <= MAX_TAG,
        "language": re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?", article.language or "en"),
        "images": len(article.images) <= 500 and all(image["url"].startswith("http") for image in article.images),
        "plain": all(text == text.strip() and not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f]", text) for text in texts),
        "site": article.site == record["domain"] and article.id.startswith(f"{article.site}:"),
    }
    return [f"{record['url']}: {name}" for name, sane in checks.items() if not sane]


def test_pages_of_two_hundred_publishers_are_archived_with_sane_fields(crawled):
    done, records = crawled
    assert len(records) == PAGES
    assert done.code == 0
    assert not re.findall(r"^.*(?:ERROR|WARNING|CRITICAL|Traceback).*$", done.log, re.M)
    assert done.rows("select state, count(*) from page group by 1") == [("stored", PAGES)]
    stats = done.stats()
    assert (stats["archive/article/new"], stats["archive/warc/damaged"], stats["archive/warc/records"]) == (PAGES, 0, PAGES)
    articles = {article["site"]: Article(**article) for article in done.articles().values()}
    assert [fault for record in records for fault in faults(articles[record["domain"]], record)] == []
