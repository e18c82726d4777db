"""Ceilings of memory on larger sites. Times are no matter of tests."""

from __future__ import annotations

MB = 1024 * 1024


def test_thousands_of_articles_are_found_once_in_flat_memory(play, crawl, tmp_path):
    site = play(stories=2500)
    probe = tmp_path / "memory.txt"
    done = crawl(site, "-s", 'EXTENSIONS={"memory_probe.MemoryProbe": 1}', "-s", f"MEMORY_PROBE={probe}")
    assert done.rows("select count(*) from article") == [(2499,)], done.log
    assert len({line["key"] for line in done.lines()}) == len(done.lines()) == 2499
    articles = [path for path in site.requests if site.pages.number(path)]
    assert len(articles) == len(set(articles)) == 2500
    memory = [int(line) for line in probe.read_text().splitlines()]
    assert max(memory) < 250 * MB
    assert memory[-1] - memory[len(memory) // 2] < 5 * MB
