"""Pages of sites that nobody described: a test for each class of error, and least figures on labelled pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scrapy.http import HtmlResponse

from newsarchive.extract.article import load_article

SAID = "The river rose again on Monday, and the ferries stayed in the harbour all day. "


def read(html: str, url: str = "https://news.example/a-story"):
    return load_article(HtmlResponse(url, body=html.encode(), encoding="utf-8"))


def test_a_body_cut_into_stretches_is_read_whole():
    stretch = f"<div><p>{SAID * 2}</p></div>"
    article = read(
        f"<body><div class=content>{stretch}<div class=ad>Buy</div>{stretch}{stretch}</div><ul><li><a href=/b>Another story</a> {SAID}</ul></body>"
    )
    assert article.text == "\n\n".join([(SAID * 2).strip()] * 3)


def test_teasers_and_newsletters_inside_the_body_are_no_text_of_it():
    article = read(
        f"<article><h1>Ferries stay</h1><p>{SAID * 3}</p><div class='related newsletter'>"
        f"<p>{SAID}</p></div><ul><li><a href=/b>Another story</a></li></ul><p>{SAID * 2}</p></article>"
    )
    assert article.text.count("ferries") == 5


def test_the_headline_shown_goes_before_the_one_for_search_engines():
    article = read("<meta property='og:title' content='River: Ferries stay in harbour'><h1>Ferries stay in the harbour</h1>")
    assert article.headline == "Ferries stay in the harbour"


def test_a_day_in_the_address_serves_where_the_page_has_no_date():
    article = read(f"<h1>Ferries</h1><p>{SAID}</p>", "https://news.example/2024/03/05/ferries/")
    assert (article.day, article.times["published_at"]["precision"]) == ("2024-03-05", "day")


def test_labelled_pages_are_read_no_worse_than_before(shared):
    bench = Path(__file__).parents[1] / "bench" / "extraction.py"
    done = subprocess.run([sys.executable, str(bench)], capture_output=True, text=True, check=True)
    found = {cells[1].strip(): cells[2].strip() for line in done.stdout.splitlines() if len(cells := line.split("|")) > 2}
    least = {"headline exact": 0.80, "published, same day": 0.85, "body F1": 0.90, "snippets F1": 0.895, "tags F1": 0.61}
    assert {name: found[name] for name, score in least.items() if float(found[name]) < score} == {}
