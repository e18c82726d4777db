"""What crawls found out about a site, beside what :mod:`newsarchive.store.stamps` and the withdrawals keep there."""

from __future__ import annotations

import json
from typing import Any


class Learned:
    """The table ``site``, one name at a time."""

    def __init__(self, archive):
        self.archive = archive

    def get(self, site: str, name: str) -> Any:
        """Return what was learned of ``site`` under ``name``; None when nothing was."""
        row = self.archive.db.execute("select json_extract(learned, '$.' || ?) from site where name = ?", (name, site)).fetchone()
        return json.loads(row[0]) if row and row[0] else None

    def put(self, site: str, name: str, value: dict) -> None:
        """Keep ``value``, plain data, as what was learned of ``site`` under ``name``."""
        with self.archive.transaction() as db:
            db.execute(
                """insert into site (name, learned) values (?, json_object(?, json(?)))
                on conflict (name) do update set learned = json_set(learned, '$.' || ?, json(?))""",
                (site, name, json.dumps(value), name, json.dumps(value)),
            )
