"""Every command in README is run, and every Python in it is valid."""

from __future__ import annotations

import re
import shlex
import shutil

import pytest
from conftest import PROJECT, command
from reference_pages import ReferencePages

from newsarchive import settings

README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines() if line]


def test_the_two_commands_are_targets_of_the_makefile():
    made = [line for line in COMMANDS if line.startswith("make ")]
    assert made == ["make demo", "make test"]
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert "\ndemo:" in makefile and "\ntest:" in makefile
    assert "make test" in (PROJECT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


def test_every_scrapy_command_works(play, folder):
    """In README's order, on one archive; the live site is played by its own markup."""
    site = play(ReferencePages, stories=120)
    shutil.copy(PROJECT / "scrapy.cfg", folder)
    environment: dict[str, str] = {}
    for line in COMMANDS:
        words = shlex.split(line)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environment[name] = value
        elif words[0] == "scrapy":
            extra = ["-a", f"base_url={site.url}", "-s", "DOWNLOAD_DELAY=0.002"] if words[1] == "crawl" else []
            done = command(*words[1:], *extra, cwd=folder, fresh=True, **environment)
            assert done.returncode == 0, (line, done.stderr)
            assert "Traceback" not in done.stderr, (line, done.stderr)
        else:
            assert words[0] == "make", f"nothing runs {line!r}"


def test_every_query_finds_what_the_archive_has(play, crawl):
    """Of a site that fits into 20,000, both searches find the same."""
    done = crawl(play(stories=120))
    (block,) = re.findall(r"```sql\n(.*?)```", README, re.S)
    headlines = "select day, headline from article where n in (select rowid from article_fts where article_fts match 'ferry')"
    newest, best = (done.rows(query) for query in block.split(";") if query.strip())
    assert newest and sorted(newest) == sorted(best) == sorted(done.rows(headlines))


def test_the_example_site_is_a_spider():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict = {}
    exec(code, names)
    spider = names["CourierSpider"]
    assert spider.addresses.article("https://courier.example/2026/03/01/a-story-12") == ("12", "2026-03-01")
    assert len(code.splitlines()) < 40


def test_the_settings_table_tells_the_defaults():
    told = re.findall(r"^\| `([A-Z_]+)` \| ([\d.]+|True|False) \|", README, re.M)
    assert len(told) > 15
    for name, default in told:
        assert str(getattr(settings, name)) == default, name
