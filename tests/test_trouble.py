"""Trouble with the archive itself: a clear line, a safe stop, and nothing lost of what was there."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from conftest import command
from test_interrupted import ARGUMENTS, counting, start  # noqa: F401

from newsarchive.capture import CaptureStorage
from newsarchive.runledger import RunLedger
from newsarchive.store.archive import Archive, ArchiveError

BRIEF = ("-s", "ARCHIVE_BUSY_SECONDS=0.3")


def clear_line(log: str, says: str) -> None:
    """The log has one error, of one line, and it says ``says``."""
    assert "Traceback" not in log, log
    errors = [line for line in log.splitlines() if " ERROR: " in line]
    assert len(errors) == 1 and says in errors[0], log


def finishes(site, crawl, folder) -> None:
    """The same command brings the rest, and asks for nothing again that was stored."""
    done = crawl(site, *ARGUMENTS, folder=folder)
    assert done.code == 0
    assert done.rows("select state, count(*) from page group by 1 order by 1") == [("gone", 1), ("stored", 199)]
    assert done.rows("pragma integrity_check") == [("ok",)]
    asked = [path for path in site.requests if site.pages.number(path)]
    assert len(asked) - len(set(asked)) <= 16, "more than the requests in flight were repeated"


@contextmanager
def held(folder):
    """Hold the archive in ``folder``, once it is there, from the moment that the given function is called."""
    db = None

    def hold():
        nonlocal db
        db = sqlite3.connect(folder / "archive.db", isolation_level=None, check_same_thread=False, timeout=20)
        db.execute("begin exclusive")

    try:
        yield hold
    finally:
        if db:
            db.close()


def test_an_archive_that_another_program_holds_ends_the_crawl(counting, crawl, tmp_path):  # noqa: F811
    site, folder = counting, tmp_path / "archive"
    with held(folder) as hold:
        site.at_request = (90, hold)
        process = start(site, folder, *BRIEF)
        log = process.communicate(timeout=120)[1]
    assert process.returncode == 0
    clear_line(log, "The crawl stops: archive locked (database is locked); another program holds it")
    assert "Closing spider (archive locked)" in log
    finishes(site, crawl, folder)


def test_the_crawls_row_says_why_it_stopped_when_it_can(counting, crawl, tmp_path):  # noqa: F811
    site, folder = counting, tmp_path / "archive"
    with held(folder) as hold:
        # The program lets go a moment after the crawl gave up.
        site.at_request = (90, hold)
        process = start(site, folder, "-s", "ARCHIVE_BUSY_SECONDS=2")
        process.wait_for("The crawl stops")
    log = process.communicate(timeout=120)[1]
    done = crawl(site, "-a", "urls=-", folder=folder)
    assert done.rows("select reason from crawl where id = 1") == [("archive locked",)], log
    assert done.rows("select count(*) from page where lease_by is not null") == [(0,)]


def test_an_archive_that_is_held_from_the_start_is_one_line(crawl, play, tmp_path):
    site, folder = play(stories=60), tmp_path / "archive"
    Archive(folder / "archive.db").close()
    with held(folder) as hold:
        hold()
        done = crawl(site, *BRIEF, folder=folder)
    assert done.code == 2
    assert re.fullmatch(r"scrapy crawl: .*archive locked.*\n", done.log), done.log
    assert site.requests == []


@contextmanager
def small_disk(folder, size: int):
    """Let the disk under ``folder`` be full at ``size`` bytes; give what limits a process where nothing can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True).returncode == 0
    )
    try:
        yield () if mounted else (size, size)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(("below", "more"), [("warc", ()), ("", ("-s", "CAPTURE_ENABLED=False"))], ids=["warc", "database"])
def test_a_full_disk_ends_the_crawl(counting, crawl, tmp_path, below, more):  # noqa: F811
    site, folder = counting, tmp_path / "archive"
    with small_disk(folder / below, 200_000 if below else 2_000_000) as limit:
        process = start(site, folder, *more, limit=limit)
        log = process.communicate(timeout=120)[1]
        assert process.returncode == 0
        clear_line(log, "The crawl stops: ")
        assert re.search(r"The crawl stops: disk full|The crawl stops: archive not writable", log), log
        archive = Archive(folder / "archive.db", read_only=True)
        assert archive.db.execute("pragma integrity_check").fetchone()[0] == "ok"
        stored, waiting = archive.db.execute("select sum(state = 'stored'), sum(state = 'waiting') from page").fetchone()
        articles = archive.articles.count()
        archive.close()
        assert 0 < stored == articles < 199 and waiting > 0
        assert f"{waiting} articles are owed. The same command goes on from here." in log
        if below:
            kept = [path.read_bytes() for path in (folder / below).iterdir()]
    if below:
        # The disk is larger now, and has what it had.
        for n, data in enumerate(kept):
            (folder / below / f"kept-{n}").write_bytes(data)
        finishes(site, crawl, folder)


def damage(path, begin: float = 0.3) -> None:
    """Overwrite a stretch of the file's pages, as a dying disk does."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * begin) // 4096 * 4096
    data[at:] = b"\xaa" * (len(data) - at)
    path.write_bytes(data)


@pytest.mark.parametrize("begin", [0, 0.3], ids=["from its beginning", "in its middle"])
def test_a_damaged_archive_is_a_clear_line_and_left_as_it_is(play, crawl, tmp_path, begin):
    site = play(stories=120)
    done = crawl(site)
    path = done.folder / "archive.db"
    damage(path, begin)
    before = path.read_bytes()
    where = ("-s", f"ARCHIVE_DIR={done.folder}")
    for words in (("report",), ("export", "-o", str(tmp_path / "a.jsonl")), ("reextract",)):
        found = command(*words, *where)
        assert found.returncode == 2
        assert re.fullmatch(rf"scrapy {words[0]}: .*scrapy check-archive says more\n", found.stderr), found.stderr
    assert not list(tmp_path.glob("*a.jsonl*"))
    found = command("check-archive", *where)
    assert found.returncode == 1 and "Traceback" not in found.stderr
    assert "damaged" in found.stdout
    again = crawl(site, "-a", "section=world,sport", folder=done.folder)
    assert "Traceback" not in again.log, again.log
    assert "archive damaged" in again.log or "is damaged" in again.log
    assert begin or path.read_bytes() == before


def test_a_clock_that_was_set_back_keeps_no_page_waiting(tmp_path):
    from test_archive import Clock, article, link, sight

    from newsarchive.store.pages import Cover

    clock = Clock()
    archive = Archive(tmp_path / "archive.db", clock=clock)
    tomorrow = clock.now.replace(day=2)
    clock.now = tomorrow
    crawl = archive.crawls.begin("news", {})
    sight(archive, crawl, [link(n) for n in range(4)])
    archive.articles.store(article(3), crawl)
    archive.pages.failed("news:2", "HTTP 503")
    archive.db.execute("update crawl set host = 'elsewhere' where id = ?", (crawl,))  # it died there
    clock.now = tomorrow.replace(day=1)
    second = archive.crawls.begin("news", {})
    assert archive.crawls.live() == [second]
    assert {page.id for page in archive.pages.claim(second, Cover("news"), 10)} == {"news:0", "news:1", "news:2"}
    # Tomorrow's visit was not this crawl's, and a change that a listing tells of is not older than it.
    assert not archive.articles.stored_by("news:3", second)
    changed = link(3, modified_at="2026-03-01T00:00:30+00:00")
    assert [s.claimed for s in sight(archive, second, [changed], listing="https://news.example/other/")] == [True]
    # What fails from now on waits as it should.
    archive.pages.failed("news:0", "HTTP 503")
    third = archive.crawls.begin("news", {})
    assert archive.pages.claim(third, Cover("news"), 10) == []
    archive.close()


def test_an_archive_that_fails_when_the_crawl_begins_leaves_the_captures_alone():
    """A disk that was full then gave a traceback beside the line that says so."""
    storage = CaptureStorage({"REPLAY": ""})
    storage.open_spider(SimpleNamespace(ledger=RunLedger("demo")))
    assert storage.store is None


def test_an_archive_on_a_read_only_medium_can_be_read(tmp_path):
    """SQLite cannot make the shared memory that it wants beside a file with a write-ahead log."""
    folder = tmp_path / "archive"
    Archive(folder / "archive.db").close()
    (folder / "archive.db-shm").symlink_to(tmp_path / "nowhere" / "x")  # it can be made by nobody, root included
    archive = Archive(folder / "archive.db", read_only=True)
    assert archive.sites() == []
    archive.close()
    (folder / "archive.db-wal").write_bytes(b"")
    with pytest.raises(ArchiveError, match="copy it, with its write-ahead log, to where its folder can be written"):
        Archive(folder / "archive.db", read_only=True)
