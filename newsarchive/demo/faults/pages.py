"""Articles whose page is odd."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from urllib.parse import urlsplit

from newsarchive.demo.faults.registry import edited, fault
from newsarchive.demo.server import Answer, Asked


@fault()
def empty(asked: Asked) -> Answer:
    """Answer 200 with nothing."""
    return replace(asked.answer, body=b"")


@fault()
def no_charset(asked: Asked) -> Answer:
    """Windows-1252, and nobody says so."""
    page = edited(asked, '<meta charset="utf-8">', "").body.decode().replace("neighbours", "naïve neighbours")
    return Answer(page.encode("cp1252", "replace"), "text/html")


@fault()
def wrong_charset(asked: Asked) -> Answer:
    """Latin-1 that is declared as UTF-8."""
    page = asked.answer.body.decode().replace("neighbours", "naïve neighbours")
    return Answer(page.encode("latin-1", "replace"))


@fault()
def invalid_utf8(asked: Asked) -> Answer:
    return replace(asked.answer, body=asked.answer.body.replace(b"neighbours", b"\xff\xc3 neighbours\xed\xa0\x80"))


@fault()
def nested(asked: Asked) -> Answer:
    """Nest the text in 100,000 elements."""
    return edited(asked, '<div class="story-body">', "<div>" * 100_000 + '<div class="story-body">')


@fault()
def broken_jsonld(asked: Asked) -> Answer:
    return edited(asked, '{"@context"', '{"@context": "x", "broken')


@fault()
def no_metadata(asked: Asked) -> Answer:
    """Take microdata, JSON-LD and OpenGraph away."""
    page = re.sub(r'(?s)<script type="application/ld\+json">.*?</script>|<meta property="[^>]*>', "", asked.answer.body.decode())
    return replace(asked.answer, body=re.sub(r' item(prop|scope|type)(="[^"]*")?', "", page).encode())


@fault()
def second_article(asked: Asked) -> Answer:
    """Append the next article, as pages do that scroll on."""
    stories = asked.site.pages.newsroom.all()
    number = asked.site.pages.number(urlsplit(asked.path).path)
    other = next(s for s in stories if not s.missing and s.number != number)
    appended = re.search(r"(?s)<main>(.*)</main>", asked.site.pages.article(other))[1]
    return edited(asked, "</main>", f"{appended}</main>")


@fault("year 1970", "year 2099")
def dated(name: str, asked: Asked) -> Answer:
    """Date the article so, everywhere."""
    day = name.split()[1] + "-01-01T00:00:00+00:00"
    return replace(asked.answer, body=re.sub(rb"2026-\d\d-\d\dT[\d:]{8}\+00:00", day.encode(), asked.answer.body))


@fault()
def no_body(asked: Asked) -> Answer:
    """Leave the body out, and the pictures."""
    page = re.sub(r'(?s)<div class="lead-photo">.*?(?=<ul class="tags">)', "", asked.answer.body.decode())
    page = re.sub(r'<p class="standfirst">.*?</p>|"image": .*?\], |, "articleBody": "[^"]*"', "", page)
    return replace(asked.answer, body=page.encode())


ODD = '<b>Bold</b> & "quoted" <script>alert(1)</script> \x00 \u202egnorw\u202c \u200f=1+1'
"""A headline that no editor would write."""


@fault()
def odd_headline(asked: Asked) -> Answer:
    """Put :data:`ODD` into headline and tags, as text and as markup."""
    story = asked.site.pages.newsroom.get(asked.site.pages.number(urlsplit(asked.path).path))
    page = asked.answer.body.decode().replace(f"<h1>{escape(story.headline)}", f"<h1>{ODD} ")
    page = page.replace(
        '"headline": "', '"headline": "\\u0000\\ud800' + ODD.replace('"', '\\"').replace("\x00", "").replace("</", "<\\/")
    )
    page = page.replace('"keywords": "', '"keywords": "<i>tag</i>, a\\"b, \\u202ex\\u0000, ')
    return replace(asked.answer, body=page.encode())


@fault()
def long_headline(asked: Asked) -> Answer:
    """Make headline and first tag 100,000 characters long."""
    page = edited(asked, '"headline": "', f'"headline": "{"Long " * 20_000}').body.decode()
    page = page.replace('"keywords": "', f'"keywords": "{"t" * 100_000}, ').replace("<h1>", f"<h1>{'Long ' * 20_000}")
    return replace(asked.answer, body=page.encode())
