"""Plain HTML: what a page says without any vocabulary, the last resort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from lxml import etree

from newsarchive.extract.select import strings, text_of
from newsarchive.extract.text import plain, split_tags

# Names of <meta> under which publishers keep the time of publication: Dublin Core's, Parse.ly's, Sailthru's, and plain ones.
PUBLISHED = frozenset(
    "pubdate publishdate publish-date publish_date publication_date datepublished dc.date dc.date.issued dcterms.created"
    " dcterms.date dc.date.created parsely-pub-date sailthru.date cxenseparse:recs:publishtime article:published_time".split()
)
KINDS = ("tag", "author")
"""Of links, that are looked at."""
MOST = 20
"""Elements inside each other that are searched."""

# As strings that know their element: to ask each element for its attribute costs more.
_related = etree.XPath("descendant::a/@rel")
_times = etree.XPath("descendant::time/@datetime")


def read(root: etree._Element) -> dict[str, Any]:
    """Return the article's fields as the page's plain elements give them."""
    metas: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        if text := plain(meta.get("content") or ""):
            metas.setdefault(meta.get("name") or f"http-equiv:{(meta.get('http-equiv') or '').lower()}", []).append(text)

    def named(*names: str) -> list[str]:
        return [text for name, texts in metas.items() if name in names for text in texts]

    links = [(f" {rel} ", rel.getparent()) for rel in _related(root)]
    tags, authors = ([(text, a) for rel, a in links if f" {kind} " in rel and (text := plain(text_of(a)))] for kind in KINDS)
    times = [text.getparent() for text in _times(root) if text]
    holders = chain(islice(root.iter("article"), MOST), islice(root.iter("main"), MOST), [root]) if times else ()
    published = [text for name, texts in metas.items() if name.lower() in PUBLISHED for text in texts]
    fields = {
        "headline": next(_said(root.iter("h1")), None),
        "title": next(_said(root.iter("title")), None),
        "description": _first(named("description")),
        "published_at": _first(published) or _first(time.get("datetime") for time in times if time.get("pubdate") is not None),
        # In an <article> or <main> it is likeliest that of the article.
        "time": _first(time.get("datetime", "") for holder in holders for time in holder.iter("time")),
        # Plain "date" is that of a change as often.
        "dated": _first(named("date", "Date", "DATE")),
        "section": _first(named("section")),
        "tags": [text for text, _ in tags] or _split(named("keywords", "news_keywords")),
        "news_keywords": _split(named("news_keywords")),
        "language": _first([root.get("lang") or "", *named("http-equiv:content-language")]),
        "authors": [{"name": text, "url": a.get("href")} for text, a in authors]
        or [{"name": text, "url": None} for text in named("author")],
    }
    return {field: value for field, value in fields.items() if value}


def canonical_link(root: etree._Element) -> str | None:
    """Return the address of ``<link rel="canonical">`` as the page writes it."""
    # One in the body is what somebody wrote there.
    return next(iter(strings(root, "/html/head/link[@rel='canonical']/@href")), None)


def base_address(root: etree._Element) -> str | None:
    """Return the address of ``<base href>`` as the page writes it."""
    return next((href for base in root.iter("base") if (href := base.get("href")) is not None), None)


def _said(elements: Iterable[etree._Element]) -> Iterator[str]:
    return (text for element in elements if (text := plain(text_of(element))))


def _first(texts: Iterable[str]) -> str | None:
    return next(filter(None, map(plain, filter(None, texts))), None)


def _split(texts: list[str]) -> list[str]:
    return [tag for text in texts for tag in split_tags([text])]
