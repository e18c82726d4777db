"""The reference site's markup in the odd forms in which pages come, and values that no page should have."""

from __future__ import annotations

import json

import pytest
from reference_pages import ReferencePages
from scrapy.http import HtmlResponse

from newsarchive.demo.newsroom import Newsroom
from newsarchive.extract.article import is_article, load_article
from newsarchive.items import Article
from newsarchive.spiders.sputnik import SputnikSpider

PAGES = ReferencePages(Newsroom(40))
STORY = PAGES.newsroom.all()[0]
URL = PAGES.url(PAGES.path(STORY))
PAGE = PAGES.article(STORY)


def read(html: str, url: str = URL, site=SputnikSpider) -> Article:
    return load_article(HtmlResponse(url, body=html.encode("utf-8", "surrogatepass"), encoding="utf-8"), site)


def changed(old: str, new: str) -> Article:
    assert old in PAGE
    return read(PAGE.replace(old, new))


def blocks(inner: str) -> list[dict]:
    page = f'<html><body><div class="article"><h1 class="article__title">T</h1><div class="article__body">{inner}</div></div></body></html>'
    return read(page).body


def jsonld(**fields) -> Article:
    thing = {"@type": "NewsArticle", "headline": "From JSON-LD"} | fields
    return changed("</head>", f'<script type="application/ld+json">{json.dumps(thing)}</script></head>')


def test_of_several_articles_on_one_page_the_first_is_read():
    """Endless scrolling appends the next article to the page."""
    other = PAGES.newsroom.all()[1]
    body = PAGES.article(other).split("<body>")[1].split("</body>")[0]
    both = read(PAGE.replace("</body>", body + "</body>"))
    alone = read(PAGE)
    assert (both.body, both.authors, both.images, both.tags) == (alone.body, alone.authors, alone.images, alone.tags)
    first = PAGE.replace('class="article__announce-text"', 'class="x"').replace('class="article__body"', 'class="y"')
    short = read(first.replace("</body>", body + "</body>"))
    assert short.body == []


def test_an_amp_canonical_names_the_article_itself():
    article = changed(f'rel="canonical" href="{URL}"', f'rel="canonical" href="{URL.replace(".com/", ".com/amp/")}"')
    assert (article.url, article.flags) == (URL, [])


@pytest.mark.parametrize(
    "href", ["https://sputnikglobe.com/", "https://other.example/20260301/a-1.html", "http://[", URL.replace(".com", ".com:8443")]
)
def test_a_wrong_canonical_link_is_ignored_and_flagged(href):
    article = changed(f'rel="canonical" href="{URL}"', f'rel="canonical" href="{href}"')
    assert (article.url, article.key, article.flags) == (URL, str(STORY.number), ["canonical_ignored"])


def test_a_canonical_link_in_the_body_is_somebody_elses():
    page = PAGE.replace(f'<link rel="canonical" href="{URL}">', "").replace("<h1", f'<link rel="canonical" href="{URL}?x=1"><h1')
    assert read(page).url == URL


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' itemscope itemtype="https://schema.org/Article"', ""),
        ("https://schema.org/Article", "https://schema.org/CreativeWork"),
        ("https://schema.org/Article", "https://schema.org/Article/"),
        (' itemtype="https://schema.org/Article"', ""),
    ],
)
def test_the_hidden_microdata_is_found_whatever_it_is_called(old, new):
    article = changed(old, new)
    assert (article.section, article.tags, article.modified_at is not None) == (STORY.section, list(STORY.tags), True)


def test_without_microdata_the_genre_is_not_taken_for_the_section():
    start, end = PAGE.index('<div class="article__meta"'), PAGE.index('<div class="article__header">')
    article = read(PAGE[:start] + PAGE[end:])
    assert (article.section, article.tags, article.headline) == (None, list(STORY.tags), STORY.headline)


def test_the_next_selector_is_asked_when_the_first_finds_no_valid_value():
    article = changed('name="analytics:p_ts" content="', 'name="analytics:p_ts" content="0" data-was="')
    assert article.published_at == f"{STORY.published:%Y-%m-%dT%H:%M:%S}+00:00"
    assert article.times["published_at"]["precision"] == "second"


def test_days_on_pages_that_lie_of_utc_are_the_sites_own():
    page = '<html><body><div class="b-article"><h1 itemprop="name">T</h1><meta itemprop="datePublished" content="{}"></div></body></html>'
    page = page.replace("<html>", '<html itemscope itemtype="http://schema.org/Article">')
    day = read(page.format("2019-11-18"))
    assert (day.published_at, day.day) == ("2019-11-18T00:00:00+00:00", "2019-11-18")
    assert read(page.format("2019-11-18T21:17:27Z")).published_at == "2019-11-18T18:17:27+00:00"
    assert read(page.format("2019-11-18T21:17")).published_at == "2019-11-18T18:17:00+00:00"


@pytest.mark.parametrize(
    "fields",
    [
        {"author": {"name": "X", "url": "http://["}},
        {"author": {"@id": ["x"]}},
        {"publisher": {"name": "Y", "logo": {"url": "http://[", "width": "²", "height": "9" * 5000}}},
        {"image": "http://["},
        {"headline": float("nan")},
        {"headline": {"a": 1}, "datePublished": "0001-01-01", "keywords": [{}, None, 3]},
        {"mainEntityOfPage": [[[[]]]], "articleBody": ["x"]},
    ],
)
def test_an_odd_value_costs_itself_alone(fields):
    article = jsonld(**fields)
    assert article.key == str(STORY.number)
    assert article.body == read(PAGE).body


def test_a_broken_base_and_deep_json_are_passed_over():
    assert changed("<head>", '<head><base href="http://[">').url == URL
    assert changed("</head>", f'<script type="application/ld+json">{"[" * 100_000}</script></head>').headline == STORY.headline


def test_numbers_of_json_are_read_as_they_are_meant():
    assert jsonld(copyrightYear=2022.0).copyright_year == 2022
    assert (
        jsonld(publisher={"name": "Y", "logo": {"url": "/l.png", "width": "252px", "height": 60}}).publisher["logo"]["width"] == 252
    )


def test_a_tag_may_hold_a_comma():
    assert jsonld(keywords=["Washington, D.C.", "US"]).tags == ["Washington, D.C.", "US"]
    assert jsonld(keywords="syria, middle east").tags == ["syria", "middle east"]


@pytest.mark.parametrize(
    ("given", "language"), [("es-419", "es-419"), ("zh_Hans_CN", "zh-Hans-CN"), ("EN", "en"), ("pt_BR", "pt-BR"), ("english", None)]
)
def test_languages_are_bcp_47(given, language):
    assert jsonld(inLanguage=given).language == (language or "en")


def test_text_that_looks_like_markup_is_text():
    article = changed(
        f'<div itemprop="headline">{STORY.headline}</div>',
        '<div itemprop="headline">Why &lt;script&gt; and &lt;br&gt; matter</div>',
    )
    assert article.headline == "Why <script> and <br> matter"


def test_words_of_two_lines_do_not_run_together():
    start, end = '<div class="article__announce-text">', "</div>"
    assert changed(f"{start}{STORY.lead}{end}", f"{start}<p>One.</p><p>Two.</p>{end}").body[0] == {
        "type": "lead",
        "text": "One. Two.",
    }
    assert changed(f"{start}{STORY.lead}{end}", f"{start}One.<br>Two.{end}").body[0]["text"] == "One. Two."


def test_control_characters_and_overrides_are_no_text():
    assert blocks("<div class='article__text'>A\x00 b\u202ec\u200f d</div>")[0]["text"] == "A bc\u200f d"


def test_embeds_are_kept_wherever_they_stand():
    found = blocks(
        '<div class="article__block" data-type="media"><div class="media"><iframe src="about:blank" data-src="//t.example/1"></iframe></div></div>'
        '<ul><li>One <iframe src="https://t.example/2"></iframe></li><li>Two</li></ul>'
        '<script data-telegram-post="paper/7"></script><video><source src="/film.mp4"></video>'
        '<blockquote class="twitter-tweet"><p>Words</p><a href="https://twitter.com/a/status/1">March</a></blockquote>'
    )
    assert [(block["type"], block.get("url")) for block in found] == [
        ("embed", "https://t.example/1"), ("list", None), ("embed", "https://t.example/2"), ("embed", "https://t.me/paper/7"),
        ("embed", "https://sputnikglobe.com/film.mp4"), ("embed", "https://twitter.com/a/status/1"),
    ]  # fmt: skip
    assert found[-1]["text"] == "Words March"


def test_furniture_of_the_platform_is_no_text():
    furniture = "".join(
        f'<div class="{name}">Furniture</div>'
        for name in ("banner m-x", "article__userbar-loader", "article__summary", "article__google-news", "share", "m-buy", "article__views",
                     "media__copyright", "article__footer", "b-counters", "b-inject", "photoview__ext-link")
    )  # fmt: skip
    assert blocks(f'{furniture}<p style="display: none">Hidden</p><div class="article__text">Text</div>') == [
        {"type": "paragraph", "text": "Text"}
    ]


def test_a_live_report_gives_its_entries_with_their_times():
    page = """<html><body><div class="article m-white_online"><h1 class="article__title">T</h1><div class="online__article">
    <div class="online__item"><div class="online__item-top">Share</div><div class="online__item-time" data-unixtime="1643892876">12:54</div>
    <div class="online__item-text"><p>One.</p><p>Two.</p></div></div>
    <div class="online__item"><div class="online__item-time">13:47 GMT 03.02.2022</div><div class="online__item-text">Three.</div></div>
    </div></div></body></html>"""
    assert read(page).body == [
        {"type": "entry", "text": "One.\nTwo.", "at": "2022-02-03T12:54:36+00:00"},
        {"type": "entry", "text": "Three.", "at": "2022-02-03T13:47:00+00:00"},
    ]


def test_unknown_blocks_stay_and_are_flagged():
    page = '<div class="article__block" data-type="poll"><div>Which?</div></div>'
    assert blocks(page) == [{"type": "paragraph", "text": "Which?"}]
    assert changed('<div class="article__body">', f'<div class="article__body">{page}').flags == ["unknown_block"]


def test_captions_without_furniture_and_the_true_picture_of_a_lazy_one():
    photo = "https://cdn1.img.sputnikglobe.com/img/07e6/02/03/1079433527_0:0:3000:2000_600x0_80_0_0_aa.jpg"
    media = f"""<div class="media"><img src="/i/blank.gif" data-src="{photo}" alt="Cap - Sputnik International, 27.10.2019">
    <div class="media__copyright-item m-copyright">© S / P</div><div class="media__title">Title<br>line <a class="photoview__ext-link">Open</a></div></div>"""
    page = f'<html><body><div class="article"><h1>T</h1><div class="article__body"><p>x</p>{media}</div></div></body></html>'
    (image,) = read(page).images
    assert image == {"url": photo, "width": 600, "height": 400, "caption": "Title line", "credit": "© S / P", "alt": "Cap", "role": "body",
                     "key": "1079433527", "crop": [0, 0, 3000, 2000]}  # fmt: skip


def test_a_wall_before_the_page_is_no_article():
    wall = '<html><head><title>Just a moment…</title><meta property="og:image" content="/x.png"></head><body>Checking</body></html>'
    assert not is_article(read(wall))
    assert not is_article(read(""))
    video = PAGE[: PAGE.index('<div class="article__body">')] + "</div></body></html>"
    assert is_article(read(video)), "a video page has a headline, a photo and a time"
    assert is_article(read(PAGE))


def test_nesting_without_end_is_read():
    assert read("<div>" * 100_000 + "<p>x</p>").headline is None
    deep = changed('<div class="article__text">', "<b>" * 50_000 + '<div class="article__text">')
    assert deep.headline == STORY.headline


def test_a_flash_of_headline_and_lead_is_an_article():
    page = PAGE[: PAGE.index('<div class="article__body">')] + "</div></div></body></html>"
    for image in STORY.photos:
        page = page.replace(str(image.number), "x")
    article = read(page)
    assert [block["type"] for block in article.body] == ["lead"]
    assert is_article(article)


@pytest.mark.parametrize("text", ["Please log in to read.", ""])
def test_a_title_and_a_few_words_are_no_article(text):
    assert not is_article(read(f"<html><title>Log in</title><p>{text}</p></html>", site=None))


def test_who_said_a_quotation_stands_in_its_footer():
    assert blocks("<blockquote><p>Words said.</p><footer>Jane Roe</footer></blockquote>") == [
        {"type": "quote", "text": "Words said.", "cite": "Jane Roe"}
    ]


def test_sizes_that_only_the_query_tells_are_sizes():
    page = '<h1>T</h1><div><p>Text.</p><img src="/p.jpg?w=300" srcset="/p.jpg?w=600 600w, /p.jpg?w=1200 1200w"></div>'
    images = read(f"<html><body>{page}</body></html>", site=None).images
    assert [(image["url"][-5:], image["width"]) for image in images] == [("w=300", None), ("w=600", 600), ("=1200", 1200)]


def test_who_is_quoted_in_article_body_is_not_missing_in_the_text():
    quote = '<div class="article__block" data-type="quote"><div class="article__quote"><div class="article__quote-text">Words said.</div><div class="article__quote-info">Jane Roe</div></div></div>'
    meta = '<div class="article__meta" itemscope itemtype="https://schema.org/Article"><div itemprop="articleBody">Words said.Jane Roe</div></div>'
    page = f'<div class="article">{meta}<h1 class="article__title">T</h1><div class="article__body">{quote}</div></div>'
    assert "short_body" not in read(f"<html><body>{page}</body></html>").flags
