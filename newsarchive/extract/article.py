"""Reads an article from its page: origins in order, and the first that has a field wins."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

from scrapy.http import TextResponse

import newsarchive
from newsarchive.dates import Time, day_in, own_day, parse_time
from newsarchive.extract import html
from newsarchive.extract.blocks import text_of_blocks
from newsarchive.extract.body import unknown_kinds
from newsarchive.extract.charset import WRONG
from newsarchive.extract.doubts import SPARE, falls_short, lacks
from newsarchive.extract.headlines import unlike
from newsarchive.extract.images import put_together
from newsarchive.extract.language import contradicts, language_of
from newsarchive.extract.loader import ArticleLoader
from newsarchive.extract.reading import IMAGE_ORIGINS, Offer, Reading
from newsarchive.extract.rules import SiteRules
from newsarchive.extract.undescribed import SHOWN
from newsarchive.items import Article
from newsarchive.revisions import content_hash
from newsarchive.urls import absolute, clean_url, is_address, not_amp

TIMES = ("created_at", "published_at", "modified_at")
RULES = set(SiteRules.__annotations__)
"""Names of what a site may say of its pages."""
# So many characters of text are an article, though neither headline nor date is marked.
READABLE = 400


def load_article(response: TextResponse, site: type[SiteRules] | None = None) -> Article:
    """Return the article on the page ``response``.

    ``site`` is the spider class of its site; without it the reading is generic and the article's ``site`` the
    registrable domain. Nothing is fetched and nothing kept between calls. A field that the page does not give stays
    empty; a page that is no article gives one without headline and body.
    """
    return article_of(Reading(response, site))


def article_of(reading: Reading) -> Article:
    """Return the article that is chosen of what ``reading`` found: of each field the first valid offer."""
    origins: dict[str, str] = {}
    loader = fill(reading, reading.offers(origins), origins)
    # As its load_item(), which looks at each field of the class first.
    article: Article = loader.item
    for field in origins:
        if (value := loader.get_output_value(field)) is not None:
            setattr(article, field, value)
    _identify(article, reading)
    article.text = text_of_blocks(reading.body.blocks)
    if reading.generic and (told := contradicts(article.text, article.language) if article.language else language_of(article.text)):
        # A template's attribute is wrong or missing on one page in ten.
        article.language, origins["language"] = told, "text"
    article.og = reading.og
    found = [image for origin in IMAGE_ORIGINS for image in reading.images.get(origin, ())]
    article.images = put_together(found, reading.rules.images, reading.base)
    if article.images:
        origins["images"] = next(origin for origin in IMAGE_ORIGINS if reading.images.get(origin))
    if article.alternative_headline == article.headline:
        article.alternative_headline = None
        origins.pop("alternative_headline", None)
    article.origins = origins
    times: dict[str, Time] = {field: loader.get_collected_values(field)[0] for field in TIMES if field in origins}
    article.times = {f: {"raw": t.raw, "precision": t.precision, "zone": t.zone} for f, t in times.items()}
    published = times.get("published_at")
    if published:
        article.day = (reading.site is None and own_day(published)) or day_in(published.at, reading.rules.zone)
    article.flags += _doubts(article, reading, published)
    article.content_hash = content_hash(article)
    article.extractor = extractor_version(reading.site)
    return article


def fill(reading: Reading, offers: Iterable[Offer], origins: dict[str, str]) -> ArticleLoader:
    """Return a loader with the first valid value of each field in ``offers``; its origin is put into ``origins``."""
    loader = reading.loader()
    for origin, field, value in offers:
        if field not in origins and origin not in reading.rules.not_from.get(field, ()):
            loader.add_value(field, value)
            if loader.get_collected_values(field):
                origins[field] = origin
    return loader


@lru_cache
def extractor_version(site: type[SiteRules] | None = None) -> str:
    """Return the version of the code that reads pages of ``site``: the project's, and a digest of the code itself."""
    package = files(newsarchive)
    own = ("items.py", "dates.py", "written_dates.py", "urls.py", "revisions.py", "trees.py", "unpacking.py", "warcmessages.py")
    sources = [package / name for name in own]
    sources += sorted((f for f in (package / "extract").iterdir() if f.name.endswith(".py")), key=lambda f: f.name)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    if site is not None:
        # Its rules may stand in a class that several sites share, in another module.
        holders = [rules for rules in site.__mro__ if issubclass(rules, SiteRules) and set(vars(rules)) & RULES]
        for module in dict.fromkeys(rules.__module__ for rules in holders if rules is not SiteRules):
            digest.update(inspect.getsource(sys.modules[module]).encode())
    return f"{newsarchive.__version__}+{digest.hexdigest()[:12]}"


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
    # Only what is typed as an article gives these origins a field.
    marked = not {"jsonld", "microdata"}.isdisjoint(article.origins.values())
    typed = marked or "article" in article.og.get("og:type", ())
    long = sum(len(block["text"]) for block in article.body if block["type"] != "list") >= READABLE
    return (typed and (long or _is_dated(article))) or (long and _is_dated(article))


def _is_dated(article: Article) -> bool:
    """Tell whether the page says when it was published. Any page may hold a date somewhere in its lines."""
    return article.published_at is not None and article.origins.get("published_at") != SHOWN


def _identify(article: Article, reading: Reading) -> None:
    """Fill in who the article is. A canonical link counts on its own site alone, and for the same number."""
    rules, address = reading.rules, reading.response.url
    own = rules.addresses.article(address)
    article.site = rules.site_of(address)
    article.key, article.url = own[0] if own else clean_url(not_amp(address)), clean_url(not_amp(address))
    if canonical := html.canonical_link(reading.root):
        url = absolute(reading.base, canonical)
        url = clean_url(not_amp(url)) if url and is_address(url) and urlsplit(url).port is None else ""
        key = url and rules.canonical_key(url, address)
        numbered = own is not None and not own[0].startswith("http")
        if key and (not numbered or key == own[0]):
            article.key, article.url = key, url
        elif url != article.url:
            article.flags.append("canonical_ignored")
    article.id = f"{article.site}:{article.key}"


def _doubts(article: Article, reading: Reading, published: Time | None) -> Iterator[str]:
    """Yield the flags of what a careful reader should know of the article."""
    body, rules, findings = reading.body, reading.rules, reading.findings
    others = [text for text in reading.of_metadata("published_at").values() if text]
    if published and any(_disagree(published, parse_time(text, rules.zone, reading.clock_zone)) for text in others):
        yield "dates_disagree"
    if article.is_accessible_for_free is False:
        yield "paywalled"
    if lacks(body.blocks, findings, body.containers, SPARE if reading.generic else 0) or falls_short(article.text, findings):
        yield "short_body"
    if reading.generic and any(unlike(article.headline or "", text) for text in reading.declared.values()):
        yield "headlines_disagree"
    if unknown_kinds(body.containers, reading.index, rules.body):
        yield "unknown_block"
    # What the declared charset does not know becomes U+FFFD, unless the publisher wrote that himself.
    wrong = "\ufffd" in f"{article.headline}{article.text}" and b"\xef\xbf\xbd" not in reading.response.body
    if doubt := reading.doubt or (WRONG if wrong else None):
        yield doubt


def _disagree(chosen: Time, other: Time | None) -> bool:
    if other is None:
        return False
    if "day" in (chosen.precision, other.precision):
        return abs((chosen.at - other.at).total_seconds()) > 86_400
    return abs((chosen.at - other.at).total_seconds()) > 60
