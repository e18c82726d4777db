"""How well articles are read: our generic extraction on the labelled pages of ``../shared/corpus``, by its scorer.

    python bench/extraction.py [--others PYTHON] [--worst FIGURE N]

Prints one table. ``--others`` names the Python of an environment that holds trafilatura, newspaper4k or news-please: they
read the same pages in the same run, and behind their figures stands the 95 % interval of ours less theirs, by a paired
bootstrap over domains. The readers see a page's bytes, charset and address; labels are read by the scorer alone.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CORPUS = PROJECT.parent / "shared" / "corpus"
FIGURES = (
    ("headline exact", "headline_exact"),
    ("published, same day", "published_day"),
    ("published, same minute", "published_minute"),
    ("authors F1", "authors_f1"),
    ("body F1", "body_f1"),
    ("bodies exactly right", "_body_exact"),
    ("snippets F1", "snippets_f1"),
    ("tags F1", "tags_f1"),
    ("images F1", "images_f1"),
    ("lead image", "lead_image"),
    ("language", "language"),
    ("publisher", "publisher"),
)
OTHERS = ("trafilatura", "newspaper", "newsplease")
RESAMPLES = 1_000


def ours():
    """Return a function that reads a page with newsarchive, and knows nothing of its site."""
    sys.path.insert(0, str(PROJECT))
    from scrapy.http import HtmlResponse

    from newsarchive.extract.article import load_article

    def read(url: str, body: bytes, encoding: str) -> dict:
        article = load_article(HtmlResponse(url, body=body, encoding=encoding))
        return {
            "headline": article.headline,
            "description": article.description,
            "published": in_its_offset(article),
            "modified": article.modified_at,
            "authors": [author["name"] for author in article.authors],
            "section": article.section,
            "tags": article.tags,
            "body": article.text,
            "images": [{name: image[name] for name in ("url", "width", "height", "role")} for image in own_images(article)],
            "language": article.language,
            "canonical_url": article.url,
            "publisher": (article.publisher or {}).get("name"),
            "origins": article.origins,
        }

    return read


def own_images(article) -> list[dict]:
    """Return the article's images without those made for sharing, unless it has no others."""
    return [image for image in article.images if image["role"] != "share"] or article.images


def in_its_offset(article) -> str | None:
    """Return the time of publication with the page's own offset; a day where the page gives no more."""
    said = article.times.get("published_at", {})
    if said.get("precision") == "day" or not article.published_at:
        return article.day
    offset = re.search(r"[+-]\d\d:?\d\d$", said["raw"])
    at = datetime.fromisoformat(article.published_at)
    return at.astimezone(datetime.strptime(offset[0], "%z").tzinfo if offset else UTC).isoformat()


def trafilatura():
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


def newspaper():
    from newspaper import Article

    def read(url: str, body: bytes, encoding: str) -> dict:
        article = Article(url, fetch_images=False)
        article.download(input_html=body.decode(encoding, "replace"))
        article.parse()
        return {
            "headline": article.title,
            "published": article.publish_date and article.publish_date.isoformat(),
            "authors": list(article.authors),
            "tags": sorted(article.tags),
            "body": article.text,
            "language": article.meta_lang,
        }

    return read


def newsplease():
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


def read_corpus(name: str, out: Path) -> None:
    """Read every page with the reader ``name``, and write what it made of them, and what it cost, to ``out``."""
    read = {"ours": ours, "trafilatura": trafilatura, "newspaper": newspaper, "newsplease": newsplease}[name]()
    with out.open("w", encoding="utf-8") as lines:
        for line in (CORPUS / "dev.jsonl").open(encoding="utf-8"):
            record = json.loads(line)
            record.pop("expected")  # whoever reads a page must not know the answers
            body = gzip.decompress((CORPUS / record["file"]).read_bytes())
            began = time.perf_counter()
            try:
                found = read(record["url"], body, record["encoding"])
            except Exception as error:  # a reader of others may fail; the page then counts as not read
                if name == "ours":
                    raise
                found = {}
                print(f"{name} failed at {record['id']}: {error!r}"[:200], file=sys.stderr)
            found |= {"id": record["id"], "ms": (time.perf_counter() - began) * 1000}
            found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            lines.write(json.dumps(found) + "\n")


def scorer():
    """Return the corpus' own scorer as a module."""
    spec = importlib.util.spec_from_file_location("evaluate", CORPUS / "evaluate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(evaluate, pages: list[dict]) -> dict[str, float]:
    found = {name: value for name, (value, _) in evaluate.aggregate(pages).items()}
    exact = [page["body_page_f1"] == 1 for page in pages if "body_page_f1" in page]
    return found | ({"_body_exact": sum(exact) / len(exact)} if exact else {})


def intervals(evaluate, our_pages: list, their_pages: list) -> dict[str, str]:
    """Return the 95 % interval of each figure's difference, when whole domains are drawn with replacement."""
    domains = defaultdict(list)
    for (record, mine), (_, other) in zip(our_pages, their_pages, strict=True):
        domains[record["domain"]].append((mine, other))
    drawn, differences = random.Random(7), defaultdict(list)
    for _ in range(RESAMPLES):
        pairs = [pair for domain in drawn.choices(list(domains.values()), k=len(domains)) for pair in domain]
        mine, other = (figures(evaluate, list(pages)) for pages in zip(*pairs, strict=True))
        for name in mine.keys() & other.keys():
            differences[name].append(mine[name] - other[name])
    ends = {name: statistics.quantiles(found, n=40) for name, found in differences.items()}
    return {name: f"[{cuts[0]:+.3f}, {cuts[-1]:+.3f}]" for name, cuts in ends.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--others", help="Python of an environment with trafilatura, newspaper4k, news-please")
    parser.add_argument(
        "--worst", nargs=2, metavar=("FIGURE", "N"), help="list the pages with the lowest figure, e.g. headline_exact 30"
    )
    parser.add_argument("--read", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        read_corpus(args.read[0], Path(args.read[1]))
        return
    evaluate = scorer()
    records = evaluate.load_jsonl(CORPUS / "dev.jsonl")
    pages, costs = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ours", *(OTHERS if args.others else ())):
            out = Path(folder) / name
            python = args.others if name in OTHERS else sys.executable
            if subprocess.run([python, __file__, "--read", name, str(out)]).returncode:
                print(f"{name} is left out: it does not run there", file=sys.stderr)
                continue
            lines = evaluate.load_jsonl(out)
            pages[name] = evaluate.evaluate(records, {line["id"]: line for line in lines})
            costs[name] = [line["ms"] for line in lines], lines[-1]["peak"]
    if "ours" not in pages:
        raise SystemExit("our own extraction failed; see the error above")
    scores = {name: figures(evaluate, [page for _, page in scored]) for name, scored in pages.items()}
    apart = {name: intervals(evaluate, pages["ours"], scored) for name, scored in pages.items() if name != "ours"}
    print(f"| {len(records)} pages | " + " | ".join(pages) + " |\n| --- |" + " --- |" * len(pages))
    for title, name in FIGURES:
        cells = [f"{scores[r][name]:.3f} {apart.get(r, {}).get(name, '')}".strip() if name in scores[r] else "–" for r in pages]
        print(f"| {title} | " + " | ".join(cells) + " |")
    print("| median ms per page | " + " | ".join(f"{statistics.median(costs[r][0]):.1f}" for r in pages) + " |")
    print("| slowest page, ms | " + " | ".join(f"{max(costs[r][0]):.0f}" for r in pages) + " |")
    print("| peak memory, MB | " + " | ".join(f"{costs[r][1]:.0f}" for r in pages) + " |")
    if args.worst:
        figure, count = args.worst[0], int(args.worst[1])
        worst = sorted((page[figure], record["id"], record["url"]) for record, page in pages["ours"] if figure in page)
        for value, page, url in worst[:count]:
            print(f"{value:.3f}  {page}  {url}")


if __name__ == "__main__":
    main()
