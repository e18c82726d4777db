"""Microdata: the item of a page that describes its article (HTML Living Standard, section 5)."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from newsarchive.extract.select import text_of
from newsarchive.extract.text import decoded, plain, split_tags

ARTICLE_TYPE = re.compile(r"schema\.org/\w*(Article|Posting|Report)/?$")
MAX_PROPERTIES = 2000

# As strings that know their element: to ask each element for its attribute costs three times as much.
_scopes = etree.XPath("descendant-or-self::*/@itemscope")
_properties = etree.XPath("descendant::*/@itemprop")
_headlines = etree.XPath("descendant::*/@itemprop[. = 'headline']")


def read(root: etree._Element, unscoped: etree._Element | None = None) -> dict[str, Any]:
    """Return the article's fields as its microdata gives them; empty when the page describes no article.

    ``unscoped`` is the element that holds the properties of an article though it lacks ``itemscope``.

    The value ``article_body_element`` is the element of ``articleBody``, which a site may show or hide.
    """
    scope = _article(root, unscoped)
    if scope is None:
        return {}
    owned: dict[etree._Element, dict[str, list[etree._Element]]] = {}
    owners: dict[etree._Element, etree._Element] = {}
    for value in _properties(scope)[:MAX_PROPERTIES]:
        element = value.getparent()
        names = owned.setdefault(_owner(element, scope, owners), {})
        for name in value.split():
            names.setdefault(name, []).append(element)
    return {field: value for field, value in _fields(_Item(scope, owned)).items() if value is not None and value != []}


def _article(root: etree._Element, unscoped: etree._Element | None) -> etree._Element | None:
    scopes = [value.getparent() for value in _scopes(root)]
    for scope in scopes:
        if ARTICLE_TYPE.search((scope.get("itemtype") or "").strip()):
            return scope
    # Of no type, or of another: a scope that has a headline of its own.
    for scope in scopes:
        if any(_owner(headline.getparent(), scope, {}) is scope for headline in _headlines(scope)):
            return scope
    return unscoped


def _owner(element: etree._Element, top: etree._Element, known: dict[etree._Element, etree._Element]) -> etree._Element:
    """Return the nearest element with ``itemscope`` around ``element``, else ``top``; what is ``known`` is not looked for again."""
    passed = []
    owner, above = top, element.getparent()
    while above is not None:
        if above in known:
            owner = known[above]
            break
        passed.append(above)
        if above is top or above.get("itemscope") is not None:
            owner = above
            break
        above = above.getparent()
    if passed:
        known.update(dict.fromkeys(passed, owner))
    return owner


def words(element: etree._Element) -> str | None:
    """Return the value of a property that is text: ``content`` or ``datetime``, else the text inside; None when empty.

    The standard takes ``content`` from ``<meta>`` only, and the address of ``<a>``; sites write ``content`` anywhere and
    mean a link's words when the property is a name.
    """
    value = element.get("content") or element.get("datetime")
    return (decoded(value) if value else plain(text_of(element))) or None


def address(element: etree._Element) -> str | None:
    """Return the value of a property that is an address: ``href``, ``src`` or ``data``, else as :func:`words`."""
    return element.get("href") or element.get("src") or element.get("data") or words(element)


class _Item:
    """An element with ``itemscope``, and the properties that belong to it."""

    def __init__(self, element: etree._Element, owned: dict):
        self.element, self.owned = element, owned
        self.properties: dict[str, list[etree._Element]] = owned.get(element, {})

    def all(self, name: str) -> list[etree._Element]:
        return self.properties.get(name, [])

    def text(self, *names: str) -> str | None:
        """The value of the first property among ``names`` that has one; of a nested item its ``name``."""
        for name in names:
            for element in self.all(name):
                text = self.item(element).text("name") if element.get("itemscope") is not None else words(element)
                if text:
                    return text
        return None

    def address(self, *names: str) -> str | None:
        """As :meth:`text`, but of nested items their ``url`` or ``contentUrl``."""
        for name in names:
            for element in self.all(name):
                nested = element.get("itemscope") is not None
                text = self.item(element).address("contentUrl", "url") if nested else address(element)
                if text:
                    return text
        return None

    def item(self, element: etree._Element) -> _Item:
        return _Item(element, self.owned)


def _fields(item: _Item) -> dict[str, Any]:
    return {
        "headline": item.text("headline", "name"),
        "alternative_headline": item.text("alternativeHeadline", "alternateName"),
        "description": item.text("description"),
        "created_at": item.text("dateCreated"),
        "published_at": item.text("datePublished"),
        "modified_at": item.text("dateModified"),
        "section": [text for e in item.all("articleSection") if (text := words(e))],
        "tags": split_tags([text for e in item.all("keywords") if (text := words(e))]),
        "authors": _authors(item),
        "genre": item.text("genre"),
        "language": item.text("inLanguage"),
        "images": _images(item),
        "publisher": next((_publisher(item.item(e)) for e in item.all("publisher")), None),
        "copyright_year": item.text("copyrightYear"),
        "is_accessible_for_free": item.text("isAccessibleForFree"),
        "article_body": next((words(e) for e in item.all("articleBody")), None),
        "article_body_element": next(iter(item.all("articleBody")), None),
    }


def _authors(item: _Item) -> list[dict]:
    found = []
    for element in item.all("author") or item.all("creator"):
        if element.get("itemscope") is not None:
            person = item.item(element)
            found.append({"name": person.text("name"), "url": person.address("url", "sameAs")})
        else:
            found.append({"name": words(element), "url": element.get("href")})
    return [author for author in found if author["name"]]


def _images(item: _Item) -> list[dict]:
    """``associatedMedia`` is the lead photo; the ``image`` items declare its sizes, not always with an address."""
    sizes = [_image(item, element) for element in item.all("image")]
    media = [_image(item, element) for element in item.all("associatedMedia")]
    if media and sizes and not media[0]["width"] and not sizes[0]["url"]:
        media[0] |= {"width": sizes[0]["width"], "height": sizes[0]["height"]}
    lead = [image | {"role": "lead"} for image in media[:1] + sizes if image["url"]]
    return lead + [image for image in media[1:] if image["url"]]


def _image(item: _Item, element: etree._Element) -> dict:
    if element.get("itemscope") is not None:
        nested = item.item(element)
        return {
            "url": nested.address("contentUrl", "url"),
            "width": nested.text("width"),
            "height": nested.text("height"),
            "caption": nested.text("caption", "description"),
        }
    return {"url": address(element), "width": element.get("width"), "height": element.get("height")}


def _publisher(item: _Item) -> dict | None:
    if item.element.get("itemscope") is None:
        return {"name": words(item.element)}
    logo = None
    for element in item.all("logo"):
        logo = _image(item, element)
    return {
        "name": item.text("name"),
        "legal_name": item.text("legalName"),
        "email": item.text("email"),
        "telephone": item.text("telephone"),
        "logo": logo,
    }
