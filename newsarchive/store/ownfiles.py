"""Which files are an archive's own: nobody else may write them."""

from __future__ import annotations

import os
import re
from pathlib import Path

NAMES = r"{0}(-wal|-shm|-journal)?|{1}\.schema-\d+\.db"


def owns(archive, path: Path | str) -> bool:
    """Tell whether ``path`` is one of the files of ``archive``, those of ``JSONLINES_PATH`` included."""
    path, own = Path(os.path.realpath(path)), Path(os.path.realpath(archive.path))
    if path.is_relative_to(own.parent / "warc") or path.is_relative_to(own.parent / "images"):
        return True
    if path.parent == own.parent and re.fullmatch(NAMES.format(re.escape(own.name), re.escape(own.stem)), path.name):
        return True
    kept = [own, *(Path(row[0]) for row in archive.db.execute("select path from jsonlines"))]
    return path in kept or (path.exists() and any(one.exists() and path.samefile(one) for one in kept))
