"""Reads an article from its page: origins in order, and the first that has a field wins."""

from __future__ import annotations

import hashlib
import inspect
import sys
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from scrapy.http import TextResponse

import newsarchive
from newsarchive.dates import Time, day_in, parse_time
from newsarchive.extract import html, jsonld, microdata, opengraph
from newsarchive.extract.body import read_body, text_of_blocks, unknown_kinds
from newsarchive.extract.images import put_together, visible_images
from newsarchive.extract.loader import ArticleLoader
from newsarchive.extract.rules import SiteRules
from newsarchive.extract.select import elements, strings
from newsarchive.extract.text import letters
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.revisions import content_hash
from newsarchive.urls import clean_url, not_amp

TIMES = ("created_at", "published_at", "modified_at")
# Metadata declares the large sizes, so it goes before what is seen.
IMAGE_ORIGINS = ("jsonld", "microdata", "selectors", "html", "opengraph")
# Less may be a caption or a credit that a site counts to its articleBody.
LACKING_LETTERS = 20


def load_article(response: TextResponse, site: type[SiteRules] | None = None) -> Article:
    """Return the article on the page ``response``.

    ``site`` is the spider class of its site; without it the reading is generic and the article's ``site`` the
    registrable domain. Nothing is fetched and nothing kept between calls. A field that the page does not give stays
    empty; a page that is no article gives one without headline and body.
    """
    rules = site or SiteRules
    root = response.selector.root
    base = urljoin(response.url, html.base_address(root) or "")
    false_zone = next((zone for query, zone in rules.false_utc.items() if elements(root, query)), None)
    zone = false_zone or rules.zone
    og = opengraph.properties(root)
    blocks, container = read_body(root, rules.body, rules.images.frame, base, zone)
    findings: dict[str, dict[str, Any]] = {
        "selectors": {field: _selected(root, queries) for field, queries in rules.selectors.items()},
        "jsonld": jsonld.read(root),
        "microdata": microdata.read(root),
        "opengraph": opengraph.read(root, og),
        "html": html.read(root),
    }
    visible = findings["selectors" if rules.body.within else "html"]
    visible["body"] = blocks
    visible["images"] = visible_images(root, container, rules.body, rules.images)

    loader = ArticleLoader(site=rules, base=base, zone=zone, false_utc=bool(false_zone))
    origins: dict[str, str] = {}
    for origin, found in findings.items():
        for field, value in found.items():
            if field in ARTICLE_FIELDS and field != "images" and field not in origins:
                loader.add_value(field, value)
                if loader.get_collected_values(field):
                    origins[field] = origin
    article: Article = loader.load_item()
    _identify(article, rules, response.url, html.canonical_link(root), base)
    article.text = text_of_blocks(blocks)
    article.og = og
    article.images = put_together(
        [image for origin in IMAGE_ORIGINS for image in findings[origin].get("images", ())], rules.images, base
    )
    if article.images:
        origins["images"] = next(origin for origin in IMAGE_ORIGINS if findings[origin].get("images"))
    if article.alternative_headline == article.headline:
        article.alternative_headline = None
        origins.pop("alternative_headline", None)
    article.origins = origins
    times: dict[str, Time] = {field: loader.get_collected_values(field)[0] for field in TIMES if field in origins}
    article.times = {f: {"raw": t.raw, "precision": t.precision, "zone": t.zone} for f, t in times.items()}
    if "published_at" in times:
        article.day = day_in(times["published_at"].at, rules.zone)
        others = [text for origin in ("jsonld", "microdata", "opengraph") if (text := findings[origin].get("published_at"))]
        if any(_disagree(times["published_at"], parse_time(t, zone, false_utc=bool(false_zone))) for t in others):
            article.flags.append("dates_disagree")
    if article.is_accessible_for_free is False:
        article.flags.append("paywalled")
    if _lacks(blocks, findings, container):
        article.flags.append("short_body")
    if container is not None and unknown_kinds(container, rules.body):
        article.flags.append("unknown_block")
    article.content_hash = content_hash(article)
    article.extractor = extractor_version(site)
    return article


@lru_cache
def extractor_version(site: type[SiteRules] | None = None) -> str:
    """Return the version of the code that reads pages of ``site``: the project's, and a digest of the code itself."""
    package = files(newsarchive)
    sources = [package / name for name in ("items.py", "dates.py", "urls.py", "revisions.py")]
    sources += sorted((f for f in (package / "extract").iterdir() if f.name.endswith(".py")), key=lambda f: f.name)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    if site is not None:
        digest.update(inspect.getsource(sys.modules[site.__module__]).encode())
    return f"{newsarchive.__version__}+{digest.hexdigest()[:12]}"


def _selected(root: etree._Element, queries: list[str]) -> list[str]:
    """All that the first query finds which finds anything: a loader takes the first valid value."""
    return next((found for query in queries if (found := [text for text in strings(root, query) if text.strip()])), [])


def _identify(article: Article, rules: type[SiteRules], address: str, canonical: str | None, base: str) -> None:
    """Fill in who the article is. A canonical link counts on its own site alone, and for the same number."""
    own = rules.addresses.article(address)
    article.site = rules.site_of(address)
    article.key, article.url = own[0] if own else clean_url(not_amp(address)), clean_url(not_amp(address))
    if canonical:
        try:
            canonical = clean_url(urljoin(base, canonical))
        except ValueError:
            canonical = ""
        key = rules.canonical_key(canonical, address)
        numbered = own is not None and not own[0].startswith("http")
        if key and (not numbered or key == own[0]):
            article.key, article.url = key, canonical
        elif canonical != article.url:
            article.flags.append("canonical_ignored")
    article.id = f"{article.site}:{article.key}"


def _disagree(chosen: Time, other: Time | None) -> bool:
    if other is None:
        return False
    if "day" in (chosen.precision, other.precision):
        return abs((chosen.at - other.at).total_seconds()) > 86_400
    return abs((chosen.at - other.at).total_seconds()) > 60


def _lacks(blocks: list[dict], findings: dict[str, dict[str, Any]], container: etree._Element | None) -> bool:
    """Tell whether the page's own ``articleBody`` has text that ``blocks`` lack."""
    declared = findings["microdata"].get("article_body")
    marked = findings["microdata"].get("article_body_element")
    # A visible body that is marked up as articleBody cannot check itself.
    if marked is not None and container is not None and (marked in _line(container) or container in _line(marked)):
        declared = None
    declared = declared or findings["jsonld"].get("article_body")
    if not declared:
        return False
    rest = letters(declared)
    body = [letters(text) for block in blocks for text in (block.get("items") or [block["text"]])]
    for text in sorted(body, key=len, reverse=True):
        if text:
            rest = rest.replace(text, "\0", 1)
    everything = "".join(body)
    return any(len(piece) >= LACKING_LETTERS and piece not in everything for piece in rest.split("\0"))


def _line(element: etree._Element) -> list[etree._Element]:
    return [element, *element.iterancestors()]
