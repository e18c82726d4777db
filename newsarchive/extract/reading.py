"""What a page says of its article: what each origin finds, what is searched in all of them, and in which order they count."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from scrapy.http import TextResponse

from newsarchive.extract import html, jsonld, live, microdata, opengraph, undescribed
from newsarchive.extract.blocks import text_of_blocks
from newsarchive.extract.body import Found, find_body, read_body
from newsarchive.extract.breadcrumbs import section
from newsarchive.extract.charset import in_its_charset
from newsarchive.extract.headlines import headline
from newsarchive.extract.images import visible_images
from newsarchive.extract.index import Index
from newsarchive.extract.loader import ArticleLoader
from newsarchive.extract.rules import SiteRules
from newsarchive.items import ARTICLE_FIELDS
from newsarchive.trees import tree_of
from newsarchive.urls import absolute

# Metadata declares the large sizes, so it goes before what is seen.
IMAGE_ORIGINS = ("jsonld", "microdata", "selectors", "html", "opengraph")
SEARCHED = ("headline", "authors", "tags")
"""Fields for which the origins are asked together on a page that nobody described."""
HIDDEN = 4
"""So many times the text that is shown: then the declared one is the article's."""
HIDDEN_LEAST = 400
"""Characters; less hidden text is no article's."""
Offer = tuple[str, str, Any]
"""Origin, field, and what the origin found for it."""


class Reading:
    """What one page gives, before anything is chosen of it: see :func:`newsarchive.extract.article.article_of`."""

    def __init__(self, response: TextResponse, site: type[SiteRules] | None = None):
        self.site = site
        self.rules = rules = site or SiteRules
        # Where a site does not say where its texts stand, all that it leaves out is searched for as on any page.
        self.generic = not rules.body.within
        self.response, self.doubt = in_its_charset(response, rules.encoding)
        self.root = root = tree_of(self.response)
        self.index = Index(root)
        self.base = absolute(response.url, html.base_address(root)) or response.url
        self.clock_zone = next((zone for query, zone in rules.false_utc.items() if self.index.first(query) is not None), None)
        scope = self.index.first(rules.article)
        self.scope = root if scope is None else scope
        properties = opengraph.properties(root)
        self.og = opengraph.by_name(properties)
        self.findings: dict[str, dict[str, Any]] = {
            "selectors": {},
            "jsonld": jsonld.read(root),
            "microdata": microdata.read(root, self.index.first(rules.microdata)),
            "opengraph": opengraph.read(properties),
            "fallbacks": {},
            "html": html.read(root),
        }
        self.declared = {origin: text for origin, text in self.of_metadata("headline").items() if text}
        self.names: set[str] = set()
        """What the site calls itself, in letters; searched for where nobody described it."""
        self.shown: tuple[str, str] | None = None
        """The headline and its origin, where nobody described the site."""
        if self.generic:
            self.names = undescribed.names_of_site(self.findings, response.url)
            self.shown = headline(root, self.declared, self.names, undescribed.names_of_sections(self.findings))
        self.body = self._body()
        self.findings["selectors" if rules.body.within else self.body.origin]["body"] = self.body.blocks
        self.images = self._images()

    def loader(self) -> ArticleLoader:
        """Return an empty loader of this page's values."""
        return ArticleLoader(site=self.rules, base=self.base, zone=self.rules.zone, clock_zone=self.clock_zone)

    def of_metadata(self, field: str) -> dict[str, Any]:
        """Return what the vocabularies for machines give for ``field``, by origin."""
        return {origin: self.findings[origin].get(field) for origin in ("jsonld", "microdata", "opengraph")}

    def offers(self, filled: Collection[str] = ()) -> Iterator[Offer]:
        """Yield what there is for the article's fields but images, the offer first that goes before the others.

        Of fields in ``filled``, which may grow meanwhile, what is costly is not searched any more.
        """
        yield from self.selected("selectors", self.rules.selectors, filled)
        if self.generic:
            yield from self.searched(filled)
        for origin, found in self.findings.items():
            if origin == "fallbacks":
                yield from self.selected(origin, self.rules.fallbacks, filled)
            for field, value in found.items():
                if field in ARTICLE_FIELDS and field != "images" and not (self.generic and field in SEARCHED):
                    yield origin, field, value
        yield from self.last_resorts(filled)

    def selected(self, origin: str, queries: dict[str, list[str]], filled: Collection[str] = ()) -> Iterator[Offer]:
        """Yield what the site's own ``queries`` find."""
        for field, alternatives in queries.items():
            for query in alternatives:
                if field in filled:
                    break
                # CSS is for what is visible; XPath may ask for the page's head.
                yield origin, field, self.index.strings(query, self.root if query.startswith(("/", "(")) else self.scope)

    def searched(self, filled: Collection[str] = ()) -> Iterator[Offer]:
        """Yield what is found by asking all origins together, on a page that nobody described."""
        if self.shown:
            yield self.shown[1], "headline", self.shown[0]
        for origin, found in undescribed.tags(self.findings, self.body, self.names):
            yield origin, "tags", found
        if "published_at" not in filled and self.clock_zone is None:
            for origin, time in undescribed.times(self.findings, self.root, self.body, self.rules.zone, self.response.url):
                yield origin, "published_at", time
        origin, found = undescribed.authors(self.findings, self.body, self.names)
        yield origin, "authors", found

    def last_resorts(self, filled: Collection[str] = ()) -> Iterator[Offer]:
        """Yield what stands for a field that no origin gives."""
        if self.generic and "section" not in filled and self.body.outline and self.shown:
            body = self.body
            yield "html", "section", section(body.outline, body.headline, body.begin, self.shown[0], self.names)
        if not self.generic:
            for name in ("dated", "time"):
                yield "html", "published_at", self.findings["html"].get(name)
        yield "title", "headline", self.findings["html"].get("title")

    def _body(self) -> Found:
        rules, findings = self.rules, self.findings
        where = self.scope, self.index, rules.body, rules.images.frame, self.base, rules.zone
        if rules.body.within:
            return read_body(*where)
        shown = self.shown[0] if self.shown else ""
        descriptions = [text for found in findings.values() if (text := found.get("description"))]
        updates = findings["jsonld"].get("updates", [])
        body = find_body(*where, shown, descriptions, updates)
        declared = findings["jsonld"].get("paragraphs", [])
        if sum(map(len, declared)) > HIDDEN_LEAST + HIDDEN * len(text_of_blocks(body.blocks)):
            # The page is drawn by a script, or keeps from view what it tells search engines.
            body.blocks, body.origin = [{"type": "paragraph", "text": text} for text in declared], "jsonld"
        if updates and (entries := live.not_shown(updates, text_of_blocks(body.blocks), rules.zone)):
            body.blocks, body.origin = body.blocks + entries, body.origin if body.blocks else "jsonld"
        return body

    def _images(self) -> dict[str, list[dict]]:
        """Return the images by origin."""
        rules = self.rules
        found = {origin: self.findings[origin].get("images", []) for origin in ("jsonld", "microdata", "opengraph")}
        if self.generic:
            # They have what is declared, too.
            shown = undescribed.images(self.findings, self.index, self.body, rules.images, self.base)
            return {"html": shown, "opengraph": found["opengraph"]}
        shown = visible_images(self.scope, self.index, self.body.containers, rules.body, rules.images)
        return found | {"selectors" if rules.images.lead else "html": shown}
