"""Articles: the present text of each page, and the texts that it had before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from newsarchive.dates import iso, stamp
from newsarchive.items import ARTICLE_FIELDS, Article
from newsarchive.revisions import changed_fields
from newsarchive.store.rates import born_at
from newsarchive.store.schema import JSON_FIELDS

COLUMNS = (*ARTICLE_FIELDS, "crawl", "seq")
# They follow each visit and say nothing of the page.
VISIT_FIELDS = ("fetched_at", "capture", "crawl")

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Articles:
    """The tables ``article`` and ``revision``."""

    def __init__(self, archive):
        self.archive = archive

    def store(self, article: Article, crawl: int, visited: str | None = None, addresses: Iterable[str] = ()) -> str:
        """Store ``article``, read on the page ``visited`` that ``addresses`` led to; one transaction. Returns as :meth:`put`."""
        with self.archive.transaction():
            outcome = self.put(article, crawl)
            if outcome == "withdrawn":
                self.archive.withdrawals.met(visited, article.id, [article.url, *addresses])
                return outcome
            if outcome in ("unchanged", "returned", "revised"):
                self._watched(article, crawl, outcome)
            self.archive.pages.stored(visited, article, [article.url, *addresses])
            return outcome

    def _watched(self, article: Article, crawl: int, outcome: str) -> None:
        """Let the visit count for how often the section edits.

        Not one that a listing asked for, which shows nothing of those that it did not ask for; nor one that the reading
        code may have changed.
        """
        page = self.archive.db.execute(
            "select day, first_seen_at, fetched_at, reason from page where id = ? and state = 'stored'", (article.id,)
        ).fetchone()
        if page is None or page["reason"] or not page["fetched_at"] or "second_hand" in article.flags:
            return
        if page["fetched_at"] >= self.archive.crawls.began(crawl):
            return
        if outcome == "revised":
            cause = "select cause from revision where id = ? order by superseded_at desc, n desc limit 1"
            if self.archive.db.execute(cause, (article.id,)).fetchone()[0] != "publisher":
                return
        born = born_at(article.published_at, page["day"], page["first_seen_at"])
        self.archive.rates.watched(article.site, article.section, born, page["fetched_at"], outcome == "revised")

    def put(self, article: Article, crawl: int, cause: str | None = None) -> str:
        """Make ``article`` the present text of its page, and say what it was.

        ``new``, ``revised`` (another text than any before), ``returned`` (an earlier text again), ``unchanged`` (fields
        that make no revision are updated in place), of a second-hand text ``earlier`` (than the present one), or ``withdrawn``
        (taken out for good, and not stored). ``cause`` is who changed it, when that is known to be another than the
        publisher. Sets ``article.revision``.
        """
        with self.archive.transaction() as db:
            if self.archive.withdrawals.mode(article.id):
                return "withdrawn"
            row = db.execute("select * from article where id = ?", (article.id,)).fetchone()
            if row is None:
                article.revision = 1
                self._insert("article", _values(article, crawl) | {"seq": self._next()})
                return "new"
            old = article_of(row)
            second_hand = "second_hand" in article.flags
            # What the present text's own bytes read now takes its place, whenever the page was seen since.
            if second_hand and cause is None and article.fetched_at < (seen_at := self._seen_at(old)):
                return self._put_earlier(old, seen_at, article, crawl)
            changed = [] if old.content_hash == article.content_hash else changed_fields(old, article)
            if not changed:
                article.revision = old.revision
                if not second_hand or "second_hand" in old.flags:  # what the site itself gave stays first-hand
                    self._update(row, article, crawl)
                return "unchanged"
            self._supersede(row, old, article, changed, cause)
            texts = db.execute("select * from revision where id = ? order by revision", (article.id,)).fetchall()
            if earlier := next((text for text in texts if not changed_fields(article_of(text), article)), None):
                db.execute("delete from revision where n = ?", (earlier["n"],))
                article.revision = earlier["revision"]
                self._update(row, article, crawl, earlier["seq"])
                return "returned"
            (last,) = db.execute("select max(revision) from revision where id = ?", (article.id,)).fetchone()
            article.revision = last + 1
            self._update(row, article, crawl, self._next())
            return "revised"

    def read_the_same(self, versions: Iterable[tuple[str | None, ...]], crawl: int) -> None:
        """Note that code of another version reads the same text in articles.

        Each is the new version, and of the article its id, its version, its hash and when it was fetched; one that is no
        longer so stays as it is.
        """
        self.archive.db.executemany(
            """update article set crawl = ?, extractor = ?
            where id = ? and extractor is ? and content_hash is ? and fetched_at is ?""",
            [(crawl, *version) for version in versions],
        )

    def _seen_at(self, present: Article) -> str:
        """When the page was last seen with its present text; it may have been fetched long before."""
        (at,) = self.archive.db.execute("select fetched_at from page where id = ?", (present.id,)).fetchone() or (None,)
        seen_at = iso(datetime.fromisoformat(at)) if at else ""
        return max(seen_at if at and at <= self.archive.now() else "", present.fetched_at or "")

    def _put_earlier(self, present: Article, seen_at: str, article: Article, crawl: int) -> str:
        """Keep a text that is older than the present one, which was last seen at ``seen_at``, when it is none that is known.

        ``earlier``, else ``unchanged``. It takes its place in time between the texts that are known.
        """
        db = self.archive.db
        rows = db.execute("select * from revision where id = ? order by fetched_at", (article.id,)).fetchall()
        texts = [article_of(row) for row in rows] + [present]
        if known := next((text for text in texts if not changed_fields(text, article)), None):
            article.revision = known.revision
            return "unchanged"
        successor = next((text for text in texts if text.fetched_at > article.fetched_at), present)
        before = next((row for row in reversed(rows) if row["fetched_at"] <= article.fetched_at), None)
        if before is not None:
            db.execute(
                "update revision set superseded_at = ?, changed = ?, silent = ? where n = ?",
                (
                    stamp(datetime.fromisoformat(article.fetched_at)),
                    json.dumps(changed_fields(article_of(before), article)),
                    int(before["modified_at"] is not None and before["modified_at"] == article.modified_at),
                    before["n"],
                ),
            )
        article.revision = 1 + max(text.revision for text in texts)
        self._insert(
            "revision",
            _values(article, crawl)
            | {
                "seq": self._next(),
                "superseded_at": stamp(datetime.fromisoformat(max(successor.fetched_at, seen_at if successor is present else ""))),
                "changed": json.dumps(changed_fields(article, successor)),
                "silent": int(article.modified_at is not None and article.modified_at == successor.modified_at),
                "cause": "publisher" if article.extractor == successor.extractor else "unknown",
            },
        )
        return "earlier"

    def stored_by(self, id: str, crawl: int) -> bool:
        """Tell whether ``crawl`` had the page of the article ``id``."""
        row = self.archive.db.execute("select fetched_at from page where id = ? and state = 'stored'", (id,)).fetchone()
        # A visit in the future was one by a clock that was wrong.
        return bool(row and row["fetched_at"] and self.archive.crawls.began(crawl) <= row["fetched_at"] <= self.archive.now())

    def read_by(self, id: str) -> tuple[str, str] | None:
        """Return the version of the code that read the article ``id``, and its content hash; None when there is none."""
        row = self.archive.db.execute("select extractor, content_hash from article where id = ?", (id,)).fetchone()
        return row and (row["extractor"], row["content_hash"])

    def last_seq(self) -> int:
        """Return how many texts came into the archive so far: a cursor for increments."""
        return self.archive.db.execute("select value from counter where name = 'text'").fetchone()[0]

    def captured(self, site: str | None = None) -> list[str]:
        """Return the ids of the articles whose bytes are kept, in the order in which these stand in their files."""
        rows = self.archive.db.execute(
            """select id from article where capture is not null and (site = ? or ? is null)
            order by json_extract(capture, '$.file'), json_extract(capture, '$.offset')""",
            (site, site),
        )
        return [row[0] for row in rows]

    def count(self, site: str | None = None) -> int:
        """Return how many articles there are."""
        return self.archive.db.execute("select count(*) from article where site = ? or ? is null", (site, site)).fetchone()[0]

    def get(self, id: str) -> Article | None:
        """Return the present text of the article ``id``."""
        row = self.archive.db.execute("select * from article where id = ?", (id,)).fetchone()
        return row and article_of(row)

    def _supersede(self, row: sqlite3.Row, old: Article, new: Article, changed: list[str], cause: str | None) -> None:
        silent = old.modified_at is not None and old.modified_at == new.modified_at
        values = {name: row[name] for name in COLUMNS} | {
            "superseded_at": stamp(datetime.fromisoformat(new.fetched_at)) if "second_hand" in new.flags else self.archive.now(),
            "changed": json.dumps(changed),
            "silent": int(silent and cause is None),
            # Another reader may see another text on the same page: then nobody can say who changed it.
            "cause": cause or ("publisher" if old.extractor == new.extractor else "unknown"),
        }
        self._insert("revision", values)

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        self.archive.db.execute(
            f"insert into {table} ({', '.join(values)}) values ({', '.join('?' * len(values))})", tuple(values.values())
        )

    def _next(self) -> int:
        """Count one more text."""
        return self.archive.db.execute("update counter set value = value + 1 where name = 'text' returning value").fetchone()[0]

    def _update(self, row: sqlite3.Row, article: Article, crawl: int, seq: int | None = None) -> None:
        """Write the columns that differ, and no others: the full-text index follows what is written."""
        values = _values(article, crawl) | {"seq": row["seq"] if seq is None else seq}
        values = {name: value for name, value in values.items() if value != row[name]}
        if any(name not in VISIT_FIELDS for name in values):
            assignments = ", ".join(f"{name} = ?" for name in values)
            self.archive.db.execute(f"update article set {assignments} where n = ?", (*values.values(), row["n"]))


def _values(article: Article, crawl: int) -> dict[str, Any]:
    values = {name: _column(name, getattr(article, name)) for name in ARTICLE_FIELDS}
    return values | {"crawl": crawl}


def _column(name: str, value: Any) -> Any:
    if name in JSON_FIELDS:
        return None if value is None else _json(value)
    return int(value) if isinstance(value, bool) else value


def article_of(row: sqlite3.Row) -> Article:
    """Return the article in a row of ``article`` or ``revision``."""
    values = {name: row[name] for name in ARTICLE_FIELDS}
    for name in JSON_FIELDS:
        if values[name] is not None:
            values[name] = json.loads(values[name])
    if values["is_accessible_for_free"] is not None:
        values["is_accessible_for_free"] = bool(values["is_accessible_for_free"])
    return Article(**values)
