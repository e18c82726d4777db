"""Reads articles for a crawl, as a process of its own: ``python -m newsarchive.readerprocess [MODULE CLASS]``, the site's spider.

Pages come on standard input, and what they hold goes to standard output: a length (:data:`HEAD`), and so many bytes of pickled
data. It ends when its input does, so it outlives no crawl, whatever ended that.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from copy import copy
from importlib import import_module

from scrapy.http import HtmlResponse

from newsarchive.extract.article import load_article
from newsarchive.extract.rules import SiteRules
from newsarchive.extract.walls import obstacle
from newsarchive.items import Article

HEAD = struct.Struct("!I")
Read = tuple[str | None, Article | None]
"""What stands in the page's place, see :func:`newsarchive.extract.walls.obstacle`; and the article, when nothing does."""


def asked(response: HtmlResponse) -> bytes:
    """Return ``response`` as a process is asked for it: all of it but what belongs to the crawl."""
    page = copy(response)
    page.request = page.certificate = None
    return framed(page)


def framed(data) -> bytes:
    """Return ``data`` with its length before it."""
    packed = pickle.dumps(data, pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(packed)) + packed


def read(response: HtmlResponse, site: type[SiteRules] | None) -> Read | None:
    """Read a page; None when that fails."""
    try:
        wall = obstacle(response)
        return wall, None if wall else load_article(response, site)
    except Exception:  # a page that nobody foresaw: the crawl reads it itself, and records what is wrong
        return None


def main(site: type[SiteRules] | None) -> None:
    # Ctrl-C reaches all processes of a terminal; the crawl reads on until it has ended in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(1), "wb") as answers, os.fdopen(0, "rb") as pages:
        os.dup2(2, 1)  # nothing else may write between the answers
        while head := pages.read(HEAD.size):
            answers.write(framed(read(pickle.loads(pages.read(*HEAD.unpack(head))), site)))
            answers.flush()


if __name__ == "__main__":
    main(getattr(import_module(sys.argv[1]), sys.argv[2]) if sys.argv[1:] else None)
