"""The demo site's own pages: plain HTML with JSON-LD, as many sites have them. No markup here is another publisher's."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from newsarchive.demo.newsroom import SECTIONS, Newsroom, Photo, Story

CHUNK = 20
NAME = "The Demo Courier"


class DemoPages:
    """Draws the pages of a newsroom, and tells what a reader must find on them."""

    site = "demo"
    host = "courier.example"
    other_edition = "es.courier.example"
    robots = "User-agent: *\nDisallow: /search/\nSitemap: https://courier.example/sitemap.xml\n"
    sitemap_index = "/sitemap.xml"
    feed = "/feed.xml"

    def __init__(self, newsroom: Newsroom):
        self.newsroom = newsroom

    # Addresses.

    def path(self, story: Story) -> str:
        return f"/{story.published:%Y/%m/%d}/{self.newsroom.slugs[story.number]}-{story.number}"

    def number(self, path: str) -> int | None:
        """The story number in an article's path."""
        tail = path.rstrip("/").rsplit("-", 1)[-1]
        return int(tail) if path.startswith("/20") and tail.isdigit() else None

    def url(self, path: str) -> str:
        return f"https://{self.host}{path}"

    def section_path(self, section: str) -> str:
        return f"/{section.replace(' ', '-')}/"

    def section(self, path: str) -> tuple[str, int] | None:
        """Section and first place of the list page or chunk at ``path``; None when it is neither."""
        parts = [part for part in path.split("/") if part]
        for section in SECTIONS:
            slug = section.replace(" ", "-")
            if parts == [slug]:
                return section, 0
            if parts[:2] == ["more", slug] and len(parts) == 3 and parts[2].isdigit():
                return section, self._place(section, int(parts[2]))
        return None

    def _place(self, section: str, number: int) -> int:
        numbers = [story.number for story in self.listed(section)]
        return numbers.index(number) + 1 if number in numbers else len(numbers)

    def more_path(self, section: str, last: Story) -> str:
        return f"/more/{section.replace(' ', '-')}/{last.number}"

    def listed(self, section: str) -> list[Story]:
        return [story for story in self.newsroom.all() if section in (story.section, story.also_in)]

    def image_url(self, photo: Photo, width: int) -> str:
        return f"https://img.courier.example/photos/{photo.number}/{width}.jpg"

    def photo_size(self, path: str) -> tuple[int, int] | None:
        """Width and height in pixels of the photo at ``path``; None when there is none."""
        m = re.fullmatch(r"/photos/(\d+)/(\d+)\.jpg", path)
        photo = m and next((p for story in self.newsroom.all() for p in story.photos if p.number == int(m[1])), None)
        return (int(m[2]), round(int(m[2]) * photo.height / photo.width)) if photo else None

    # The truth.

    def expected(self, story: Story) -> dict:
        """What :func:`newsarchive.extract.article.load_article` must give for ``story``, but for what depends on the crawl."""
        lead = {"type": "lead", "text": story.lead}
        body = [lead, *story.blocks]
        return {
            "id": f"{self.site}:{story.number}",
            "site": self.site,
            "key": str(story.number),
            "url": self.url(self.path(story)),
            "headline": story.headline,
            "alternative_headline": None,
            "description": story.lead,
            "created_at": self.created(story),
            "published_at": _iso(story.published),
            "modified_at": _iso(story.modified),
            "times": self.times(story),
            "day": f"{story.published:%Y-%m-%d}",
            "section": story.section,
            "tags": list(story.tags),
            "authors": self.authors(story),
            "genre": "News",
            "language": "en",
            "body": body,
            "text": "\n\n".join(block["text"] for block in body if block["type"] != "embed"),
            "images": self.images(story),
            "publisher": self.publisher(),
            "copyright_year": 2026,
            "is_accessible_for_free": self.free,
        }

    free = True

    def created(self, story: Story) -> str | None:
        return None

    def times(self, story: Story) -> dict:
        return {
            name: {"raw": _iso(at), "precision": "second", "zone": "given"}
            for name, at in (("published_at", story.published), ("modified_at", story.modified))
        }

    def authors(self, story: Story) -> list[dict]:
        name = story.author["name"]
        return [{"name": name, "url": self.url(f"/authors/{name.lower().replace(' ', '-')}/")}]

    def publisher(self) -> dict:
        logo = {"url": self.url("/logo.png"), "width": 252, "height": 60}
        return {
            "name": NAME,
            "legal_name": "Demo Courier Ltd",
            "email": "desk@courier.example",
            "telephone": "+10000000",
            "logo": logo,
        }

    def images(self, story: Story) -> list[dict]:
        """One entry a photo and size: the lead photo in two sizes, each further photo in one, and the share picture."""
        first, *others = story.photos
        said = {
            "caption": first.caption,
            "credit": first.credit,
            "alt": first.caption,
            "role": "lead",
            "key": str(first.number),
            "crop": None,
        }
        images = [{"url": self.image_url(first, w), "width": w, "height": h, **said} for w, h in ((1920, 1080), (640, 360))]
        for photo in others:
            images.append(
                {
                    "url": self.image_url(photo, 960),
                    "width": 960,
                    "height": 640,
                    "caption": photo.caption,
                    "credit": photo.credit,
                    "alt": photo.caption,
                    "role": "body",
                    "key": str(photo.number),
                    "crop": None,
                }
            )
        images.append(
            {
                "url": self.url(f"/share/{story.number}.png"),
                "width": 1200,
                "height": 630,
                "caption": None,
                "credit": None,
                "alt": None,
                "role": "share",
                "key": None,
                "crop": None,
            }
        )
        return images

    # Pages.

    def canonical(self, story: Story) -> str:
        """The address in the canonical link, wrong on two stories."""
        if story.canonical == "front":
            return self.url("/")
        if story.canonical == "other":
            other = next(s for s in self.newsroom.all() if s.canonical is None)
            return self.url(self.path(other))
        return self.url(self.path(story))

    def article(self, story: Story) -> str:
        """The page of ``story``."""
        expected = self.expected(story)
        images = expected["images"]
        thing = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": story.headline,
            "description": story.lead,
            "datePublished": _iso(story.published),
            "dateModified": _iso(story.modified),
            "articleSection": story.section,
            "keywords": ", ".join(story.tags),
            "author": [{"@type": "Person", **author} for author in expected["authors"]],
            "genre": "News",
            "inLanguage": "en",
            "copyrightYear": 2026,
            "isAccessibleForFree": True,
            "image": [{"@type": "ImageObject", "url": images[0]["url"], "width": 1920, "height": 1080}],
            "publisher": {
                "@type": "NewsMediaOrganization",
                "name": NAME,
                "legalName": "Demo Courier Ltd",
                "email": "desk@courier.example",
                "telephone": "+10000000",
                "logo": {"@type": "ImageObject", **expected["publisher"]["logo"]},
            },
            "articleBody": " ".join(block["text"] for block in story.blocks if block["type"] != "embed"),
        }
        share = images[-1]
        lead, *others = [image for image in images if image["role"] != "share" and image["width"] != 1920]
        author = expected["authors"][0]
        head = f"""<title>{escape(story.headline)} — {NAME}</title>
<link rel="canonical" href="{self.canonical(story)}">
<link rel="amphtml" href="{self.url("/amp" + self.path(story))}">
<meta name="description" content="{escape(story.lead)}">
<meta property="og:type" content="article">
<meta property="og:title" content="{escape(story.headline)}">
<meta property="og:description" content="{escape(story.lead)}">
<meta property="og:url" content="{self.url(self.path(story))}">
<meta property="og:site_name" content="{NAME}">
<meta property="og:image" content="{share["url"]}">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="article:published_time" content="{_iso(story.published)}">
<script type="application/ld+json">{json.dumps(thing).replace("</", "<" + chr(92) + "/")}</script>"""
        body = "\n".join(_block(block) for block in story.blocks)
        tags = "".join(f'<li><a rel="tag" href="/tags/{tag}/">{tag}</a></li>' for tag in story.tags)
        related = "".join(f'<li><a href="{self.path(other)}">{escape(other.headline)}</a></li>' for other in self._related(story))
        return self._page(
            head,
            f"""<main><article class="story">
<h1>{escape(story.headline)}</h1>
<p class="standfirst">{escape(story.lead)}</p>
<p class="byline">By <a rel="author" href="{urlsplit(author["url"]).path}">{escape(author["name"])}</a>
<time datetime="{_iso(story.published)}">{story.time_of_day()} GMT</time> <span class="views">{story.views} views</span></p>
<div class="lead-photo">{_figure(lead)}</div>
<div class="story-body">
{body}
{"".join(_figure(image, lazy=True) for image in others)}
<aside class="related"><h3>Read more</h3><ul>{related}</ul></aside>
</div>
<ul class="tags">{tags}</ul>
</article></main>""",
        )

    def _related(self, story: Story) -> list[Story]:
        stories = self.newsroom.all()
        start = (story.number * 7 + self.newsroom.edition * 3) % len(stories)
        return stories[start : start + 3]

    def amp(self, story: Story) -> str:
        """The AMP copy: the text and a canonical link."""
        body = "\n".join(_block(block) for block in story.blocks)
        return f"""<!doctype html><html amp lang="en"><head><meta charset="utf-8"><title>{escape(story.headline)}</title>
<link rel="canonical" href="{self.canonical(story)}"></head><body><h1>{escape(story.headline)}</h1>{body}</body></html>"""

    def front(self) -> str:
        items = "".join(self._item(story, 0) for story in self.newsroom.all()[:CHUNK])
        return self._page(f"<title>{NAME}</title>", f'<main><div class="list">{items}</div></main>')

    def section_page(self, section: str) -> str:
        """The first page of a section, with the pinned story on top."""
        return self._page(
            f"<title>{section.title()} — {NAME}</title>",
            f"<main><h1>{section.title()}</h1>{self.chunk(section, 0)}</main>",
        )

    def chunk(self, section: str, place: int) -> str:
        """Stories of ``section`` from ``place``, newest first, and where the list goes on."""
        stories = self.listed(section)
        part = stories[place : place + CHUNK]
        items = [self._item(story, n) for n, story in enumerate(part)]
        if place == 0 and (pinned := self.newsroom.get(self.newsroom.pinned)):
            items.insert(0, self._item(pinned, 0))
        if place == CHUNK:  # the Spanish edition has numbers of its own, some of them the same
            items.append(
                f'<div class="item"><a class="title" href="https://{self.other_edition}{self.path(part[0])}">En español</a></div>'
            )
        more = f'<a class="more" href="{self.more_path(section, part[-1])}">More</a>' if place + CHUNK < len(stories) else ""
        return f'<div class="list">{"".join(items)}</div>{more}'

    def _item(self, story: Story, n: int) -> str:
        path = self.path(story)
        # One story under several addresses.
        href = f"/amp{path}" if n % 10 == 3 else f"{path}?utm_source=front&amp;utm_medium=list" if n % 10 == 6 else path
        changed = f'<time class="updated" datetime="{_iso(story.modified)}"></time>' if story.modified != story.published else ""
        return f"""<div class="item"><a class="title" href="{href}">{escape(story.headline)}</a>
<time class="published" datetime="{_iso(story.published)}">{story.time_of_day()}</time>{changed}</div>"""

    def _page(self, head: str, body: str) -> str:
        menu = "".join(f'<a href="{self.section_path(section)}">{section.title()}</a>' for section in SECTIONS)
        return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
{head}
</head><body><header><a href="/">{NAME}</a><nav class="menu">{menu}</nav></header>
{body}
<footer>Edition {self.newsroom.edition}. <a href="/about/">About us</a></footer></body></html>"""


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _figure(image: dict, lazy: bool = False) -> str:
    source = f'src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="{image["url"]}"' if lazy else f'src="{image["url"]}"'
    return f"""<figure><img {source} width="{image["width"]}" height="{image["height"]}" alt="{escape(image["alt"])}">
<figcaption>{escape(image["caption"])} <span class="credit">{escape(image["credit"])}</span></figcaption></figure>"""


def _block(block: dict) -> str:
    text = escape(block["text"], quote=False)
    match block["type"]:
        case "heading":
            return f"<h2>{text}</h2>"
        case "quote":
            return f"<blockquote><p>{text}</p><cite>{escape(block['cite'])}</cite></blockquote>"
        case "list":
            return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block["items"]) + "</ul>"
        case "embed":
            return f'<iframe src="{block["url"]}"></iframe>'
    first, _, rest = text.partition(" ")
    return f'<p>{first} <a href="/tags/town/">{rest.partition(" ")[0]}</a> {rest.partition(" ")[2]}</p>'
