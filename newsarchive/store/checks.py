"""Checks of an archive against itself: each says what is wrong, and what would mend it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsarchive.revisions import content_hash
from newsarchive.store import reports
from newsarchive.store.archive import Archive
from newsarchive.store.articles import article_of
from newsarchive.store.schema import EXCLUDED, OWED, STATES, WHOLE
from newsarchive.store.warc import OPEN, WarcError, locate, payload_digest, read_record

SAMPLE = 200
"""So many texts are read again unless all are."""

NAMED = 3
"""So many of a kind are named in a finding."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be."""

    what: str
    repair: str
    wrong: bool = True
    """False for what a crash may leave and the next crawl mends by itself."""


BACKUP = "put a backup of the archive in its place"
AGAIN = "set these pages to state waiting, then crawl again"


def database(archive: Archive) -> Iterator[Finding]:
    """The file itself."""
    for (said,) in archive.db.execute("pragma integrity_check(20)"):
        if said != "ok":
            yield Finding(f"archive.db is damaged: {' '.join(said.split())}", BACKUP)
    top = "select max(seq) from (select seq from article union all select seq from revision)"
    (last,) = archive.db.execute(top).fetchone()
    if (last or 0) > archive.articles.last_seq():
        yield Finding(f"the counter of texts is {archive.articles.last_seq()}, and text {last} is there", f"set it to {last}")


def search(archive: Archive) -> Iterator[Finding]:
    """The full-text index against the articles. Wants an archive that is open for writing, and writes nothing."""
    if archive.crawls.live():
        yield Finding("the search index was not compared, for a crawl is at work", "check again when it has ended", wrong=False)
        return
    archive.db.execute("begin immediate")
    try:
        archive.db.execute("insert into article_fts(article_fts, rank) values ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        repair = "insert into article_fts(article_fts) values ('rebuild')"
        yield Finding(f"the search index is not that of the articles ({error})", repair)
    finally:
        archive.db.execute("rollback")


DELETE = "delete them"
WALKED = ("sections", "days", "sitemap", "feed")
# What is wrong, the query that finds it, and what would mend it.
ORPHANS = (
    ("articles have no page", "select id from article where id not in (select id from page)", BACKUP),
    (
        "earlier texts have no article",
        """select distinct id from revision where id not in (select id from article)
        and id not in (select page from withdrawal)""",
        BACKUP,
    ),
    (
        "pages are stored, and have no article",
        "select id from page where state = 'stored' and id not in (select id from article)",
        AGAIN,
    ),
    ("sightings have no page", "select distinct page from sighting where page not in (select id from page)", DELETE),
    ("addresses lead to no page", "select url from alias where page not in (select id from page)", DELETE),
    (
        "pages stand under an address that leads to another page",
        "select p.id from page p join alias a on a.url = p.url where p.key like 'http%' and a.page <> p.id",
        f"{DELETE}; the other page has all that is known",
    ),
    (
        "pages are held by a crawl that has ended",
        """select p.id from page p left join crawl c on c.id = p.lease_by
        where p.lease_by is not null and (c.id is null or c.ended_at is not null)""",
        "set their lease_by to null",
    ),
    ("withdrawn pages have a text", "select id from article where id in (select page from withdrawal)", "withdraw them again"),
    ("withdrawals have no page", "select page from withdrawal where page not in (select id from page)", BACKUP),
    (
        "pages are said to be gone, or no article, and have a text since which nobody asked for them",
        """select p.id from page p join article a on a.id = p.id
          join capture c on c.file = json_extract(a.capture, '$.file') and c."offset" = json_extract(a.capture, '$.offset')
        where p.state in ('gone', 'not_article') and (julianday(p.fetched_at) - julianday(a.fetched_at)) * 86400 < 60
          and not exists (select 1 from capture later join alias x on x.url = later.url where x.page = p.id and later.id > c.id)""",
        "set these pages to state stored",
    ),
    (
        "articles lack an earlier text, or have a number twice",
        """select id from (select id, revision as r from article union all select id, revision from revision) group by id
        having min(r) <> 1 or max(r) <> count(*) or count(distinct r) <> count(*)""",
        BACKUP,
    ),
    (
        "articles have an address that leads to another page",
        "select a.id from article a join alias x on x.url = a.url where x.page <> a.id",
        "set the page of that alias to the article",
    ),
    (
        "articles cite a capture of another page",
        """select a.id from article a join capture c on c.file = json_extract(a.capture, '$.file')
          and c."offset" = json_extract(a.capture, '$.offset') join alias x on x.url = c.url join page p on p.id = x.page
        where x.page <> a.id and p.state <> 'moved'""",
        BACKUP,
    ),
    (
        "walks are not there of which sightings are",
        f"select distinct walk from sighting where source in {WALKED} and walk not in (select id from listing)",
        BACKUP,
    ),
    (
        "walks are said to be whole, and why they were not",
        f"""select id from listing where "end" in {WHOLE} and reason is not null""",
        "crawl the same again",
    ),
    (
        "crawls walked more pages of listings than they have captures of",
        f"""select w.crawl from (
          select l.crawl, sum(l.pages) as pages from listing l join crawl r on r.id = l.crawl
          where r.ended_at is not null and l.source in {WALKED} group by l.crawl) w
        join (select crawl, sum(kind = 'listing') as captures from capture group by crawl) c on c.crawl = w.crawl
        where w.pages > c.captures""",
        BACKUP,
    ),
    (
        "pages wait for longer than a year",
        """select id from page where (state = 'waiting' or reason = 'newer')
        and julianday(due_at) > julianday((select max(alive_at) from crawl)) + 366""",
        "set their due_at to null",
    ),
)


def orphans(archive: Archive) -> Iterator[Finding]:
    """Rows that belong to nothing."""
    for what, query, repair in ORPHANS:
        if found := [row[0] for row in archive.db.execute(query)]:
            yield Finding(f"{len(found)} {what}: {_named(found)}", repair)
    live = archive.crawls.live()
    held = [
        row["id"]
        for row in archive.db.execute(
            "select p.id, p.lease_by from page p join crawl c on c.id = p.lease_by where c.ended_at is null"
        )
        if row["lease_by"] not in live
    ]
    if held:
        repair = "nothing: the next crawl takes them"
        yield Finding(f"{len(held)} pages are held by a crawl that died: {_named(held)}", repair, wrong=False)


def sums(archive: Archive) -> Iterator[Finding]:
    """seen = stored + excluded + owed, counted again row by row."""
    kinds = {"stored": "stored", **dict.fromkeys(EXCLUDED, "excluded"), **dict.fromkeys(OWED, "owed")}
    seen = {row[0] for row in archive.db.execute("select distinct page from sighting")}
    counted: dict[str, dict[str, int]] = {}
    for page, site, state in archive.db.execute("select id, site, state from page"):
        if state not in STATES:
            yield Finding(f"{page} is in a state {state!r} that there is not", AGAIN)
        elif page in seen:
            sites = counted.setdefault(site, dict.fromkeys(("seen", "stored", "excluded", "owed"), 0))
            sites["seen"] += 1
            sites[kinds[state]] += 1
    for report in reports.coverage(archive):
        said = {name: report["totals"][name] for name in ("seen", "stored", "excluded", "owed")}
        found = counted.get(report["site"], dict.fromkeys(said, 0))
        if said != found or found["seen"] != found["stored"] + found["excluded"] + found["owed"]:
            yield Finding(f"the report says {said} of {report['site']}, and {found} is there", BACKUP)


def files(archive: Archive) -> Iterator[Finding]:
    """WARC files, pictures and JSON Lines that rows name, and files that none does."""
    folder = archive.path.parent / "warc"
    named = archive.db.execute(
        """select file, count(*), max("offset") from capture where file is not null group by file order by file"""
    ).fetchall()
    for file, count, last in named:
        path = locate(folder, file)
        if not path.is_file():
            yield Finding(f"{count} captures cite warc/{file}, which is not there", "put the file back")
        elif path.stat().st_size <= last:
            yield Finding(f"a capture cites offset {last} of warc/{file}, which ends before it", "put the whole file back")
    live, cited = archive.crawls.live(), {file for file, _, _ in named}
    if not live:
        for path in sorted(folder.glob("*.warc.gz*")):
            if path.name.removesuffix(OPEN) not in cited:
                repair = "nothing: it may hold visits that found nothing new"
                yield Finding(f"no capture cites warc/{path.name}", repair, wrong=False)
            elif path.name.endswith(OPEN):
                yield Finding(f"warc/{path.name} was not closed", "nothing: the next crawl mends it", wrong=False)
    images = archive.path.parent / "images"
    for file, size in archive.db.execute("select file, bytes from image_file where state = 'stored' and file is not null"):
        if not (images / file).is_file() or (size is not None and (images / file).stat().st_size != size):
            yield Finding(f"the picture images/{file} is not there, or not whole", "put it back, or set it to state waiting")
    last = archive.articles.last_seq()
    for path, seq, size in archive.db.execute("select path, seq, bytes from jsonlines where bytes >= 0"):
        if seq > last:
            yield Finding(f"{path} is said to have text {seq}, and the last is {last}", "set its bytes in jsonlines to -1")
        have = Path(path).stat().st_size if Path(path).is_file() else 0
        if have != size and not live:
            repair = "nothing: the next crawl with this JSONLINES_PATH mends it"
            yield Finding(f"{path} has {have} bytes, and the archive wrote {size}", repair, wrong=False)


def texts(archive: Archive, full: bool) -> Iterator[Finding]:
    """Texts against their hashes, and the captures that they cite against their digests: some, or all with ``full``."""
    folder = archive.path.parent / "warc"
    for table in ("article", "revision"):
        some = "" if full else f"where n in (select n from {table} order by random() limit {SAMPLE})"
        # In the order of the files, so that a disk need not jump.
        order = "order by json_extract(capture, '$.file'), json_extract(capture, '$.offset')" if full else ""
        for row in archive.db.execute(f"select * from {table} {some} {order}"):
            article = article_of(row)
            if content_hash(article) != article.content_hash:
                yield Finding(f"text {article.revision} of {article.id} is not what its hash says", BACKUP)
            if article.capture is None:
                continue
            place = f"{article.capture['offset']} of warc/{article.capture['file']}"
            try:
                payload = read_record(locate(folder, article.capture["file"]), article.capture["offset"]).payload
            except WarcError as error:
                yield Finding(f"the capture of {article.id} cannot be read: {error}", "put the file back")
                continue
            if payload_digest(payload) != article.capture["digest"]:
                yield Finding(f"the capture of {article.id}, {place}, is not what its digest says", "put the file back")


def picture_digests(archive: Archive) -> Iterator[Finding]:
    """Pictures against their digests."""
    for file, digest in archive.db.execute("select file, digest from image_file where state = 'stored' and file is not null"):
        path = archive.path.parent / "images" / file
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield Finding(f"the picture images/{file} is not what its digest says", "put it back, or set it to state waiting")


def _named(found: list) -> str:
    return ", ".join(map(str, found[:NAMED])) + (", …" if len(found) > NAMED else "")
