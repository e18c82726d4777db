"""Withdrawals: articles that were taken out of the archive for good."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from newsarchive.store.linktexts import links_of
from newsarchive.store.quotes import (
    LEAST_BLOCK,
    LEAST_CUT,
    Quote,
    Quotes,
    blocks_of,
    checksum,
    cuts_of,
    hash_of,
    quote_of,
    slug_of,
    texts_at,
    texts_of,
    words_of,
)
from newsarchive.store.traces import clean_backups, clean_database, clean_images, clean_json_lines, clean_warcs, forget, merge_index
from newsarchive.store.warc_erase import Eraser
from newsarchive.urls import clean_url

MODES = ("hide", "erase")


class Withdrawals:
    """The table ``withdrawal``, and what it takes that nothing of an erased article is left.

    What must be known to keep an erased article out stands in ``site.learned`` as ``erased``: hashes of its addresses and of
    what others may quote of it, see :mod:`newsarchive.store.quotes`.
    """

    def __init__(self, archive):
        self.archive = archive

    def find(self, word: str) -> str | None:
        """Return the page with the id or the address ``word``."""
        urls = [word, clean_url(word)] if word.startswith(("http://", "https://")) else []
        for url in urls:
            for query in ("select page from alias where url = ?", "select id from page where url = ?"):
                if row := self.archive.db.execute(query, (url,)).fetchone():
                    return row[0]
        row = self.archive.db.execute("select id from page where id = ?", (word,)).fetchone()
        return row and row[0]

    def mode(self, page: str) -> str | None:
        """Return ``hide`` or ``erase``; None when ``page`` was not withdrawn."""
        row = self.archive.db.execute("select mode from withdrawal where page = ?", (page,)).fetchone()
        return row and row[0]

    def hide(self, page: str, reason: str) -> None:
        """Show nothing of ``page`` any more; its rows are kept in ``withdrawal.kept``. Raises ValueError when it is erased."""
        if self.mode(page) == "erase":
            raise ValueError(f"{page} is erased: there is nothing left to hide")
        with self.archive.transaction() as db:
            rows = self._rows(page)
            self._enter(page, "hide", reason, json.dumps(rows, ensure_ascii=False) if rows["article"] or rows["revision"] else None)
            for table in ("article", "revision"):
                db.execute(f"delete from {table} where id = ?", (page,))

    def erase(self, page: str, reason: str) -> None:
        """Remove ``page`` from the tables, in one transaction; :meth:`clean` removes what is left elsewhere."""
        self.archive.db.execute("pragma secure_delete = on")
        with self.archive.transaction() as db:
            row = db.execute("select key, url from page where id = ?", (page,)).fetchone()
            rows = self._rows(page)
            texts = [text for table in rows.values() for one in table for text in texts_of(one)]
            addresses = self._addresses(page, rows)
            self._learn(page, row["key"], addresses, texts, [block for t in rows.values() for one in t for block in blocks_of(one)])
            self._enter(page, "erase", reason, None)
            forget(db, page, row["key"], addresses, set().union(*map(words_of, texts)))
            self._part_images(page)

    def met(self, visited: str | None, page: str, addresses: Iterable[str]) -> None:
        """A crawl read ``page`` on the page ``visited``: who linked there linked to ``page``, and nobody asks there again."""
        db = self.archive.db
        if visited and visited != page:
            self.archive.pages.moved(visited, page)
        if self.mode(page) == "hide":
            db.executemany("insert into alias (url, page) values (?, ?) on conflict do nothing", ((url, page) for url in addresses))

    def clean(
        self, live: Sequence[int] = (), files: Iterable[Path] | None = None, step: Callable[[str], None] = lambda name: None
    ) -> list[str]:
        """Remove every trace of erased articles from the files of the archive. Return what could not be done, in words.

        Done again, it finishes what was interrupted. ``files`` are the WARC files to look into (None: all that no crawl of
        ``live`` writes); ``step`` is told what is at work.
        """
        if not (quotes := self.quotes()):
            return []
        self.archive.db.execute("pragma secure_delete = on")
        left = clean_warcs(self.archive, quotes, self.owner(), self._spare, links_of(self.archive, self.owner()), files, step)
        if files is None:
            pages = [row[0] for row in self.archive.db.execute("select page from withdrawal where mode = 'erase'")]
            step("images")
            clean_images(self.archive, pages)
            step("backups")
            left += clean_backups(self.archive, pages)
            if live:  # which would have to wait while the file is rewritten
                step("search index")
                merge_index(self.archive.db)
            else:
                step("JSON Lines")
                self.clean_lines()
                step("database")
                left += clean_database(self.archive.db)
        return left

    def clean_lines(self) -> None:
        """Take the lines of withdrawn articles out of the JSON Lines files; no crawl may be at work."""
        clean_json_lines(self.archive, [row[0] for row in self.archive.db.execute("select page from withdrawal")])

    def erased_since(self, at: str) -> bool:
        """Tell whether an article was erased since ``at``, or a listing showed an erased one."""
        query = """select 1 from withdrawal w where mode = 'erase' and (at >= ?1
            or exists (select 1 from sighting s where s.page = w.page and s.last_seen_at >= ?1))"""
        return self.archive.db.execute(query, (at,)).fetchone() is not None

    def take_over(self, other) -> None:
        """Withdraw what is withdrawn in the archive ``other``, without what that one kept."""
        with self.archive.transaction() as db:
            for row in other.db.execute(
                "select w.*, p.site, p.key, p.url from withdrawal w join page p on p.id = w.page"
            ).fetchall():
                db.execute(
                    "insert into page (id, site, key, url, first_seen_at) values (?, ?, ?, ?, ?) on conflict do nothing",
                    (row["page"], row["site"], row["key"], row["url"], self.archive.now()),
                )
                for (url,) in other.db.execute("select url from alias where page = ?", (row["page"],)).fetchall():
                    db.execute("insert into alias (url, page) values (?, ?) on conflict do nothing", (url, row["page"]))
                self._enter(row["page"], row["mode"], row["reason"], None)
            for row in other.db.execute("select name, learned from site"):
                if erased := json.loads(row["learned"]).get("erased"):
                    self._write_learned(row["name"], erased)

    def quotes(self) -> Quotes | None:
        """Return what others may quote of erased articles; None when none was erased."""
        learned = [values for erased in self._learned() for values in erased.values()]
        return Quotes(Quote(*quote) for values in learned for quote in values["quotes"]) if learned else None

    def owner(self) -> Callable[[str], str | None]:
        """Return a function that tells to which erased article an address leads; None: to none."""
        hashed: dict[int, list[tuple[str, str]]] = {}
        for erased in self._learned():
            for page, values in erased.items():
                for number, hash in values["addresses"]:
                    hashed.setdefault(number, []).append((page, hash))
        known = dict(
            self.archive.db.execute(
                "select url, page from alias where page in (select page from withdrawal where mode = 'erase')"
            ).fetchall()
        )
        return lambda url: (
            known.get(url) or next((page for page, hash in hashed.get(checksum(url[::-1]), ()) if hash_of(page, url) == hash), None)
        )

    def hiding(self) -> Eraser | None:
        """Return what takes the records of hidden articles out of a copy of a WARC file; None when none is hidden."""
        hidden = "(select page from withdrawal where mode = 'hide')"
        urls = dict(
            self.archive.db.execute(
                f"select url, page from alias where page in {hidden} union select url, id from page where id in {hidden}"
            ).fetchall()
        )
        return Eraser(Quotes(), urls.get, lambda url, quotes: set(), self.archive.now().replace("+00:00", "Z")) if urls else None

    def _enter(self, page: str, mode: str, reason: str, kept: str | None) -> None:
        """Withdraw ``page``; what an earlier ``hide`` kept stays, what an ``erase`` finds goes."""
        db = self.archive.db
        db.execute(
            """insert into withdrawal (page, mode, reason, at, kept) values (?, ?, ?, ?, ?) on conflict (page) do update set
            mode = excluded.mode, reason = excluded.reason, at = excluded.at,
            kept = case excluded.mode when 'erase' then null else coalesce(excluded.kept, kept) end""",
            (page, mode, reason, self.archive.now(), kept),
        )
        db.execute(
            """update page set state = 'withdrawn', reason = ?, tries = 0, due_at = null, lease_by = null, lease_until = null
            where id = ?""",
            (reason, page),
        )

    def _rows(self, page: str) -> dict[str, list[dict[str, Any]]]:
        """The texts of ``page``: those that are shown, else those that ``hide`` kept."""
        db = self.archive.db
        rows = {
            table: [dict(row) for row in db.execute(f"select * from {table} where id = ?", (page,))]
            for table in ("article", "revision")
        }
        kept = db.execute("select kept from withdrawal where page = ? and kept is not null", (page,)).fetchone()
        return json.loads(kept[0]) if kept and not rows["article"] else rows

    def _addresses(self, page: str, rows: dict[str, list[dict]]) -> set[str]:
        db = self.archive.db
        found = {
            row[0]
            for row in db.execute("select url from alias where page = ? union select url from page where id = ?", (page, page))
        }
        found |= {one["url"] for table in rows.values() for one in table}
        for one in [one for table in rows.values() for one in table if one["capture"]]:
            place = json.loads(one["capture"])
            found |= {
                row[0]
                for row in db.execute(
                    """select url from capture where file = ? and "offset" = ?""", (place["file"], place["offset"])
                )
            }
        return {url for url in found if url and url != page}

    def _learn(self, page: str, key: str, addresses: set[str], texts: list[str], blocks: list[str]) -> None:
        """Note hashes of the article's addresses and of its quotes, beside those that earlier runs noted."""
        numbered = not key.startswith("http")
        slugs = [slug for url in addresses if numbered and words_of(slug := slug_of(url, key)) & set().union(*map(words_of, texts))]
        found = [quote_of(page, text, slug=numbered) for text in (*texts, *slugs)]
        found += [quote_of(page, text, LEAST_BLOCK, numbered) for text in blocks]
        found += [cut for text in texts for cut in cuts_of(page, text, LEAST_CUT)]
        found += [cut for text in blocks for cut in cuts_of(page, text, LEAST_BLOCK)]
        site = page.removesuffix(f":{key}")
        erased = next(iter(self._learned(site)), {}).get(page, {"addresses": [], "quotes": []})
        quotes = {tuple(quote) for quote in erased["quotes"]} | {astuple(quote) for quote in found if quote}
        hashes = {tuple(pair) for pair in erased["addresses"]} | {(checksum(url[::-1]), hash_of(page, url)) for url in addresses}
        self._write_learned(site, {page: {"addresses": sorted(hashes), "quotes": sorted(quotes, key=str)}})

    def _learned(self, site: str | None = None) -> Iterator[dict[str, dict]]:
        """What is kept of the erased articles of each site, by page."""
        for (learned,) in self.archive.db.execute("select learned from site where name = ? or ? is null", (site, site)).fetchall():
            if erased := json.loads(learned).get("erased"):
                yield erased

    def _write_learned(self, site: str, erased: dict[str, dict]) -> None:
        with self.archive.transaction() as db:
            row = db.execute("select learned from site where name = ?", (site,)).fetchone()
            learned = json.loads(row[0]) if row else {}
            learned["erased"] = learned.get("erased", {}) | erased
            db.execute(
                "insert into site (name, learned) values (?, ?) on conflict (name) do update set learned = excluded.learned",
                (site, json.dumps(learned)),
            )

    def _part_images(self, page: str) -> None:
        """Pictures that other articles show as well are theirs now; the others are to be removed."""
        db = self.archive.db
        for image in db.execute("select url, key from image_file where page = ?", (page,)).fetchall():
            other = db.execute(
                """select a.id from article a, json_each(a.images) x where a.id <> ? and (json_extract(x.value, '$.url') = ?
                or json_extract(x.value, '$.key') = ?) limit 1""",
                (page, image["url"], image["key"]),
            ).fetchone()
            if other:
                db.execute("update image_file set page = ? where url = ?", (other[0], image["url"]))

    def _spare(self, url: str, quotes: set[Quote]) -> set[Quote]:
        """Those of ``quotes`` that the article at ``url`` has in its own text: two may have the same words."""
        own = Quotes(quotes)
        return set().union(*(own.found(text) for text in texts_at(self.archive, url)))
