"""Addresses of listings: pages by number, and archives by day, month and year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

PAGE_WORDS = (
    r"(?:page|pages|pag|pagina|página|paginas|seite|sida|side|strona|stranka|sayfa|oldal|puslapis|sivu|lapa|str|pg|halaman|trang"
    r"|стр|страница|сторінка)"
)
PARAMETER = re.compile(rf"^(?:{PAGE_WORDS}(?:_?(?:no|num|number|index))?|paged|cur(?:rent)?_?page|pn|_page)$", re.I)
# These number a listing's pages too, but other things as well: they count when they stand in the listing's own pager.
MAYBE_PARAMETER = re.compile(r"^(?:p|o|s|start|offset|from|skip|begin|startrow|first)$", re.I)
IN_PATH = re.compile(rf"(?:/|[-_,])(?:{PAGE_WORDS})[-_/=,]?(\d{{1,6}})(?P<tail>/?|\.\w{{2,5}})$", re.I)
MAYBE_IN_PATH = re.compile(r"(?:/p?|(?<=\w)[-_,])(\d{1,4})(?P<tail>/?|\.\w{2,5})$")

ARCHIVE = re.compile(
    r"^(?P<before>.*?/)(?P<y>(?:19|20)\d\d)(?:(?P<sep>[/-])(?P<m>\d{1,2})(?:(?P=sep)(?P<d>\d{1,2}))?)?(?P<tail>/?|/?(?:index|default)?\.\w{2,5})$"
)
ARCHIVE_COMPACT = re.compile(r"^(?P<before>.*?/)(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?P<tail>/?|\.\w{2,5})$")
DAY_PARAMETER = re.compile(r"^(?:date|day|d|datum|fecha|data|dia|jour|pvm|dato)$", re.I)
FIRST_YEAR = 1990


@dataclass(frozen=True)
class PageNumber:
    """The address of one page of a listing."""

    base: str
    """The listing's own address, in a form in which two are compared."""

    number: int
    sure: bool
    """The word for a page stands by the number."""


def page_number(url: str) -> PageNumber | None:
    """Return which page of which listing ``url`` is, when it has a number that may tell; None when it has none.

    >>> page_number("https://example.org/world/page/3/")
    PageNumber(base='https://example.org/world', number=3, sure=True)
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for names, sure in ((PARAMETER, True), (MAYBE_PARAMETER, False)):
        for name, value in pairs:
            if names.match(name) and re.fullmatch(r"\d{1,6}", value):
                # With an article's own number beside it the listing's page is only the way that a reader came.
                rest = [pair for pair in pairs if pair[0] != name]
                alone = not any(re.search(r"id|no$", other, re.I) and number.isdigit() for other, number in rest)
                return PageNumber(_base(parts, path, rest), int(value), sure and alone)
    for pattern, sure in ((IN_PATH, True), (MAYBE_IN_PATH, False)):
        if m := pattern.search(path):
            return PageNumber(_base(parts, path[: m.start()], pairs), int(m[1]), sure)
    return None


def _base(parts, path: str, pairs: list[tuple[str, str]]) -> str:
    # news.html, news-2.html and news/page-2.html are pages of one listing, and index-2.html is one of its folder's.
    path = re.sub(r"(?<=\w)\.\w{2,5}$|/$", "", path)
    path = re.sub(r"/(?:index|default)$", "", path).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(pairs), ""))


def listing_base(url: str) -> str:
    """Return the address of a listing in the form of :attr:`PageNumber.base`."""
    parts = urlsplit(url)
    return _base(parts, unquote(parts.path), parse_qsl(parts.query, keep_blank_values=True))


def next_by_number(current: str, links: Sequence[tuple[str, str]]) -> str | None:
    """Return the page after ``current`` of a listing by its number, among ``links`` (address and words)."""
    pages = [(url, " ".join(words.split()), page) for url, words in links if (page := page_number(url)) and not archive_of(url)]
    here = page_number(current)
    if here and (found := _next(here.base, here.number, pages)):
        return found
    return _next(listing_base(current), 0, pages)


def _next(base: str, at: int, pages: list[tuple[str, str, PageNumber]]) -> str | None:
    pages = [one for one in pages if one[2].base == base and one[2].number > at]
    if at == 0:
        # Pages that are counted from nought: the second is number 1.
        if zero := [url for url, words, page in pages if page.number == 1 and words == "2"]:
            return zero[0]
        pages = [one for one in pages if one[1] != "1" and one[2].number > 1] or [one for one in pages if says_next(one[1])]
    found = [(page.number, url) for url, words, page in pages if page.sure or words.isdigit() or says_next(words)]
    return min(found)[1] if found else None


NEXT = frozenset(
    (
        "next|next page|older|older posts|older entries|older articles|older news|older stories|previous entries"
        "|»|›|→|>|>>|››|weiter|nächste|nächste seite|vor|ältere|ältere beiträge|ältere artikel"
        "|suivant|suivante|page suivante|articles plus anciens|plus ancien"
        "|siguiente|página siguiente|anteriores|entradas antiguas|entradas anteriores|seguinte|próxima|próximo|próxima página"
        "|avanti|successivo|successiva|pagina successiva|volgende|volgende pagina|nästa|nästa sida|neste|næste|seuraava"
        "|następna|następny|starsze wpisy|další|starší|ďalej|következő"
        "|далее|вперёд|вперед|следующая|следующая страница|далі|наступна|sonraki|次へ|次のページ|次|下一页|下一頁|下页|다음|التالي"
        "|επόμενη|berikutnya|selanjutnya|tiếp"
    ).split("|")
)
# Said of the rest of a list, and of the rest of each story on it.
MORE = frozenset(
    (
        "more|load more|show more|view more|see more|more articles|more news|more stories|mehr|mehr laden|mehr anzeigen"
        "|weitere artikel|voir plus|más|ver más|cargar más|mais|ver mais|carregar mais|altri articoli|meer|vis flere|visa fler"
        "|więcej|ещё|показать ещё|daha fazla|もっと見る|更多|더보기|المزيد"
    ).split("|")
)


def says_next(words: str) -> bool:
    """Tell whether the words of a link are those of one to the next page.

    >>> says_next("Next »"), says_next("Older posts"), says_next("Next of kin")
    (True, True, False)
    """
    return _is_one_of(words, NEXT)


def says_more(words: str) -> bool:
    """Tell whether the words of a link are those of one to the rest of something."""
    return _is_one_of(words, MORE)


def _is_one_of(words: str, known: frozenset[str]) -> bool:
    text = " ".join(words.casefold().split())
    return bool(text) and (text in known or text.strip(" »›→>…·+") in known)


@dataclass(frozen=True)
class DateArchive:
    """A listing by day, month or year."""

    format: str
    """Its address as a format that takes a day: ``https://example.org/{0:%Y/%m/%d}/``."""

    since: str
    """The first day that it lists."""

    until: str


def archive_of(url: str) -> DateArchive | None:
    """Return what date archive ``url`` is a part of; None when it is none, or of a time that nobody wrote in.

    >>> archive_of("https://example.org/news/2026/03/").format
    'https://example.org/news/{0:%Y}/{0:%m}/'
    """
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query):
        if DAY_PARAMETER.match(name) and (m := re.fullmatch(r"((?:19|20)\d\d)(-?)(\d\d)\2(\d\d)", value)):
            pattern = f"{{0:%Y{m[2]}%m{m[2]}%d}}"
            return _archive(url.replace(value, pattern, 1) if "{" not in url else None, m[1], m[3], m[4])
    if parts.query or "{" in url:
        return None
    if m := ARCHIVE_COMPACT.match(parts.path):
        path = f"{m['before']}{{0:%Y%m%d}}{m['tail']}"
    elif m := ARCHIVE.match(parts.path):
        sep = m["sep"] or ""
        path = f"{m['before']}{{0:%Y}}"
        for text, padded, plain in ((m["m"], "{0:%m}", "{0.month}"), (m["d"], "{0:%d}", "{0.day}")):
            path += f"{sep}{padded if len(text) == 2 else plain}" if text else ""
        path += m["tail"]
    else:
        return None
    groups = m.groupdict()
    return _archive(urlunsplit(parts._replace(path=path, fragment="")), groups["y"], groups.get("m"), groups.get("d"))


def _archive(format: str | None, year: str, month: str | None, day: str | None) -> DateArchive | None:
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if format is None or first.year < FIRST_YEAR or first > date.today() + timedelta(days=1):
        return None
    if day:
        last = first
    elif month:
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    else:
        last = first.replace(month=12, day=31)
    return DateArchive(format, first.isoformat(), last.isoformat())
