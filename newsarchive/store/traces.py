"""Where an erased article leaves traces beside its rows: free pages, the search index, WARC files, backups, other files."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from newsarchive.store.linktexts import LinkTexts
from newsarchive.store.quotes import Quotes, slug_of, words_of
from newsarchive.store.schema import APPLICATION_ID
from newsarchive.store.warc import WarcError, sync_folder
from newsarchive.store.warc_erase import Eraser, Treated

MERGE_PAGES = 500
"""So much of the search index is rewritten at a time."""


def forget(db: sqlite3.Connection, page: str, key: str, addresses: Iterable[str], words: set[str]) -> None:
    """Remove ``page`` from the tables of an archive of any schema, inside a transaction.

    Addresses that are made of the headline's ``words`` go too, unless they are themselves who the article is.
    """
    names = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    for table in names & {"article", "revision"}:
        db.execute(f"delete from {table} where id = ?", (page,))
    if "image_file" in names and any(row[1] == "reason" for row in db.execute("pragma table_info(image_file)")):
        db.execute("update image_file set state = 'refused', reason = 'withdrawn' where page = ?", (page,))
    for url in addresses:
        db.execute(
            """update capture set etag = null, last_modified = null, digest = null, file = null, "offset" = null where url = ?""",
            (url,),
        )
    if key.startswith("http"):
        return
    telling = [url for url in addresses if words_of(slug_of(url, key)) & words]
    for url in telling:
        db.execute("delete from alias where url = ?", (url,))
        db.execute("update capture set url = ? where url = ?", (page, url))
        db.execute("update page set reason = 'redirected' where reason = ?", (f"redirected to {url}",))
    db.execute(f"update page set url = '' where id = ? and url in ({', '.join('?' * len(telling))})", (page, *telling))
    if any(row[1] == "via" for row in db.execute("pragma table_info(sighting)")):
        db.execute("update sighting set via = null where page = ?", (page,))


def clean_database(db: sqlite3.Connection) -> list[str]:
    """Rewrite search index and file, so that nothing of what was deleted is left in either. Return what hindered it."""
    merge_index(db)
    db.execute("vacuum")
    (busy, *_) = db.execute("pragma wal_checkpoint(truncate)").fetchone()
    return ["another program reads the archive, so its write-ahead log could not be emptied"] if busy else []


def merge_index(db: sqlite3.Connection) -> None:
    """Rewrite the search index, which else keeps what was deleted, in steps between which others may write."""
    # https://sqlite.org/fts5.html#the_merge_command: negative to begin with; less than two changes when it is done.
    pages, changed = -MERGE_PAGES, 2
    while changed >= 2:
        before = db.total_changes
        db.execute("insert into article_fts (article_fts, rank) values ('merge', ?)", (pages,))
        pages, changed = MERGE_PAGES, db.total_changes - before


def clean_warcs(
    archive,
    quotes: Quotes,
    owner: Callable[[str], str | None],
    spare: Callable,
    links: LinkTexts,
    files: Iterable[Path] | None,
    step: Callable[[str], None],
) -> list[str]:
    """Erase what belongs to erased articles, or quotes them, in ``files`` (None: all that are closed)."""
    folder = archive.path.parent / "warc"
    for part in folder.glob(".*.warc.gz.part"):
        part.unlink()
    eraser = Eraser(quotes, owner, spare, archive.now().replace("+00:00", "Z"), links)
    left = []
    for path in sorted(folder.glob("*.warc.gz") if files is None else files):
        step(path.name)
        try:
            treated, unsearched = eraser.erase(path)
        except (WarcError, OSError) as error:
            left.append(f"{path.name} could not be read to its end: {error}")
            continue
        _follow(archive, path.name, treated, owner)
        if unsearched:
            left.append(
                f"{path.name} is damaged at {', '.join(map(str, unsearched))}, and what follows there could not be searched;"
                " put the whole file back"
            )
    return left


def _follow(archive, file: str, treated: list[Treated], owner: Callable[[str], str | None]) -> None:
    """Bring the rows that cite records of ``file`` in step with what is left of these."""
    with archive.transaction() as db:
        for one in treated:
            for id, url in db.execute(
                """select id, url from capture where file = ? and "offset" = ?""", (file, one.offset)
            ).fetchall():
                page = owner(url)
                if page and not page.partition(":")[2].startswith("http"):  # the address has the headline's words
                    db.execute("update capture set url = ? where id = ?", (page, id))
        # No validators: what is asked next time is the whole page.
        db.executemany(
            """update capture set etag = null, last_modified = null, digest = ?, file = iif(? is null, null, file),
            "offset" = iif(? is null, null, "offset") where file = ? and "offset" = ?""",
            [(one.digest, one.digest, one.digest, file, one.offset) for one in treated],
        )
        places = {one.offset: one.digest for one in treated}
        for table in ("article", "revision") if places else ():
            for n, text in db.execute(
                f"select n, capture from {table} where json_extract(capture, '$.file') = ?", (file,)
            ).fetchall():
                capture = json.loads(text)
                if capture["offset"] in places:
                    capture["digest"] = places[capture["offset"]]
                    cite = capture["digest"] and json.dumps(capture, separators=(",", ":"))
                    db.execute(f"update {table} set capture = ? where n = ?", (cite, n))


def clean_images(archive, pages: Iterable[str]) -> None:
    """Remove the picture files that nothing but erased articles showed."""
    folder = archive.path.parent / "images"
    for page in pages:
        with archive.transaction() as db:
            for (file,) in db.execute(
                """select distinct file from image_file i where page = ? and file is not null
                and not exists (select 1 from image_file o where o.file = i.file and o.page <> i.page)""",
                (page,),
            ).fetchall():
                (folder / file).unlink(missing_ok=True)
            db.execute("delete from image_file where page = ?", (page,))


def clean_backups(archive, pages: Iterable[str]) -> list[str]:
    """Remove erased articles from the backups that migrations left. Return what hindered it."""
    stem, left = archive.path.stem, []
    for part in archive.path.parent.glob(f".{stem}.schema-*.db.part"):
        part.unlink()
    for path in archive.path.parent.glob(f"{stem}.schema-*.db"):
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as db:
                if db.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
                    continue
                db.execute("pragma secure_delete = on")
                db.execute("begin immediate")
                for page in pages:
                    _forget_in_backup(db, page)
                db.execute("commit")
                db.execute("insert into article_fts (article_fts) values ('optimize')")
                db.execute("vacuum")
        except sqlite3.Error as error:
            left.append(f"the backup {path.name} could not be cleaned: {error}")
    return left


def _forget_in_backup(db: sqlite3.Connection, page: str) -> None:
    row = db.execute("select key, url from page where id = ?", (page,)).fetchone()
    if row is None:
        return
    addresses = {url for (url,) in db.execute("select url from alias where page = ?", (page,))} | {row[1]} - {""}
    texts = db.execute(
        """select coalesce(headline, '') || ' ' || coalesce(description, '') || ' ' || text from article where id = ?1
        union all select coalesce(headline, '') || ' ' || coalesce(description, '') || ' ' || text from revision where id = ?1""",
        (page,),
    ).fetchall()
    if texts:  # else an earlier run did it
        forget(db, page, row[0], addresses, set().union(*(words_of(text) for (text,) in texts)))


def clean_json_lines(archive, pages: Iterable[str]) -> None:
    """Take the lines of withdrawn articles out of the files that are kept in step with the archive; no crawl may be at work."""
    pages = set(pages)
    for name, whole in archive.db.execute("select path, bytes from jsonlines").fetchall():
        path = Path(name)
        part = path.with_name(f".{path.name}.part")
        with archive.transaction() as db:
            try:
                source = open(path, "rb")
            except FileNotFoundError:
                continue
            size = whole
            with source, open(part, "wb") as target:
                while line := source.readline():
                    if not (b'"id"' in line and _id(line) in pages):
                        target.write(line)
                    elif source.tell() <= whole:
                        size -= len(line)
                target.flush()
                os.fsync(target.fileno())
            part.replace(path)
            sync_folder(path.parent)
            db.execute("update jsonlines set bytes = ? where path = ?", (size, name))


def _id(line: bytes) -> str | None:
    try:
        return json.loads(line).get("id")
    except (ValueError, AttributeError):  # torn by a crash: whoever writes the file mends it
        begin = re.match(rb'\{"id": ("[^"]*")', line)
        return begin and json.loads(begin[1])
