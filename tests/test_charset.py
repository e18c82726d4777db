from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse

from newsarchive.extract.article import load_article
from newsarchive.extract.rules import SiteRules

TEXT = "Die naïve Ärztin aß „Brötchen“ für 5 €, schrieb François."


class Paper(SiteRules):
    name = "paper"
    encoding = "cp1252"


def read(encoding: str, declared: str = "", header: str = "text/html", site=None):
    meta = f'<meta charset="{declared}">' if declared else ""
    page = f"<html><head>{meta}<title>T</title></head><body><h1>{TEXT}</h1><div><p>{TEXT}</p></div></body></html>"
    body = page.encode(encoding)
    return load_article(HtmlResponse("https://paper.example/1", body=body, headers={"Content-Type": header}), site)


def test_a_site_may_name_the_charset_of_pages_that_declare_none():
    article = read("cp1252", site=Paper)
    assert (article.headline, article.text, article.flags) == (TEXT, TEXT, [])


def test_a_charset_that_nobody_declares_is_guessed_and_flagged():
    assert read("cp1252").flags == ["charset_guessed"]


@pytest.mark.parametrize("site", [None, Paper])
def test_utf_8_needs_no_declaration(site):
    article = read("utf-8", site=site)
    assert (article.text, article.flags) == (TEXT, [])


@pytest.mark.parametrize(("declared", "header"), [("windows-1252", "text/html"), ("", "text/html; charset=windows-1252")])
def test_what_is_declared_goes_before_the_sites_own(declared, header):
    class Russian(SiteRules):
        encoding = "cp1251"

    article = read("cp1252", declared, header, site=Russian)
    assert (article.text, article.flags) == (TEXT, [])


@pytest.mark.parametrize(("encoding", "declared"), [("cp1252", "utf-8"), ("utf-8", "iso-8859-1")])
def test_a_charset_that_does_not_fit_the_bytes_is_flagged(encoding, declared):
    """Wrong letters must not enter the archive unnoticed."""
    article = read(encoding, declared)
    assert article.flags == ["charset_wrong"]
    assert article.text != TEXT


def test_a_replacement_character_of_the_publishers_own_is_no_wrong_charset():
    page = "<meta charset=utf-8><h1>T</h1><p>He wrote \ufffd himself.</p>".encode()
    assert load_article(HtmlResponse("https://paper.example/1", body=page)).flags == []


def test_a_charset_of_no_name_is_no_declaration():
    assert read("utf-8", "x-none-such").flags == []
