from __future__ import annotations

import subprocess
import sys

from conftest import PROJECT

LOAD = """
import sys
from scrapy.utils.misc import walk_modules_iter
import newsarchive.addons
for package in ("newsarchive.commands", "newsarchive.spiders"):
    for _ in walk_modules_iter(package):
        pass
print(*sys.modules)
"""
OPTIONAL = {
    "newsarchive.browser",
    "newsarchive.demo.server",
    "newsarchive.imagefiles",
    "newsarchive.metrics",
    "newsarchive.progress",
}
OPTIONAL |= {"newsarchive.tables", "newsarchive.wacz", "playwright", "rich", "scrapy_playwright"}
OPTIONAL |= {"newsarchive.mirrordownload", "scrapy.core.downloader.handlers.http11"}
"""Of the start of a command that crawls nothing."""


def test_a_crawl_imports_nothing_that_is_off():
    """Scrapy imports every command and every spider before any crawl: what one of them alone needs would delay all."""
    done = subprocess.run([sys.executable, "-c", LOAD], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "newsarchive.spiders.sputnik" in loaded and "newsarchive.commands.demo" in loaded
    assert loaded & OPTIONAL == set()
