"""The demo newsroom in the markup of the reference site's platform ("generation C"), written for this project."""

from __future__ import annotations

import hashlib
import re
from html import escape

from newsarchive.demo.newsroom import SECTIONS, Newsroom, Photo, Story
from newsarchive.demo.pages import CHUNK, DemoPages

NAME = "Sputnik International"
CDN = "https://cdn1.img.sputnikglobe.com"
PATHS = {"middle east": "location_middle-east"}


class ReferencePages(DemoPages):
    """As :class:`DemoPages`. ``services`` False: robots.txt forbids what continues a list, as the real site is said to."""

    site = "sputnik"
    host = "sputnikglobe.com"
    other_edition = "mundo.sputniknews.com"
    sitemap_index = "/sitemap_article_index.xml"
    feed = "/export/rss2/archive/index.xml"
    free = None

    def __init__(self, newsroom: Newsroom, services: bool = True):
        super().__init__(newsroom)
        self.robots = "User-agent: *\nDisallow: /search/\n" + ("" if services else "Disallow: /services/\n")

    def path(self, story: Story) -> str:
        return f"/{story.published:%Y%m%d}/{self.newsroom.slugs[story.number]}-{story.number}.html"

    def number(self, path: str) -> int | None:
        m = re.fullmatch(r"/\d{8}/.*-(\d+)\.html", path)
        return m and int(m[1])

    def section_path(self, section: str) -> str:
        return f"/{PATHS.get(section, section)}/"

    def section(self, path: str) -> tuple[str, int] | None:
        for section in SECTIONS:
            front = self.section_path(section)
            if path == front:
                return section, 0
            if m := re.fullmatch(rf"/services{front}more\.html\?id=(\d+)&date=\d{{8}}T\d{{6}}", path):
                return section, self._place(section, int(m[1]))
        return None

    def more_path(self, section: str, last: Story) -> str:
        return f"/services{self.section_path(section)}more.html?id={last.number}&date={last.published:%Y%m%dT%H%M%S}"

    def image_url(self, photo: Photo, size: str, crop: str | None = None, flags: str = "0_0") -> str:
        crop = crop or f"0:0:{photo.width}:{photo.height}"
        sign = hashlib.md5(f"{photo.number}{crop}{size}".encode()).hexdigest()
        return f"{CDN}/img/07ea/03/01/{photo.number}_{crop}_{size}_80_{flags}_{sign}.jpg"

    def photo_size(self, path: str) -> tuple[int, int] | None:
        m = re.search(r"/\d+_(\d+):(\d+):(\d+):(\d+)_(\d+)x", path)
        if not m:
            return None
        left, top, right, bottom, width = map(int, m.groups())
        return width, round(width * (bottom - top) / (right - left))

    def created(self, story: Story) -> str:
        return story.published.isoformat(timespec="seconds")

    def times(self, story: Story) -> dict:
        return {
            "created_at": {"raw": _minutes(story.published), "precision": "minute", "zone": "given"},
            "published_at": {"raw": str(int(story.published.timestamp())), "precision": "second", "zone": "given"},
            "modified_at": {"raw": _minutes(story.modified), "precision": "minute", "zone": "given"},
        }

    def authors(self, story: Story) -> list[dict]:
        return [dict(story.author)]

    def publisher(self) -> dict:
        logo = {"url": f"{CDN}/i/logo.png", "width": 252, "height": 60}
        return {
            "name": NAME,
            "legal_name": "MIA „Rosiya Segodnya“",
            "email": "feedback@sputniknews.com",
            "telephone": "+74956456601",
            "logo": logo,
        }

    def images(self, story: Story) -> list[dict]:
        first, *others = story.photos

        def entry(photo: Photo, role: str, width: int, height: int, crop: tuple, flags: str = "0_0", size: str = "") -> dict:
            url = self.image_url(photo, size or f"{width}x0", ":".join(map(str, crop)), flags)
            return {
                "url": url,
                "width": width,
                "height": height,
                "caption": photo.caption,
                "credit": photo.credit,
                "alt": photo.caption,
                "role": role,
                "key": str(photo.number),
                "crop": list(crop),
            }

        images = [
            entry(first, "lead", 1920, 1080, (0, 0, 3200, 1800)),
            entry(first, "lead", 1920, 1440, (400, 0, 2800, 1800)),
            entry(first, "lead", 1920, 1920, (700, 0, 2500, 1800)),
            entry(first, "lead", 600, 338, (0, 0, 3200, 1800)),
            entry(first, "lead", 1440, 810, (0, 0, 3200, 1800), "1_1", "1440x900"),
        ]
        images += [entry(photo, "body", 600, 400, (0, 0, 2400, 1600)) for photo in others]
        share = f"{CDN}/images/sharing/article/eng/{story.number}.jpg?{first.number}{int(story.modified.timestamp())}"
        nothing = dict.fromkeys(("caption", "credit", "alt", "width", "height", "key", "crop"))
        return [*images, {"url": share, "role": "share", **nothing}]

    def article(self, story: Story) -> str:
        expected = self.expected(story)
        wide, tall, square, small, large, *others, share = expected["images"]
        tail = f" {story.published:%d.%m.%Y}, {NAME}"
        organization = f"""<div itemprop="name">{NAME}</div><div itemprop="email">feedback@sputniknews.com</div>
<div itemprop="telephone">+74956456601</div><div itemprop="legalName">MIA „Rosiya Segodnya“</div>
<div itemprop="logo" itemscope itemtype="https://schema.org/ImageObject"><a itemprop="url" href="{CDN}/i/logo.png"></a>
<div itemprop="width">252</div><div itemprop="height">60</div></div>"""
        pictures = "".join(
            f"""<div itemprop="image" itemscope itemtype="https://schema.org/ImageObject"><a itemprop="contentUrl" href="{image["url"]}"></a>
<div itemprop="width">{image["width"]}</div><div itemprop="height">{image["height"]}</div><div itemprop="representativeOfPage">true</div></div>"""
            for image in (wide, tall, square)
        )
        glued = "".join(
            block["text"].replace("\n", "") for block in story.blocks if block["type"] in ("paragraph", "heading", "list")
        )
        author = escape(story.author["name"])
        tags = "".join(
            f'<li class="tag"><a href="/keyword_{tag}/"><span class="tag__text">{tag}</span></a></li>' for tag in story.tags
        )
        related = self._related(story)[0]
        banner = (
            '<div class="article__block" data-type="banner" data-position="desktop"><div class="banner">Advertisement</div></div>'
        )
        blocks = banner.join(_block(block) for block in story.blocks)
        head = f"""<title>{escape(story.headline)} -{tail}</title>
<meta name="description" content="{escape(story.lead)}{tail}"><meta name="keywords" content="{", ".join(story.tags)}">
<meta name="analytics:p_ts" content="{int(story.published.timestamp())}"><link rel="canonical" href="{self.canonical(story)}">
<meta property="og:url" content="{self.url(self.path(story))}"><meta property="og:title" content="{escape(story.headline)}">
<meta property="og:description" content="{escape(story.lead)}"><meta property="og:type" content="article">
<meta property="og:site_name" content="{NAME}"><meta property="og:image" content="{share["url"]}">
<meta property="article:published_time" content="{story.published:%Y%m%dT%H%M%z}">
<meta property="article:modified_time" content="{story.modified:%Y%m%dT%H%M%z}"><meta property="article:section" content="News">
"""
        body = f"""<div class="layout"><div class="article ">
<div class="article__meta" itemscope itemtype="https://schema.org/Article">
<div itemprop="mainEntityOfPage">{self.url(self.path(story))}</div>
<div itemprop="headline">{escape(story.headline)}</div><div itemprop="name">{escape(story.headline)}</div>
<div itemprop="description">{escape(story.lead)}{tail}</div>
<div itemprop="datePublished">{_minutes(story.published)}</div><div itemprop="dateCreated">{_minutes(story.published)}</div>
<div itemprop="dateModified">{_minutes(story.modified)}</div><div itemprop="articleSection">{story.section}</div>
<div itemprop="speakable" itemscope itemtype="https://schema.org/SpeakableSpecification"><div itemprop="xpath">/html/head/meta[@name='og:title']/@content</div></div>
<div itemprop="associatedMedia">{wide["url"]}</div><div itemprop="articleBody">{escape(glued)}</div>
<div itemprop="publisher" itemscope itemtype="https://schema.org/Organization">{organization}</div>
<div itemprop="copyrightYear">2026</div>
<div itemprop="author" itemscope itemtype="https://schema.org/Person"><div itemprop="name">{author}</div></div>
<div itemprop="genre">News</div><div itemprop="inLanguage">en_EN</div>
<div itemprop="sourceOrganization" itemscope itemtype="https://schema.org/Organization">{organization}</div>{pictures}
<div itemprop="provider" itemscope itemtype="https://schema.org/Organization">{organization}</div>
<div itemprop="creator" itemscope itemtype="https://schema.org/Person"><div itemprop="name">{author}</div></div>
<div itemprop="keywords">{", ".join(story.tags)}</div></div>
<div class="article__header"><h1 class="article__title">{escape(story.headline)}</h1>
<div class="article__info"><div class="article__info-date"><a href="/{story.published:%Y%m%d}/" data-unixtime="{int(story.published.timestamp())}">{story.published:%H:%M} GMT {story.published:%d.%m.%Y}</a></div></div>
<div class="article__announce">{_media(small, large, f"{story.number}")}</div>
<div class="article__google-news">Subscribe</div><div class="article__announce-text">{escape(story.lead)}</div></div>
<div class="article__body">{blocks}
{"".join(f'<div class="article__block" data-type="media">{_media(image, None, "", lazy=True)}</div>' for image in others)}
<div class="article__block" data-type="article"><a class="article__article" href="{self.path(related)}"><span class="article__article-title">{escape(related.headline)}</span></a></div>
</div><div class="article__footer"><ul class="tags">{tags}</ul><div class="article__views">{story.views}</div></div></div></div>"""
        return self._page(head, body)

    def chunk(self, section: str, place: int) -> str:
        stories = self.listed(section)
        part = stories[place : place + CHUNK]
        items = "".join(self._item(story, n) for n, story in enumerate(part))
        more = escape(self.more_path(section, part[-1])) if place + CHUNK < len(stories) else None
        if place:
            return f'<div class="list-items-loaded"{f" data-next-url={chr(34)}{more}{chr(34)}" if more else ""}>{items}</div>'
        pinned = self.newsroom.get(self.newsroom.pinned)
        button = f'<div class="list-more color-btn-second-hover" data-url="{more}">20 more</div>' if more else ""
        return f'<div class="list list-tag">{self._item(pinned, 0)}{items}</div>{button}'

    def _item(self, story: Story, n: int) -> str:
        path = self.path(story) + ("?utm_source=list" if n % 10 == 6 else "")
        return f"""<div class="list__item"><div class="list__content"><a class="list__image" href="{path}"></a>
<a class="list__title" href="{path}" title="{escape(story.headline)}">{escape(story.headline)}</a></div>
<div class="list__info"><div class="list__date " data-unixtime="{int(story.published.timestamp())}">{story.published:%H:%M} GMT</div></div></div>"""


def _minutes(at) -> str:
    return f"{at:%Y-%m-%dT%H:%M%z}"


def _media(image: dict, large: dict | None, group: str, lazy: bool = False) -> str:
    source = f'src="data:image/svg+xml,x" data-src="{image["url"]}"' if lazy else f'src="{image["url"]}"'
    opening = f' data-photoview-group="{group}" data-photoview-src="{large["url"]}"' if large else ""
    caption = escape(image["caption"])
    return f"""<div class="media" data-media-tipe="ar16x9"><div class="media__size"><div class="photoview__open"{opening}>
<img media-type="ar16x9" alt="{caption} - {NAME}, 1920, 03.03.2026" title="{caption}" {source}></div></div>
<div class="media__copyright "><div class="media__copyright-item m-copyright"><a href="/docs/">{escape(image["credit"])}</a></div>
<div class="media__copyright-item m-buy"><a href="/bank/">Go to the photo bank</a></div></div></div>"""


def _block(block: dict) -> str:
    text = escape(block["text"], quote=False)
    match block["type"]:
        case "heading":
            return f'<div class="article__block" data-type="h3"><h3 class="article__h2">{text}</h3></div>'
        case "quote":
            return f"""<div class="article__block" data-type="quote"><div class="article__quote"><div class="article__quote-bg">«</div>
<div class="article__quote-text">{text}</div><div class="article__quote-info">{escape(block["cite"])}</div>
<div class="article__quote-share"><span class="share" data-url="?share-block=1">Share</span></div></div></div>"""
        case "list":
            return (
                '<div class="article__block" data-type="list"><ul>'
                + "".join(f"<li>{escape(i)}</li>" for i in block["items"])
                + "</ul></div>"
            )
        case "embed":
            return f'<div class="article__block" data-type="embed"><iframe src="{block["url"]}"></iframe></div>'
    words = text.split(" ")
    words[1] = f'<a href="/20260228/other-1000001.html">{words[1]}</a>'
    return f'<div class="article__block" data-type="text"><div class="article__text">{" ".join(words)}</div></div>'
