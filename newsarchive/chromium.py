"""The browser's executable: set, or found where Debian, others and Playwright put it."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

NAMES = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OF_PLAYWRIGHT = ("chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-*/*headless*shell")


class BrowserFailed(Exception):
    """A browser could not draw a page."""


def find_browser(settings) -> str:
    """Return the path of the browser that draws pages. Raises ValueError when there is none, saying how to get one."""
    if find_spec("scrapy_playwright") is None:
        raise ValueError("PLAYWRIGHT wants scrapy-playwright: pip install -r requirements.txt")
    if given := settings["PLAYWRIGHT_EXECUTABLE"]:
        if found := shutil.which(given):
            return found
        raise ValueError(f"PLAYWRIGHT_EXECUTABLE is {given!r}, which is no program; leave it out, or name a Chromium")
    if found := next(filter(None, map(shutil.which, NAMES)), None) or _of_playwright():
        return found
    raise ValueError(
        "PLAYWRIGHT wants a browser, and there is none: apt-get install chromium (Debian), or playwright install chromium;"
        " or set PLAYWRIGHT_EXECUTABLE; or do without, with PLAYWRIGHT=0"
    )


def _of_playwright() -> str | None:
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    found = [path for pattern in OF_PLAYWRIGHT for path in sorted(folder.glob(pattern), reverse=True) if os.access(path, os.X_OK)]
    return str(found[0]) if found else None
