"""Three news sites that nobody described, unlike each other and unlike the demo site. No markup here is another publisher's."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from html import escape
from urllib.parse import parse_qs, urlsplit

from newsarchive.demo.newsroom import SECTIONS, Newsroom, Story
from newsarchive.demo.server import Answer


class Undescribed:
    """What the three have in common: stories, and pages that are none."""

    site = "undescribed"
    robots = ""
    host = ""

    def __init__(self, stories: int = 60):
        self.newsroom = Newsroom(stories)
        self.stories = [story for story in self.newsroom.all() if not story.missing]
        self.by_path = {self.path(story): story for story in self.stories}
        assert len(self.by_path) == len(self.stories)

    def path(self, story: Story) -> str:
        raise NotImplementedError

    def urls(self, section: str | None = None) -> set[str]:
        """The addresses of all articles, or of those of a section."""
        return {self.url(self.path(s)) for s in self.stories if section in (None, s.section)}

    def url(self, path: str) -> str:
        return f"https://{self.host}{path}"

    def of(self, section: str) -> list[Story]:
        return [story for story in self.stories if story.section == section]

    def answer(self, path: str) -> Answer:
        """Answer every request."""
        return self.page(path) or Answer(b"<h1>Not found</h1>", status=404)

    def page(self, path: str) -> Answer | None:
        raise NotImplementedError


def text(story: Story) -> str:
    return "".join(f"<p>{escape(b['text'])}</p>" for b in [{"text": story.lead}, *story.blocks] if b["text"])


def html(head: str, body: str) -> Answer:
    return Answer(f"<!doctype html><html lang=en><head><meta charset=utf-8>{head}</head><body>{body}</body></html>".encode())


class Hill(Undescribed):
    """Names without numbers, rel=next, an Atom feed, JSON-LD in a graph; no sitemap. Every page calls itself an article."""

    host = "hill.example"
    chunk = 8

    def path(self, story: Story) -> str:
        return f"/{story.section.replace(' ', '-')}/{self.newsroom.slugs[story.number]}/"

    def page(self, path: str) -> Answer | None:
        if path == "/":
            return self.list("/", self.stories[:5], "")
        if path == "/atom.php":
            return self.feed()
        if story := self.by_path.get(path):
            return self.article(story)
        parts = [part for part in path.split("/") if part]
        for section in SECTIONS:
            if parts and parts[0] == section.replace(" ", "-"):
                number = int(parts[2]) if len(parts) == 3 and parts[1] == "page" and parts[2].isdigit() else 1
                if number == 1 and len(parts) > 1:
                    return None
                stories = self.of(section)
                part = stories[(number - 1) * self.chunk : number * self.chunk]
                more = f"/{parts[0]}/page/{number + 1}/" if number * self.chunk < len(stories) else ""
                return self.list(path, part, f'<a class="older" rel="next" href="{more}">Older posts</a>' if more else "")
        if parts and parts[0] in ("tag", "author"):
            return self.list(path, self.stories[:6], "")
        if parts and parts[0] == "glossary":
            return self.framed({"@type": "WebPage"}, f"<h1>{parts[1]}</h1><p>{'What it means, in a few words. ' * 20}</p>", path)
        if path in ("/about-us/", "/how-this-paper-is-made-and-paid/"):
            words = "<p>" + "We print what is so, and we say who paid for it and when. " * 20 + "</p>"
            return self.framed({"@type": "WebPage", "url": self.url(path)}, f"<h1>How this paper is made</h1>{words}", path)
        return None

    def framed(self, thing: dict, body: str, path: str) -> Answer:
        graph = {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "The Hill Gazette"}, thing]}
        head = f"""<title>The Hill Gazette</title><meta property="og:type" content="article">
<link rel="canonical" href="{self.url(path)}"><link rel="alternate" type="application/atom+xml" href="/atom.php">
<script type="application/ld+json">{json.dumps(graph)}</script>"""
        menu = "".join(f'<li><a href="/{s.replace(" ", "-")}/">{s.title()}</a></li>' for s in SECTIONS)
        return html(
            head,
            f"""<header><a href="/">Home</a><nav><ul>{menu}</ul></nav></header><main>{body}</main>
<aside><h3>Popular</h3><a href="{self.path(self.stories[0])}">{escape(self.stories[0].headline)}</a></aside>
<footer><a href="/about-us/">About us</a><a href="/how-this-paper-is-made-and-paid/">How this paper is made</a>
<a href="/login/?next={path}">Log in</a></footer>""",
        )

    def list(self, path: str, stories: list[Story], more: str) -> Answer:
        items = "".join(
            f"""<article><header><h2><a href="{self.path(s)}">{escape(s.headline)}</a></h2>
<time datetime="{s.published.isoformat()}">{s.published:%d %B}</time></header><p>{escape(s.lead)}</p>
<a href="/author/{s.author["name"].lower().replace(" ", "-")}/">{s.author["name"]}</a>
<a href="/tag/{s.tags[0] if s.tags else "a"}-and-all-of-its-long-name/">tag</a></article>"""
            for s in stories
        )
        words = "".join(f'<a href="/glossary/{word(n)}-in-a-few-words/">{word(n)}</a> ' for n in range(30))
        about = f'<p>{words}</p><p><a href="/how-this-paper-is-made-and-paid/">How this paper is made and paid</a></p>'
        return self.framed({"@type": "CollectionPage", "url": self.url(path)}, f"{items}{about}<div>{more}</div>", path)

    def article(self, story: Story) -> Answer:
        path = self.path(story)
        thing = {
            "@type": "NewsArticle",
            "headline": story.headline,
            "datePublished": story.published.isoformat(),
            "articleSection": story.section,
            "mainEntityOfPage": self.url(path),
        }
        return self.framed(thing, f"<article><h1>{escape(story.headline)}</h1>{text(story)}</article>", path)

    def feed(self) -> Answer:
        entries = "".join(
            f"""<entry><title>{escape(s.headline)}</title><link rel="alternate" type="text/html" href="{self.url(self.path(s))}"/>
<published>{s.published.isoformat()}</published><updated>{s.modified.isoformat()}</updated></entry>"""
            for s in self.stories[:7]
        )
        return Answer(f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode(), "application/atom+xml")


class Harbour(Undescribed):
    """Numbers, pages by number, a news sitemap in robots.txt, microdata; sessions in links, an endless pager, a calendar of events, no feed."""

    host = "harbour.example"
    chunk = 7

    def path(self, story: Story) -> str:
        return f"/artikel/{story.number}.html"

    def page(self, path: str) -> Answer | None:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if path == "/robots.txt":
            return Answer(b"User-agent: *\nDisallow: /suche\nSitemap: https://harbour.example/maps/index.xml.gz\n", "text/plain")
        if path == "/maps/index.xml.gz":
            return self.sitemap_index()
        if path == "/maps/news.xml":
            return self.news()
        if path == "/maps/tags.xml":
            return Answer(b"<urlset><url><loc>https://harbour.example/thema/fische-und-mehr</loc></url></urlset>", "text/xml")
        if path == "/":
            return self.list(self.stories[:6], "")
        if story := self.by_path.get(parts.path):
            return self.article(story)
        for section in SECTIONS:
            if parts.path == f"/{section.replace(' ', '_')}":
                number = int(query.get("seite", ["1"])[0])
                stories = self.of(section)
                part = stories[(number - 1) * self.chunk : number * self.chunk]
                # The last page of a section does not know that it is the last; that of "sport" leads on for ever.
                last = 10**6 if section == "sport" else -(-len(stories) // self.chunk)
                pager = "".join(
                    f'<a href="{parts.path}?seite={n}">{n}</a>'
                    for n in (1, number - 1, number, number + 1, number + 5)
                    if 0 < n <= last
                )
                return self.list(part, pager)
        if parts.path.startswith("/termine/"):
            return self.events(parts.path)
        if parts.path.startswith(("/thema/", "/person/")):
            return self.list(self.stories[3:9], "")
        if parts.path in ("/kontakt.html", "/abo-und-service-unserer-zeitung.html"):
            return self.framed("", "<h1>Write to us</h1><p>" + "The desk is open from nine to five every day. " * 20 + "</p>")
        return None

    def framed(self, head: str, body: str) -> Answer:
        menu = "".join(f'<a href="/{s.replace(" ", "_")}">{s.title()}</a> ' for s in SECTIONS)
        return html(
            f"<title>Harbour Post</title>{head}",
            f"""<div id="top"><div class="main-menu">{menu}<a href="/abo">Abo</a><a href="/suche?q=fish">Search</a></div></div>
<div class="content">{body}</div><div class="footer"><a href="/kontakt.html">Contact</a>
<a href="/abo-und-service-unserer-zeitung.html">Service</a></div>""",
        )

    def list(self, stories: list[Story], pager: str) -> Answer:
        items = "".join(
            f"""<div class="teaser"><a href="{self.path(s)};jsessionid=AB{s.number}12?PHPSESSID=c{s.number:08}"><img src="/p.jpg"></a>
<h3><a href="{self.path(s)}?utm_source=list">{escape(s.headline)}</a></h3>
<a href="/thema/{s.section.replace(" ", "-")}-{s.number}">Topic</a></div>"""
            for s in stories
        )
        return self.framed("", f'{items}<div class="pager">{pager}</div><a href="/termine/2026/03/05/">What is on</a>')

    def events(self, path: str) -> Answer:
        """A calendar without end, and without articles."""
        day = date(*map(int, path.strip("/").split("/")[1:]))
        around = "".join(f'<a href="/termine/{day + timedelta(days=n):%Y/%m/%d}/">{n}</a>' for n in (-1, 1))
        return self.framed("", f"<h1>What is on</h1>{around}<p>Nothing.</p>")

    def article(self, story: Story) -> Answer:
        name = story.author["name"]
        return self.framed(
            f'<link rel="canonical" href="{self.url(self.path(story))}">',
            f"""<div itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">{escape(story.headline)}</h1>
<meta itemprop="datePublished" content="{story.published.isoformat()}"><meta itemprop="articleSection" content="{story.section}">
<a href="/person/{name.lower().replace(" ", "-")}-{story.number}">{name}</a>
<div itemprop="articleBody">{text(story)}</div></div>""",
        )

    def sitemap_index(self) -> Answer:
        files = "".join(f"<sitemap><loc>{self.url(f'/maps/{name}.xml')}</loc></sitemap>" for name in ("tags", "news"))
        return Answer(gzip.compress(f"<sitemapindex>{files}</sitemapindex>".encode(), mtime=0), "application/gzip")

    def news(self) -> Answer:
        urls = "".join(
            f"""<url><loc>{self.url(self.path(s))}</loc><news:news><news:publication><news:name>Harbour Post</news:name>
<news:language>en</news:language></news:publication><news:publication_date>{s.published.isoformat()}</news:publication_date>
<news:title>{escape(s.headline)}</news:title></news:news></url>"""
            for s in self.stories[:10]
        )
        return Answer(
            f"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>""".encode(),
            "application/xml",
        )


class Valley(Undescribed):
    """Short names under days, archives by day with a calendar without end; no structured data, no feed, no sitemap, no pager."""

    host = "www.example.org"
    chunk = 4

    def path(self, story: Story) -> str:
        # One word, as no other site's articles have it.
        return f"/{story.published:%Y/%m/%d}/{self.newsroom.slugs[story.number].split('-')[0]}{story.number % 1000}"

    def on(self, day: date) -> list[Story]:
        return [story for story in self.stories if story.published.date() == day]

    def page(self, path: str) -> Answer | None:
        if path == "/":
            return self.list(self.stories[:6], '<p><a href="/archive/">Archive</a></p>')
        if story := self.by_path.get(path):
            return self.article(story)
        parts = [part for part in path.split("/") if part]
        for section in SECTIONS:
            if parts == ["rubric", section.replace(" ", "")]:
                return self.list(self.of(section)[:4], "")
        if parts and parts[0] == "archive":
            return self.archive(parts[1:])
        if parts == ["house", "rules"]:
            return self.framed("<h1>House rules</h1><p>" + "Be kind to each other in all that you write here. " * 20 + "</p>")
        return None

    def archive(self, parts: list[str]) -> Answer | None:
        days = sorted({story.published.date() for story in self.stories})
        if not parts:
            months = sorted({f"/archive/{day:%Y/%m}/" for day in days})
            return self.framed("".join(f'<a href="{month}">{month[9:-1]}</a> ' for month in months))
        if len(parts) == 2:
            of_month = [day for day in days if f"{day:%Y/%m}" == "/".join(parts)]
            return self.framed("".join(f'<a href="/archive/{day:%Y/%m/%d}/">{day.day}</a> ' for day in of_month))
        try:
            day = date(*map(int, parts[:3]))
        except (ValueError, TypeError):
            return None
        if day < days[0]:
            return None
        number = int(parts[4]) if len(parts) == 5 else 1
        stories = self.on(day)
        more = (
            f'<a href="/archive/{day:%Y/%m/%d}/page/{number + 1}/">{number + 1}</a>' if number * self.chunk < len(stories) else ""
        )
        around = "".join(
            f'<a href="/archive/{day + timedelta(days=n):%Y/%m/%d}/">{"Day before" if n < 0 else "Day after"}</a> ' for n in (-1, 1)
        )
        return self.list(stories[(number - 1) * self.chunk : number * self.chunk], more + around)

    def framed(self, body: str) -> Answer:
        menu = "".join(f'<li><a href="https://example.org/rubric/{s.replace(" ", "")}">{s.title()}</a></li>' for s in SECTIONS)
        return html(
            "<title>Valley News</title>",
            f"""<ul class="menu">{menu}</ul><div id="all">{body}</div>
<p class="footer"><a href="/house/rules">House rules</a> <a href="/calendar/2031/01/01/">Calendar</a></p>""",
        )

    def list(self, stories: list[Story], more: str) -> Answer:
        return self.framed("".join(f'<p><a href="{self.path(s)}">{escape(s.headline)}</a></p>' for s in stories) + more)

    def article(self, story: Story) -> Answer:
        return self.framed(
            f"""<h1>{escape(story.headline)}</h1><time datetime="{story.published.isoformat()}">{story.published:%d %B %Y}</time>
{text(story)}"""
        )


class Plain(Undescribed):
    """A plain sitemap with short names beside pages that are none; JSON-LD, and pages by the number of their first story."""

    host = "www.example.net"

    def path(self, story: Story) -> str:
        return f"/{story.section.replace(' ', '-')}/{word(story.number)}"

    def page(self, path: str) -> Answer | None:
        parts = urlsplit(path)
        if path == "/sitemap.xml":
            places = [*self.by_path, "/", "/about", "/pages/team", "/pages/history", "/tag/rain", "/world", "/sport"]
            urls = "".join(f"<url><loc>{self.url(place)}</loc><lastmod>2026-03-10</lastmod></url>" for place in places)
            return Answer(f"<urlset>{urls}</urlset>".encode(), "application/xml")
        if story := self.by_path.get(path):
            thing = {"@type": "NewsArticle", "headline": story.headline, "datePublished": story.published.isoformat()}
            head = f'<script type="application/ld+json">{json.dumps(thing)}</script>'
            return self.framed(head, f"<h1>{escape(story.headline)}</h1>{text(story)}")
        if path == "/":
            return self.list(self.stories[:5], "")
        for section in SECTIONS:
            if parts.path == f"/{section.replace(' ', '-')}":
                start, stories = int(parse_qs(parts.query).get("start", ["0"])[0]), self.of(section)
                pager = "".join(f'<a href="{parts.path}?start={n}">{n // 5 + 1}</a>' for n in range(0, len(stories), 5))
                return self.list(stories[start : start + 5], pager)
        if path == "/competition":
            return Answer(b"", status=302, headers={"Location": "/"})
        if parts.path in ("/about", "/pages/team", "/pages/history"):
            return self.framed("", "<h1>Who we are</h1><p>" + "We have been here for a long time. " * 20)
        return None

    def framed(self, head: str, body: str) -> Answer:
        menu = "".join(f'<a href="/{s.replace(" ", "-")}">{s.title()}</a>' for s in SECTIONS)
        menu += '<a href="/competition">Competition</a><a href="/closed">Closed</a>'
        return html(head, f'<header>{menu}</header><div>{body}</div><footer><a href="/about">About</a></footer>')

    def list(self, stories: list[Story], more: str) -> Answer:
        return self.framed("", "".join(f'<li><a href="{self.path(s)}">{escape(s.headline)}</a>' for s in stories) + more)


class Mute(Plain):
    """As the plain one, without a sitemap: nothing but the pages tells that such short names are articles'."""

    def page(self, path: str) -> Answer | None:
        return None if path == "/sitemap.xml" else super().page(path)


class Bare(Undescribed):
    """Nothing that says anything: no structured data, no time, no feed, no sitemap; numbers in the query."""

    host = "www.example.jp"

    def path(self, story: Story) -> str:
        return f"/story.php?id={story.number - 1_000_100}"

    def page(self, path: str) -> Answer | None:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if story := self.by_path.get(path):
            return self.framed(f"<h1>{escape(story.headline)}</h1>{text(story)}")
        if path == "/":
            return self.list(self.stories[:9], "")
        if path == "/rules.php":
            return self.framed("<h1>The rules</h1><p>" + "Be kind to each other in all that you write here. " * 20)
        if parts.path == "/list.php" and query["cat"][0] in SECTIONS:
            section, number = query["cat"][0], int(query.get("p", ["1"])[0])
            stories = self.of(section)
            more = f'<a href="/list.php?cat={section.replace(" ", "+")}&amp;p={number + 1}">Next &gt;&gt;</a>'
            return self.list(stories[number * 5 - 5 : number * 5], more if number * 5 < len(stories) else "")
        return None

    def framed(self, body: str) -> Answer:
        menu = "|".join(f'<a href="/list.php?cat={s.replace(" ", "+")}">{s.title()}</a>' for s in SECTIONS)
        return html("<title>Bare</title>", f'<table><tr><td>{menu}|<a href="/rules.php">Rules</a></table>{body}')

    def list(self, stories: list[Story], more: str) -> Answer:
        items = "".join(f'<dt><a href="{self.url(self.path(s))}">{escape(s.headline)}</a><dd>{escape(s.lead)}' for s in stories)
        return self.framed(f"<dl>{items}</dl>{more}")


def word(number: int) -> str:
    """A word of its own for each number."""
    return "".join("bdfgklmn"[number // 8**n % 8] + "aeiou"[number // 8**n % 5] for n in range(5))
