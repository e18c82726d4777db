"""Plain HTML: what a page says without any vocabulary, the last resort."""

from __future__ import annotations

from typing import Any

from lxml import etree

from newsarchive.extract.select import compiled, strings
from newsarchive.extract.text import plain, split_tags

# Names of <meta> under which publishers keep the time of publication: Dublin Core's, Parse.ly's, Sailthru's, and plain ones.
PUBLISHED = (
    "|pubdate|publishdate|publish-date|publish_date|publication_date|datepublished|dc.date|dc.date.issued|dcterms.created"
    "|dcterms.date|dc.date.created|parsely-pub-date|sailthru.date|cxenseparse:recs:publishtime|article:published_time|"
)
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIELDS = {
    "headline": ["(//h1)[position() <= 10]"],
    "title": ["//title"],
    "description": ["//meta[@name='description']/@content"],
    "published_at": [
        f"//meta[@name][contains('{PUBLISHED}', concat('|', translate(@name, '{UPPER}', '{UPPER.lower()}'), '|'))]/@content",
        "//time[@pubdate]/@datetime",
    ],
    "time": ["//article//time/@datetime", "//main//time/@datetime", "//time/@datetime"],
    # Plain "date" is that of a change as often.
    "dated": ["//meta[@name='date' or @name='Date' or @name='DATE']/@content"],
    "section": ["//meta[@name='section']/@content"],
    "tags": [
        "//a[contains(concat(' ', @rel, ' '), ' tag ')]",
        "//meta[@name='keywords' or @name='news_keywords']/@content",
    ],
    "news_keywords": ["//meta[@name='news_keywords']/@content"],
    "language": ["/html/@lang", "//meta[translate(@http-equiv, 'CLN', 'cln')='content-language']/@content"],
}
MANY = ("tags", "news_keywords")


def read(root: etree._Element) -> dict[str, Any]:
    """Return the article's fields as the page's plain elements give them."""
    fields: dict[str, Any] = {}
    for field, queries in FIELDS.items():
        for query in queries:
            if values := [text for value in strings(root, query) if (text := plain(value))]:
                split = [tag for value in values for tag in split_tags([value])] if "@content" in query else values
                fields[field] = split if field in MANY else values[0]
                break
    if authors := _authors(root):
        fields["authors"] = authors
    return fields


def canonical_link(root: etree._Element) -> str | None:
    """Return the address of ``<link rel="canonical">`` as the page writes it."""
    # One in the body is what somebody wrote there.
    return next(iter(strings(root, "/html/head/link[@rel='canonical']/@href")), None)


def base_address(root: etree._Element) -> str | None:
    """Return the address of ``<base href>`` as the page writes it."""
    return next(iter(strings(root, "//base/@href")), None)


def _authors(root: etree._Element) -> list[dict]:
    links = compiled("//a[contains(concat(' ', @rel, ' '), ' author ')]")(root)
    if authors := [{"name": text, "url": link.get("href")} for link in links if (text := plain("".join(link.itertext())))]:
        return authors
    return [{"name": text, "url": None} for text in strings(root, "//meta[@name='author']/@content") if plain(text)]
