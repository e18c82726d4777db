"""Reads real pages that were damaged at random: no exception, no hang, no growth.

    PYTHONPATH=. python tests/damaged_pages.py [--minutes N] [--seed N]

Pages are those of ``../shared/corpus``. What breaks a reader is written beside the seed that made it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from scrapy.http import HtmlResponse

from newsarchive.extract.article import is_article, load_article, reads_like_article
from newsarchive.extract.walls import obstacle

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
LONGEST = 1.0
"""Seconds of processor time that a page may take."""
ODD = [
    b"<", b">", b"</", b"<p>", b"</div>", b"<div>" * 300, b"<!--", b"-->", b"\x00", b"\xff\xfe", b"&#x110000;", b"&#0;", b"]]>",
    b"<script>", b"</script>", b"<table><tr>", b"<base href='http://['>", b"<a href='http://[::1'>", b"itemprop=author itemscope ",
    b'<meta property="og:title" content="', b'<script type="application/ld+json">', b'{"@type":"NewsArticle","headline":', b"[[[[", b"}}",
    "\u202e\ufeff\u0000".encode(), "٠١٢٣".encode(), "²³".encode(), b"2024-13-45T99:99:99+99:99", b"31.02.2024", b"width=99999999999999999999",
]  # fmt: skip


def pages() -> list[tuple[str, bytes, str]]:
    """Return address, bytes and charset of every page of the corpus."""
    records = [json.loads(line) for line in (CORPUS / "dev.jsonl").open(encoding="utf-8")]
    return [(r["url"], gzip.decompress((CORPUS / r["file"]).read_bytes()), r["encoding"]) for r in records]


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Return ``body`` with a few pieces cut, doubled, swapped, overwritten or put in."""
    for _ in range(chance.randint(1, 12)):
        if not body:
            break
        start = chance.randrange(len(body))
        end = min(len(body), start + chance.choice((1, 8, 80, 800, 8_000)))
        piece = body[start:end]
        body = chance.choice(
            (
                lambda b, s, e, p: b[:s] + b[e:],
                lambda b, s, e, p: b[:e] + p * chance.choice((1, 2, 20)) + b[e:],
                lambda b, s, e, p: b[:s] + p[::-1] + b[e:],
                lambda b, s, e, p: b[:s] + chance.choice(ODD) + b[s:],
                lambda b, s, e, p: b[:s] + chance.randbytes(len(p)) + b[e:],
                lambda b, s, e, p: b[:s],
                lambda b, s, e, p: b.replace(chance.choice((b'"', b">", b"</p>", b"class", b"content=")), chance.choice(ODD), 20),
            )
        )(body, start, end, piece)
    return body[:3_000_000]


def read(url: str, body: bytes, encoding: str) -> float:
    """Read a page as a crawl does; return the seconds it took."""
    began = time.process_time()
    response = HtmlResponse(url, body=body, encoding=encoding)
    if obstacle(response) is None:
        article = load_article(response)
        is_article(article), reads_like_article(article)
    return time.process_time() - began


def damages(seed: int, originals: list[tuple[str, bytes, str]]) -> Iterator[tuple[int, str, bytes, str]]:
    """Yield damaged pages without end, each with the number that makes it again."""
    while True:
        chance = random.Random(seed)
        url, body, encoding = chance.choice(originals)
        yield seed, url, damaged(body, chance), encoding
        seed += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if not CORPUS.exists():
        raise SystemExit(f"no pages in {CORPUS}: there is nothing to damage")
    until, count, slowest, begun = time.monotonic() + 60 * args.minutes, 0, 0.0, 0
    for seed, url, body, encoding in damages(args.seed, pages()):
        try:
            took = read(url, body, encoding)
        except Exception as error:
            raise SystemExit(f"seed {seed}, {url}: {error!r}") from error
        count, slowest = count + 1, max(slowest, took)
        if took > LONGEST:
            raise SystemExit(f"seed {seed}, {url}: {took:.1f} s")
        if count == 500:
            begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if time.monotonic() > until:
            break
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun) / 1024 if begun else 0
    print(f"{count} damaged pages read; slowest {slowest:.2f} s; grown by {grown:.0f} MB since the 500th")


if __name__ == "__main__":
    main()
