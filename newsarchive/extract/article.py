"""Reads an article from its page: origins in order, and the first that has a field wins."""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from parsel import Selector
from scrapy.http import TextResponse

import newsarchive
from newsarchive.dates import Time, day_in, parse_time
from newsarchive.extract import html, jsonld, microdata, opengraph
from newsarchive.extract.authors import byline, doubtful, organizations, people
from newsarchive.extract.body import Found, find_body, read_body, text_of_blocks, unknown_kinds
from newsarchive.extract.charset import WRONG, in_its_charset
from newsarchive.extract.headlines import headline, unlike
from newsarchive.extract.images import described, put_together, visible_images
from newsarchive.extract.language import contradicts, language_of
from newsarchive.extract.loader import ArticleLoader
from newsarchive.extract.pictures import places, with_roles
from newsarchive.extract.published import kept_for_scripts, published
from newsarchive.extract.rules import SiteRules
from newsarchive.extract.select import elements, first, strings
from newsarchive.extract.tags import clean, shown_tags
from newsarchive.extract.text import letters
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.revisions import content_hash
from newsarchive.urls import absolute, clean_url, not_amp, registrable_domain

TIMES = ("created_at", "published_at", "modified_at")
# Metadata declares the large sizes, so it goes before what is seen.
IMAGE_ORIGINS = ("jsonld", "microdata", "selectors", "html", "opengraph")
DAY = 86_400
# Origin of what stands in a page's lines or its scripts' data, and is marked as nothing.
SHOWN = "shown"
# Less is the dust of typography: a dash, a bracketed mark.
LACKING_LETTERS = 6
# Of an articleBody on a page that nobody described: captions and boxes that we leave out.
SPARE = 0.2
RUN = 24
"""Letters that are compared at once."""
HIDDEN = 4
"""So many times the text that is shown: then the declared one is the article's."""
MAX_WORDS = 100_000
# So many characters of text are an article, though neither headline nor date is marked.
READABLE = 400
# A day between slashes or dashes; eight digits in a row are more often a number.
ADDRESS_DAY = re.compile(r"/(20[0-4]\d)[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])(?=[/_-]|$)")


def load_article(response: TextResponse, site: type[SiteRules] | None = None) -> Article:
    """Return the article on the page ``response``.

    ``site`` is the spider class of its site; without it the reading is generic and the article's ``site`` the
    registrable domain. Nothing is fetched and nothing kept between calls. A field that the page does not give stays
    empty; a page that is no article gives one without headline and body.
    """
    rules = site or SiteRules
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
    descriptions = [text for found in findings.values() if (text := found.get("description"))]
    names = _names(findings, response.url)
    sections = [text for found in findings.values() for text in _texts(found.get("section"))]
    shown = headline(root, declared, names, sections) if site is None else None
    if rules.body.within:
        body = read_body(scope, rules.body, rules.images.frame, base, rules.zone)
    else:
        body = find_body(scope, rules.body, rules.images.frame, base, rules.zone, shown[0] if shown else "", descriptions)
    blocks, containers = body.blocks, body.containers
    declared_body = findings["jsonld"].get("paragraphs", [])
    if site is None and sum(map(len, declared_body)) > HIDDEN * (READABLE / 4 + len(text_of_blocks(blocks))):
        # The page is drawn by a script, or keeps from view what it tells search engines.
        blocks = body.blocks = [{"type": "paragraph", "text": text} for text in declared_body]
        findings["jsonld"]["body"] = blocks
    findings["selectors" if rules.body.within else "html"]["body"] = blocks
    if body.outline:
        head, text = (
            described(imgs, root, rules.images) for imgs in places(body.outline, body.headline, body.container, body.begin)
        )
        declared_images = [image for origin in ("jsonld", "microdata") for image in findings[origin].pop("images", ())]
        findings["html"]["images"] = with_roles(head, text, declared_images, base)
    else:
        findings["selectors" if rules.images.lead else "html"]["images"] = visible_images(
            scope, containers, rules.body, rules.images
        )

    loader = ArticleLoader(site=rules, base=base, zone=rules.zone, clock_zone=clock_zone)
    origins: dict[str, str] = {}

    def offer(origin: str, field: str, value: Any) -> None:
        if field in ARTICLE_FIELDS and field != "images" and field not in origins and origin not in rules.not_from.get(field, ()):
            loader.add_value(field, value)
            if loader.get_collected_values(field):
                origins[field] = origin

    if site is not None and (time := findings["html"].get("time")):
        findings["html"].setdefault("published_at", time)
    if site is None:
        findings["html"].pop("headline", None)  # the first heading, whatever it is of
        if shown:
            offer(shown[1], "headline", shown[0])
        for origin, tags in (
            ("html", findings["html"].get("news_keywords", ())),
            ("opengraph", findings["opengraph"].pop("tags", ())),
            ("jsonld", findings["jsonld"].pop("tags", ())),
            ("microdata", findings["microdata"].pop("tags", ())),
            ("html", shown_tags(body.outline, body.headline, body.container, body.begin) if body.outline else ()),
            ("html", findings["html"].pop("tags", ())),
        ):
            offer(origin, "tags", clean(tags, names))
        if found := _authors(findings, body, names):
            for origin in findings:
                findings[origin].pop("authors", None)
            offer(found[0], "authors", found[1])
    own = {"selectors": rules.selectors, "fallbacks": rules.fallbacks}
    for origin, found in findings.items():
        for field, queries in own.get(origin, {}).items():
            for query in queries:
                # CSS is for what is visible; XPath may ask for the page's head.
                offer(origin, field, strings(root if query.startswith(("/", "(")) else scope, query))
        for field, value in found.items():
            offer(origin, field, value)
    if site is None and "published_at" not in origins:
        _offer_time_shown(offer, root, body, rules.zone, response.url, str(findings["html"].get("language", "")))
    if "headline" not in origins:
        loader.add_value("headline", findings["html"].get("title"))
        if loader.get_collected_values("headline"):
            origins["headline"] = "title"
    article: Article = loader.load_item()
    _identify(article, rules, response.url, html.canonical_link(root), base)
    article.text = text_of_blocks(blocks)
    if site is None and (told := contradicts(article.text, article.language) if article.language else language_of(article.text)):
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
        article.day = day_in(times["published_at"].at, rules.zone)
        others = [text for origin in ("jsonld", "microdata", "opengraph") if (text := findings[origin].get("published_at"))]
        if any(_disagree(times["published_at"], parse_time(t, rules.zone, clock_zone)) for t in others):
            article.flags.append("dates_disagree")
    if article.is_accessible_for_free is False:
        article.flags.append("paywalled")
    if _lacks(blocks, findings, containers, 0 if site else SPARE) or _falls_short(article.text, findings):
        article.flags.append("short_body")
    if site is None and any(unlike(article.headline or "", text) for text in declared.values()):
        article.flags.append("headlines_disagree")
    if unknown_kinds(containers, rules.body):
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
    sources = [package / name for name in ("items.py", "dates.py", "urls.py", "revisions.py")]
    sources += sorted((f for f in (package / "extract").iterdir() if f.name.endswith(".py")), key=lambda f: f.name)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    if site is not None:
        digest.update(inspect.getsource(sys.modules[site.__module__]).encode())
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
    return article.published_at is not None and article.origins.get("published_at") != SHOWN


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


def _authors(findings: dict[str, dict[str, Any]], body: Found, site: set[str]) -> tuple[str, list[dict]] | None:
    """Return the origin that names people as authors, and them."""
    doubted = None
    for origin in ("jsonld", "microdata", "byline", "opengraph", "html"):
        if origin == "byline":
            found = body.outline and byline(body.outline, body.headline, body.container, body.begin, site)
        else:
            found = people(findings[origin].get("authors", ()), site)
        if found and not doubtful(found):
            return "html" if origin == "byline" else origin, found
        doubted = doubted or (found and ("html" if origin == "byline" else origin, found))
    # An agency or the publisher may sign; who put a page online does not.
    for origin in ("jsonld", "microdata", "html"):
        if found := organizations(findings[origin].get("authors", ())):
            return origin, found
    return doubted or ("html", [])


def _offer_time_shown(offer, root: etree._Element, body: Found, zone: str, address: str, language: str) -> None:
    """Offer the time of publication that the page shows, or its scripts know, or its address."""
    american = language.casefold() in ("en-us", "en_us") or (
        language[:2].casefold() == "en" and address.split("/")[2].endswith(".com")
    )
    shown, marked = None, False
    if body.outline:
        shown, marked = published(body.outline, body.headline, body.container, body.begin, zone, american)
    kept = parse_time(kept_for_scripts(root) or "", zone)
    # A day that is shown is known better where the page's data tell the minute of it.
    if kept and (not shown or (shown.precision == "day" and abs((kept.at - shown.at).total_seconds()) < 1.5 * DAY)):
        offer(SHOWN, "published_at", kept)
    offer("html" if marked else SHOWN, "published_at", shown)
    if m := ADDRESS_DAY.search(urlsplit(address).path):
        offer("address", "published_at", "-".join(m.groups()))


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _names(findings: dict[str, dict[str, Any]], address: str) -> set[str]:
    """Return what the site calls itself, in letters."""
    domain = registrable_domain(urlsplit(address).hostname or "")
    names = [domain, domain.partition(".")[0], *(urlsplit(address).hostname or "").split(".")[:1]]
    names += [(found.get("publisher") or {}).get("name") or "" for found in findings.values()]
    return {letters(name) for name in names} - {""}


def _disagree(chosen: Time, other: Time | None) -> bool:
    if other is None:
        return False
    if "day" in (chosen.precision, other.precision):
        return abs((chosen.at - other.at).total_seconds()) > 86_400
    return abs((chosen.at - other.at).total_seconds()) > 60


def _lacks(blocks: list[dict], findings: dict[str, dict[str, Any]], containers: list[etree._Element], spare: float) -> bool:
    """Tell whether the page's own ``articleBody`` has text that ``blocks`` lack: more than ``spare``, a share of it."""
    declared = findings["microdata"].get("article_body")
    marked = findings["microdata"].get("article_body_element")
    # A visible body that is marked up as articleBody cannot check itself.
    if marked is not None and any(marked in _line(container) or container in _line(marked) for container in containers):
        declared = None
    declared = declared or findings["jsonld"].get("article_body")
    if not declared:
        return False
    rest = letters(declared)
    body = [letters(text) for block in blocks for text in (*(block.get("items") or [block["text"]]), block.get("cite", ""))]
    if spare:
        known = {text[n : n + RUN] for text in body for n in range(len(text) - RUN + 1)}
        runs = [rest[n : n + RUN] for n in range(0, len(rest) - RUN + 1, RUN)]
        return sum(run not in known for run in runs) > spare * len(runs)
    for text in sorted(body, key=len, reverse=True):
        if text:
            rest = rest.replace(text, "\0", 1)
    everything = "".join(body)
    return any(len(piece) >= LACKING_LETTERS and piece not in everything for piece in rest.split("\0"))


def _falls_short(text: str, findings: dict[str, dict[str, Any]]) -> bool:
    """Tell whether ``text`` has far fewer words than the page says that its article has."""
    count = str(findings["jsonld"].get("word_count") or "")
    return count.isdigit() and 2 * len(text.split()) < int(count) <= MAX_WORDS


def _line(element: etree._Element) -> list[etree._Element]:
    return [element, *element.iterancestors()]
