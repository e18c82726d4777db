"""Shapes of addresses: which of a site's are articles, learned from those that it calls so and from pages that were read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from newsarchive.discovery.pagers import archive_of, page_number
from newsarchive.discovery.words import is_copy, never
from newsarchive.urls import not_amp

SAID, LISTED, WAS, WAS_NOT = range(4)
"""Signs: a feed or a news sitemap names it; a plain sitemap does; its page is an article; its page is none."""

REFUTED = 3
"""So many pages of a shape that were none, and none that was one, are enough."""

ENOUGH = 100
"""So many signs of one kind for one shape say all."""

MOST_SHAPES = 500
"""So many shapes are kept; in memory ten times as many."""

# Never a page: what a link of these leads to is a file.
FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|pdf|xml|rss|atom|json|css|js|mp3|mp4|m4a|webm|mov|zip|gz|docx?|xlsx?|pptx?|epub|ics"
    r"|txt|apk|exe)$",
    re.I,
)
# Query names under which a site numbers its articles.
NUMBERED = re.compile(
    r"^(?:p|id|idx|idxno|aid|nid|sid|no|article_?id|article|newsid|news_id|story|story_?id|artid|art|cid|uid|item)$", re.I
)

EXTENSION = re.compile(r"\.(?:[a-z]{2,5}\d?)$", re.I)
NUMBER_BESIDE = re.compile(r"(?:[-_]\d+|/\d+[-_][^/]*)(?:\.\w{2,5})?/?$")
YEAR_AT_END = re.compile(r"/(?:19|20)\d\d/?$")
ONLY_DATE = re.compile(r"/\{(?:year|date)\}(?:/\{nn\}){0,2}(?:\.\w+)?$")
INDEX = re.compile(r"/(?:index|default)\.\w{2,5}$", re.I)
MONTHS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())
DAY_IN_PATH = re.compile(
    r"/(?P<y>(?:19|20)\d\d)(?P<sep>[/-]?)(?P<m>\d\d|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))(?P=sep)(?P<d>\d\d)(?=[/_.-]|$)"
)


@lru_cache(maxsize=4096)
def shape(url: str) -> tuple[str, str]:
    """Return the shape of an address in its own words, and with every word left open.

    Numbers, days and long names are left open in both: they are of one article.

    >>> shape("https://example.org/politics/2026/03/01/a-town-builds-its-bridge-1234567.html")
    ('/politics/{year}/{nn}/{nn}/{name-n}.html', '/{w}/{year}/{nn}/{nn}/{name-n}.html')
    """
    parts = urlsplit(not_amp(url))
    path = INDEX.sub("", unquote(parts.path)).rstrip("/")
    segments = path.split("/")[1:]
    exact, open_words = [], []
    for n, segment in enumerate(segments):
        dated = bool(exact) and (exact[-1] == "{year}" or exact[-2:-1] == ["{year}"])
        kind = _kind(segment, last=n == len(segments) - 1, dated=dated)
        exact.append(kind or segment.casefold())
        # However many rubrics stand before it.
        if kind or not open_words or open_words[-1] != "{w}":
            open_words.append(kind or "{w}")
    query = "".join(f"?{name}={{n}}" for name in sorted(_numbers(parts.query)))
    return "/" + "/".join(exact) + query, "/" + "/".join(open_words) + query


def _numbers(query: str) -> set[str]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return {name for name, _, value in pairs if NUMBERED.match(name) and value.isdigit()}


def _kind(segment: str, last: bool, dated: bool = False) -> str | None:
    """What is left open of a path's segment, ``dated`` behind a year; None: it stands for itself."""
    extension = m[0].lower() if last and (m := EXTENSION.search(segment)) else ""
    stem = segment.removesuffix(m[0]) if extension else segment
    if re.fullmatch(r"(?:19|20)\d\d", stem):
        return "{year}" + extension
    if dated and (re.fullmatch(r"\d{1,2}", stem) or (stem.casefold()[:3] in MONTHS and stem.isalpha())):
        return "{nn}" + extension
    if re.fullmatch(r"(?:19|20)\d\d([-_.]?)(?:0\d|1[0-2])\1[0-3]\d", stem):
        return "{date}" + extension
    if stem.isdigit():
        return "{n}" + extension
    words = [word for word in re.split(r"[-_+,.~!: ]+", stem) if word]
    number = any(_is_number(word) for word in words)
    if number:
        return ("{name-n}" if len(words) > 1 else "{n}") + extension
    if not last:
        return "{name}" if len(words) > 3 else None
    long = len(words) >= 3 or len(stem) >= 24 or (len(stem) >= 8 and not stem.isascii())
    return ("{name}" if long else "{two}" if len(words) == 2 else "{word}") + extension


def _is_number(word: str) -> bool:
    """A number of four digits or more that is no year, after some letters at most; or letters and digits mixed as in a code."""
    if re.fullmatch(r"(?:[a-z]{1,7})?\d{4,}", word, re.I):
        return not re.fullmatch(r"(?:19|20)\d\d", word)
    digits = sum(char.isdigit() for char in word)
    return len(word) >= 8 and word.isascii() and word.isalnum() and digits >= 2 and digits < len(word)


def day_of(url: str) -> str | None:
    """Return the day in an address, ``YYYY-MM-DD``; None when its path has none.

    >>> day_of("https://example.org/2026/mar/01/a"), day_of("https://example.org/a/20260301-b"), day_of("https://example.org/12345678")
    ('2026-03-01', '2026-03-01', None)
    """
    if not (m := DAY_IN_PATH.search(urlsplit(url).path)):
        return None
    month = m["m"] if m["m"].isdigit() else "jan feb mar apr may jun jul aug sep oct nov dec".split().index(m["m"].lower()) + 1
    try:
        return date(int(m["y"]), int(month), int(m["d"])).isoformat()
    except ValueError:
        return None


def likely(url: str) -> bool:
    """Tell whether an address looks like an article's on most sites: a long name, a number, a day."""
    exact, _ = shape(url)
    path, _, query = exact.partition("?")
    *before, last = path.split("/")[1:]
    if query:
        return True
    if day_of(url) or "{year}/{nn}" in "/".join(before):
        return True
    if last.startswith(("{name", "{n}")) or NUMBER_BESIDE.search(urlsplit(url).path):
        return True
    return last.startswith("{two}.") or any(segment in ("{n}", "{name}", "{name-n}") for segment in before)


class Shapes:
    """What is known of a site's addresses. ``learned`` is an earlier :meth:`as_learned`."""

    def __init__(self, learned: dict[str, list[int]] | None = None):
        self.signs: dict[str, list[int]] = {}
        """Shape → how often each sign was seen."""
        self.eager = False
        """Nothing on the site looks like an article's address elsewhere: its lists' links are all tried."""
        self._open: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
        self._seen: set[tuple[str, int]] = set()
        for exact, signs in (learned or {}).items():
            self._count(exact, signs)

    def _count(self, exact: str, signs: Iterable[int]) -> None:
        own = self.signs.setdefault(exact, [0] * 4)
        wide = self._open[_opened(exact)]
        for sign, count in enumerate(signs):
            own[sign] += count
            wide[sign] += count

    def learn(self, url: str, sign: int) -> None:
        """Note a sign of the address ``url``, once."""
        if (url, sign) in self._seen or not self.page(url):
            return
        exact, _ = shape(url)
        if self.signs.get(exact, (0,) * 4)[sign] >= ENOUGH or (exact not in self.signs and len(self.signs) >= 10 * MOST_SHAPES):
            return
        self._seen.add((url, sign))
        self._count(exact, [int(n == sign) for n in range(4)])

    def as_learned(self) -> dict[str, list[int]]:
        """Return what is known as plain data: of a shape that was seen once only its open form, which quotes no address.

        What was refuted is tried once more by the next crawl.
        """
        learned: dict[str, list[int]] = {}
        for exact, signs in sorted(self.signs.items(), key=lambda item: -sum(item[1])):
            name = exact if sum(signs) > 1 else _opened(exact)
            if name in learned or len(learned) < MOST_SHAPES:
                learned[name] = [a + b for a, b in zip(learned.get(name, [0] * 4), signs, strict=True)]
        for signs in learned.values():
            if not _for(signs):
                signs[WAS_NOT] = min(signs[WAS_NOT], REFUTED - 1)
        return learned

    @property
    def known(self) -> bool:
        """Whether the site itself, or its pages, told of any article address."""
        return any(_for(signs) for signs in self.signs.values())

    def page(self, url: str) -> bool:
        """Tell whether ``url`` may be a page of its own: no front page, file, copy, page of a listing or day of an archive."""
        _, _, path, query, _ = urlsplit(url)
        if YEAR_AT_END.search(path) and _for(self.signs.get(re.sub(r"\{year\}$", "{n}", shape(url)[0]), (0,) * 4)):
            return True  # number 2000 of a site that numbers its articles
        if (path in ("", "/") and not _numbers(query)) or FILE.search(path) or archive_of(url) or _page_of_listing(url):
            return False
        # A calendar shows days of the next century too.
        return not ONLY_DATE.search(shape(url)[0]) and not is_copy(url)

    def sure(self, url: str) -> bool:
        """Tell whether addresses of this shape, in its own words, are known to be articles."""
        return _for(self.signs.get(shape(url)[0], (0,) * 4)) > 0

    def named(self, url: str) -> bool:
        """Tell whether a feed or a news sitemap that this crawl read named ``url`` itself."""
        return (url, SAID) in self._seen

    def refuted(self, url: str) -> bool:
        """Tell whether pages with addresses like ``url`` were read, and none was an article."""
        exact, wide = shape(url)
        own, alike = self.signs.get(exact, (0,) * 4), self._open.get(wide, (0,) * 4)
        return not _for(own) and (own[WAS_NOT] >= REFUTED or (alike[WAS_NOT] >= 2 * REFUTED and not _for(alike)))

    def judge(self, url: str, listed: bool = False) -> bool | None:
        """Tell whether ``url`` is an article's address; None: it may be, and only its page can tell.

        Where a sitemap names it, ``listed``, it need not look like one.
        """
        if not self.page(url):
            return False
        exact, wide = shape(url)
        own, alike = self.signs.get(exact, [0] * 4), self._open.get(wide, [0] * 4)
        if YEAR_AT_END.search(urlsplit(url).path):
            return True
        if _for(own):
            return True if _for(own) >= own[WAS_NOT] else None
        if self.refuted(url) or never(url):
            return False
        if _for(alike) > alike[WAS_NOT]:
            return True
        return None if listed or self.eager or likely(url) or _for(alike) or own[LISTED] >= REFUTED else False


def _for(signs: Iterable[int]) -> int:
    said, _, was, _ = signs
    return said + was


def _opened(exact: str) -> str:
    path, mark, query = exact.partition("?")
    found: list[str] = []
    for segment in path.split("/")[1:]:
        if segment.startswith("{"):
            found.append(segment)
        elif not found or found[-1] != "{w}":
            found.append("{w}")
    return "/" + "/".join(found) + mark + query


def _page_of_listing(url: str) -> bool:
    """A page behind the first of a listing: ``?page=2``, ``/page/2/``. A bare number at the end may be an article's."""
    found = page_number(url)
    return found is not None and found.sure
