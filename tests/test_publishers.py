"""Sites described in a few lines, on their pages in ``../shared/corpus``; those belong to their publishers and are not here."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

import newsarchive.spiders
from newsarchive.extract.article import load_article
from newsarchive.spiders.metro import MetroSpider
from newsarchive.spiders.rzeczpospolita import RzeczpospolitaSpider
from newsarchive.spiders.seznam import SeznamSpider
from newsarchive.spiders.srf import SrfSpider
from newsarchive.spiders.taz import TazSpider

SITES = [MetroSpider, RzeczpospolitaSpider, SeznamSpider, SrfSpider, TazSpider]
# The drop cap of one, a table that a label skips, and a word twice: no page is read quite as labelled.
LEAST = {"metro": 0.97, "rzeczpospolita": 0.94, "seznam": 0.93, "srf": 0.97, "taz": 0.89}


def pages(shared, site):
    for line in (shared / "corpus" / "dev.jsonl").open(encoding="utf-8"):
        record = json.loads(line)
        if record["url"].split("/")[2] in site.hosts and "body" in record["expected"]:
            body = gzip.decompress((shared / "corpus" / record["file"]).read_bytes())
            yield record, HtmlResponse(record["url"], body=body, encoding=record["encoding"])


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_a_described_site_is_read_better_than_any_site(shared, site):
    spec = importlib.util.spec_from_file_location("evaluate", shared / "corpus" / "evaluate.py")
    evaluate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(evaluate)
    own, any_site = [], []
    for record, response in pages(shared, site):
        article = load_article(response, site)
        assert article.site == site.name
        assert article.key in response.url
        for scores, read in ((own, article), (any_site, load_article(response))):
            scores.append(evaluate.page_f1(evaluate.shingle_counts(record["expected"]["body"], read.text)))
        assert article.published_at
    assert min(own) >= LEAST[site.name], own
    assert sum(own) > sum(any_site)


def test_a_site_is_described_in_less_than_forty_lines():
    folder = Path(newsarchive.spiders.__path__[0])
    lengths = {site.name: len((folder / f"{site.name}.py").read_text(encoding="utf-8").splitlines()) for site in SITES}
    assert {name: length for name, length in lengths.items() if length >= 40} == {}
