"""The arguments of a crawl (``-a name=value``), checked as far as they can be without the network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from glob import glob
from pathlib import Path
from urllib.parse import urlsplit

from newsarchive.dates import parse_day, zone
from newsarchive.discovery.wayback import WAYBACK
from newsarchive.unpacking import ZSTD

FIRST_DAY = "1990-01-01"
NAMES = ("section", "source", "since", "until", "urls", "base_url", "max_articles", "warc", "cdx")
EVERYWHERE = ("wayback", "due")
"""Sources that every site has."""

GIVEN = ("urls", "warc")
"""Sources that an argument of their own name brings."""


@dataclass(frozen=True)
class Arguments:
    """What to crawl. Raises ValueError, in one line, for what cannot be meant."""

    sections: tuple[str, ...] = ()
    """As given: names, slugs, paths or addresses."""

    sources: tuple[str, ...] = ()
    since: str | None = None
    """First publication day, in the site's zone."""

    until: str | None = None
    """Last publication day."""

    urls: str | None = None
    """File of article addresses, ``-`` for standard input."""

    warc: tuple[Path, ...] = ()
    """WARC files of others."""

    cdx: str = WAYBACK
    """Address of the CDX server that the source ``wayback`` asks."""

    base_url: str | None = None
    max_articles: int | None = None
    fills: bool = False
    """Days make good for what a section's listing did not reach."""

    @classmethod
    def parse(cls, given: dict[str, str], site) -> Arguments:
        """Return the arguments ``given`` to a crawl of ``site``, a spider class."""
        given = {name: value for name, value in given.items() if not name.startswith("_") and value is not None}
        site = site.of(given)
        if unknown := sorted(set(given) - {*NAMES, *site.extra_arguments}):
            raise ValueError(
                f"{site.name} knows no argument {unknown[0]!r}; it knows {', '.join(sorted((*NAMES, *site.extra_arguments)))}"
            )
        if site.wants and not set(site.wants) & set(given):
            raise ValueError(f"{site.name} wants {' or '.join(f'{name}=' for name in site.wants)}")
        if empty := [name for name, value in given.items() if not value.strip()]:
            raise ValueError(f"{empty[0]}= is empty; give it a value or leave it out")
        since, until = (_day(name, given.get(name)) for name in ("since", "until"))
        if since and until and until < since:
            raise ValueError(f"until={until} is before since={since}")
        sections, sources = (_list(name, given.get(name)) for name in ("section", "source"))
        sources, fills = _sources(sources, given, site), False
        if not sources:
            sources, fills = _default_sources(site, bool(sections), bool(since or until), given)
        _check_sections(sections, site)
        if sources == ("days",) and not since:
            last = date.fromisoformat(until) if until else datetime.now(zone(site.zone)).date()
            since = (last - timedelta(days=1)).isoformat()
        return cls(
            sections,
            sources,
            since,
            until,
            _file(given.get("urls")),
            _files(given.get("warc")),
            _cdx(given.get("cdx"), sources),
            _base_url(given.get("base_url")),
            _count("max_articles", given.get("max_articles")),
            fills,
        )


def _day(name: str, text: str | None) -> str | None:
    try:
        day = parse_day(text) if text else None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if day and day < FIRST_DAY:
        raise ValueError(f"{name}={day} is before {FIRST_DAY}, when nothing was published on the web")
    return day


def _list(name: str, text: str | None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
    if text and not found:
        raise ValueError(f"{name}={text} names nothing")
    return found


def _sources(sources: tuple[str, ...], given: dict[str, str], site) -> tuple[str, ...]:
    if sources:
        sources += tuple(name for name in GIVEN if name in given)
    has = tuple(dict.fromkeys((*site.sources, *(EVERYWHERE if site.hosts else ()))))
    found = []
    for source in sources:
        if source in GIVEN and source not in given:
            raise ValueError(f"source={source} wants {source}= as well")
        if source == "days" and "days" not in site.sources and "sitemap" in site.sources:
            source = "sitemap"
        if source not in (*has, *GIVEN):
            raise ValueError(f"{site.name} has no source {source!r}; it has {', '.join(sorted(has)) or 'none'}")
        found.append(source)
    return tuple(dict.fromkeys(found))


def _default_sources(site, sections: bool, days: bool, given: dict[str, str]) -> tuple[tuple[str, ...], bool]:
    """As contract 1.1 has it; the second value tells whether days fill what sections leave out."""
    by_day = next((source for source in ("days", "sitemap") if source in site.sources), None)
    if brought := tuple(name for name in GIVEN if name in given):
        return brought, False
    if sections:
        if "sections" not in site.sources:
            raise ValueError(f"{site.name} has no source 'sections'; it has {', '.join(sorted(site.sources))}")
        return ("sections",), days and by_day is not None
    if days and by_day:
        return (by_day,), False
    found = tuple(source for source in ("feed", "sections") if source in site.sources) or tuple(site.sources)[:1]
    if not found:
        raise ValueError(f"{site.name} has no sources; declare one")
    return found, False


def _check_sections(sections: tuple[str, ...], site) -> None:
    for section in sections:
        if section.startswith("//") or (section.startswith(("http://", "https://")) and not site.addresses.owns(section)):
            raise ValueError(f"section {section} is not on {site.name}'s hosts: {', '.join(site.hosts)}")


def _file(path: str | None) -> str | None:
    if path and path != "-":
        try:
            with open(path, encoding="utf-8") as file:
                file.read(1)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise ValueError(f"urls: cannot read {path}: {reason}") from None
    return os.path.abspath(path) if path and path != "-" else path


def _files(pattern: str | None) -> tuple[Path, ...]:
    """The WARC files of a file, a folder or a pattern."""
    if pattern is None:
        return ()
    path = Path(pattern)
    found = (
        [path] if path.is_file() else sorted(path.rglob("*")) if path.is_dir() else sorted(map(Path, glob(pattern, recursive=True)))
    )
    files = tuple(p.absolute() for p in found if p.is_file() and (p == path or p.name.endswith((".warc", ".warc.gz"))))
    if not files:
        raise ValueError(f"warc={pattern} names no file *.warc or *.warc.gz")
    for file in files:
        try:
            with file.open("rb") as opened:
                packed = ZSTD.match(opened.read(4))
        except OSError as error:
            raise ValueError(f"warc: cannot read {file}: {error.strerror}") from None
        if packed:
            raise ValueError(f"warc: {file} is packed with zstd, which is not read; unpack it first")
    return files


def _cdx(url: str | None, sources: tuple[str, ...]) -> str:
    if url is None:
        return WAYBACK
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise ValueError(f"cdx={url} is no address of a CDX server; write {WAYBACK}, or http://HOST:PORT/COLLECTION/cdx of a pywb")
    if "wayback" not in sources:
        raise ValueError("cdx= is for source=wayback")
    return url


def _base_url(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.path in ("", "/") and not parts.query:
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:  # such as a port that is no number
        pass
    raise ValueError(f"base_url={url} is no server; write http://HOST:PORT")


def _count(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) == 0:
        raise ValueError(f"{name}={text} is no number from 1 up")
    return int(text)
