"""What is usual in an archive: its earlier crawls, and what they brought."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from newsarchive.dates import stamp
from newsarchive.store.schema import WHOLE

# Whatever else it was asked, a crawl of other days is the same task.
TASK = "json_remove(arguments, '$._job', '$.since', '$.until', '$.max_articles', '$.base_url')"
TASK_DAYS = 56
NEWEST = 5000
YOUNG_DAYS = 7


@dataclass(frozen=True)
class Crawled:
    """A crawl that is over."""

    id: int
    spider: str
    arguments: dict[str, str]
    reason: str
    started_at: str
    ended_at: str
    counts: dict[str, Any]


@dataclass(frozen=True)
class Walked:
    """A walk of a listing."""

    crawl: int
    source: str
    url: str
    section: str | None
    links: int
    end: str
    reason: str | None

    @property
    def whole(self) -> bool:
        """Whether it left nothing out."""
        return self.end in WHOLE


@dataclass(frozen=True)
class ReadPage:
    """An article, and which origin filled each of its fields."""

    id: str
    url: str
    section: str | None
    origins: dict[str, str]


class History:
    """The past of an archive."""

    def __init__(self, archive):
        self.archive = archive

    def crawl(self, crawl: int) -> Crawled:
        """Return the crawl whose id is ``crawl``."""
        return _crawled(self.archive.db.execute("select * from crawl where id = ?", (crawl,)).fetchone())

    def like(self, crawl: Crawled, limit: int, before: str | None = None) -> list[Crawled]:
        """Return up to ``limit`` crawls of the last weeks that were asked what ``crawl`` was, newest first.

        They ended before it began, and began before the time ``before``.
        """
        began = datetime.fromisoformat(crawl.started_at)
        rows = self.archive.db.execute(
            f"""select * from crawl where spider = ? and started_at < ? and started_at > ? and ended_at is not null
            and {TASK} = (select {TASK} from crawl where id = ?) order by started_at desc limit ?""",
            (
                crawl.spider,
                min(crawl.started_at, before or crawl.started_at),
                stamp(began - timedelta(days=TASK_DAYS)),
                crawl.id,
                limit,
            ),
        )
        return [_crawled(row) for row in rows]

    def brought(self, site: str, since: datetime, until: datetime) -> tuple[int, int]:
        """Return how many crawls began from ``since`` to ``until``, and how many articles of these days they brought."""
        return tuple(
            self.archive.db.execute(
                """select count(*), coalesce(sum(json_extract(counts, '$."archive/article/fresh"')), 0)
                from crawl where spider = ? and started_at > ? and started_at <= ?""",
                (site, stamp(since), stamp(until)),
            ).fetchone()
        )

    def walks(self, *crawls: int) -> list[Walked]:
        """Return the walks of ``crawls``."""
        rows = self.archive.db.execute(
            f"""select crawl, source, url, section, links, coalesce("end", 'stopped') as "end", reason from listing
            where crawl in ({",".join("?" * len(crawls))}) order by id""",
            crawls,
        )
        return [Walked(*row) for row in rows]

    def times_walked(self, site: str, walk: Walked) -> tuple[int, int]:
        """Return how many crawls walked the listing of ``walk``, and how many of its walks were whole."""
        return tuple(
            self.archive.db.execute(
                f"""select count(distinct crawl), coalesce(sum("end" in {WHOLE}), 0) from listing
                where site = ? and source = ? and url = ?""",
                (site, walk.source, walk.url),
            ).fetchone()
        )

    def gaps(self, site: str) -> list[dict[str, Any]]:
        """Return the gaps that are open."""
        return [
            dict(row)
            for row in self.archive.db.execute("select * from gap where site = ? and closed_at is null order by id", (site,))
        ]

    def not_ended(self, site: str) -> list[Crawled]:
        """Return the crawls of ``site`` that died, and after which none that was asked the same has ended, newest first."""
        live = set(self.archive.crawls.live())
        rows = self.archive.db.execute(
            f"""select * from crawl c where spider = ? and ended_at is null and not exists (
              select 1 from crawl d where d.spider = c.spider and d.started_at > c.started_at and d.ended_at is not null
              and {TASK.replace("arguments", "d.arguments")} = {TASK.replace("arguments", "c.arguments")})
            order by id desc limit 10""",
            (site,),
        )
        return [_crawled(row) for row in rows if row["id"] not in live]

    def read(self, site: str, limit: int, before: str | None = None) -> list[ReadPage]:
        """Return the articles that the site published lately and that came last, newest first.

        ``before``: those that were first seen before that time.
        """
        rows = self.archive.db.execute(
            f"""select a.id, a.url, a.section, a.origins from (
              select id, url, section, origins, day, flags, seq from article where site = ? order by seq desc limit {NEWEST}
            ) a join page p on p.id = a.id
            where (a.day is null or a.day >= date(p.first_seen_at, '-{YOUNG_DAYS} days')) and a.flags not like '%"second_hand"%'
            and p.first_seen_at < ? order by a.seq desc limit ?""",
            (site, before or "9999", limit),
        )
        return [ReadPage(row["id"], row["url"], row["section"], json.loads(row["origins"])) for row in rows]

    def unread(self, site: str, what: str) -> tuple[str, str] | None:
        """Return id and address of the page that first lacked ``what``, of those that wait for it; None: there is none."""
        row = self.archive.db.execute(
            """select id, url from page where site = ? and state = 'waiting' and reason = ?
            order by fetched_at, first_seen_at limit 1""",
            (site, f"no {what} on it"),
        ).fetchone()
        return tuple(row) if row else None

    def free_before(self, crawl: Crawled) -> tuple[str, int] | None:
        """Return when and how many bytes were free on the disk, about a week before ``crawl``; None: nobody noted it."""
        ended = datetime.fromisoformat(crawl.ended_at)
        row = self.archive.db.execute(
            """select ended_at, json_extract(counts, '$."archive/disk/free"') as free from crawl
            where spider = ? and started_at > ? and ended_at < ? and free is not null order by started_at limit 1""",
            (crawl.spider, stamp(ended - timedelta(days=7)), stamp(ended - timedelta(days=1))),
        ).fetchone()
        return tuple(row) if row else None


def _crawled(row) -> Crawled:
    return Crawled(
        row["id"],
        row["spider"],
        json.loads(row["arguments"]),
        row["reason"] or "",
        row["started_at"],
        row["ended_at"] or row["alive_at"],
        json.loads(row["counts"]),
    )
