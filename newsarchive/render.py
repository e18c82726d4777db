"""What is done with an open page: wait until it stands still, press what its site names, read it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic

from playwright.async_api import Error, Page

from newsarchive.chromium import BrowserFailed
from newsarchive.extract.walls import MAX_TAGS
from newsarchive.pagerequests import PageRequests

QUIET_SECONDS = 0.5
"""A page that asked for nothing and changed nothing for so long stands still."""

LOOK_SECONDS = 0.1
MAX_CHARACTERS = 16 * 1024 * 1024

SIZE = "() => [document.getElementsByTagName('*').length, document.documentElement ? document.documentElement.outerHTML.length : 0]"
CHANGED = "() => [document.readyState, document.getElementsByTagName('*').length].join()"


async def settle(page: Page, asked: PageRequests, quiet: float = QUIET_SECONDS) -> None:
    """Return when the page stands still, or has not for too long, beside what it waited for its site."""
    before, left = None, asked.longest
    asked.changed = monotonic()
    while left > 0:
        await asyncio.sleep(LOOK_SECONDS)
        if asked.waiting:
            continue
        left -= LOOK_SECONDS
        now = await page.evaluate(CHANGED)
        if now != before:
            before, asked.changed = now, max(asked.changed, monotonic())
        elif monotonic() - asked.changed >= quiet and not str(now).startswith("loading"):
            return


async def press_consent(page: Page, button: str) -> bool:
    """Press the button that the site's rule names, in whatever frame it is; tell whether it was there."""
    for frame in page.frames:
        with suppress(Error):
            found = frame.locator(button).first
            if await found.is_visible():
                await found.click(timeout=5000)
                return True
    return False


async def drawn_html(page: Page) -> str:
    """Return the page as it is drawn. Raises :class:`BrowserFailed` when no memory should hold it."""
    size = await page.evaluate(SIZE)
    if not isinstance(size, list) or len(size) != 2:  # its scripts made something else of it
        raise BrowserFailed(f"page of unknown size ({size!r:.50})")
    tags, characters = size
    if not isinstance(tags, int) or tags > MAX_TAGS:
        raise BrowserFailed(f"page of {tags} tags")
    if not isinstance(characters, int) or characters > MAX_CHARACTERS:
        raise BrowserFailed(f"page of {characters} characters")
    return await page.content()
