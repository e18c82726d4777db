"""Picture files: which photos are to be kept, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsarchive.items import Image
from newsarchive.urls import photo_address

TRIES = 5
"""A picture that could not be had in so many crawls is given up."""


@dataclass(frozen=True)
class Picture:
    """A picture file that a crawl is to fetch."""

    url: str
    page: str
    """The article that showed it first."""


def photo_of(image: Image) -> str:
    """Return what a photo is known by: its number, else its address without what sites size and sign by."""
    return image["key"] or photo_address(image["url"])


def largest_renditions(images: Sequence[Image]) -> list[Image]:
    """Return the largest rendition of each photo among ``images``, in their order.

    Share pictures count where there is no other.
    """
    shown = [image for image in images if image["role"] != "share"] or images
    largest: dict[str, Image] = {}
    for image in shown:
        photo = photo_of(image)
        if photo not in largest or _area(image) > _area(largest[photo]):
            largest[photo] = image
    return list(largest.values())


def _area(image: Image) -> tuple[int, int]:
    """Area and width in pixels; a size that is half known is that of a square."""
    width, height = image["width"] or image["height"] or 0, image["height"] or image["width"] or 0
    return width * height, width


class ImageFiles:
    """The table ``image_file``."""

    def __init__(self, archive):
        self.archive = archive

    def want(self, page: str, images: Sequence[Image]) -> None:
        """Note that the photos among ``images``, of the article ``page``, are to be kept; each once a site."""
        site = page.partition(":")[0]
        with self.archive.transaction() as db:
            for image in largest_renditions(images):
                had = "select 1 from image_file where key = ? and page >= ? and page < ? limit 1"
                if db.execute(had, (photo_of(image), f"{site}:", f"{site};")).fetchone():
                    continue
                db.execute(
                    "insert into image_file (url, page, key, state) values (?, ?, ?, 'waiting') on conflict do nothing",
                    (image["url"], page, photo_of(image)),
                )

    def without(self, site: str) -> Iterator[tuple[str, list[Image]]]:
        """Yield id and images of the site's articles that no picture file belongs to."""
        last = ""
        while True:  # in parts: rows are written meanwhile
            rows = self.archive.db.execute(
                """select id, images from article a where site = ? and id > ? and images <> '[]'
                and not exists (select 1 from image_file f where f.page = a.id) order by id limit 500""",
                (site, last),
            ).fetchall()
            if not rows:
                return
            for last, images in rows:
                yield last, json.loads(images)

    def claim(self, crawl: int, site: str, limit: int) -> list[Picture]:
        """Claim up to ``limit`` pictures of ``site`` that wait and that this crawl has not tried yet."""
        with self.archive.transaction() as db:
            live = self.archive.crawls.live()
            rows = db.execute(
                f"""select url, page from image_file where state = 'waiting' and page >= ? and page < ?
                and (lease_by is null or lease_by not in ({", ".join("?" * len(live))})) limit ?""",
                (f"{site}:", f"{site};", *live, limit),
            ).fetchall()
            db.executemany("update image_file set lease_by = ? where url = ?", ((crawl, row["url"]) for row in rows))
        return [Picture(row["url"], row["page"]) for row in rows]

    def stored(self, url: str, *, file: str, digest: str, type: str, bytes: int, width: int | None, height: int | None) -> None:
        """Note that the picture at ``url`` is kept in ``file``, and what its bytes say of it."""
        with self.archive.transaction() as db:
            db.execute(
                """update image_file set state = 'stored', reason = null, file = ?, digest = ?, type = ?, bytes = ?, width = ?,
                height = ?, fetched_at = ?, lease_by = null where url = ?""",
                (file, digest, type, bytes, width, height, self.archive.now(), url),
            )

    def failed(self, url: str, state: str, reason: str) -> None:
        """Note why the picture at ``url`` is not kept. ``waiting``: a later crawl tries again, :data:`TRIES` times in all."""
        with self.archive.transaction() as db:
            db.execute(
                """update image_file set tries = tries + 1, reason = ?, fetched_at = ?,
                state = case when ? = 'waiting' and tries + 1 >= ? then 'given_up' else ? end where url = ?""",
                (reason, self.archive.now(), state, TRIES, state, url),
            )

    def counts(self, site: str) -> dict[str, int]:
        """Return how many pictures of ``site`` are in each state."""
        rows = self.archive.db.execute(
            "select state, count(*) from image_file where page >= ? and page < ? group by state order by state",
            (f"{site}:", f"{site};"),
        )
        return dict(map(tuple, rows))
