"""Checks of files line by line and record by record, against themselves and against what the rows say of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from newsarchive.items import Article
from newsarchive.revisions import content_hash
from newsarchive.store.archive import Archive
from newsarchive.store.checks import NAMED, Finding
from newsarchive.store.members import members
from newsarchive.store.warc import payload_digest
from newsarchive.store.warc_erase import parts

PUT_BACK = "put the whole file back"


def records(archive: Archive) -> Iterator[Finding]:
    """Every record of every file that is closed, whether a text cites it or not."""
    for path in sorted((archive.path.parent / "warc").glob("*.warc.gz")):
        digests: dict[int, str | None] = {}
        damaged = []
        for member in members(path):
            fields, sound = {}, False
            if member.whole:
                _, headers, block = parts(member.data)
                fields = {name.lower(): value for name, value in headers}
                sound = payload_digest(block) == fields.get("warc-block-digest", payload_digest(block))
            digests[member.offset] = fields.get("warc-payload-digest")
            if not sound:
                damaged.append(member.offset)
        if damaged:
            yield Finding(f"{len(damaged)} records of warc/{path.name} are damaged: at {_some(damaged)}", PUT_BACK)
        cited = archive.db.execute(
            """select "offset", digest, url from capture where file = ? and "offset" is not null order by "offset" """, (path.name,)
        )
        lost = [row["url"] for row in cited if row["offset"] not in damaged and row["digest"] != digests.get(row["offset"])]
        if lost:
            yield Finding(f"warc/{path.name} has {len(lost)} captures not where they are cited: {_some(lost)}", PUT_BACK)


def lines(archive: Archive) -> Iterator[Finding]:
    """Every line of the JSON Lines files against its hash, and against the archive."""
    for name, size in archive.db.execute("select path, bytes from jsonlines where bytes >= 0").fetchall():
        wrong = []
        with suppress(FileNotFoundError), open(name, "rb") as file:
            for n, line in enumerate(file, 1):
                if file.tell() > size:  # whoever writes next judges it
                    break
                if not _is_text(archive, line):
                    wrong.append(n)
        if wrong:
            repair = "set its bytes in jsonlines to -1 and delete these lines: the next crawl writes them anew"
            yield Finding(f"{len(wrong)} lines of {name} are not what their hash says, or of no text here: {_some(wrong)}", repair)


def _is_text(archive: Archive, line: bytes) -> bool:
    try:
        article = Article(**json.loads(line))
        return content_hash(article) == article.content_hash and archive.jsonlines.has(article.id, article.content_hash)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _some(found: list) -> str:
    return ", ".join(map(str, found[:NAMED])) + (", …" if len(found) > NAMED else "")
