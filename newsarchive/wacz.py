"""WACZ 1.1.1: captures, their index and a list of pages in one file that ReplayWeb.page opens (specs.webrecorder.net/wacz)."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cdxj_indexer.main import CDXJIndexer

import newsarchive
from newsarchive.store.archive import Archive
from newsarchive.store.selection import Selection, rows
from newsarchive.store.warc_erase import Eraser

VERSION = "1.1.1"


def export_wacz(archive: Archive, selection: Selection, path: Path) -> int:
    """Write the captures of the selected articles' files, and the articles as pages, to ``path``. Return how many pages.

    Whole WARC files go in, for they stand in relation to each other; files that are still being written are left out with
    their pages, and so are the records of hidden articles.
    """
    folder = archive.path.parent / "warc"
    files = sorted(folder.glob("*.warc.gz"))
    if selection.site is not None:
        cited = {json.loads(row["capture"]).get("file") for row in rows(archive, selection) if row["capture"]}
        files = [file for file in files if file.name in cited or f"-{selection.site}-" in file.name]
    pages = Pages(archive, selection, {file.name for file in files})
    resources = []
    with TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder, zipfile.ZipFile(path, "w") as wacz:
        if eraser := archive.withdrawals.hiding():
            files = [_without(eraser, file, Path(folder)) for file in files]
        for file in files:
            # Stored, not packed again: a reader asks for ranges of it.
            resources.append(_add(wacz, f"archive/{file.name}", _pieces(file), zipfile.ZIP_STORED))
        resources.append(_add(wacz, "indexes/index.cdx", _index(files, Path(folder))))
        resources.append(_add(wacz, "pages/pages.jsonl", pages))
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": f"newsarchive{f' of {selection.site}' if selection.site else ''}",
            "software": f"newsarchive/{newsarchive.__version__}",
            "created": archive.now()[:19] + "Z",
            "resources": resources,
        }
        described = _add(wacz, "datapackage.json", [json.dumps(package, indent=1).encode()])
        digest = {"path": "datapackage.json", "hash": described["hash"]}
        _add(wacz, "datapackage-digest.json", [json.dumps(digest, indent=1).encode()])
    return pages.count


def _without(eraser: Eraser, file: Path, folder: Path) -> Path:
    """Return a copy of ``file`` in ``folder`` from which ``eraser`` took its records; the archive's own is left as it is."""
    copy = folder / file.name
    try:
        copy.hardlink_to(file)  # erasing puts another file in its place
    except OSError:
        shutil.copyfile(file, copy)
    eraser.erase(copy)
    return copy


def _index(files: list[Path], folder: Path) -> Iterator[bytes]:
    """The index of all ``files``, line by line, sorted on the disk in ``folder``."""
    with closing(sqlite3.connect(folder / "index.db", isolation_level=None)) as db:
        db.execute("pragma journal_mode = off")
        db.execute("create table cdx (line text)")
        for file in files:
            with open(folder / "index.cdx", "w+", encoding="utf-8", newline="\n") as out:
                CDXJIndexer(out, [str(file)], dir_root=str(file.parent)).process_all()
                out.seek(0)
                db.execute("begin")
                db.executemany("insert into cdx values (?)", ((line,) for line in out))
                db.execute("commit")
        for (line,) in db.execute("select line from cdx order by line"):
            yield line.encode()


@dataclass
class Pages:
    """The list of pages, line by line: of those whose captures are in ``files``."""

    archive: Archive
    selection: Selection
    files: set[str]
    count: int = 0

    def __iter__(self) -> Iterator[bytes]:
        yield _line({"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True})
        for row in rows(self.archive, self.selection):
            place = json.loads(row["capture"] or "{}")
            if place.get("file") not in self.files:
                continue
            # Under the address and the time of its record a reader finds it: a web archive's, and where it was asked for.
            if captured := self.archive.captures.record_at(place["file"], place["offset"]):
                self.count += 1
                yield _line(
                    {
                        "id": row["id"],
                        "url": captured["url"],
                        "title": row["headline"],
                        "ts": captured["fetched_at"].replace("+00:00", "Z"),
                        "text": row["text"],
                    }
                )


def _line(page: dict) -> bytes:
    return json.dumps(page, ensure_ascii=False).encode() + b"\n"


def _pieces(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as source:
        while piece := source.read(1 << 20):
            yield piece


def _add(wacz: zipfile.ZipFile, name: str, pieces: Iterable[bytes], packing: int = zipfile.ZIP_DEFLATED) -> dict:
    """Write ``pieces`` as the file ``name``, and return what the package says of it."""
    digest, size = hashlib.sha256(), 0
    entry = zipfile.ZipInfo(name)
    entry.compress_type = packing
    with wacz.open(entry, "w", force_zip64=True) as target:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            target.write(piece)
    return {"name": name.rsplit("/", 1)[-1], "path": name, "hash": f"sha256:{digest.hexdigest()}", "bytes": size}
