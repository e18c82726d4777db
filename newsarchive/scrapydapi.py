"""What a schedule asks of scrapyd, over its API. Not for use inside a crawl."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode, urljoin

TIMEOUT = 60
"""Seconds."""


class ScrapydError(Exception):
    """scrapyd did not do it; the message is one line."""


class Scrapyd:
    """The server at ``url``, asked as ``username`` with ``password``."""

    def __init__(self, url: str, username: str, password: str):
        self.url = url if url.endswith("/") else f"{url}/"
        self._login = base64.b64encode(f"{username}:{password}".encode()).decode()

    def jobs(self, project: str) -> list[str]:
        """Return the ids of the jobs of ``project`` that wait or run."""
        found = self._ask(f"listjobs.json?{urlencode({'project': project})}")
        return [job["id"] for state in ("pending", "running") for job in found[state]]

    def start(self, project: str, spider: str, job: str, arguments: dict[str, str], settings: dict[str, str]) -> None:
        """Have the crawl ``job`` started."""
        data = {"project": project, "spider": spider, "jobid": job, **arguments}
        self._ask("schedule.json", [*data.items(), *(("setting", f"{name}={value}") for name, value in settings.items())])

    def _ask(self, path: str, data: list[tuple[str, str]] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(urljoin(self.url, path), urlencode(data).encode() if data else None)
        request.add_header("Authorization", f"Basic {self._login}")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            why = "SCRAPYD_USERNAME and SCRAPYD_PASSWORD are not its own" if error.code == 401 else error.reason
            raise ScrapydError(f"{self.url} answers {error.code}: {why}") from None
        except (OSError, ValueError) as error:
            raise ScrapydError(f"no scrapyd answers at {self.url}: {getattr(error, 'reason', error)}") from None
        if found.get("status") != "ok":
            lines = str(found.get("message", "no reason given")).strip().splitlines()
            raise ScrapydError(f"{self.url} refuses: {lines[-1]}")
        return found
