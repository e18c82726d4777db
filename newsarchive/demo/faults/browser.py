"""Pages that are nothing without their scripts, and pages that harm a browser."""

from __future__ import annotations

import json
import re

from newsarchive.demo.faults.registry import fault
from newsarchive.demo.server import Answer, Asked, DemoSite

DRAW = """
fetch("/api" + location.pathname).then(answer => answer.json()).then(page => {
  document.head.insertAdjacentHTML("beforeend", page.head);
  document.body.innerHTML = page.body;
});
"""


def _page(title: str, body: str) -> Answer:
    return Answer(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'.encode()
    )


@fault()
def drawn(asked: Asked) -> Answer:
    """An empty frame; a script draws the article."""
    if asked.answer.status != 200:
        return asked.answer
    return _page("The Demo Courier", '<div id="app">Loading …</div><img src="/logo.png"><script src="/app.js"></script>')


@fault()
def drawn_data(asked: Asked) -> Answer:
    """What the script asks for: the page in two pieces, as JSON."""
    answer = asked.site.answer(asked.path.removeprefix("/api"))
    head, body = re.search(r"(?s)<head>(.*)</head><body>(.*)</body>", answer.body.decode()).groups()
    return Answer(json.dumps({"head": head, "body": body}).encode(), "application/json")


@fault()
def drawn_script(asked: Asked) -> Answer:
    return Answer(DRAW.encode(), "text/javascript")


def draw_by_script(site: DemoSite) -> None:
    """Let scripts draw all articles of ``site``."""
    from newsarchive.demo.faults.registry import FAULTS

    site.faults |= {"/20*": FAULTS["drawn"], "/api/*": FAULTS["drawn_data"], "/app.js": FAULTS["drawn_script"]}
