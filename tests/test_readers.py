"""Processes that read articles beside a crawl (``READERS``)."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys

import pytest
from conftest import PROJECT, assert_true
from reference_pages import ReferencePages
from scrapy.http import HtmlResponse

from newsarchive.demo.newsroom import Newsroom
from newsarchive.extract.article import load_article
from newsarchive.readerprocess import HEAD, asked, read
from newsarchive.readers import Reader, ReaderDied
from newsarchive.spiders.sputnik import SputnikSpider

SITE = [SputnikSpider.__module__, SputnikSpider.__name__]


@pytest.fixture
def page() -> HtmlResponse:
    pages = ReferencePages(Newsroom(40))
    story = pages.newsroom.all()[0]
    url = f"https://{pages.host}{pages.path(story)}"
    return HtmlResponse(url, body=pages.article(story).encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def test_a_crawl_that_has_its_articles_read_archives_what_any_crawl_does(play, crawl):
    site = play(ReferencePages, stories=60)
    done = crawl(site, "-a", "source=feed", "-s", "READERS=2")
    assert done.code == 0, done.log
    newest = [s for s in site.pages.newsroom.all()[:40] if not s.missing]
    lines = done.lines()
    assert {line["key"] for line in lines} == {str(s.number) for s in newest}
    for line in lines:
        assert_true(line, site.pages.expected(site.pages.newsroom.get(int(line["key"]))))
    gone = len(site.pages.newsroom.all()[:40]) - len(newest)
    assert done.rows("select count(*) from page where state = 'gone'") == [(gone,)]
    assert "ERROR" not in done.log


def test_a_page_that_is_the_end_of_its_reader_costs_that_page_alone(page):
    async def kill_one():
        reader = Reader(SITE)
        await reader.start()
        before = await reader.read(page)
        os.kill(reader.process.pid, signal.SIGSTOP)
        lost, behind = asyncio.ensure_future(reader.read(page)), asyncio.ensure_future(reader.read(page))
        await asyncio.sleep(0)
        reader.process.kill()
        with pytest.raises(ReaderDied):
            await lost
        after = await reader.read(page)
        await reader.stop()
        return before, await behind, after

    assert asyncio.run(kill_one()) == ((None, load_article(page, SputnikSpider)),) * 3


def test_a_process_that_ended_while_it_had_nothing_to_do_is_started_again(page):
    async def kill_idle():
        reader = Reader(SITE)
        await reader.start()
        first = reader.process
        await reader.read(page)
        first.kill()
        await first.wait()
        while reader.process is first:
            await asyncio.sleep(0)
        after = await reader.read(page)
        await reader.stop()
        return after

    assert asyncio.run(kill_idle()) == (None, load_article(page, SputnikSpider))


def test_where_no_process_can_start_the_crawl_reads_itself(page, caplog):
    async def begin_in_vain():
        reader = Reader(["newsarchive.spiders.sputnik", "NoSuchSpider"])
        await reader.start()
        while reader.process:
            await asyncio.sleep(0)
        found = await reader.read(page)
        await reader.stop()
        return found

    assert asyncio.run(begin_in_vain()) is None
    assert caplog.messages[-1] == "Processes that read articles end without an answer: the crawl reads what is left itself"


def test_an_answer_that_cannot_be_unpacked_leaves_nobody_waiting(page, caplog, monkeypatch):
    def broken(packed):
        raise AttributeError("no such class")

    async def read_two():
        reader = Reader(SITE)
        await reader.start()
        with monkeypatch.context() as patched:
            patched.setattr("newsarchive.readers.pickle.loads", broken)
            first = await asyncio.wait_for(reader.read(page), 60)
        second = await reader.read(page)
        await reader.stop()
        return first, second

    assert asyncio.run(read_two()) == (None, (None, load_article(page, SputnikSpider)))
    assert "cannot be unpacked (AttributeError: no such class)" in caplog.text


def test_a_page_is_read_in_the_charset_that_the_crawl_gave_it():
    """What a browser drew says nothing of it."""
    text = "<html><body><h1>Лёд на реке вскрылся рано</h1><p>Паромы стояли весь день.</p></body></html>"
    page = HtmlResponse("https://news.example/a", body=text.encode("koi8-r"), encoding="koi8-r")
    assert read(pickle.loads(asked(page)[HEAD.size :]), None)[1] == load_article(page)
    assert load_article(page).headline == "Лёд на реке вскрылся рано"


def test_a_reader_works_on_when_its_terminal_says_stop_and_ends_with_its_crawl(page):
    with subprocess.Popen(
        [sys.executable, "-m", "newsarchive.readerprocess", *SITE], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        for _ in range(2):
            reader.stdin.write(asked(page))
            reader.stdin.flush()
            (length,) = HEAD.unpack(reader.stdout.read(HEAD.size))
            assert pickle.loads(reader.stdout.read(length)) == (None, load_article(page, SputnikSpider))
            reader.send_signal(signal.SIGINT)
        reader.stdin.close()
        assert reader.wait(30) == 0
