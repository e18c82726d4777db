"""A news site of any size, written as files that nginx serves as they are: short pages, five sections, a feed, sitemaps."""

from __future__ import annotations

import gzip
import random
import sys
from bisect import bisect
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from newsarchive.demo.newsroom import FIRST_DAY, FIRST_NUMBER, SECTIONS, Newsroom, Story
from newsarchive.demo.pages import CHUNK, DemoPages

APART = timedelta(minutes=15)
"""96 stories a day: 200,000 are some six years of a site."""

PATTERNS = 500
WORDS = 30_000
STORY_WORDS = 250
SITEMAP_URLS = 50_000  # as many as a file may have (sitemaps.org)
FEED_ITEMS = 40


class Vocabulary:
    """Invented words, as unevenly frequent as those of a language (Zipf's law)."""

    def __init__(self, words: int = WORDS):
        dice = random.Random(1)
        syllables = [a + b for a in "bdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "is", "on", "um")]
        self.words = list(
            dict.fromkeys("".join(dice.choices(syllables, k=1 + n * 3 // words)) + "st" * (n % 2) for n in range(words))
        )
        self.weights = list(accumulate(1 / (n + 3) for n in range(len(self.words))))

    def text(self, dice: random.Random, words: int) -> str:
        """Return a paragraph."""
        found = [self.words[bisect(self.weights, dice.random() * self.weights[-1])] for _ in range(words)]
        return f"{' '.join(found).capitalize()}."


class LargeNewsroom(Newsroom):
    """``stories`` stories, some of which share what does not matter here; their texts are made when they are drawn."""

    def __post_init__(self):
        patterns = [story for story in Newsroom(PATTERNS).all() if not story.missing and not story.canonical]
        self._vocabulary = Vocabulary()
        self._all = [self._story(n, patterns[n % len(patterns)]) for n in reversed(range(self.stories))]
        self.slugs = {story.number: story.slug for story in self._all}
        self.pinned = self._all[min(20, self.stories - 1)].number

    def _story(self, n: int, pattern: Story) -> Story:
        section, published = SECTIONS[n % len(SECTIONS)], FIRST_DAY - (self.stories - n) * APART
        photos = tuple(replace(photo, number=photo.number + n * 1000) for photo in pattern.photos)
        return replace(
            pattern,
            number=FIRST_NUMBER + n,
            section=section,
            also_in=None,
            published=published,
            modified=published,
            tags=(section, *pattern.tags[1:]),
            photos=photos,
        )

    def all(self) -> list[Story]:
        """The stories, newest first."""
        return self._all

    def publish(self, count: int, section: str) -> list[Story]:
        """Add ``count`` stories to ``section``; return them, newest first."""
        new = []
        for _ in range(count):
            published = self._all[0].published + APART
            story = replace(self._all[0], number=self._all[0].number + 1, section=section, published=published, modified=published)
            self._all.insert(0, story)
            self.slugs[story.number] = story.slug
            new.insert(0, story)
        return new

    def whole(self, story: Story) -> Story:
        """Return ``story`` with a text of its own."""
        dice = random.Random(story.number)
        lengths = [STORY_WORDS // 5] * 5
        blocks = [{"type": "paragraph", "text": self._vocabulary.text(dice, words)} for words in lengths]
        return replace(story, blocks=(*blocks[:3], *(b for b in story.blocks if b["type"] == "quote"), *blocks[3:]))


class LargePages(DemoPages):
    """Draws :class:`LargeNewsroom` into a folder."""

    def __init__(self, newsroom: LargeNewsroom):
        super().__init__(newsroom)
        self._listed: dict[str, list[Story]] = {}

    def listed(self, section: str) -> list[Story]:
        if section not in self._listed:
            self._listed[section] = super().listed(section)
        return self._listed[section]

    def write_listings(self, folder: Path) -> int:
        """Write robots.txt, feed, sitemaps and all pages of the sections. Return how many pages these have."""
        stories = self.newsroom.all()
        _write(folder / "robots.txt", "User-agent: *\nDisallow:\n")
        self.write_feed(folder)
        files = range(0, len(stories), SITEMAP_URLS)
        for n in files:
            urls = "".join(
                f"<url><loc>{self.url(self.path(story))}</loc><lastmod>{story.modified.isoformat()}</lastmod></url>"
                for story in stories[n : n + SITEMAP_URLS]
            )
            _write(folder / f"sitemap-{n}.xml", f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')
        index = "".join(f"<sitemap><loc>{self.url(f'/sitemap-{n}.xml')}</loc></sitemap>" for n in files)
        _write(folder / "sitemap.xml", f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{index}</sitemapindex>')
        return sum(self.write_section(folder, section) for section in SECTIONS)

    def write_feed(self, folder: Path) -> None:
        """Write the feed."""
        items = "".join(
            f"<item><title>{escape(s.headline)}</title><link>{self.url(self.path(s))}</link>"
            f"<pubDate>{format_datetime(s.published)}</pubDate></item>"
            for s in self.newsroom.all()[:FEED_ITEMS]
        )
        _write(folder / "feed.xml", f'<rss version="2.0"><channel><title>Newest</title>{items}</channel></rss>')

    def write_section(self, folder: Path, section: str, most: int | None = None) -> int:
        """Write the pages of ``section``, the first ``most``. Return how many."""
        self._listed.pop(section, None)
        stories = self.listed(section)
        places = range(0, len(stories), CHUNK)[:most]
        for place in places:
            if place:
                _write(folder / self.more_path(section, stories[place - 1]).lstrip("/"), self.chunk(section, place))
            else:
                _write(folder / self.section_path(section).strip("/") / "index.html", self.section_page(section), plain=True)
        return len(places)

    def write_articles(self, folder: Path, stories: Iterable[Story]) -> int:
        """Write the pages of ``stories``. Return the bytes that they have packed."""
        return sum(_write(folder / self.path(s).lstrip("/"), self.article(self.newsroom.whole(s))) for s in stories)


def _write(path: Path, text: str, plain: bool = False) -> int:
    """Write ``text`` as nginx serves it: packed. ``plain``: beside itself, for what has a folder's address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(text.encode(), 6, mtime=0)
    path.with_name(f"{path.name}.gz").write_bytes(packed)
    if plain:
        path.write_text(text, encoding="utf-8")
    return len(packed)
