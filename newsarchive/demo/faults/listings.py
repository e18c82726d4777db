"""Listings, sitemaps and feeds that mislead."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit

from newsarchive.demo.faults.registry import fault
from newsarchive.demo.server import Answer, Asked


@fault()
def bad_xml(asked: Asked) -> Answer:
    """Break off in the middle, inside an element."""
    return replace(asked.answer, body=asked.answer.body[: len(asked.answer.body) // 2] + b"<<&")


@fault()
def no_xml(asked: Asked) -> Answer:
    return replace(asked.answer, body=b"The feed is \x00 not here")


@fault()
def entity_bomb(asked: Asked) -> Answer:
    """A billion laughs, and a file of the machine."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    loc = "<url><loc>&l9;</loc></url><url><loc>https://courier.example/&f;</loc></url></"
    return replace(asked.answer, body=asked.answer.body.replace(b"?>", b"?>" + bomb.encode(), 1).replace(b"</", loc.encode(), 1))


def _plainly(asked: Asked) -> Answer:
    """What the site answers without query and session number."""
    return asked.site.answer(urlsplit(asked.path).path.partition(";")[0])


def _going_on(asked: Asked, path: str) -> Answer:
    answer = _plainly(asked)
    page = re.sub(r'<a class="more".*?</a>', "", answer.body.decode())
    return replace(answer, body=f'{page}<a class="more" href="{path}">More</a>'.encode())


@fault()
def repeating(asked: Asked) -> Answer:
    """Go on at the address that was just asked."""
    return _going_on(asked, asked.path)


@fault()
def endless(asked: Asked) -> Answer:
    """Go on for ever, under new addresses, with the same stories in turn."""
    return _going_on(asked, f"{urlsplit(asked.path).path}?page={len(asked.site.requests)}")


@fault()
def calendar(asked: Asked) -> Answer:
    """Leaves of a calendar without a story, back to the beginning of time."""
    return replace(
        asked.answer, body=f'<div class="list"></div><a class="more" href="/more/world/{len(asked.site.requests)}">'.encode()
    )


@fault()
def growing(asked: Asked) -> Answer:
    """Stories without end, none of which exists."""
    n = len(asked.site.requests)
    items = "".join(f'<div class="item"><a class="title" href="/2020/01/01/x-{n}{m:03}">x</a></div>' for m in range(3))
    return replace(asked.answer, body=f'{items}<a class="more" href="/more/world/{n}">'.encode())


@fault()
def hole(asked: Asked) -> Answer:
    """One chunk without a story, which goes on nevertheless."""
    return replace(asked.answer, body=re.sub(rb'(?s)<div class="list">.*</div>(?=<a class="more")', b"", asked.answer.body))


@fault()
def drifting(asked: Asked) -> Answer:
    """Show at the top of the chunk what stood at the end of the last one: three stories came in above meanwhile."""
    pages = asked.site.pages
    section, place = pages.section(urlsplit(asked.path).path)
    return replace(asked.answer, body=pages.chunk(section, place - 3).encode())


@fault()
def session_links(asked: Asked) -> Answer:
    """Give every link the number of the visit, in the path or in the query."""
    answer, number = _plainly(asked), count(len(asked.site.requests) * 1000)

    def numbered(m: re.Match) -> str:
        n = next(number)
        return f'{m[1]};jsessionid={n:032X}"' if n % 2 else f'{m[1]}?sid={n:032x}"'

    if answer.type.startswith("text/html"):
        answer.body = re.sub(r'(class="(?:title|more)" href="/[^"?]*)"', numbered, answer.body.decode()).encode()
    return answer


@fault()
def other_links(asked: Asked) -> Answer:
    """Add links that lead nowhere, or off the site."""
    page = asked.answer.body.decode()
    odd = (
        "javascript:alert(1)",
        "mailto:a@b.example",
        "https://elsewhere.example/2026/03/01/x-1000101",
        "http://[",
        "#",
        "",
        "//",
        "data:,x",
    )
    added = "".join(f'<div class="item"><a class="title" href="{href}">x</a></div>' for href in odd)
    return replace(asked.answer, body=page.replace('<div class="list">', f'<div class="list">{added}', 1).encode())
