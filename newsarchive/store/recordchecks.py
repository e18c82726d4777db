"""Checks of the WARC files, record by record, against themselves and against the captures that cite them."""

from __future__ import annotations

from collections.abc import Iterator

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


def _some(found: list) -> str:
    return ", ".join(map(str, found[:NAMED])) + (", …" if len(found) > NAMED else "")
