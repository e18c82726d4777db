"""What each origin finds on a page, side by side, and which won: for people who look, and for programs."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from newsarchive.extract.article import article_of
from newsarchive.extract.reading import SEARCHED, Reading
from newsarchive.extract.text import plain
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.onepage import in_its_place
from newsarchive.tables import words

TITLES = {
    "selectors": "selectors",
    "jsonld": "JSON-LD",
    "microdata": "microdata",
    "opengraph": "OpenGraph",
    "fallbacks": "fallbacks",
    "html": "HTML",
    "searched": "searched",
}
"""The origins; ``searched`` is what was found by asking all of them together, or in the text itself."""
BEFORE = (*SEARCHED, "published_at")
"""Fields for which what was searched goes before what an origin says alone."""
OF_THE_PAGE = ARTICLE_FIELDS[ARTICLE_FIELDS.index("headline") : ARTICLE_FIELDS.index("og")]
ROWS = tuple(field for field in OF_THE_PAGE if field not in ("times", "day", "text"))
WIDEST = 180
NARROWEST = 24
"""Characters of a column in which a headline can be read."""
LONGEST = 300
MARK = "▶"
ZONES = {"given": "zone given", "site": "in the site's zone"}
FIRST, LAST = 8, 2
"""So many blocks of a body are shown, of its beginning and its end: what does not belong stands there."""


class SideBySide:
    """One page, read once: what the origins found, what was chosen, and what the page is."""

    def __init__(self, reading: Reading):
        self.reading = reading
        self.article: Article = article_of(reading)
        self.found: dict[str, dict[str, Any]] = {origin: {} for origin in TITLES}
        """Origin → field → the value as the article would have it."""
        self.by: dict[str, str] = {}
        """Field → where what was searched had been found."""
        self.instead = in_its_place(reading.response, self.article)
        """What is on the page in the place of an article; None: it is one."""
        self._collect()

    def winner(self, field: str) -> str | None:
        """Return the origin whose value the article has; None when it has none."""
        if not (origin := self.article.origins.get(field)):
            return None
        searched = field in self.found["searched"] and field not in self.found["selectors"]
        if searched and ((self.reading.generic and field in BEFORE) or field not in self.found.get(origin, ())):
            return "searched"
        return origin

    def notes(self, origin: str, field: str) -> str:
        """Return what is to be said beside the value of ``origin``: where it was searched, or that nobody asks for it."""
        if origin in self.reading.rules.not_from.get(field, ()):
            return "not asked"
        return TITLES.get(self.by[field], self.by[field]) if origin == "searched" and field in self.by else ""

    def as_json(self) -> dict[str, Any]:
        """Return everything for programs."""
        article = self.article
        return {
            "url": self.reading.response.url,
            "site": self.reading.site and self.reading.site.name,
            "instead": self.instead,
            "origins": {origin: found for origin, found in self.found.items() if found},
            "won": {field: origin for field in ROWS if (origin := self.winner(field))},
            "not_asked": {field: list(origins) for field, origins in self.reading.rules.not_from.items()},
            "article": {field: value for field, value in vars(article).items() if field in ARTICLE_FIELDS},
        }

    def _collect(self) -> None:
        reading, findings = self.reading, self.reading.findings
        for origin in ("jsonld", "microdata", "opengraph", "html"):
            for field, value in findings[origin].items():
                self._offer(origin, origin, field, value)
            if text := findings[origin].get("article_body"):
                self.found[origin]["body"] = {"characters": len(text)}
        for _, field, value in reading.selected("selectors", reading.rules.selectors):
            self._offer("selectors", "selectors", field, value)
        for _, field, value in reading.selected("fallbacks", reading.rules.fallbacks):
            self._offer("fallbacks", "fallbacks", field, value)
        for origin, field, value in (*(reading.searched() if reading.generic else ()), *reading.last_resorts()):
            self._offer("searched", origin, field, value)
        if self.article.origins.get("language") == "text":
            self.found["searched"]["language"], self.by["language"] = self.article.language, "text"
        if reading.body.blocks:
            body = {"blocks": len(reading.body.blocks), "characters": len(self.article.text)}
            self.found[self.article.origins["body"]]["body"] = body
        declared = {origin: findings[origin].get("images") for origin in ("jsonld", "microdata", "opengraph")}
        for origin, images in {**declared, **reading.images}.items():
            if images:
                self.found[origin]["images"] = {"images": len({image["url"] for image in images}), "first": images[0]["url"]}

    def _offer(self, column: str, origin: str, field: str, value: Any) -> None:
        """Enter ``value`` when it is one, and none was before."""
        if field in ROWS and field not in ("body", "images") and field not in self.found[column]:
            loader = self.reading.loader()
            loader.add_value(field, value)
            if loader.get_collected_values(field):
                self.found[column][field] = loader.get_output_value(field)
                if column == "searched":
                    self.by[field] = origin


def print_side_by_side(out: Console, found: SideBySide) -> None:
    """Print a page's origins, winners marked, then what the article is made of."""
    article, site = found.article, found.reading.site
    out.print(words(found.reading.response.url, "bold"), soft_wrap=True)  # an address cut in two cannot be followed
    out.print(words(f"{article.id}, read by the rules of {site.name}" if site else "read as a page that nobody described"))
    if article.url != found.reading.response.url:
        out.print(words(f"the article's own address: {article.url}"), soft_wrap=True)
    if found.instead:
        out.print(words(f"No article: {found.instead}", "red"))
    out.print()
    origins = [origin for origin, fields in found.found.items() if fields]
    rows = [field for field in ROWS if any(field in found.found[origin] for origin in origins)]
    label = max(map(len, rows), default=12)
    if origins:
        wide = out.width >= label + NARROWEST * len(origins)
        out.print(_columns(found, origins, rows) if wide else _lines(found, origins, rows))
        out.print()
    if missing := [field for field in ROWS if field not in rows]:
        _say(out, label, "nowhere", [(", ".join(missing),)])
    _say(out, label, "flags", [(", ".join(article.flags) or "none",)])
    times = [(field, f"{time['raw']} ({time['precision']}, {ZONES[time['zone']]})") for field, time in article.times.items()]
    _say(out, label, "times", times)
    blocks = [(block["type"], plain(block["text"]) or block.get("url", "")) for block in article.body]
    if len(blocks) > FIRST + LAST + 1:
        blocks[FIRST:-LAST] = [("…", f"{len(blocks) - FIRST - LAST} more")]
    _say(out, label, "body", blocks)
    pictures = [(image["role"], f"{_size(image)}{image['url']}") for image in article.images]
    if len(pictures) > FIRST + 1:
        pictures[FIRST:] = [("…", f"{len(pictures) - FIRST} more")]
    _say(out, label, "images", pictures)


def _columns(found: SideBySide, origins: list[str], rows: list[str]) -> Table:
    """Every origin a column: where there is room for them."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    grid.add_column(no_wrap=True)
    for origin in origins:
        grid.add_column(f"  {TITLES[origin]}", ratio=1, overflow="fold")
    for field in rows:
        winner = found.winner(field)
        best = _shown(field, found.found[winner][field]) if winner else None
        cells = []
        for origin in origins:
            value = _shown(field, found.found[origin][field]) if field in found.found[origin] else None
            cells.append(_cell(found, origin, field, value, best if origin != winner else None))
        grid.add_row(words(field, "bold"), *cells)
    return grid


def _cell(found: SideBySide, origin: str, field: str, value: str | None, best: str | None) -> Table:
    """One origin's ``value``, marked when it won; where it is as good as the ``best`` that says enough."""
    won = origin == found.winner(field)
    cell = Table.grid(padding=(0, 1, 0, 0))
    note = f" ({found.notes(origin, field)})" if value and found.notes(origin, field) else ""
    if value is not None and value == best:
        cell.add_row(" ", words(f"the same{note}", "dim"))
    elif value is not None:
        cell.add_row(words(MARK if won else " ", "green"), words(value + note, "green" if won else ""))
    return cell


def _lines(found: SideBySide, origins: list[str], rows: list[str]) -> Table:
    """Every value a line, the winner's first, with the origins that agree on it."""
    grid = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for field in rows:
        winner = found.winner(field)
        values: dict[str, list[str]] = {}
        for origin in sorted((origin for origin in origins if field in found.found[origin]), key=lambda origin: origin != winner):
            note = found.notes(origin, field)
            values.setdefault(_shown(field, found.found[origin][field]), []).append(TITLES[origin] + (f" ({note})" if note else ""))
        for n, (value, names) in enumerate(values.items()):
            won = winner and n == 0
            marked = "\n".join((f"{MARK} " if won and i == 0 else "  ") + name for i, name in enumerate(names))
            style = "green" if won else ""
            grid.add_row(words("" if n else field), words(marked, style), words(value, style))
    return grid


def _say(out: Console, label: int, title: str, rows: list[tuple]) -> None:
    """Print ``rows`` behind their ``title``, which takes ``label`` characters; a row of two is one line."""
    kinds = max((len(row[0]) for row in rows if len(row) > 1), default=0)
    grid = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    grid.add_column(style="bold", width=label)
    for _ in rows[0][1:] if rows else ():
        grid.add_column(style="dim", width=kinds)
    grid.add_column(overflow="fold")
    for n, row in enumerate(rows):
        texts = [words(text) for text in row]
        if kinds:
            texts[-1].truncate(out.width - label - kinds - 4, overflow="ellipsis")
        grid.add_row(words("" if n else title), *texts)
    if rows:
        out.print(grid)


def _shown(field: str, value: Any) -> str:
    """Return ``value`` as a line for people."""
    if field.endswith("_at"):
        value = value.removesuffix("+00:00").replace("T", " ") + " UTC"
    elif field == "authors":
        value = ", ".join(author["name"] for author in value)
    elif field == "publisher":
        value = value["name"] or value["legal_name"] or value["email"] or "?"
    elif field == "body":
        count = f"{value['blocks']} blocks, " if "blocks" in value else ""
        value = f"{count}{value['characters']:,} characters"
    elif field == "images":
        value = f"{value['images']}, first {value['first'].partition('?')[0].rpartition('/')[2]}"
    elif isinstance(value, bool):
        value = "yes" if value else "no"
    text = plain(", ".join(value) if isinstance(value, list) else str(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _size(image: dict) -> str:
    return f"{image['width'] or '?'}×{image['height'] or '?'} " if image["width"] or image["height"] else ""
