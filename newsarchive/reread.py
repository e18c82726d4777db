"""Reads an article again from the bytes of its capture, with today's code."""

from __future__ import annotations

from pathlib import Path

from scrapy.http import TextResponse

from newsarchive.extract.article import load_article
from newsarchive.extract.rules import SiteRules
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.store.warc import WarcError
from newsarchive.unpacking import unpacked
from newsarchive.urls import memento
from newsarchive.warcmessages import read_response

# What a visit decides, and not the page's text; it stays as it is.
OF_THE_VISIT = ("id", "site", "key", "revision", "fetched_at", "capture", "extractor", "content_hash")
VISIT_FLAGS = ("rendered", "second_hand", "future_date")


def reread(old: Article, folder: Path, site: type[SiteRules] | None) -> Article:
    """Return ``old`` as its capture, in the WARC files of ``folder``, reads today.

    Raises :class:`newsarchive.store.warc.WarcError` when it has no capture, or one that cannot be read.
    """
    try:
        new = load_article(captured_page(old, folder), site)
    except WarcError:
        raise
    except Exception as error:  # a page that nobody foresaw, or a rule that is wrong: it keeps no other from being read
        raise WarcError(f"{type(error).__name__} while reading the capture of {old.id}: {error}") from error
    if new.id != old.id and "canonical_ignored" in old.flags:
        new.url, new.flags = old.url, [*new.flags, "canonical_ignored"]
    new.id, new.site, new.key = old.id, old.site, old.key
    new.revision, new.fetched_at, new.capture = old.revision, old.fetched_at, old.capture
    new.flags += [flag for flag in old.flags if flag in VISIT_FLAGS and flag not in new.flags]
    return new


def captured_page(article: Article, folder: Path) -> TextResponse:
    """Return the page that ``article`` was read from, at the site's own address. Raises as :func:`reread`."""
    if article.capture is None:
        raise WarcError(f"{article.id} has no capture")
    response = unpacked(read_response(folder, article.capture))
    if past := memento(response.url):
        response = response.replace(url=past[1])
    if not isinstance(response, TextResponse):
        raise WarcError("the capture is no text")
    return response


def differing_fields(old: Article, new: Article) -> list[str]:
    """Return the fields that the page decides and in which ``new`` is not ``old``."""
    return [field for field in ARTICLE_FIELDS if field not in OF_THE_VISIT and getattr(old, field) != getattr(new, field)]
