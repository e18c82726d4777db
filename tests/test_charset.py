from __future__ import annotations

import pytest
from scrapy import Request, Spider
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from newsarchive.extract.article import load_article
from newsarchive.extract.rules import SiteRules
from newsarchive.unpacking import UnpackingMiddleware, unpacked

TEXT = "Die naïve Ärztin aß „Brötchen“ für 5 €, schrieb François."


class Paper(SiteRules):
    name = "paper"
    encoding = "cp1252"


def read(encoding: str, declared: str = "", header: str = "text/html", site=None, text=TEXT):
    meta = f'<meta charset="{declared}">' if declared else ""
    page = f"<html><head>{meta}<title>T</title></head><body><h1>{text}</h1><div><p>{text}</p></div></body></html>"
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


@pytest.mark.parametrize("name", ["base64", "rot13", "idna", "unicode_escape"])
def test_what_python_takes_for_an_encoding_is_no_charset(name):
    """Scrapy takes any name that Python can look up, and raises where it decodes: the page was owed for ever."""
    site = HtmlResponse("https://paper.example/1", body=TEXT.encode(), headers={"Content-Type": f"text/html; charset={name}"})
    middleware = UnpackingMiddleware.from_crawler(get_crawler(Spider))
    assert middleware.process_response(Request(site.url), site).text == unpacked(site).text == TEXT
    assert (read("utf-8", name).text, read("utf-8", header=f"text/html; charset={name}").flags) == (TEXT, [])
    assert (read("cp1252", name).text, read("cp1252", name).flags) == (TEXT, ["charset_guessed"])
    assert read("cp1252", name, site=Paper).flags == []
    assert read("koi8-r", "koi8-r", f"text/html; charset={name}", text="Привет").text == "Привет"
