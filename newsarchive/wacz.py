"""WACZ 1.1.1: captures, their index and a list of pages in one file that ReplayWeb.page opens (specs.webrecorder.net/wacz)."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
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
    pages, count = _pages(archive, selection, {file.name for file in files})
    resources = []
    with TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as shown, zipfile.ZipFile(path, "w") as wacz:
        if eraser := archive.withdrawals.hiding():
            files = [_without(eraser, file, Path(shown)) for file in files]
        for file in files:
            # Stored, not packed again: a reader asks for ranges of it.
            resources.append(_add_file(wacz, f"archive/{file.name}", file))
        resources.append(_add(wacz, "indexes/index.cdx", _index(files)))
        resources.append(_add(wacz, "pages/pages.jsonl", pages))
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": f"newsarchive{f' of {selection.site}' if selection.site else ''}",
            "software": f"newsarchive/{newsarchive.__version__}",
            "created": archive.now()[:19] + "Z",
            "resources": resources,
        }
        described = _add(wacz, "datapackage.json", json.dumps(package, indent=1).encode())
        digest = {"path": "datapackage.json", "hash": described["hash"]}
        _add(wacz, "datapackage-digest.json", json.dumps(digest, indent=1).encode())
    return count


def _without(eraser: Eraser, file: Path, folder: Path) -> Path:
    """Return a copy of ``file`` in ``folder`` from which ``eraser`` took its records; the archive's own is left as it is."""
    copy = folder / file.name
    try:
        copy.hardlink_to(file)  # erasing puts another file in its place
    except OSError:
        shutil.copyfile(file, copy)
    eraser.erase(copy)
    return copy


def _index(files: list[Path]) -> bytes:
    out = io.StringIO()
    if files:
        CDXJIndexer(out, [str(file) for file in files], sort=True, dir_root=str(files[0].parent)).process_all()
    return out.getvalue().encode()


def _pages(archive: Archive, selection: Selection, files: set[str]) -> tuple[bytes, int]:
    lines = [json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True})]
    for row in rows(archive, selection):
        place = json.loads(row["capture"] or "{}")
        # Under the address and the time of its record a reader finds it: a web archive's, and where it was asked for.
        if place.get("file") in files and (captured := archive.captures.record_at(place["file"], place["offset"])):
            page = {
                "id": row["id"],
                "url": captured["url"],
                "title": row["headline"],
                "ts": captured["fetched_at"].replace("+00:00", "Z"),
                "text": row["text"],
            }
            lines.append(json.dumps(page, ensure_ascii=False))
    return "\n".join([*lines, ""]).encode(), len(lines) - 1


def _add(wacz: zipfile.ZipFile, name: str, data: bytes) -> dict:
    wacz.writestr(name, data, zipfile.ZIP_DEFLATED)
    return {"name": name.rsplit("/", 1)[-1], "path": name, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": len(data)}


def _add_file(wacz: zipfile.ZipFile, name: str, file: Path) -> dict:
    digest = hashlib.sha256()
    with open(file, "rb") as source, wacz.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target:
        while piece := source.read(1 << 20):
            digest.update(piece)
            target.write(piece)
    return {"name": file.name, "path": name, "hash": f"sha256:{digest.hexdigest()}", "bytes": file.stat().st_size}
