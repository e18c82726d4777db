"""An archive that is kept for years: copied while crawls write it, restored, and not eaten by its own log."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from conftest import command
from test_interrupted import ARGUMENTS, counting, start  # noqa: F401

from newsarchive.store.archive import Archive
from newsarchive.store.growth import growth


def test_a_backup_made_while_crawling_opens_and_a_crawl_goes_on_with_it(counting, crawl, tmp_path):  # noqa: F811
    site, folder, restored = counting, tmp_path / "archive", tmp_path / "restored"
    made = []

    def backup() -> None:
        copy = ("export", "-o", str(tmp_path / "backup.sqlite"), "-s", f"ARCHIVE_DIR={folder}")
        made.append(command(*copy))

    site.at_request = (100, backup)
    process = start(site, folder)
    process.communicate(timeout=120)
    assert process.returncode == 0 and made[0].returncode == 0, made[0].stderr
    # All is lost but the copy, and the files of captures that were copied after it.
    restored.mkdir()
    shutil.copy(tmp_path / "backup.sqlite", restored / "archive.db")
    shutil.copytree(folder / "warc", restored / "warc")
    with closing(Archive(restored / "archive.db", read_only=True)) as archive:
        held = archive.db.execute("select count(*) from article").fetchone()[0]
        assert 0 < held < 199
    done = crawl(site, *ARGUMENTS, folder=restored)
    assert done.code == 0
    assert set(done.articles()) == {str(story.number) for story in site.pages.newsroom.all() if not story.missing}
    assert done.stats()["archive/article/new"] == len(done.articles()) - held
    assert done.rows("select count(*) from revision") == [(0,)]


MEGABYTE = 1_000_000


def write(archive: Archive, n: int) -> None:
    with archive.transaction() as db:
        db.execute("update site set learned = ? where name = 'a'", (chr(97 + n % 26) * MEGABYTE,))


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    archive.db.execute("insert into site (name) values ('a')")
    yield archive
    archive.close()


def test_the_log_of_writes_stays_small_though_there_is_always_a_reader(archive, tmp_path):
    ended = threading.Event()
    readers = [threading.Thread(target=_read_on, args=(archive.path, ended)) for _ in range(3)]
    for reader in readers:
        reader.start()
    sizes = []
    try:
        for n in range(40):
            write(archive, n)
            archive.fold_log(5 * MEGABYTE)
            sizes.append((tmp_path / "archive.db-wal").stat().st_size)
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    assert max(sizes) < 10 * MEGABYTE, sizes


def _read_on(path, ended: threading.Event) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as db:
        while not ended.is_set():
            db.execute("begin")
            db.execute("select length(learned) from site").fetchall()
            ended.wait(0.02)
            db.execute("commit")


def test_a_reader_that_stays_keeps_the_log_only_until_it_goes(archive, tmp_path):
    reader = Archive(archive.path, read_only=True)
    reader.db.execute("begin")
    reader.db.execute("select count(*) from site").fetchone()
    for n in range(10):
        write(archive, n)
    archive.fold_log(5 * MEGABYTE)
    log = tmp_path / "archive.db-wal"
    assert log.stat().st_size > 5 * MEGABYTE
    assert len(archive.db.execute("select learned from site").fetchone()[0]) == MEGABYTE, "and nothing is lost meanwhile"
    reader.close()
    archive.fold_log(5 * MEGABYTE)
    assert log.stat().st_size < MEGABYTE


def test_growth_is_what_the_last_days_brought_a_day(tmp_path):
    now = datetime(2026, 3, 11, tzinfo=UTC)
    clock = [now - timedelta(days=100)]
    archive = Archive(tmp_path / "archive.db", clock=lambda: clock[0])
    archive.crawls.begin("demo", {})
    clock[0] = now
    assert growth(archive)["days_until_full"] is None, "nothing was fetched yet"
    (tmp_path / "warc").mkdir()
    for name, age in (("old", 90), ("new", 2), ("newer", 1)):
        (tmp_path / "warc" / name).write_bytes(b"x" * MEGABYTE)
        os.utime(tmp_path / "warc" / name, times=((now - timedelta(days=age)).timestamp(),) * 2)
    report = growth(archive)
    archive.close()
    assert (report["days"], report["files"], report["bytes_a_day"]) == (30, 3 * MEGABYTE, round(2 * MEGABYTE / 30))
    assert report["days_until_full"] == pytest.approx(report["free"] / report["bytes_a_day"], rel=1e-3)
    shown = command("report", "growth", "-s", f"ARCHIVE_DIR={tmp_path}").stdout
    assert "3.0 MB in files" in shown and " a day in the last " in shown
    assert json.loads(command("report", "growth", "--json", "-s", f"ARCHIVE_DIR={tmp_path}").stdout)["files"] == 3 * MEGABYTE
