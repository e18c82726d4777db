"""Pages that are drawn by scripts: which of a site's are so is learned, and stands in ``site.learned``."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

NEEDS_BROWSER = "needs a browser"
"""Begins the reason of a page that was not drawn because the browser was off."""

MOST = 100
"""So many shapes of a site are remembered."""


class Drawn:
    """What the archive knows of pages that need a browser."""

    def __init__(self, archive):
        self.archive = archive

    def needed(self, site: str, url: str) -> bool:
        """Tell whether a page like that at ``url`` had its text from a browser alone."""
        return shape(url) in self._learned(site)

    def learn(self, site: str, url: str) -> None:
        """Note that pages like that at ``url`` need a browser."""
        with self.archive.transaction() as db:
            learned = self._learned(site) | {shape(url): self.archive.now()}
            learned = dict(sorted(learned.items(), key=lambda item: item[1])[-MOST:])
            db.execute(
                """insert into site (name, learned) values (?, json_object('browser', json(?)))
                on conflict (name) do update set learned = json_set(learned, '$.browser', json(?))""",
                (site, *[json.dumps(learned)] * 2),
            )

    def let_go(self, site: str) -> int:
        """Let the pages of ``site`` that were not drawn wait no longer, now that there is a browser. Return how many."""
        with self.archive.transaction() as db:
            return db.execute(
                """update page set state = case state when 'given_up' then 'waiting' else state end, tries = 0, due_at = null
                where site = ? and state in ('waiting', 'given_up') and lease_by is null and substr(reason, 1, ?) = ?""",
                (site, len(NEEDS_BROWSER), NEEDS_BROWSER),
            ).rowcount

    def _learned(self, site: str) -> dict[str, str]:
        row = self.archive.db.execute("select json_extract(learned, '$.browser') from site where name = ?", (site,)).fetchone()
        return json.loads(row[0]) if row and row[0] else {}


def shape(url: str) -> str:
    """Return what pages like that at ``url`` have in common: host and folders, numbers aside.

    >>> shape("https://courier.example/2026/03/01/a-bridge-1000101")
    'courier.example/#/#/#/'
    """
    parts = urlsplit(url)
    return (parts.hostname or "") + re.sub(r"\d+", "#", parts.path.rpartition("/")[0]) + "/"
