"""How often articles are edited, as it is measured, and how re-visits follow it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from newsarchive.items import Article
from newsarchive.revisions import content_hash
from newsarchive.store.archive import Archive
from newsarchive.store.pages import Cover, Page
from newsarchive.store.rates import age_class
from newsarchive.store.revisits import Revisiting

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = 30 * 24
BUDGET = 7
"""Re-visits an hour."""

RATE = 0.5
"""Edits an hour of an article of the busy section in its first hour; then falling as one over the age."""

ALL = Revisiting(min_hours=1, max_days=365, min_chance=0)


@dataclass
class Paper:
    """One article: when it was published and edited, in hours, and its section."""

    born: float
    section: str
    edits: list[float] = field(default_factory=list)

    def text(self, at: float) -> int:
        """The how-manieth text it has."""
        return sum(edit <= at for edit in self.edits)


def published(dice: random.Random) -> list[Paper]:
    """Two articles an hour for a month. Half-way the sections ``calm`` and ``busy``, one edits ten times the other, change places."""
    papers = [Paper(hour + dice.random(), section) for hour in range(HOURS) for section in ("a", "b")]
    for paper in papers:
        at = paper.born
        while at < HOURS:
            most = RATE / max(at - paper.born, 1)
            at += dice.expovariate(most)
            busy = (paper.section == "a") == (at < HOURS / 2)
            true = (RATE if busy else RATE / 10) / max(at - paper.born, 1)
            if at < HOURS and dice.random() < true / most:  # thinning
                paper.edits.append(at)
    return papers


class Month:
    """An archive whose clock is set by hand."""

    def __init__(self, folder):
        self.now = BEGIN
        self.archive = Archive(folder / "archive.db", clock=lambda: self.now)
        self.archive.db.execute("pragma synchronous = off")

    def set(self, hours: float) -> None:
        self.now = BEGIN + timedelta(hours=hours)

    def store(self, n: int, paper: Paper, text: int, crawl: int) -> str:
        born = BEGIN + timedelta(hours=paper.born)
        url = f"https://news.example/{n}.html"
        article = Article(id=f"news:{n}", site="news", key=str(n), url=url, headline=f"{n} {text}", extractor="1")
        article.section, article.published_at = paper.section, born.isoformat(timespec="seconds")
        article.day = born.date().isoformat()
        article.content_hash = content_hash(article)
        return self.archive.articles.store(article, crawl)

    def crawl(self, limit: int, wanted: Revisiting = ALL, **cover) -> tuple[int, list[Page]]:
        """Begin a crawl of ``source=due``, and return it with what it claims."""
        crawl = self.archive.crawls.begin("news", {})
        return crawl, self.archive.revisits.claim(crawl, Cover("news", ("due",), **cover), limit, wanted)


@pytest.fixture
def month(tmp_path):
    month = Month(tmp_path)
    yield month
    month.archive.close()


def found_by_revisits(month: Month, papers: list[Paper]) -> tuple[int, list[dict[str, int]]]:
    """How many edited texts are seen when every hour some stored pages are asked for; and where, in both halves."""
    seen: list[int] = []
    found, where = 0, [dict.fromkeys("ab", 0), dict.fromkeys("ab", 0)]
    for hour in range(1, HOURS + 1):
        month.set(hour)
        with month.archive.transaction():
            first = month.archive.crawls.begin("news", {})
            for n, paper in enumerate(papers[len(seen) :], len(seen)):
                if paper.born >= hour:
                    break
                seen.append(paper.text(hour))
                month.store(n, paper, seen[n], first)
            month.archive.crawls.end(first, "finished", {})
            month.set(hour + 0.001)
            crawl, pages = month.crawl(BUDGET)
            for page in pages:
                n = int(page.id.partition(":")[2])
                text = papers[n].text(hour)
                found += text != seen[n]
                where[hour > HOURS / 2][papers[n].section] += 1
                seen[n] = text
                month.store(n, papers[n], text, crawl)
            month.archive.crawls.end(crawl, "finished", {})
    return found, where


def found_by_schedule(papers: list[Paper], interval: Callable[[int], float]) -> tuple[int, int]:
    """How many edited texts are seen, and by how many visits, when each article is asked for by a schedule.

    ``interval`` is hours until the next visit, by the age class of the last one.
    """
    found = visits = 0
    for paper in papers:
        at = math.ceil(paper.born)
        edits = [edit for edit in paper.edits if edit > at]
        while (at := at + interval(age_class(at - paper.born))) <= HOURS:
            visits += 1
            if edits and edits[0] <= at:
                found += 1
                edits = [edit for edit in edits if edit > at]
    return found, visits


def best_schedule(papers: list[Paper], budget: int) -> tuple[int, int]:
    """What the best fixed schedule finds, with hindsight: an interval an age class and section, the same all month.

    First the best among intervals that grow as a power of the age; then each is changed for as long as that helps.
    """
    parts = {section: [paper for paper in papers if paper.section == section] for section in "ab"}
    curves = [
        [max(1, round(x * 2 ** (n * y))) for n in range(11)] for x, y in product((0.5, 1, 2, 4, 8, 16, 1000), (0, 0.5, 0.75, 1))
    ]
    tried = {section: [(curve, *found_by_schedule(parts[section], curve.__getitem__)) for curve in curves] for section in "ab"}
    pairs = [(x, y) for x, y in product(tried["a"], tried["b"]) if x[2] + y[2] <= budget]
    best = list(max(pairs, key=lambda pair: pair[0][1] + pair[1][1]))
    better = True
    while better:
        better = False
        for half, n, times in product((0, 1), range(10), (0.5, 0.7, 1.5, 2)):
            curve = [*best[half][0]]
            curve[n] = max(1, round(curve[n] * times))
            changed = (curve, *found_by_schedule(parts["ab"[half]], curve.__getitem__))
            if changed[1] > best[half][1] and changed[2] + best[1 - half][2] <= budget:
                best[half], better = changed, True
    return best[0][1] + best[1][1], best[0][2] + best[1][2]


def paper(month: Month, n: int, section: str = "a", born: float = 0, visited: float = 1) -> None:
    """Store the article ``n``, of ``born``, in a crawl of its own, ``visited`` hours after the month began."""
    month.set(visited)
    crawl = month.archive.crawls.begin("news", {})
    month.store(n, Paper(born, section), 0, crawl)
    month.archive.crawls.end(crawl, "finished", {})


def rates(month: Month) -> dict[str, tuple]:
    """Hours, visits and edits that count of each section."""
    query = "select section, round(sum(hours), 3), round(sum(visits), 3), round(sum(edits), 3) from edit_rate group by section"
    return {row[0]: tuple(row)[1:] for row in month.archive.db.execute(query)}


def test_the_young_come_first_and_what_was_just_visited_or_is_too_old_not_at_all(month):
    paper(month, 1, born=0, visited=99)
    paper(month, 2, born=90, visited=99)
    paper(month, 3, born=98, visited=99)
    paper(month, 4, born=90, visited=99.9)
    paper(month, 5, born=70, visited=99)
    month.set(100.5)
    _, pages = month.crawl(9)
    assert [page.id for page in pages] == ["news:3", "news:2", "news:5", "news:1"]
    month.archive.db.execute("update page set lease_by = null")
    assert [page.id for page in month.crawl(9, Revisiting(max_days=1, min_chance=0))[1]] == ["news:3", "news:2"]
    month.archive.db.execute("update page set lease_by = null")
    assert [page.id for page in month.crawl(9, Revisiting(min_chance=0.01))[1]] == ["news:3"]


def test_the_chance_is_that_of_an_edit_since_the_last_visit(month):
    paper(month, 1, born=0, visited=50)
    paper(month, 2, born=0, visited=1)
    month.set(100)
    assert [page.id for page in month.crawl(1)[1]] == ["news:2"]


def test_an_article_with_a_date_in_the_future_is_as_old_as_its_first_sighting(month):
    paper(month, 1, born=9000, visited=1)
    month.set(3)
    assert [page.id for page in month.crawl(9, Revisiting())[1]] == ["news:1"]


def test_crawls_at_once_share_the_work(month):
    for n in range(20):
        paper(month, n)
    month.set(10)
    claims = [month.crawl(8)[1] for _ in range(3)]
    assert [len(pages) for pages in claims] == [8, 8, 4]
    assert len({page.id for pages in claims for page in pages}) == 20


def test_what_another_crawl_visits_meanwhile_is_not_asked_for_again(month):
    paper(month, 1)
    month.set(10)
    (first, _), (second, _) = month.crawl(0), month.crawl(0)
    month.set(11)
    month.store(1, Paper(0, "a"), 0, first)
    month.set(13)
    assert month.archive.revisits.claim(second, Cover("news"), 5, Revisiting(0, 365, 0)) == []


def test_a_page_that_a_listing_calls_changed_goes_first_and_one_that_failed_waits(month):
    for n in (1, 2, 3):
        paper(month, n, born=2 * n, visited=24)
    month.archive.db.execute("update page set reason = 'newer' where id = 'news:1'")
    month.set(48)
    assert month.archive.pages.failed("news:3", "HTTP 500") == "stored"
    assert [page.id for page in month.crawl(9)[1]] == ["news:1", "news:2"]
    month.archive.db.execute("update page set lease_by = null")
    for _ in range(9):  # the change that it was asked for is given up
        month.archive.pages.failed("news:3", "HTTP 500")
    month.set(100)
    assert "news:3" not in [page.id for page in month.crawl(9)[1]]
    month.archive.db.execute("update page set lease_by = null")
    month.set(48 + 8 * 24)
    assert "news:3" in [page.id for page in month.crawl(9)[1]]


def test_what_the_site_itself_never_showed_is_not_asked_for_there(month):
    for n, source, via in ((1, "warc", None), (2, "wayback", "https://web.archive.org/web/2id_/x"), (3, "feed", None)):
        paper(month, n)
        month.archive.db.execute(
            """insert into sighting (page, source, listing, first_seen_at, last_seen_at, walk, last_walk, via)
            values (?, ?, 'x', '', '', 1, 1, ?)""",
            (f"news:{n}", source, via),
        )
    paper(month, 4)
    month.archive.db.execute("""update article set flags = '["second_hand"]' where id = 'news:4'""")
    month.set(100)
    assert [page.id for page in month.crawl(9)[1]] == ["news:3"]


def test_a_visit_counts_when_a_later_crawl_made_it_unasked(month):
    article = Paper(0, "A")
    month.set(4)
    crawl = month.archive.crawls.begin("news", {})
    assert month.store(1, article, 0, crawl) == "new"
    month.set(4.5)
    assert month.store(1, article, 1, crawl) == "revised"
    assert rates(month) == {}
    month.set(6.5)
    crawl = month.archive.crawls.begin("news", {})
    assert month.store(1, article, 1, crawl) == "unchanged"
    assert rates(month) == {"a": (2, 1, 0)}
    month.archive.db.execute("update page set reason = 'newer'")
    month.set(8)
    crawl = month.archive.crawls.begin("news", {})
    assert month.store(1, article, 2, crawl) == "revised"
    assert rates(month) == {"a": (2, 1, 0)}
    month.set(8 + 48)
    crawl = month.archive.crawls.begin("news", {})
    assert month.store(1, article, 0, crawl) == "returned"  # a text that is known
    assert rates(month) == {"a": (50, 2, 0)}
    month.set(8 + 50)
    crawl = month.archive.crawls.begin("news", {})
    assert month.store(1, article, 3, crawl) == "revised"
    assert 1 <= rates(month)["a"][2] < 1.5


def test_what_other_reading_code_sees_is_no_edit_of_the_site(month):
    paper(month, 1)
    month.archive.db.execute("update article set extractor = '0'")
    month.set(9)
    crawl = month.archive.crawls.begin("news", {})
    assert month.store(1, Paper(0, "a"), 1, crawl) == "revised"
    assert rates(month) == {}


def test_rates_are_measured_by_section_and_lean_on_the_site_where_little_was_seen(month):
    dice = random.Random(1)
    for section, true in (("a", 0.2), ("b", 0.02)):
        for _ in range(400):
            since, until = (16 + 16 * part for part in sorted((dice.random(), dice.random())))
            born, visited = (BEGIN - timedelta(hours=hours) for hours in (until, until - since))
            edited = dice.random() > math.exp(-true * (until - since))
            month.archive.rates.watched("news", section, born.isoformat(), visited.isoformat(), edited)
    curves = month.archive.rates.curves("news")
    assert 0.15 < curves["a"].rates[5] < 0.25 and 0.013 < curves["b"].rates[5] < 0.03
    assert curves["b"].rates[5] < curves["c"].rates[5] < curves["a"].rates[5]
    # At an age at which none was watched yet, a section that edits more is taken to edit more.
    assert curves["a"].rates[9] > 2 * curves["b"].rates[9]
    month.set(30 * 24)
    curves = month.archive.rates.curves("news")
    assert curves["a"].rates[5] < 2 * curves["b"].rates[5], "what was watched a month ago still counts"


def test_a_quiet_section_is_looked_at_now_and_then(month):
    for n in range(40):
        paper(month, n, section="loud")
    for n in range(40, 50):
        paper(month, n, section="quiet")
    born, since = BEGIN.isoformat(), (BEGIN + timedelta(hours=1)).isoformat()
    month.set(20)
    for _ in range(60):
        month.archive.rates.watched("news", "loud", born, since, True)
        month.archive.rates.watched("news", "quiet", born, since, False)
    month.set(30)
    sections = ["quiet" if int(page.id.partition(":")[2]) >= 40 else "loud" for page in month.crawl(20)[1]]
    assert sections.count("loud") >= 18 and "quiet" in sections


def test_revisits_follow_sections_that_change_their_habits(month, capsys):
    papers = published(random.Random(1))
    found, (before, after) = found_by_revisits(month, papers)
    best, visits = best_schedule(papers, BUDGET * HOURS)
    with capsys.disabled():
        print(
            f"\n{len(papers)} articles, {sum(len(paper.edits) for paper in papers)} edits; re-visits found {found} by"
            f" {sum(before.values()) + sum(after.values())} requests (a, b: {before} then {after}),"
            f" the best fixed schedule {best} by {visits}"
        )
    assert found >= 0.9 * best
    assert before["a"] > 2 * before["b"] and after["b"] > 1.5 * after["a"]
