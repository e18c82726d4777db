"""``JSONLINES_PATH``: one line for each text of the archive, whatever was killed, cut or deleted."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
from itertools import pairwise

import pytest
from conftest import command
from test_archive import article
from test_interrupted import ARGUMENTS, counting, start, stop_at  # noqa: F401

from newsarchive.jsonlinesfile import JsonLinesFile
from newsarchive.store.archive import Archive, ArchiveError


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


@pytest.fixture
def file(archive, tmp_path):
    return JsonLinesFile(archive, tmp_path / "articles.jsonl")


def put(archive, *numbers: int, **fields) -> None:
    for n in numbers:
        archive.articles.store(article(n, **fields), archive.crawls.begin("news", {}))


def write(file: JsonLinesFile) -> None:
    while file.write():
        pass


def texts(path) -> list[tuple[str, int]]:
    """Id and revision of each line; every line must be whole."""
    data = path.read_bytes()
    assert data == b"" or data.endswith(b"\n")
    return [(line["id"], line["revision"]) for line in map(json.loads, data.decode().split("\n")[:-1])]


def in_archive(archive) -> list[tuple[str, int]]:
    rows = archive.db.execute("select id, revision, seq from article union all select id, revision, seq from revision order by seq")
    return [(row["id"], row["revision"]) for row in rows]


def test_each_text_makes_one_line_and_a_return_makes_none(archive, file):
    put(archive, 1, 2)
    write(file)
    put(archive, 1, tags=["a"])
    put(archive, 1, tags=["b"])  # the text between was superseded before it was written
    put(archive, 1, tags=["a"])
    write(file)
    write(file)
    assert texts(file.path) == [("news:1", 1), ("news:2", 1), ("news:1", 2), ("news:1", 3)]


def test_a_line_is_the_article_as_the_archive_has_it(archive, file):
    put(archive, 1, tags=["Zürich", "a\u2028b"], description='"=1\n', is_accessible_for_free=True)
    write(file)
    assert json.loads(file.path.read_text(encoding="utf-8")) == vars(archive.articles.get("news:1"))


def test_what_a_killed_process_appended_without_its_transaction_is_cut_off(archive, file):
    put(archive, 1)
    write(file)
    whole = file.path.read_bytes()
    put(archive, 2)
    write(file)
    longer = file.path.read_bytes()
    archive.jsonlines.put(file.name, 1, len(whole))  # as if the second transaction had not been
    file.path.write_bytes(longer + b'{"id": "news:3", "si')
    write(file)
    assert file.path.read_bytes() == longer


@pytest.mark.parametrize("left", [0, 1, 9, 10, 300, 2000])
def test_a_file_that_was_cut_gets_back_what_it_lacks_and_no_more(archive, file, left):
    put(archive, *range(6))
    write(file)
    whole = texts(file.path)
    with open(file.path, "r+b") as f:
        f.truncate(left)
    write(file)
    assert sorted(texts(file.path)) == sorted(whole)


def test_a_deleted_file_is_written_anew(archive, file):
    put(archive, *range(6))
    put(archive, 3, tags=["a"])
    write(file)
    file.path.unlink()
    write(file)
    assert texts(file.path) == in_archive(archive)


def test_lines_missing_in_the_middle_are_added(archive, file):
    put(archive, *range(6))
    write(file)
    lines = file.path.read_bytes().splitlines(keepends=True)
    file.path.write_bytes(b"".join(lines[:2] + lines[4:]))
    write(file)
    assert texts(file.path) == [(f"news:{n}", 1) for n in (0, 1, 4, 5, 2, 3)]


def test_a_feed_of_before_is_taken_over_without_doubles(archive, file):
    put(archive, *range(4))
    other = JsonLinesFile(archive, file.path.with_name("other.jsonl"))
    write(other)
    lines = other.path.read_bytes().splitlines(keepends=True)
    elsewhere = lines[0].replace(b"news:0", b"news:99")
    file.path.write_bytes(lines[2] + elsewhere + lines[2] + lines[0] + lines[1][:50])
    write(file)
    assert texts(file.path) == [(f"news:{n}", 1) for n in (2, 99, 0, 1, 3)]


def test_a_file_of_before_is_taken_over_in_small_transactions(archive, file, monkeypatch):
    """One for all that was missing kept every other crawl waiting: 1.5 seconds at 255 MB."""
    monkeypatch.setattr("newsarchive.jsonlinesfile.BATCH", 2)
    put(archive, *range(6))
    write(file)
    lines = file.path.read_bytes().splitlines(keepends=True)
    file.path.write_bytes(lines[3])
    sizes = []
    archive.db.set_trace_callback(lambda said: sizes.append(len(texts(file.path))) if said == "commit" else None)
    write(file)
    assert max(after - before for before, after in pairwise(sizes)) == 2
    assert texts(file.path) == [(f"news:{n}", 1) for n in (3, 0, 1, 2, 4, 5)]


def test_a_file_that_another_process_takes_over_is_left_to_it(archive, file):
    put(archive, 1, 2)
    write(file)
    before = file.path.read_bytes()[:-9]
    file.path.write_bytes(before)
    other = os.open(file.path.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert file.write() == 0 and file.path.read_bytes() == before
    os.close(other)
    write(file)
    assert texts(file.path) == in_archive(archive)


def test_a_last_line_that_only_lacks_its_end_is_kept(archive, file):
    put(archive, 1)
    write(file)
    archive.jsonlines.forget(file.name)
    file.path.write_bytes(file.path.read_bytes().replace(b"news:1", b"news:7").rstrip(b"\n"))
    write(file)
    assert texts(file.path) == [("news:7", 1), ("news:1", 1)]


@pytest.mark.parametrize("content", [b"years of work", b"years\nof\nwork\n", b'{"id": "news:1"}\n', b"[1]\n", b"\xff\xfe\n"])
def test_another_file_is_refused_and_left_alone(archive, file, content):
    put(archive, 1)
    file.path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"line 1 of .*articles\.jsonl is no article"):
        file.write()
    assert file.path.read_bytes() == content


def test_a_withdrawn_article_does_not_come_back(archive, file):
    put(archive, 1, 2, 3)
    write(file)
    archive.db.execute("delete from article where id = 'news:2'")
    archive.db.execute("insert into withdrawal values ('news:2', 'erase', 'court', 'now', null)")
    archive.jsonlines.forget(file.name)  # a copy of before was put back
    write(file)
    assert texts(file.path) == [("news:1", 1), ("news:3", 1)]
    file.path.unlink()
    write(file)
    assert texts(file.path) == [("news:1", 1), ("news:3", 1)]


def test_an_archive_of_before_that_was_put_back_costs_no_line(archive, file, tmp_path):
    """The lines that only the newer archive knew were taken for a dead process's, and cut off."""
    put(archive, 1, 2)
    write(file)
    backup = Archive(tmp_path / "backup.db")
    archive.db.backup(backup.db)
    put(archive, 3, 4, tags=["Zürich"])
    write(file)
    newer = file.path.read_bytes().splitlines(keepends=True)[2:]
    put(backup, 5)
    restored = JsonLinesFile(backup, file.path)
    with open(file.path, "ab") as torn:
        torn.write(b'{"id": "news:6", "si')
    write(restored)
    assert texts(file.path) == in_archive(backup) == [("news:1", 1), ("news:2", 1), ("news:5", 1)]
    aside = tmp_path / "articles.aside-1.jsonl"
    assert aside.read_bytes() == b"".join(newer)
    # What is erased later is erased there as well.
    put(backup, 3)
    backup.withdrawals.erase("news:3", "court")
    backup.withdrawals.clean_lines()
    backup.close()
    assert aside.read_bytes() == newer[1]


def test_what_is_withdrawn_leaves_a_file_that_has_to_be_read_first(archive, file):
    """Its row was deleted, so nobody knew of the file any more."""
    put(archive, 1, 2, 3)
    write(file)
    lines = file.path.read_text().splitlines(keepends=True)
    file.path.write_text(f"# notes\n{lines[1]}{lines[0]}{lines[1][:60]}")
    with pytest.raises(ArchiveError, match="is no article"):
        file.write()
    archive.withdrawals.erase("news:2", "court")
    archive.withdrawals.clean_lines()
    assert file.path.read_text() == f"# notes\n{lines[0]}"


def test_what_is_hidden_leaves_the_file(archive, file):
    put(archive, 1, 2)
    write(file)
    archive.crawls.end(1, "finished", {})
    archive.crawls.end(2, "finished", {})
    hide = ("withdraw", "news:1", "--mode", "hide", "--reason", "a complaint", "-s", f"ARCHIVE_DIR={archive.path.parent}")
    assert command(*hide).returncode == 0
    assert texts(file.path) == [("news:2", 1)]
    put(archive, 3)
    write(file)
    assert texts(file.path) == [("news:2", 1), ("news:3", 1)]


def test_two_writers_of_one_file_double_nothing(archive, file):
    second = Archive(archive.path)
    link = file.path.with_name("link.jsonl")
    link.symlink_to(file.path)
    other = JsonLinesFile(second, link)
    for n in range(5):
        put(archive, n)
        (file, other)[n % 2].write()
    write(other)
    second.close()
    assert texts(file.path) == in_archive(archive)


def lines_are_those_of(done, path) -> None:
    archive = done.archive()
    assert texts(path) == in_archive(archive)
    archive.close()


def test_after_a_hard_kill_the_file_is_whole_again(counting, crawl, tmp_path):  # noqa: F811
    site, folder, path = counting, tmp_path / "archive", tmp_path / "kept.jsonl"
    keep = ("-s", f"JSONLINES_PATH={path}", "-s", "HEARTBEAT_SECONDS=0.05")
    for requests in (40, 110, 170):
        stop_at(site, start(site, folder, *keep), requests, signal.SIGKILL)
    assert len(texts_whole(path)) > 20, "nothing was written before the end"
    with open(path, "ab") as file:
        file.write(b'{"id": "demo:1')
    done = crawl(site, *ARGUMENTS, *keep, folder=folder)
    lines_are_those_of(done, path)
    assert len(texts(path)) == 199


def texts_whole(path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_crawl_leaves_signs_of_life(counting, tmp_path):  # noqa: F811
    site, folder = counting, tmp_path / "archive"
    stop_at(site, start(site, folder, "-s", "HEARTBEAT_SECONDS=0.05"), 90, signal.SIGKILL)
    archive = Archive(folder / "archive.db", read_only=True)
    began, alive, counts = archive.db.execute("select started_at, alive_at, counts from crawl").fetchone()
    assert alive > began
    assert json.loads(counts)["downloader/request_count"] > 1
    archive.close()


def test_an_archive_made_without_it_is_caught_up_and_revisions_follow(play, crawl, tmp_path):
    site, path = play(stories=60), tmp_path / "kept.jsonl"
    crawl(site)
    site.pages.newsroom.edition = 2
    done = crawl(site, "-s", f"JSONLINES_PATH={path}")
    lines_are_those_of(done, path)
    assert len(texts(path)) == 59 + 6 + 3


def test_two_crawls_at_once_keep_one_file(counting, crawl, tmp_path):  # noqa: F811
    site, folder, path = counting, tmp_path / "archive", tmp_path / "kept.jsonl"
    keep = ("-s", f"JSONLINES_PATH={path}", "-s", "HEARTBEAT_SECONDS=0.05")
    crawl(site, "-a", "urls=-", folder=folder)
    running = [start(site, folder, *keep) for _ in range(2)]
    for process in running:
        log = process.communicate(timeout=120)[1]
        assert process.returncode == 0 and "ERROR" not in log, log
    done = crawl(site, "-a", "urls=-", folder=folder)
    lines_are_those_of(done, path)
    assert len(texts(path)) == 199


@pytest.mark.parametrize(
    ("path", "more", "says"),
    [
        ("no/such/folder/a.jsonl", (), "there is no folder"),
        (".", (), "cannot be written: Is a directory"),
        ("thesis.txt", (), "line 1 of"),
        ("feed.jsonl", ("-o", "feed.jsonl"), "a feed as well"),
        ("a.jsonl", ("-s", 'ITEM_PIPELINES={"newsarchive.pipelines.ArchivePipeline": null}'), "wants an archive"),
    ],
)
def test_what_cannot_be_kept_is_one_line_before_the_crawl(tmp_path, path, more, says):
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = newsarchive.settings\n")
    (tmp_path / "thesis.txt").write_text("years of work\n")
    done: subprocess.CompletedProcess = command("crawl", "demo", "-s", f"JSONLINES_PATH={path}", *more, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr and re.fullmatch(r"scrapy crawl: .*\n", done.stderr), done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work\n"
