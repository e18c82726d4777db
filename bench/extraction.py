"""How well articles are read: our generic extraction on the labelled pages of ``../shared/corpus``, by its scorer.

    python bench/extraction.py [--peers] [--by language] [--worst FIGURE N]

Prints one table. With ``--peers`` trafilatura, newspaper4k and news-please read the same pages in the same run, out of an
environment that is made once in ``.venv-peers``; behind their figures stands the 95 % interval of ours less theirs, by a
paired bootstrap over domains, and a table by language follows. The readers see a page's bytes, charset and address; labels
are read by the scorer alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from pathlib import Path

from readers import CORPUS, PEERS, PROJECT, READERS

FIGURES = (
    ("headline exact", "headline_exact"),
    ("published, same day", "published_day"),
    ("published, same minute", "published_minute"),
    ("authors F1", "authors_f1"),
    ("body F1", "body_f1"),
    ("bodies exactly right", "_body_exact"),
    ("paragraphs F1", "paragraphs_f1"),
    ("snippets F1", "snippets_f1"),
    ("tags F1", "tags_f1"),
    ("images F1", "images_f1"),
    ("lead image", "lead_image"),
    ("language", "language"),
    ("publisher", "publisher"),
)
RESAMPLES = 1_000
LONGEST = 1_000
"""Milliseconds that no page may take us."""


def scorer():
    """Return the corpus' own scorer as a module."""
    spec = importlib.util.spec_from_file_location("evaluate", CORPUS / "evaluate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peers() -> str:
    """Return the Python of the environment of the others' readers, made when it is not there."""
    folder = PROJECT / ".venv-peers"
    if not (folder / "done").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        # pip before 24 cannot resolve news-please.
        subprocess.run([*pip, "-U", "pip"], check=True)
        subprocess.run([*pip, "-r", str(Path(__file__).with_name("requirements-peers.txt"))], check=True)
        (folder / "done").touch()
    return str(folder / "bin" / "python")


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


def table(evaluate, pages: dict[str, list], costs: dict[str, tuple]) -> None:
    """Print the figures of all readers side by side."""
    scores = {name: figures(evaluate, [page for _, page in scored]) for name, scored in pages.items()}
    given = {name: {field for line in costs[name][2] for field, value in line.items() if value} for name in pages}
    apart = {name: intervals(evaluate, pages["newsarchive"], scored) for name, scored in pages.items() if name != "newsarchive"}
    print(f"| {len(pages['newsarchive'])} pages | " + " | ".join(pages) + " |\n| --- |" + " --- |" * len(pages))
    for title, name in FIGURES:
        field = {"_body_exact": "body", "lead_image": "images"}.get(name) or name.split("_")[0]
        field = {"snippets": "body", "paragraphs": "body"}.get(field, field)
        cells = [
            f"{scores[r][name]:.3f} {apart.get(r, {}).get(name, '')}".strip() if name in scores[r] and field in given[r] else "–"
            for r in pages
        ]
        print(f"| {title} | " + " | ".join(cells) + " |")
    print("| median ms per page | " + " | ".join(f"{statistics.median(costs[r][0]):.1f}" for r in pages) + " |")
    print("| slowest page, ms | " + " | ".join(f"{max(costs[r][0]):.0f}" for r in pages) + " |")
    print("| peak memory, MB | " + " | ".join(f"{costs[r][1]:.0f}" for r in pages) + " |")


def table_by_language(evaluate, scored: list) -> None:
    """Print the figures of our extraction for each language of the corpus."""
    groups = defaultdict(list)
    for record, page in scored:
        groups[record["expected"].get("language", "?")].append(page)
    print("\n| pages in | pages | " + " | ".join(title for title, _ in FIGURES) + " |\n| --- | --- |" + " --- |" * len(FIGURES))
    for language, pages in sorted(groups.items(), key=lambda group: -len(group[1])):
        scores = figures(evaluate, pages)
        cells = [f"{scores[name]:.3f}" if name in scores else "–" for _, name in FIGURES]
        print(f"| {language} | {len(pages)} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="measure trafilatura, newspaper4k and news-please as well")
    parser.add_argument("--by", choices=["language"], help="print our figures for each language as well")
    parser.add_argument(
        "--worst", nargs=2, metavar=("FIGURE", "N"), help="list the pages with the lowest figure, e.g. headline_exact 30"
    )
    args = parser.parse_args()
    if not (CORPUS / "dev.jsonl").exists():
        raise SystemExit(f"no labelled pages in {CORPUS}: the figures cannot be measured here")
    evaluate = scorer()
    records = evaluate.load_jsonl(CORPUS / "dev.jsonl")
    pages, costs = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name in READERS if args.peers else ("newsarchive",):
            out = Path(folder) / name
            python = peers() if name in PEERS else sys.executable
            if subprocess.run([python, str(Path(__file__).with_name("readers.py")), name, str(out)]).returncode:
                print(f"{name} is left out: it does not run there", file=sys.stderr)
                continue
            lines = evaluate.load_jsonl(out)
            pages[name] = evaluate.evaluate(records, {line["id"]: line for line in lines})
            costs[name] = [line["ms"] for line in lines], lines[-1]["peak"], lines
    if "newsarchive" not in pages:
        raise SystemExit("our own extraction failed; see the error above")
    table(evaluate, pages, costs)
    print("\nOur figures are without another extractor's help: newsarchive has none of trafilatura in it.")
    if args.by or args.peers:
        table_by_language(evaluate, pages["newsarchive"])
    slowest, page = max((line["ms"], line["id"]) for line in costs["newsarchive"][2])
    if slowest > LONGEST:
        raise SystemExit(f"{page} takes {slowest:.0f} ms, more than {LONGEST}")
    if args.worst:
        figure, count = args.worst[0], int(args.worst[1])
        worst = sorted((page[figure], record["id"], record["url"]) for record, page in pages["newsarchive"] if figure in page)
        for value, page, url in worst[:count]:
            print(f"{value:.3f}  {page}  {url}")


if __name__ == "__main__":
    main()
