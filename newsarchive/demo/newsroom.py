"""The truth of the demo site: its stories and how they change, made up before any page of it is drawn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from newsarchive.items import Author, Block

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 12
SECTIONS = ("world", "middle east", "business", "science", "sport")
FIRST_NUMBER = 1_000_101

PLACES = (
    "Amberford Brindle Calloway Dunmere Eastholm Fennick Greyhaven Hollin Islay Port Jarrow Kestrel Bay Lorne"
    " Marwick Nettleton Oldbridge Penhallow Quarry Hill Rosscarne Silverdale Thornby Umberton Valley End Westmoor"
    " Yarrow"
).split()
GROUPS = (
    "the town council",
    "a group of volunteers",
    "the harbour office",
    "the university",
    "the railway company",
    "a team of engineers",
    "the botanical garden",
    "the city library",
    "the fishing cooperative",
    "the regional museum",
    "the water board",
    "the youth orchestra",
    "the weather service",
    "the cycling club",
    "the observatory",
)
DEEDS = (
    "opens a footbridge over the river",
    "plants two thousand lime trees",
    "restores a lighthouse of 1884",
    "counts more herons than ever",
    "publishes a map of old wells",
    "tests a ferry without an engine",
    "finds a Roman coin under the market",
    "lends out musical instruments",
    "repairs the clock of the town hall",
    "measures the mildest winter in ten years",
    "moves its archive to a former mill",
    "invites schools to the night sky",
    "sells the first honey of the roofs",
    "builds a wall of dry stone",
    "brings back the evening train",
)
SENTENCES = (
    "The work took {n} months and cost less than planned.",
    "Around {n} people came to {place} to see it.",
    "A second part is to follow before the autumn.",
    "{group_} had asked for it since the spring of last year.",
    "Nobody was hurt, and the traffic in {place} went on as usual.",
    "The idea came from a class of {n} pupils.",
    "Neighbouring {place} is now thinking about doing the same.",
    "The figures were published on Tuesday and cover the last {n} years.",
    "It rained for most of the morning, which disturbed no one.",
    "The next meeting is open to everyone and begins at seven.",
    "Experts from {place} helped with the planning.",
    "According to the first reports, the result holds for {n} of the sites.",
    "Older residents remember that something like it stood there before.",
    "The money comes from {n} foundations and a lottery.",
)
NAMES = (
    "Ada Linwood",
    "Bruno Castell",
    "Clara Oyelaran",
    "Dmitri Halloran",
    "Esther Vandermeer",
    "Farid Lindqvist",
    "Greta Nakamura",
    "Hugo Abernathy",
)
TOPICS = "trees rivers bridges trains libraries birds music weather history schools markets astronomy".split()


@dataclass(frozen=True)
class Photo:
    """A photo of a story, ``width`` by ``height`` pixels large."""

    number: int
    width: int
    height: int
    caption: str
    credit: str


@dataclass(frozen=True)
class Story:
    """An article of the demo site."""

    number: int
    section: str
    published: datetime
    modified: datetime
    headline: str
    lead: str
    blocks: tuple[Block, ...]
    author: Author
    tags: tuple[str, ...]
    photos: tuple[Photo, ...]
    also_in: str | None = None
    """A second section that lists it."""

    canonical: str | None = None
    """What its canonical link names instead of itself: ``front``, or another story's number."""

    missing: bool = False
    """Listed, but its page answers 404."""

    views: int = 0
    """A counter on the page: furniture."""

    @property
    def slug(self) -> str:
        """The words of the first headline, as they stand in its address; they do not follow corrections."""
        return "-".join("".join(c for c in word if c.isalnum()) for word in self.headline.lower().split())

    def time_of_day(self) -> str:
        return f"{self.published:%H:%M}"


@dataclass
class Newsroom:
    """All stories, in ``edition`` 1 or, some days later, 2.

    ``stories`` is spread evenly over ``DAYS`` days and five sections. The second edition has a few new stories, three
    edited ones, four whose furniture alone was touched though the site calls them modified, and new counters everywhere.
    """

    stories: int = 336
    edition: int = 1
    addresses: dict[int, str] = field(default_factory=dict)

    def __post_init__(self):
        self._first = list(_stories(self.stories))
        self.new = [
            replace(
                story,
                number=story.number + self.stories,
                published=story.published + timedelta(days=DAYS - 1, hours=12),
                modified=story.modified + timedelta(days=DAYS - 1, hours=12),
                headline=story.headline + " again",
            )
            for story in self._first[:6]
        ]
        known = [story for story in self._first if not story.missing and not story.canonical]
        self.edited = [story.number for story in known[-3:]]
        self.touched = [story.number for story in known[-7:-3]]
        self.pinned = known[20].number
        self.slugs = {story.number: story.slug for story in [*self._first, *self.new]}

    def all(self) -> list[Story]:
        """The stories of the present edition, newest first."""
        stories = [self._now(story) for story in self._first] + (self.new if self.edition > 1 else [])
        return sorted(stories, key=lambda story: (story.published, story.number), reverse=True)

    def get(self, number: int) -> Story | None:
        """The story ``number`` in the present edition."""
        return next((story for story in self.all() if story.number == number), None)

    def _now(self, story: Story) -> Story:
        if self.edition == 1:
            return story
        story = replace(story, views=story.views + 1000 + story.number % 97)
        later = FIRST_DAY + timedelta(days=DAYS, hours=2)
        if story.number in self.touched:
            return replace(story, modified=later)
        if story.number == self.edited[0]:
            return replace(story, modified=later, headline=f"Correction: {story.headline}")
        if story.number == self.edited[1]:
            first = story.blocks[0] | {
                "text": story.blocks[0]["text"].replace("months", "weeks") + " An earlier version gave another figure."
            }
            return replace(story, modified=later, blocks=(first, *story.blocks[1:]))
        if story.number == self.edited[2]:
            return replace(
                story,
                modified=later,
                blocks=story.blocks + ({"type": "paragraph", "text": "The council confirmed this in the evening."},),
            )
        return story


def _stories(count: int) -> Iterator[Story]:
    step = timedelta(days=DAYS) / count
    for n in range(count):
        dice = random.Random(n)
        place, deed, group = dice.choice(PLACES), dice.choice(DEEDS), dice.choice(GROUPS)
        published = (FIRST_DAY + n * step).replace(second=0, microsecond=0)
        section = SECTIONS[n % len(SECTIONS)]
        yield Story(
            number=FIRST_NUMBER + n,
            section=section,
            published=published,
            modified=published + timedelta(minutes=dice.randrange(0, 90)),
            headline=f"{group.removeprefix('the ').removeprefix('a ').capitalize()} in {place} {deed}",
            lead=f"In {place}, {group} {deed}, and the neighbours are pleased.",
            blocks=tuple(_blocks(dice, place, group)),
            author={"name": dice.choice(NAMES), "url": None},
            tags=(section, *dice.sample(TOPICS, 2)),
            photos=tuple(_photos(dice, n, place)),
            also_in="world" if n % 28 == 1 else None,
            canonical={40: "front", 81: "other"}.get(n),
            missing=n == 57,
            views=dice.randrange(50, 5000),
        )


def _sentence(dice: random.Random) -> str:
    group = dice.choice(GROUPS)
    return dice.choice(SENTENCES).format(n=dice.randrange(2, 90), place=dice.choice(PLACES), group_=group[0].upper() + group[1:])


def _paragraph(dice: random.Random) -> Block:
    return {"type": "paragraph", "text": " ".join(_sentence(dice) for _ in range(dice.randrange(2, 5)))}


def _blocks(dice: random.Random, place: str, group: str) -> Iterator[Block]:
    yield _paragraph(dice)
    yield _paragraph(dice)
    if dice.random() < 0.5:
        yield {
            "type": "quote",
            "text": f"“We have waited long for this day in {place}.”",
            "cite": f"A speaker of {group}",
        }
    yield _paragraph(dice)
    if dice.random() < 0.6:
        yield {"type": "heading", "text": f"What {place} plans next"}
        yield _paragraph(dice)
    if dice.random() < 0.3:
        items = [f"{word.capitalize()} in {dice.choice(PLACES)}" for word in dice.sample(TOPICS, 3)]
        yield {"type": "list", "text": "\n".join(items), "items": items}
    if dice.random() < 0.2:
        yield {"type": "embed", "text": "", "url": f"https://video.example/embed/{dice.randrange(1000)}"}
    yield _paragraph(dice)


def _photos(dice: random.Random, n: int, place: str) -> Iterator[Photo]:
    yield Photo(2_000_000_000 + n, 3200, 1800, f"A view of {place} from the river", f"© Demo Courier / {dice.choice(NAMES)}")
    if dice.random() < 0.3:
        yield Photo(2_100_000_000 + n, 2400, 1600, f"The old market of {place}", "© Demo Courier / archive")
