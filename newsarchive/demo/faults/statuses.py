"""Statuses, redirects, and pauses that are asked for."""

from __future__ import annotations

import time
from email.utils import formatdate
from urllib.parse import urlsplit

from newsarchive.demo.faults.registry import fault
from newsarchive.demo.server import Answer, Asked

PAUSE = 2
"""Seconds that ``Retry-After`` asks for."""


@fault("429 seconds", "503 seconds", "429 date", "503 date")
def retry_after(name: str, asked: Asked) -> Answer:
    """Ask for a pause the first time, and answer after it."""
    status, form = name.split()
    pause = str(PAUSE) if form == "seconds" else formatdate(time.time() + PAUSE + 1, usegmt=True)
    return Answer(b"Slower", status=int(status), headers={"Retry-After": pause}) if asked.times == 1 else asked.answer


@fault()
def closed(asked: Asked) -> Answer:
    """Ask for a pause of a day."""
    return Answer(b"Tomorrow", status=503, headers={"Retry-After": "86400"})


@fault("404", "410", "403", "429", "500", "502", "503")
def status(name: str, asked: Asked) -> Answer:
    """Answer with that status."""
    return Answer(b"<h1>Sorry</h1>", status=int(name))


@fault()
def fails_at_first(asked: Asked) -> Answer:
    """Fail until Scrapy has given up, three times, then answer."""
    return asked.answer if asked.times > 3 else Answer(b"", status=500)


@fault()
def loop(asked: Asked) -> Answer:
    """Redirect to itself, under ever new addresses."""
    return Answer(b"", status=302, headers={"Location": f"{urlsplit(asked.path).path}?again={asked.times}"})


@fault()
def to_front(asked: Asked) -> Answer:
    return Answer(b"", status=301, headers={"Location": "/"})


@fault()
def to_section(asked: Asked) -> Answer:
    return Answer(b"", status=302, headers={"Location": "/world/"})


@fault()
def to_consent(asked: Asked) -> Answer:
    return Answer(b"", status=302, headers={"Location": "https://consent.courier.example/m?continue=" + asked.path})
