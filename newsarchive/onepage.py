"""One page to look at: out of a file, from the site itself (politely, and nothing is kept), or out of the archive."""

from __future__ import annotations

import zlib
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.spiderloader import get_spider_loader

from newsarchive.addons import PolitenessAddon, check_politeness
from newsarchive.extract import html
from newsarchive.extract.article import is_article
from newsarchive.extract.charset import readable
from newsarchive.extract.rules import SiteRules
from newsarchive.extract.walls import obstacle
from newsarchive.items import Article
from newsarchive.middlewares import SiteMiddleware
from newsarchive.monitor import archive_path
from newsarchive.reread import captured_page
from newsarchive.spiders.visits import HANDLED, MAX_BYTES, reason_of
from newsarchive.store.archive import Archive
from newsarchive.store.warc import WarcError
from newsarchive.trees import tree_of
from newsarchive.unpacking import DECODERS, UnpackingMiddleware
from newsarchive.urls import absolute, is_address

GZIP = b"\x1f\x8b"
NOWHERE = "https://page.invalid/"
"""Address of a page while nobody knows its own (RFC 6761, 6.4)."""


class OnePage(scrapy.Spider):
    """Asks for one page, and for its host's robots.txt before."""

    name = "one-page"
    mirror = None
    trusted_hosts = ()
    # Of the project's parts those that make a request polite and its answer readable, and none that keeps anything.
    custom_settings = {
        "ADDONS": {PolitenessAddon: 300},
        "DOWNLOADER_MIDDLEWARES": {
            OffsiteMiddleware: None,
            SiteMiddleware: 50,
            HttpCompressionMiddleware: None,
            UnpackingMiddleware: 590,
        },
    }

    async def start(self):
        # A redirect may lead to any host of the public network, as a reader's browser would go.
        meta = {"handle_httpstatus_list": HANDLED, "download_maxsize": MAX_BYTES, "allow_offsite": True}
        yield scrapy.Request(self.url, callback=self.parse, errback=self.failed, meta=meta)

    def parse(self, response: Response) -> None:
        self.came.append(response)

    def failed(self, failure) -> None:
        refused = failure.check(IgnoreRequest)  # of which our own words are enough
        self.came.append(str(failure.value) if refused else reason_of(failure))


def page(word: str, settings, address: str | None = None, archived: bool = False) -> HtmlResponse:
    """Return the page ``word``: an http address, which is asked for, or the name of a file, plain or packed by gzip.

    ``address`` is the one under which it is read; without it a file's page is at its canonical link. With ``archived`` it
    is what the archive holds of the article with that id or address. Raises ValueError, in one line, when there is no page.
    """
    if address and not is_address(address):
        raise ValueError(f"--url {address} is no address; write https://www.example.com/story")
    if archived:
        response = _archived(word, settings)
    elif is_address(word):
        response = _fetched(word, settings)
    elif "://" in word:
        raise ValueError(f"{word} is no address of a page; write https://www.example.com/story, or the name of a file")
    else:
        response = HtmlResponse(NOWHERE, body=_bytes_of(Path(word)))
    response = readable(response)
    if not isinstance(response, HtmlResponse):
        kind = (response.headers.get("Content-Type") or b"of no type").decode("latin-1")
        raise ValueError(f"{word} is no HTML page, but {kind}")
    if not response.body.strip():
        raise ValueError(f"{word} is empty")
    if response.url == NOWHERE and not address:
        address = absolute(NOWHERE, html.canonical_link(tree_of(response)))
        if not address or address.startswith(NOWHERE) or not is_address(address):
            raise ValueError(f"{word} does not say at which address its page is; give it: --url https://www.example.com/story")
    return response.replace(url=address) if address else response


def rules_for(address: str, name: str | None, settings) -> type[SiteRules] | None:
    """Return the rules of the site ``name``, else of the one on whose hosts ``address`` is; None: nobody described it.

    Raises ValueError when there is no site of that name.
    """
    loader = get_spider_loader(settings.frozencopy())
    if name is None:
        sites = [site for site in map(loader.load, loader.list()) if issubclass(site, SiteRules)]
        return next((site for site in sites if site.addresses.owns(address)), None)
    if name not in loader.list():
        raise ValueError(f"there is no site {name!r}; there are {', '.join(sorted(loader.list()))}")
    site = loader.load(name)
    return site if issubclass(site, SiteRules) and site.hosts else None


def in_its_place(response: HtmlResponse, article: Article) -> str | None:
    """Return what is on a page in the place of ``article``, which was read from it; None: it is one."""
    lacks = "text" if article.headline else "headline"
    return obstacle(response) or (None if is_article(article) else f"no {lacks} on it")


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError(f"there is no file {path}, and it is no address; an address begins with https://")
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
        body = DECODERS["gzip"](body) if body.startswith(GZIP) else body
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, zlib.error):
        raise ValueError(f"{path} is packed by gzip, and cannot be unpacked: it is damaged, or has no end") from None
    if len(body) > MAX_BYTES:
        raise ValueError(f"{path} has more than {MAX_BYTES >> 20} MB; a page has less")
    return body


def _fetched(url: str, settings) -> Response:
    check_politeness(settings)
    came: list[Response | str] = []
    process = AsyncCrawlerProcess(settings)
    process.crawl(OnePage, url=url, hosts=[urlsplit(url).hostname], came=came)
    process.start()
    answer = came[0] if came else "the crawl was stopped"
    if isinstance(answer, str):
        raise ValueError(f"{url} cannot be had: {answer}")
    if answer.status != 200:
        raise ValueError(f"{url} answers {answer.status}")
    return answer


def _archived(word: str, settings) -> Response:
    path = archive_path(settings)
    with closing(Archive(path, read_only=True)) as archive:
        id = archive.withdrawals.find(word)
        article = id and archive.articles.get(id)
        if not article:
            raise ValueError(f"the archive has no article {word}; ids are like sputnik:1092718478")
        try:
            return captured_page(article, path.parent / "warc")
        except WarcError as error:
            raise ValueError(str(error)) from None
