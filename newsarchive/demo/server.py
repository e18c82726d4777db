"""Plays the demo site on 127.0.0.1."""

from __future__ import annotations

import gzip
import hashlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from newsarchive.demo.newsroom import DAYS, FIRST_DAY, Story
from newsarchive.demo.pages import DemoPages
from newsarchive.demo.photos import jpeg

FEED_ITEMS = 40


@dataclass
class Answer:
    """What the server sends."""

    body: bytes
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    send: Callable[[BaseHTTPRequestHandler, Answer], None] | None = None
    """Sends the answer itself, as no good server would; the connection is closed after it."""


@dataclass(frozen=True)
class Asked:
    """A request that a fault may answer."""

    site: DemoSite
    path: str
    answer: Answer
    """What the site would have said."""

    times: int
    """The how-manieth request for ``path`` this is, from 1."""


class DemoSite:
    """A server for ``pages``, from :meth:`start` to :meth:`stop`.

    ``requests`` lists every path that was asked, in order; ``busiest`` is the highest number of requests at once.
    ``override`` may answer a path itself: it returns an :class:`Answer`, or None for the site's own. ``faults`` are
    switched on for a path (without query), or for all that begin with a key that ends in ``*``; see
    :data:`newsarchive.demo.faults.FAULTS`.
    """

    def __init__(self, pages: DemoPages, override: Callable[[str], Answer | None] = lambda path: None):
        self.pages, self.override = pages, override
        self.faults: dict[str, Callable[[Asked], Answer]] = {}
        self.stopped = threading.Event()
        self.requests: list[str] = []
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        site = self

        class Handler(_Handler):
            demo = site

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def start(self) -> DemoSite:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> DemoSite:
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def answer_or_fault(self, path: str) -> Answer:
        """Return what is answered at ``path``, which was just asked."""
        answer = self.override(path) or self.answer(path)
        place = urlsplit(path).path
        found = [key for key in self.faults if key == place or (key.endswith("*") and place.startswith(key[:-1]))]
        if not found:
            return answer
        return self.faults[max(found, key=len)](Asked(self, path, answer, self.requests.count(path)))

    def answer(self, path: str) -> Answer:
        """Return what the site answers at ``path``, query included."""
        pages, newsroom = self.pages, self.pages.newsroom
        parts = urlsplit(path)
        if parts.path == "/":
            return _page(pages.front())
        if parts.path == "/robots.txt":
            return Answer(pages.robots.encode(), "text/plain")
        if parts.path == pages.feed:
            return _xml(self._feed())
        if (sitemap := self._sitemap(path)) is not None:
            return sitemap
        if size := pages.photo_size(parts.path):
            return Answer(jpeg(*size, comment=parts.path), "image/jpeg")
        if found := pages.section(path):
            section, place = found
            return _page(pages.section_page(section) if place == 0 else pages.chunk(section, place))
        amp = parts.path.startswith("/amp/")
        number = pages.number(parts.path.removeprefix("/amp"))
        story = newsroom.get(number) if number else None
        if story and not story.missing:
            return _page(pages.amp(story) if amp else pages.article(story))
        return Answer(b"<h1>Not found</h1>", status=404)

    def _sitemap(self, path: str) -> Answer | None:
        pages = self.pages
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if parts.path == pages.sitemap_index:
            files = "".join(f"<sitemap><loc>{escape(pages.url(file))}</loc></sitemap>" for file in self._sitemap_files())
            return _xml(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{files}</sitemapindex>')
        if parts.path == "/sitemap_article.xml":
            first, last = (date.fromisoformat(query[name][0]) for name in ("date_start", "date_end"))
            return _xml(self._urlset([s for s in pages.newsroom.all() if first <= s.published.date() <= last]))
        if parts.path.startswith("/sitemap-") and parts.path.endswith(".xml.gz"):
            half = parts.path[len("/sitemap-") : -len(".xml.gz")]
            stories = [s for s in pages.newsroom.all() if (s.published.date() < self._middle()) == (half == "a")]
            return Answer(gzip.compress(self._urlset(stories).encode(), mtime=0), "application/gzip")
        return None

    def _middle(self) -> date:
        return (FIRST_DAY + timedelta(days=DAYS // 2)).date()

    def _sitemap_files(self) -> list[str]:
        if self.pages.sitemap_index == "/sitemap.xml":
            return ["/sitemap-b.xml.gz", "/sitemap-a.xml.gz"]
        return [
            "/sitemap_article.xml?date_start=20260301&date_end=20260331",
            "/sitemap_article.xml?date_start=20260201&date_end=20260228",
        ]

    def _urlset(self, stories: list[Story]) -> str:
        urls = "".join(
            f"<url><loc>{self.pages.url(self.pages.path(s))}</loc><lastmod>{s.modified.isoformat()}</lastmod></url>"
            for s in stories
        )
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'

    def _feed(self) -> str:
        items = "".join(
            f"<item><title>{escape(s.headline)}</title><link>{self.pages.url(self.pages.path(s))}?utm_source=rss</link>"
            f"<pubDate>{format_datetime(s.published)}</pubDate><description>{escape(s.lead)}</description></item>"
            for s in self.pages.newsroom.all()[:FEED_ITEMS]
        )
        return f'<rss version="2.0"><channel><title>Newest</title>{items}</channel></rss>'


def _page(html: str) -> Answer:
    return Answer(html.encode())


def _xml(text: str) -> Answer:
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(), "application/xml")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    demo: DemoSite
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        demo = self.demo
        with demo.lock:
            demo.requests.append(self.path)
            demo.busy += 1
            demo.busiest = max(demo.busiest, demo.busy)
        self.under_way = True
        try:
            self._send(demo.answer_or_fault(self.path))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self._ended()

    def _ended(self) -> None:
        with self.demo.lock:
            self.demo.busy -= self.under_way
        self.under_way = False

    def _send(self, answer: Answer) -> None:
        if answer.send:
            self.close_connection = True
            answer.send(self, answer)
            return
        etag = f'"{hashlib.sha1(answer.body).hexdigest()[:16]}"'
        if answer.status == 200 and self.headers.get("If-None-Match") == etag:
            answer = Answer(b"", answer.type, 304)
        body = answer.body
        headers = {"Content-Type": answer.type, **answer.headers}
        if answer.status == 200:
            headers["ETag"] = etag
        if (
            len(body) > 500
            and "gzip" in self.headers.get("Accept-Encoding", "")
            and answer.type not in ("application/gzip", "image/jpeg")
        ):
            body = gzip.compress(body, 1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self._ended()  # before whoever asks may ask again
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Say nothing: the site keeps its own list of requests."""
