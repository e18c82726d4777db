"""Archives of earlier schemas."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, command

from newsarchive.store.archive import Archive, ArchiveError
from newsarchive.store.migrations import STEPS, migrate
from newsarchive.store.schema import SCHEMA_VERSION

ARCHIVES = Path(__file__).parent / "archives"
FIRST, ARTICLES = 1, 20_000


def filled(path: Path, articles: int, schema: int = FIRST) -> Path:
    """An archive of ``schema`` with so many articles, sightings and revisions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.executescript((ARCHIVES / f"schema-{schema}.sql").read_text(encoding="utf-8"))
    at = "2026-03-01T00:00:00.000000+00:00"
    db.execute(
        "insert into crawl (id, spider, arguments, host, process, started_at, alive_at, ended_at, reason)"
        " values (1, 'demo', '{}', 'h', '1:1', ?, ?, ?, 'finished')",
        (at, at, at),
    )
    for n in range(articles):
        page = f"demo:{n}"
        row = (page, "demo", str(n), f"https://courier.example/2026/03/01/a-{n}", at)
        db.execute(
            "insert into page (id, site, key, url, day, state, first_seen_at) values (?, ?, ?, ?, '2026-03-01', 'stored', ?)", row
        )
        db.execute(
            "insert into sighting (page, source, listing, position, first_seen_at, last_seen_at, walk, last_walk)"
            " values (?, 'days', 'https://courier.example/d', ?, ?, ?, 1, 1)",
            (page, n, at, at),
        )
        text = f"The text of article {n}. " * 20
        db.execute(
            "insert into article (id, site, key, url, headline, text, day, tags, authors, body, images, flags, times, og, origins,"
            " revision, content_hash, extractor, fetched_at, crawl, seq)"
            " values (?, 'demo', ?, ?, ?, ?, '2026-03-01', '[]', '[]', '[]', '[]', '[]', '{}', '{}', '{}', 1, 'x', 'y', ?, 1, ?)",
            (page, str(n), row[3], f"Headline {n}", text, at, n + 1),
        )
    db.commit()
    db.close()
    return path


def shape(db: sqlite3.Connection) -> dict:
    """The tables with their columns, the indexes, triggers and views of an archive."""
    names = db.execute("select type, name from sqlite_master where name not like 'sqlite_%' order by 1, 2").fetchall()
    columns = {
        name: [(row[1], row[2].lower(), row[5]) for row in db.execute(f'pragma table_info("{name}")')]
        for kind, name in map(tuple, names)
        if kind in ("table", "view")
    }
    indexed = {
        name: [row[2] for row in db.execute(f'pragma index_info("{name}")')] for kind, name in map(tuple, names) if kind == "index"
    }
    return {"names": [tuple(row) for row in names], "columns": columns, "indexes": indexed}


@pytest.mark.parametrize("schema", range(FIRST, SCHEMA_VERSION))
def test_an_older_archive_becomes_what_a_new_one_is(tmp_path, schema):
    path = filled(tmp_path / "archive.db", 50, schema)
    with pytest.raises(ArchiveError, match=r"older schema .* scrapy migrate --apply"):
        Archive(path)
    old = Archive(path, older=True)
    backup = migrate(old)
    fresh = Archive(tmp_path / "fresh.db")
    assert shape(old.db) == shape(fresh.db)
    assert old.db.execute("select count(*) from article_fts where article_fts match 'headline'").fetchone()[0] == 50
    old.close()
    Archive(path).close()
    with sqlite3.connect(backup) as before:
        assert before.execute("pragma user_version").fetchone() == (schema,)
        assert before.execute("select count(*) from article").fetchone() == (50,)


def test_captures_of_others_get_a_kind_of_their_own(tmp_path):
    path = filled(tmp_path / "archive.db", 1, schema=2)
    with sqlite3.connect(path) as db:
        db.execute(
            """insert into crawl (id, spider, arguments, host, process, started_at, alive_at, ended_at, reason)
            select 2, spider, '{"warc": "a.warc"}', host, process, started_at, alive_at, ended_at, reason from crawl"""
        )
        for crawl, day in ((1, "2026-03-02"), (2, "2026-03-02"), (2, "2026-02-01")):
            row = (crawl, f"{day}T00:00:00.000000+00:00")
            db.execute("insert into capture (crawl, url, fetched_at, status, kind) values (?, 'u', ?, 200, 'article')", row)
    archive = Archive(path, older=True)
    migrate(archive)
    assert [row[0] for row in archive.db.execute("select kind from capture order by id")] == ["article", "article", "imported"]
    archive.close()


def test_each_schema_has_a_step_to_the_next():
    assert sorted(STEPS) == list(range(FIRST, SCHEMA_VERSION))


def test_the_command_says_what_it_would_do_and_does_it(tmp_path):
    path = filled(tmp_path / "archive.db", 5)
    where = ("-s", f"ARCHIVE_DIR={tmp_path}")
    done = command("migrate", "--check", *where)
    assert done.returncode == 1 and f"schema 1 → {SCHEMA_VERSION}" in done.stdout
    assert sqlite3.connect(path).execute("pragma user_version").fetchone() == (1,)
    done = command("migrate", "--apply", *where)
    assert done.returncode == 0 and (tmp_path / "archive.schema-1.db").exists(), done.stderr
    assert json.loads(command("report", "--json", *where).stdout)[0]["totals"]["stored"] == 5
    done = command("migrate", "--check", *where)
    assert done.returncode == 0 and "nothing to do" in done.stdout
    for arguments in ((), ("--check", "--apply"), ("--check", "-s", f"ARCHIVE_DIR={tmp_path / 'none'}")):
        done = command("migrate", *arguments)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "none").exists()


def test_an_archive_that_a_crawl_works_on_is_left_alone(tmp_path):
    archive = Archive(filled(tmp_path / "archive.db", 5), older=True)
    archive.crawls.begin("demo", {})
    with pytest.raises(ArchiveError, match="at work"):
        migrate(archive)
    assert archive.db.execute("pragma user_version").fetchone()[0] == 1


def test_a_kill_in_the_middle_of_a_large_migration_does_no_harm(tmp_path):
    """Killed after the backup, with the transaction under way; then the same command again."""
    path = filled(tmp_path / "archive.db", ARTICLES)
    killer = (
        "import os, signal, sys\n"
        "from newsarchive.store import migrations\n"
        "from newsarchive.store.archive import Archive\n"
        "said = migrations.statements\n"
        "def dying(script):\n"
        "    for n, statement in enumerate(said(script)):\n"
        "        if n == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        yield statement\n"
        "migrations.statements = dying\n"
        f"migrations.migrate(Archive({str(path)!r}, older=True))\n"
    )
    done = subprocess.run([sys.executable, "-c", killer], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    assert done.returncode == -signal.SIGKILL
    archive = Archive(path, older=True)
    assert archive.schema == 1
    assert archive.db.execute("select count(*) from article").fetchone()[0] == ARTICLES
    migrate(archive)
    assert archive.db.execute("pragma integrity_check").fetchone()[0] == "ok"
    assert archive.db.execute("select count(*) from article").fetchone()[0] == ARTICLES
    archive.close()
    Archive(path).close()
