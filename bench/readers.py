"""Readers of articles, ours and others', behind one form: address, bytes and charset in, a prediction of the corpus' scorer out.

Each is imported only where it is used: the others live in an environment of their own, see ``requirements-peers.txt``.
"""

from __future__ import annotations

import gzip
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CORPUS = PROJECT.parent / "shared" / "corpus"
PEERS = ("trafilatura", "newspaper4k", "news-please")
Reader = Callable[[str, bytes, str], dict]


def newsarchive() -> Reader:
    """Return a reader that knows nothing of a page's site."""
    sys.path.insert(0, str(PROJECT))
    from scrapy.http import HtmlResponse

    from newsarchive.extract.article import load_article

    def read(url: str, body: bytes, encoding: str) -> dict:
        article = load_article(HtmlResponse(url, body=body, encoding=encoding))
        images = [image for image in article.images if image["role"] != "share"] or article.images
        return {
            "headline": article.headline,
            "description": article.description,
            "published": published(article),
            "modified": article.modified_at,
            "authors": [author["name"] for author in article.authors],
            "section": article.section,
            "tags": article.tags,
            "body": article.text,
            "body_sections": sections(article.body),
            "images": [{name: image[name] for name in ("url", "width", "height")} for image in images],
            "language": article.language,
            "canonical_url": article.url,
            "publisher": (article.publisher or {}).get("name"),
        }

    return read


def published(article) -> str | None:
    """Return the time of publication with the page's own offset; a day where the page gives no more."""
    said = article.times.get("published_at", {})
    if said.get("precision") == "day" or not article.published_at:
        return article.day
    offset = re.search(r"[+-]\d\d:?\d\d$", said["raw"])
    at = datetime.fromisoformat(article.published_at)
    return at.astimezone(datetime.strptime(offset[0], "%z").tzinfo if offset else UTC).isoformat()


def sections(blocks: list[dict]) -> dict:
    """Return a body in the scorer's form: the standfirst, then sections of a heading and its paragraphs."""
    found: dict = {"summary": [], "sections": [{"headline": [], "paragraphs": []}]}
    for block in blocks:
        if block["type"] == "lead":
            found["summary"].append(block["text"])
        elif block["type"] == "heading":
            found["sections"].append({"headline": [block["text"]], "paragraphs": []})
        elif block["type"] == "entry":  # the scorer's labels take its first line for a heading
            first, _, rest = block["text"].partition("\n")
            found["sections"].append(
                {"headline": [first], "paragraphs": rest.split("\n")} if rest else {"headline": [], "paragraphs": [first]}
            )
        elif block["type"] != "embed":
            found["sections"][-1]["paragraphs"] += block.get("items") or block["text"].split("\n")
    return found


def trafilatura() -> Reader:
    from trafilatura import bare_extraction

    def read(url: str, body: bytes, encoding: str) -> dict:
        found = bare_extraction(body.decode(encoding, "replace"), url=url, with_metadata=True)
        found = found.as_dict() if hasattr(found, "as_dict") else found or {}
        return {
            "headline": found.get("title"),
            "published": found.get("date"),
            "authors": [name for name in (found.get("author") or "").split(";") if name.strip()],
            "tags": found.get("tags") or [],
            "body": found.get("text"),
            "language": found.get("language"),
        }

    return read


def newspaper4k() -> Reader:
    from newspaper import Article

    def read(url: str, body: bytes, encoding: str) -> dict:
        article = Article(url, fetch_images=False)
        article.download(input_html=body.decode(encoding, "replace"))
        article.parse()
        return {
            "headline": article.title,
            "published": article.publish_date and article.publish_date.isoformat(),
            "authors": list(article.authors or ()),
            "tags": sorted(article.tags or ()),
            "body": article.text,
            "language": article.meta_lang,
        }

    return read


def newsplease() -> Reader:
    from newsplease import NewsPlease

    def read(url: str, body: bytes, encoding: str) -> dict:
        article = NewsPlease.from_html(body.decode(encoding, "replace"), url=url, fetch_images=False)
        return {
            "headline": article.title,
            "published": article.date_publish and article.date_publish.isoformat(),
            "authors": list(article.authors or ()),
            "body": article.maintext,
            "language": article.language,
        }

    return read


READERS = {"newsarchive": newsarchive, "trafilatura": trafilatura, "newspaper4k": newspaper4k, "news-please": newsplease}


def read_corpus(name: str, out: Path) -> None:
    """Read every page with the reader ``name``, and write what it made of them, and what it cost, to ``out``."""
    read = READERS[name]()
    with out.open("w", encoding="utf-8") as lines:
        for line in (CORPUS / "dev.jsonl").open(encoding="utf-8"):
            record = json.loads(line)
            record.pop("expected")  # whoever reads a page must not know the answers
            body = gzip.decompress((CORPUS / record["file"]).read_bytes())
            began = time.process_time()
            try:
                found = read(record["url"], body, record["encoding"])
            except Exception as error:  # a reader of others may fail; the page then counts as not read
                if name == "newsarchive":
                    raise
                found = {}
                print(f"{name} failed at {record['id']}: {error!r}"[:200], file=sys.stderr)
            found |= {"id": record["id"], "ms": (time.process_time() - began) * 1000}
            found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            lines.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    read_corpus(sys.argv[1], Path(sys.argv[2]))
