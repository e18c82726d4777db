"""A crawl with a browser that is told to stop, and what one page leaves in the browser for the next."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from conftest import PROJECT
from test_browser import browser  # noqa: F401

from newsarchive.demo.faults import FAULTS
from newsarchive.demo.faults.browser import DRAW
from newsarchive.demo.server import Answer

# A wall counts the articles that a reader had, wherever a browser keeps what a site gives it.
METER = f"""
const had = document.cookie + (localStorage.getItem("had") || "");
document.cookie = "had=" + had.replace("had=", "") + "x; max-age=9999; path=/";
localStorage.setItem("had", had + "x");
if (had) document.getElementById("app").innerHTML = "<h1>Subscribe</h1><p>You had your article.</p>";
else {{ {DRAW} }}
"""
BUSY = """<!doctype html><title>Courier</title><div id="app">Loading …</div><script>
const request = new XMLHttpRequest(); request.open("GET", "/api/now", false); request.send();
while (true) {}
</script>"""


@pytest.mark.usefixtures("browser")
def test_a_page_finds_nothing_of_another_and_none_is_waited_for_at_a_stop(play, tmp_path):
    """Two articles were read and the others were walls; a page that never ends held a stop for its whole time."""
    site = play(stories=40)
    stories = [s for s in site.pages.newsroom.all() if s.section == "world" and not s.missing and not s.canonical]
    busy = site.pages.path(min(stories, key=lambda story: story.published))
    told: list[float] = []
    enough = threading.Event()

    def answer(path: str) -> Answer | None:
        if sum(asked.startswith("/api/20") for asked in site.requests) >= 5:
            enough.set()
        if path == "/api/now":
            enough.wait(60)
            told.append(time.monotonic())
            process.send_signal(signal.SIGTERM)
            return Answer(b"", "text/plain")
        return {"/app.js": Answer(METER.encode(), "text/javascript")}.get(path)

    site.faults = {"/20*": FAULTS["drawn"], "/api/20*": FAULTS["drawn_data"], busy: lambda _: Answer(BUSY.encode())}
    site.override = answer
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "demo", "-a", f"base_url={site.url}", "-a", "section=world"]
        + ["-s", f"ARCHIVE_DIR={tmp_path}", "-s", "DOWNLOAD_DELAY=0.002", "-s", "PLAYWRIGHT=1", "-s", "PLAYWRIGHT_PAGE_SECONDS=60"],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = process.communicate(timeout=120)[1]
    assert time.monotonic() - told[0] < 25, log
    with sqlite3.connect(tmp_path / "archive.db") as db:
        states = {url: tuple(row) for url, *row in db.execute("select url, state, reason, tries from page")}
        assert db.execute("select reason from crawl").fetchall() == [("shutdown",)]
    stored = [url for url, (state, *_) in states.items() if state == "stored"]
    assert len(stored) >= 4, (states, log)
    assert states[site.pages.url(busy)] == ("waiting", None, 0)
