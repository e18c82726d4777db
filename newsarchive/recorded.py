"""Recorded pages: a page as it came beside the article that was read from it, for the tests of a site."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

from scrapy.http import HtmlResponse

from newsarchive.exporters import written_whole
from newsarchive.extract.article import load_article
from newsarchive.extract.charset import in_its_charset
from newsarchive.extract.rules import SiteRules
from newsarchive.items import ARTICLE_FIELDS, Article

FOLDER = "tests/pages"
OF_THE_CRAWL = ("revision", "content_hash", "extractor", "fetched_at", "capture")
"""Fields that no page decides."""
ENDING = ".html.gz"
MAX_SLUG = 60
BOM = "\ufeff"


def recordable(response: HtmlResponse, rules: type[SiteRules] | None) -> tuple[bytes, Article]:
    """Return the bytes to be kept of ``response``, and the article that is read from them alone.

    They are the page's own. Where only the answer's header told their charset they are turned into UTF-8 with a BOM, which
    goes before what the page says. Raises ValueError when the page calls itself one that it is not.
    """
    article = load_article(response, rules)
    kept = response.body
    encoding = rules.encoding if rules else None
    (told, doubt), (alone, alone_doubt) = (in_its_charset(r, encoding) for r in (response, HtmlResponse(article.url, body=kept)))
    if (told.text, doubt) != (alone.text, alone_doubt):
        kept = f"{BOM}{told.text.removeprefix(BOM)}".encode("utf-8", "replace")
    again = load_article(HtmlResponse(article.url, body=kept), rules)
    if (again.id, again.url) != (article.id, article.url):
        raise ValueError(
            f"{response.url} calls itself {article.url}, which is {again.id} and not {article.id}; name one with --url"
        )
    return kept, again


def paths(folder: Path, site: str, article: Article) -> tuple[Path, Path]:
    """Return where page and article are to be: ``SITE/DATE-SLUG.html.gz`` in ``folder``, and ``.json``."""
    name = f"{article.day or 'undated'}-{slug(article)}"
    return folder / site / f"{name}{ENDING}", folder / site / f"{name}.json"


def slug(article: Article) -> str:
    """Return a file's name for ``article`` out of its address, its headline or its key: letters, digits and dashes."""
    address = article.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    for text in (re.sub(r"\.\w{1,5}$", "", address), article.headline or "", article.key):
        ascii = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        # What was encoded in the address is no word.
        words = re.findall(r"[a-z0-9]+", re.sub(r"%[0-9a-f]{2}", " ", ascii))
        if re.search(r"[a-z]{3}", found := "-".join(words)):
            return found if len(found) <= MAX_SLUG else found[:MAX_SLUG].rpartition("-")[0] or found[:MAX_SLUG]
    return "-".join(re.findall(r"[a-z0-9]+", article.key.lower()))[-MAX_SLUG:].strip("-") or "page"


def record(kept: bytes, article: Article, page: Path, expected: Path) -> None:
    """Write both files, the same for the same page whenever it is recorded."""
    page.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(fields_of(article), ensure_ascii=False, indent=1) + "\n"
    for path, body in ((page, gzip.compress(kept, mtime=0)), (expected, text.encode())):
        with written_whole(path) as temporary:
            temporary.write_bytes(body)


def fields_of(article: Article) -> dict[str, Any]:
    """Return the fields of ``article`` that its page decides."""
    return {field: getattr(article, field) for field in ARTICLE_FIELDS if field not in OF_THE_CRAWL}


def recorded_pages(folder: Path) -> list[tuple[Path, Path]]:
    """Return page and article of all that was recorded in ``folder``, a folder for each site in it."""
    return [(page, page.with_name(f"{page.name.removesuffix(ENDING)}.json")) for page in sorted(folder.glob(f"*/*{ENDING}"))]


def read_again(page: Path, expected: Path, rules: type[SiteRules] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a recorded ``page`` gives today, and what it gave when it was recorded."""
    then = json.loads(expected.read_text(encoding="utf-8"))
    return fields_of(load_article(HtmlResponse(then["url"], body=gzip.decompress(page.read_bytes())), rules)), then
