"""Reads an article from its page: origins in order, and the first that has a field wins."""

from __future__ import annotations

import hashlib
import inspect
import sys
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from parsel import Selector
from scrapy.http import TextResponse

import newsarchive
from newsarchive.dates import Time, day_in, own_day, parse_time
from newsarchive.extract import html, jsonld, live, microdata, opengraph, undescribed
from newsarchive.extract.blocks import text_of_blocks
from newsarchive.extract.body import Found, find_body, read_body, unknown_kinds
from newsarchive.extract.breadcrumbs import section
from newsarchive.extract.charset import WRONG, in_its_charset
from newsarchive.extract.doubts import SPARE, falls_short, lacks
from newsarchive.extract.headlines import headline, unlike
from newsarchive.extract.images import put_together, visible_images
from newsarchive.extract.language import contradicts, language_of
from newsarchive.extract.loader import ArticleLoader
from newsarchive.extract.rules import SiteRules
from newsarchive.extract.select import elements, first, strings
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.revisions import content_hash
from newsarchive.urls import absolute, clean_url, not_amp

TIMES = ("created_at", "published_at", "modified_at")
RULES = set(SiteRules.__annotations__)
"""Names of what a site may say of its pages."""

# Metadata declares the large sizes, so it goes before what is seen.
IMAGE_ORIGINS = ("jsonld", "microdata", "selectors", "html", "opengraph")
SEARCHED = ("headline", "authors", "tags")
"""Fields for which the origins are asked together on a page that nobody described."""
HIDDEN = 4
"""So many times the text that is shown: then the declared one is the article's."""
# So many characters of text are an article, though neither headline nor date is marked.
READABLE = 400


def load_article(response: TextResponse, site: type[SiteRules] | None = None) -> Article:
    """Return the article on the page ``response``.

    ``site`` is the spider class of its site; without it the reading is generic and the article's ``site`` the
    registrable domain. Nothing is fetched and nothing kept between calls. A field that the page does not give stays
    empty; a page that is no article gives one without headline and body.
    """
    rules = site or SiteRules
    # Where a site does not say where its texts stand, all that it leaves out is searched for as on any page.
    generic = not rules.body.within
    response, doubt = in_its_charset(response, rules.encoding)
    root = tree_of(response)
    base = absolute(response.url, html.base_address(root)) or response.url
    clock_zone = next((zone for query, zone in rules.false_utc.items() if elements(root, query)), None)
    scope = first(root, rules.article) if rules.article else None
    scope = root if scope is None else scope
    og = opengraph.properties(root)
    findings: dict[str, dict[str, Any]] = {
        "selectors": {},
        "jsonld": jsonld.read(root),
        "microdata": microdata.read(root, rules.microdata),
        "opengraph": opengraph.read(root, og),
        "fallbacks": {},
        "html": html.read(root),
    }
    declared = {origin: text for origin in ("jsonld", "microdata", "opengraph") if (text := findings[origin].get("headline"))}
    names = undescribed.names_of_site(findings, response.url) if generic else set()
    shown = headline(root, declared, names, undescribed.names_of_sections(findings)) if generic else None
    body = _body(scope, rules, base, shown[0] if shown else "", findings)
    findings["selectors" if rules.body.within else body.origin]["body"] = body.blocks
    if generic:
        findings["html"]["images"] = undescribed.images(findings, root, body, rules.images, base)
        findings["jsonld"].pop("images", None), findings["microdata"].pop("images", None)
    else:
        found = visible_images(scope, body.containers, rules.body, rules.images)
        findings["selectors" if rules.images.lead else "html"]["images"] = found

    loader = ArticleLoader(site=rules, base=base, zone=rules.zone, clock_zone=clock_zone)
    origins: dict[str, str] = {}

    def offer(origin: str, field: str, value: Any) -> None:
        if field in ARTICLE_FIELDS and field != "images" and field not in origins and origin not in rules.not_from.get(field, ()):
            loader.add_value(field, value)
            if loader.get_collected_values(field):
                origins[field] = origin

    def select(origin: str, queries: dict[str, list[str]]) -> None:
        for field, alternatives in queries.items():
            for query in alternatives:
                # CSS is for what is visible; XPath may ask for the page's head.
                offer(origin, field, strings(root if query.startswith(("/", "(")) else scope, query))

    select("selectors", rules.selectors)
    if generic:
        if shown:
            offer(shown[1], "headline", shown[0])
        for origin, found in undescribed.tags(findings, body, names):
            offer(origin, "tags", found)
        if "published_at" not in origins and clock_zone is None:
            for origin, time in undescribed.times(findings, root, body, rules.zone, response.url):
                offer(origin, "published_at", time)
        origin, found = undescribed.authors(findings, body, names)
        offer(origin, "authors", found)
    for origin, found in findings.items():
        if origin == "fallbacks":
            select(origin, rules.fallbacks)
        for field, value in found.items():
            if not generic or field not in SEARCHED:
                offer(origin, field, value)
    if generic and "section" not in origins and body.outline and shown:
        offer("html", "section", section(body.outline, body.headline, body.begin, shown[0], names))
    if not generic:
        for name in ("dated", "time"):
            offer("html", "published_at", findings["html"].get(name))
    if "headline" not in origins:
        loader.add_value("headline", findings["html"].get("title"))
        if loader.get_collected_values("headline"):
            origins["headline"] = "title"
    article: Article = loader.load_item()
    _identify(article, rules, response.url, html.canonical_link(root), base)
    article.text = text_of_blocks(body.blocks)
    if generic and (told := contradicts(article.text, article.language) if article.language else language_of(article.text)):
        # A template's attribute is wrong or missing on one page in ten.
        article.language, origins["language"] = told, "text"
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
        article.day = (site is None and own_day(times["published_at"])) or day_in(times["published_at"].at, rules.zone)
        others = [text for origin in ("jsonld", "microdata", "opengraph") if (text := findings[origin].get("published_at"))]
        if any(_disagree(times["published_at"], parse_time(t, rules.zone, clock_zone)) for t in others):
            article.flags.append("dates_disagree")
    if article.is_accessible_for_free is False:
        article.flags.append("paywalled")
    if lacks(body.blocks, findings, body.containers, SPARE if generic else 0) or falls_short(article.text, findings):
        article.flags.append("short_body")
    if generic and any(unlike(article.headline or "", text) for text in declared.values()):
        article.flags.append("headlines_disagree")
    if unknown_kinds(body.containers, rules.body):
        article.flags.append("unknown_block")
    # What the declared charset does not know becomes U+FFFD, unless the publisher wrote that himself.
    if "\ufffd" in f"{article.headline}{article.text}" and b"\xef\xbf\xbd" not in response.body:
        doubt = doubt or WRONG
    if doubt:
        article.flags.append(doubt)
    article.content_hash = content_hash(article)
    article.extractor = extractor_version(site)
    return article


@lru_cache
def extractor_version(site: type[SiteRules] | None = None) -> str:
    """Return the version of the code that reads pages of ``site``: the project's, and a digest of the code itself."""
    package = files(newsarchive)
    own = ("items.py", "dates.py", "written_dates.py", "urls.py", "revisions.py", "unpacking.py", "warcmessages.py")
    sources = [package / name for name in own]
    sources += sorted((f for f in (package / "extract").iterdir() if f.name.endswith(".py")), key=lambda f: f.name)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    if site is not None:
        # Its rules may stand in a class that several sites share, in another module.
        holders = [rules for rules in site.__mro__ if issubclass(rules, SiteRules) and set(vars(rules)) & RULES]
        for module in dict.fromkeys(rules.__module__ for rules in holders if rules is not SiteRules):
            digest.update(inspect.getsource(sys.modules[module]).encode())
    return f"{newsarchive.__version__}+{digest.hexdigest()[:12]}"


def tree_of(response: TextResponse) -> etree._Element:
    """Return the parsed page, the same for all who ask."""
    try:
        return response.selector.root
    except ValueError:  # Scrapy's selector cannot stand a broken <base href>
        return Selector(text=response.text).root


def is_article(article: Article) -> bool:
    """Tell whether there is an article in what was read: a headline, and text or something to see that was published.

    The picture for social media is none, and a page's title alone is no headline: walls have both, and a few words.
    """
    if not article.headline:
        return False
    dated = _is_dated(article)
    if any(block["type"] not in ("lead", "embed") for block in article.body):
        return dated or article.origins["headline"] != "title" or len(article.text) >= READABLE
    seen = bool(article.body) or any(image["role"] != "share" for image in article.images)
    return dated and article.origins["headline"] != "title" and seen


def reads_like_article(article: Article) -> bool:
    """Tell whether a page that nobody called an article reads like one: marked as such, dated, and with text."""
    marked = {article.origins.get(field) for field in ("headline", "published_at", "authors")} & {"jsonld", "microdata"}
    typed = bool(marked) or "article" in article.og.get("og:type", ())
    long = sum(len(block["text"]) for block in article.body if block["type"] != "list") >= READABLE
    return (typed and (long or _is_dated(article))) or (long and _is_dated(article))


def _is_dated(article: Article) -> bool:
    """Tell whether the page says when it was published. Any page may hold a date somewhere in its lines."""
    return article.published_at is not None and article.origins.get("published_at") != undescribed.SHOWN


def _body(scope: etree._Element, rules: type[SiteRules], base: str, headline: str, findings: dict[str, dict[str, Any]]) -> Found:
    if rules.body.within:
        return read_body(scope, rules.body, rules.images.frame, base, rules.zone)
    descriptions = [text for found in findings.values() if (text := found.get("description"))]
    updates = findings["jsonld"].get("updates", [])
    body = find_body(scope, rules.body, rules.images.frame, base, rules.zone, headline, descriptions, updates)
    declared = findings["jsonld"].get("paragraphs", [])
    if sum(map(len, declared)) > HIDDEN * (READABLE / 4 + len(text_of_blocks(body.blocks))):
        # The page is drawn by a script, or keeps from view what it tells search engines.
        body.blocks, body.origin = [{"type": "paragraph", "text": text} for text in declared], "jsonld"
    if updates and (entries := live.not_shown(updates, text_of_blocks(body.blocks), rules.zone)):
        body.blocks, body.origin = body.blocks + entries, body.origin if body.blocks else "jsonld"
    return body


def _identify(article: Article, rules: type[SiteRules], address: str, canonical: str | None, base: str) -> None:
    """Fill in who the article is. A canonical link counts on its own site alone, and for the same number."""
    own = rules.addresses.article(address)
    article.site = rules.site_of(address)
    article.key, article.url = own[0] if own else clean_url(not_amp(address)), clean_url(not_amp(address))
    if canonical:
        url = absolute(base, canonical)
        url = clean_url(not_amp(url)) if url and urlsplit(url).port is None else ""
        key = url and rules.canonical_key(url, address)
        numbered = own is not None and not own[0].startswith("http")
        if key and (not numbered or key == own[0]):
            article.key, article.url = key, url
        elif url != article.url:
            article.flags.append("canonical_ignored")
    article.id = f"{article.site}:{article.key}"


def _disagree(chosen: Time, other: Time | None) -> bool:
    if other is None:
        return False
    if "day" in (chosen.precision, other.precision):
        return abs((chosen.at - other.at).total_seconds()) > 86_400
    return abs((chosen.at - other.at).total_seconds()) > 60
