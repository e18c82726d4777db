"""``scrapy export``: the archive as a file."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing

import pytest
from conftest import PROJECT, command
from test_archive import article
from test_interrupted import ARGUMENTS, counting, start  # noqa: F401
from test_past import STORIES, Captures, page, past, warc

from newsarchive.exporters import csv_line, json_line
from newsarchive.store.archive import Archive
from newsarchive.store.columns import AS_BYTES
from newsarchive.store.ownfiles import owns
from newsarchive.store.schema import APPLICATION_ID, SCHEMA_VERSION
from newsarchive.store.selection import Selection, rows

MB = 1024 * 1024


@pytest.fixture
def archive(tmp_path):
    archive = Archive(tmp_path / "archive" / "archive.db")
    yield archive
    archive.close()


@pytest.fixture
def export(tmp_path):
    def run(name: str, *arguments: str, folder=tmp_path / "archive", says=r"\d+ (articles|texts) written") -> int:
        """Export into ``tmp_path / name``, and return the cursor that it names."""
        done = command("export", "-o", str(tmp_path / name), *arguments, "-s", f"ARCHIVE_DIR={folder}")
        assert done.returncode == 0 and re.match(says, done.stderr), done.stderr
        assert not list(tmp_path.glob(".*part")), "it left its temporary file"
        return int(re.search(r"--after (\d+)\n", done.stderr)[1])

    return run


def put(archive, *numbers: int, **fields) -> None:
    for n in numbers:
        archive.articles.store(article(n, **fields), archive.crawls.begin("news", {}))


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def cells(path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_json_lines_are_the_articles(archive, export, tmp_path):
    put(archive, 1, 2, description="Grüße\u2028aus\nZürich", tags=["a", '"b"'])
    put(archive, 1, tags=["c"])
    export("out.jsonl")
    found = lines(tmp_path / "out.jsonl")
    assert found == [vars(archive.articles.get(f"news:{n}")) for n in (2, 1)]
    to_stdout = command("export", "--format", "jsonl", "-o", "-", "-s", f"ARCHIVE_DIR={tmp_path / 'archive'}")
    assert to_stdout.stdout == (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_a_line_is_escaped_as_the_standard_library_does(archive):
    for odd in ["plain", *map(chr, range(128)), "".join(map(chr, range(128))) + "é’\u2028😀"]:
        put(archive, 1, description=odd, tags=[odd], is_accessible_for_free=True)
        (row,) = rows(archive, Selection(), AS_BYTES)
        line = json_line(row).decode()
        assert f'"description": {json.dumps(odd, ensure_ascii=False)}, ' in line
        assert json.loads(line) == vars(archive.articles.get("news:1"))


@pytest.mark.parametrize("words", [("export", "--format", "jsonl", "-o"), ("crawl", "demo", "-O")], ids=["export", "feed"])
def test_a_file_of_the_archive_itself_is_not_written_over(archive, words):
    put(archive, 1)
    file = f"{archive.path}{':jsonl' if words[0] == 'crawl' else ''}"
    done = command(*words, file, "-s", f"ARCHIVE_DIR={archive.path.parent}")
    assert done.returncode == 2 and re.fullmatch(r"scrapy \w+: .* is one of the archive's own files.*\n", done.stderr), done.stderr
    with closing(Archive(archive.path, read_only=True)) as left:
        assert left.articles.get("news:1")


def test_the_archive_knows_its_own_files(archive, tmp_path):
    lines = tmp_path / "lines.jsonl"
    lines.touch()
    archive.jsonlines.put(str(lines), 0, 0)
    (tmp_path / "link").symlink_to(archive.path)
    (tmp_path / "hard").hardlink_to(archive.path)
    folder = archive.path.parent
    own = [
        "archive.db",
        "archive.db-wal",
        "archive.db-shm",
        "archive.schema-2.db",
        "warc/new.warc.gz",
        "images/a.jpg",
        "../x/../archive/archive.db",
    ]
    for path in [*(folder / name for name in own), lines, tmp_path / "link", tmp_path / "hard"]:
        assert owns(archive, path), path
    for path in [folder / "out.jsonl", folder / "archive.jsonl", folder / "copy.db", tmp_path / "archive.db", tmp_path / "x.jsonl"]:
        assert not owns(archive, path), path


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "|calc",
        "%0",
        " =1+1",
        "\ufeff=1",
        "\x00=1",
        "＝1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_of_a_spreadsheet_is_a_formula(archive, export, tmp_path, text):
    fields = {"headline": text, "section": text, "tags": [text], "authors": [{"name": text, "url": None}]}
    made = article(1, section=text, tags=[text], authors=fields["authors"])
    made.headline = made.text = text
    archive.articles.store(made, archive.crawls.begin("news", {}))
    export("out.csv")
    (row,) = cells(tmp_path / "out.csv")
    for name in ("headline", "section", "tags", "authors", "text"):
        assert row[name] == f"'{text}"
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_a_row_is_quoted_as_the_standard_library_does():
    odd = [f"a{chr(n)}b{chr(n)}" for n in range(256)] + ["", "é’\u2028😀", 'a, "b"\r\n', None, 0, -1, 2026]
    written = io.StringIO(newline="")
    csv.writer(written).writerow(odd)
    assert csv_line(odd).decode() == written.getvalue()


def test_a_table_has_one_row_an_article_whatever_stands_in_it(archive, export, tmp_path):
    odd = 'a, "b"; c\nd\r\ne\x00\u2028f'
    put(archive, 1, description=odd)
    put(archive, 2, images=[{"url": "https://news.example/a.jpg", "role": "lead", "key": None}], is_accessible_for_free=True)
    put(archive, 2, tags=["x", "y"])
    export("out.csv")
    rows = cells(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == ["news:1", "news:2"]
    assert rows[0]["description"] == odd
    assert (rows[1]["tags"], rows[1]["revision"], rows[1]["images"]) == ("x, y", "2", "0")
    assert (tmp_path / "out.csv").read_bytes().startswith("\ufeffid,".encode())


def test_selections(archive, export, tmp_path):
    for n, (day, section, tags) in enumerate(
        [("2026-03-01", "World", []), ("2026-03-02", None, ["world"]), ("2026-03-03", "sport", [])]
    ):
        made = article(n, section=section, tags=tags)
        made.day = day
        archive.articles.store(made, archive.crawls.begin("news", {}))
    for arguments, wanted in (
        (("--section", "WORLD"), [0, 1]),
        (("--since", "2026-03-02"), [1, 2]),
        (("--until", "2026-03-02"), [0, 1]),
        (("--since", "2026-03-02", "--until", "2026-03-02"), [1]),
        (("--site", "news"), [0, 1, 2]),
    ):
        export("out.jsonl", *arguments)
        assert [line["key"] for line in lines(tmp_path / "out.jsonl")] == [str(n) for n in wanted]


def test_increments_together_are_every_text_once(archive, export, tmp_path):
    found = []
    cursor = 0

    def increment() -> None:
        nonlocal cursor
        cursor = export("out.jsonl", "--after", str(cursor))
        found.extend((line["id"], line["revision"]) for line in lines(tmp_path / "out.jsonl"))

    put(archive, 1)
    put(archive, 1, tags=["a"])  # the first text was superseded before anybody exported it
    put(archive, 2)
    increment()
    put(archive, 1)  # and returns
    put(archive, 2, tags=["a"])
    increment()
    increment()
    put(archive, 3)
    increment()
    assert found == [("news:1", 1), ("news:1", 2), ("news:2", 1), ("news:2", 2), ("news:3", 1)]


def test_a_copy_is_an_archive_without_what_is_hidden(archive, export, tmp_path):
    put(archive, 1, 2, 3)
    put(archive, 1, tags=["a"])
    archive.db.execute("insert into withdrawal values ('news:9', 'hide', 'asked', 'now', '{\"text\": \"a secret\"}')")
    archive.jsonlines.put("/a/file", 1, 1)
    cursor = export("out.sqlite")
    assert cursor == archive.articles.last_seq() == 4
    with closing(sqlite3.connect(tmp_path / "out.sqlite")) as db:
        assert db.execute("pragma application_id").fetchone() == (APPLICATION_ID,)
        assert db.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        assert db.execute("select count(*) from article").fetchone() == (3,)
        assert db.execute("select count(*) from jsonlines").fetchone() == (0,)
        db.execute("insert into article_fts(article_fts, rank) values ('integrity-check', 1)")
    assert b"a secret" not in (tmp_path / "out.sqlite").read_bytes()
    export("part.sqlite", "--after", "3")
    with closing(sqlite3.connect(tmp_path / "part.sqlite")) as db:
        assert db.execute("select id from article").fetchall() == db.execute("select id from page").fetchall() == [("news:1",)]
        assert db.execute("select count(*) from revision").fetchone() == (1,)
        assert db.execute("select count(*) from article_fts where article_fts match 'words'").fetchone() == (1,)


def test_exports_of_a_running_crawl_are_one_moment_of_it(counting, tmp_path):  # noqa: F811
    site, folder = counting, tmp_path / "archive"
    process = start(site, folder)
    where = ("-s", f"ARCHIVE_DIR={folder}")
    try:
        seen = []
        process.wait_for("Spider opened")
        while process.poll() is None and len(seen) < 3:
            done = command("export", "-o", str(tmp_path / "copy.sqlite"), *where)
            assert done.returncode == 0, done.stderr
            with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as db:
                assert db.execute("pragma integrity_check").fetchone() == ("ok",)
                pages, stored = db.execute("select count(*), coalesce(sum(state = 'stored'), 0) from page").fetchone()
                assert db.execute("select count(*) from article").fetchone() == (stored,)
                rows = db.execute("select sum(seen), sum(stored + excluded + owed) from coverage").fetchone()
                assert rows[0] == rows[1]
                seen.append((pages, stored))
    finally:
        process.communicate(timeout=120)
    assert seen and seen == sorted(seen)


def spend(*arguments: str) -> int:
    """Run ``scrapy`` and return its greatest resident memory in bytes."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments], cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


@pytest.fixture
def large(tmp_path):
    """An archive of 20,000 articles, 100 MB."""
    folder = tmp_path / "large"
    archive = Archive(folder / "archive.db")
    made = article(0)
    made.text = "A line of words that says little. " * 150
    archive.articles.put(made, 1)
    columns = [row["name"] for row in archive.db.execute("pragma table_info(article)") if row["name"] not in ("n", "id", "seq")]
    with archive.transaction() as db:
        db.execute("drop trigger article_fts_insert")
        db.execute(
            f"""with recursive number(x) as (select 1 union all select x + 1 from number where x < 19999)
            insert into article (id, seq, {", ".join(columns)}) select 'news:' || x, x + 1, {", ".join(columns)} from number, article"""
        )
        db.execute("update counter set value = 20000")
    archive.close()
    return folder


def test_a_large_archive_streams(large, tmp_path, archive):
    put(archive, 1)
    for name in ("out.jsonl", "out.csv", "out.sqlite"):
        arguments = ("export", "-o", str(tmp_path / name), "-s")
        little = spend(*arguments, f"ARCHIVE_DIR={tmp_path / 'archive'}")
        much = spend(*arguments, f"ARCHIVE_DIR={large}")
        assert (tmp_path / name).stat().st_size > 80 * MB
        assert much - little < 20 * MB, name
    increments = spend("export", "-o", str(tmp_path / "out.jsonl"), "--after", "0", "-s", f"ARCHIVE_DIR={large}")
    assert increments - little < 20 * MB


def test_a_killed_export_leaves_the_file_of_before(large, tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("before\n")
    words = [sys.executable, "-m", "scrapy", "export", "-o", str(path), "-s", f"ARCHIVE_DIR={large}"]
    process = subprocess.Popen(words, cwd=PROJECT, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    part = tmp_path / ".out.jsonl.part"
    while not (part.exists() and part.stat().st_size > MB):
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGSTOP)  # let it be slow
    second = command(*words[3:])
    assert second.returncode == 2 and second.stderr == f"scrapy export: another process writes {path}\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert path.read_text() == "before\n"
    assert command(*words[3:]).returncode == 0
    assert len(lines(path)) == 20_000
    assert not part.exists()


def test_who_reads_less_than_all_is_no_error(large):
    words = [sys.executable, "-m", "scrapy", "export", "--format", "jsonl", "-o", "-", "-s", f"ARCHIVE_DIR={large}"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "-o FILE"),
        (("-o", "a.jsonl", "word"), "no other words"),
        (("-o", "a.txt"), "there is no format 'txt'"),
        (("-o", "-"), "there is no format"),
        (("-o", "-", "--format", "sqlite"), "needs a file"),
        (("-o", "a.csv", "--after", "x"), "is no cursor"),
        (("-o", "a.csv", "--after", "9" * 30), "is no cursor"),
        (("-o", "a.csv", "--since", "yesterday"), "is no day"),
        (("-o", "a.csv", "--since", "2026-03-02", "--until", "2026-03-01"), "is before"),
        (("-o", "a.csv", "--site", "other"), "has no site 'other'; it has news"),
        (("-o", "no/folder/a.csv"), "No such file"),
        (("-o", "/dev/null", "--format", "csv"), "is no file"),
        (("-o", "a.csv", "-s", "ARCHIVE_DIR=nowhere"), "there is no archive"),
    ],
)
def test_wrong_arguments_are_one_line(archive, tmp_path, arguments, says):
    put(archive, 1)
    done = command("export", "-s", f"ARCHIVE_DIR={tmp_path / 'archive'}", *arguments)
    assert done.returncode == 2
    assert says in done.stderr and re.fullmatch(r"scrapy export: .*\n", done.stderr), done.stderr
    assert not list(PROJECT.glob("a.*")) and not list(PROJECT.glob(".a.*"))


def test_a_wacz_is_whole_and_its_index_finds_every_page(play, crawl, export, tmp_path):
    done = crawl(play(stories=60))
    export("out.wacz", folder=done.folder)
    with zipfile.ZipFile(tmp_path / "out.wacz") as wacz:
        assert wacz.testzip() is None
        package = json.loads(wacz.read("datapackage.json"))
        digest = json.loads(wacz.read("datapackage-digest.json"))
        assert digest["hash"] == f"sha256:{hashlib.sha256(wacz.read('datapackage.json')).hexdigest()}"
        assert {one["path"] for one in package["resources"]} == set(wacz.namelist()) - {
            "datapackage.json",
            "datapackage-digest.json",
        }
        for one in package["resources"]:
            data = wacz.read(one["path"])
            assert (one["bytes"], one["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
            if one["path"].startswith("archive/"):  # a reader asks for ranges of it
                assert wacz.getinfo(one["path"]).compress_type == zipfile.ZIP_STORED
        index = {}
        entries = wacz.read("indexes/index.cdx").decode().splitlines()
        assert entries == sorted(entries)
        for line in entries:
            entry = json.loads(line.split(" ", 2)[2])
            index.setdefault(entry["url"], []).append(entry)
        header, *pages = [json.loads(line) for line in wacz.read("pages/pages.jsonl").decode().split("\n")[:-1]]
        assert header["format"] == "json-pages-1.0"
        assert len(pages) == 59
        captured = dict(done.rows("select a.id, json_extract(a.capture, '$.digest') from article a"))
        for page in pages:
            (entry,) = [one for one in index[page["url"]] if one["status"] == "200"][:1]
            data = wacz.read(f"archive/{entry['filename']}")
            record = gzip.decompress(data[int(entry["offset"]) : int(entry["offset"]) + int(entry["length"])])
            head, http, payload = record.split(b"\r\n\r\n", 2)
            size = int(re.search(rb"Content-Length: (\d+)", http)[1])
            found = base64.b32encode(hashlib.sha1(payload[:size]).digest()).decode()
            assert captured[page["id"]] == f"sha1:{found}"
            assert b"WARC-Type: response" in head


def test_the_pages_of_a_wacz_are_those_that_its_files_hold(crawl, export, tmp_path):
    """Of a site in an archive of many there were pages and no file, and so while the files were being written."""
    path = warc(tmp_path / "a.warc.gz", [page(story) for story in STORIES[:3]])
    done = crawl(None, "-a", f"warc={path}", spider="news")
    export("out.wacz", "--site", "courier.example", folder=done.folder)
    assert len(listed(tmp_path / "out.wacz")) == len(set(listed(tmp_path / "out.wacz")) & indexed(tmp_path / "out.wacz")) == 3
    (file,) = (done.folder / "warc").glob("*.warc.gz")
    file.rename(f"{file}.open")
    export("out.wacz", folder=done.folder)
    assert listed(tmp_path / "out.wacz") == []


def test_a_page_from_a_web_archive_is_listed_under_the_address_of_its_record(play, crawl, export, tmp_path):
    site = play(stories=30)
    site.override = Captures(site.pages)
    done = crawl(None, *past(site), spider="demo")
    export("out.wacz", folder=done.folder)
    assert listed(tmp_path / "out.wacz") and set(listed(tmp_path / "out.wacz")) <= indexed(tmp_path / "out.wacz")


def listed(path) -> list[tuple[str, str]]:
    """Address and time of each page of a WACZ."""
    with zipfile.ZipFile(path) as wacz:
        _, *pages = map(json.loads, wacz.read("pages/pages.jsonl").decode().split("\n")[:-1])
    return [(page["url"], re.sub("[^0-9]", "", page["ts"])[:14]) for page in pages]


def indexed(path) -> set[tuple[str, str]]:
    """Address and time of each record in the index of a WACZ."""
    with zipfile.ZipFile(path) as wacz:
        lines = wacz.read("indexes/index.cdx").decode().splitlines()
    return {(json.loads(line.split(" ", 2)[2])["url"], line.split(" ", 2)[1]) for line in lines}
