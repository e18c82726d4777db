"""Pages and fragments of the reference site, read from ../shared; they belong to their publishers and are not here."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from html import escape

import pytest
from conftest import OF_THE_CRAWL
from scrapy.http import HtmlResponse, XmlResponse

from newsarchive.discovery.feed import Feed
from newsarchive.extract.article import load_article
from newsarchive.spiders.sputnik import SputnikSpider

OLD = "https://sputniknews.com/columnists/201911181077343476-royal-self-indicting-arrogance/"


def read(html: str, url: str, site=SputnikSpider) -> dict:
    return vars(load_article(HtmlResponse(url, body=html.encode(), encoding="utf-8"), site))


def test_the_stored_page_of_2019_is_read_whole(shared):
    html = (shared / "site-samples" / "article-2019-b-template-columnist-1077343476.html").read_text(encoding="utf-8")
    article = read(html, OLD)
    assert article["id"] == "sputnik:1077343476"
    assert article["url"] == OLD
    assert article["headline"] == "Royal Self-Indicting Arrogance"
    assert article["authors"] == [{"name": "Finian Cunningham", "url": "https://sputniknews.com/authors/finian_cunningham/"}]
    assert article["section"] == "Columnists"
    # analytics:p_ts is true UTC; what the page calls "Z" is Moscow time.
    assert article["published_at"] == article["created_at"] == "2019-11-18T18:17:27+00:00"
    assert article["modified_at"] == "2019-11-18T18:17:46+00:00"
    lead = article["images"][0]
    assert (lead["role"], lead["key"], lead["width"], lead["height"]) == ("lead", "1077343445", 1000, 541)
    assert lead["credit"] == "© REUTERS / POOL"
    assert [block["type"] for block in article["body"]].count("quote") == 3
    assert article["flags"] == []
    body = "\n\n".join(block["text"] for block in article["body"] if block["type"] != "lead")
    labels = shared / "corpus" / "dev.jsonl"
    records = [json.loads(line) for line in labels.open(encoding="utf-8")] if labels.exists() else []
    for record in records:
        if record["url"] == OLD:
            assert body == record["expected"]["body"].rpartition("\n\n")[0]
    shown = [
        re.sub(r"<[^>]+>", "", p)
        for p in re.findall(r"<p>(.*?)</p>", html[html.index("b-article__text") :].split("b-disclaimer")[0], re.S)
    ]
    assert [" ".join(p.split()) for p in shown] == [block["text"] for block in article["body"] if block["type"] == "paragraph"]


def element(name: str, value: str, form: str) -> str:
    """One microdata property in one of the forms that the reference document leaves open."""
    value = escape(str(value))
    address = value.startswith("http")
    return {
        "div": f'<div itemprop="{name}">{value}</div>',
        "span": f'<span itemprop="{name}"> {value} </span>',
        "content": f'<meta itemprop="{name}" content="{value}">',
        "div-content": f'<div itemprop="{name}" content="{value}"></div>',
        "href": f'<link itemprop="{name}" href="{value}">' if address else f'<div itemprop="{name}">{value}</div>',
        "a": f'<a itemprop="{name}" href="{value}"></a>' if address else f'<div itemprop="{name}">{value}</div>',
    }[form]


def seed_page(record: dict, source: str, form: str, *, typed: bool, jsonld: bool, name: str) -> str:
    """The page of the seed article in the current template, as far as the stored text goes."""

    def prop(property: str, value: str) -> str:
        return element(property, value, form)

    url, image, publisher = record["url"], record["images"][0], record["publisher"]
    paragraphs = source.split("\n\n")
    description = next(p for p in paragraphs if p.startswith("On Thursday"))
    glued = next(p for p in paragraphs if p.startswith("The United States has eliminated"))
    organization = (
        "".join(
            prop(n, publisher[k])
            for n, k in (("name", "name"), ("email", "email"), ("telephone", "telephone"), ("legalName", "legal_name"))
        )
        + f'<div itemprop="logo" itemscope itemtype="https://schema.org/ImageObject">{prop("width", 252)}{prop("height", 60)}</div>'
    )
    organizations = {
        n: f'<div itemprop="{n}" itemscope itemtype="https://schema.org/Organization">{organization}</div>'
        for n in ("publisher", "sourceOrganization", "provider")
    }
    sizes = "".join(
        f'<div itemprop="image" itemscope itemtype="https://schema.org/ImageObject">{prop("width", w)}{prop("height", h)}'
        f"{prop('representativeOfPage', 'true')}</div>"
        for w, h in ((1920, 1080), (1920, 1440), (1920, 1920))
    )
    author = record["authors"][0]["name"]
    person = f'itemscope itemtype="https://schema.org/Person">{prop("name", author)}</div>'
    blocks = "".join(
        f'<div class="article__block" data-type="h3"><h3 class="article__h2">{escape(b["text"])}</h3></div>'
        if b["type"] == "heading"
        else f'<div class="article__block" data-type="text"><div class="article__text">{escape(b["text"])}</div></div>'
        for b in record["body"]
    )
    times = record["times"]
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": f" {record['headline']} ",
        "datePublished": times["published_at"]["raw"],
        "dateModified": times["modified_at"]["raw"],
        "genre": "News",
        "articleSection": [" middle east"],
        "author": [{"@type": "Person", "name": author}],
        "keywords": "middle east",
        "image": [image["url"]],
        "inLanguage": "en_EN",
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>' if jsonld else ""
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>{escape(record["headline"])} - 03.02.2022, Sputnik International</title>
<meta name="description" content="{escape(description)}"><meta name="keywords" content="middle east">
<link rel="canonical" href="{url}"><meta property="og:title" content="{escape(record["headline"])}">
<meta property="article:section" content="News">{script}</head><body><div class="layout"><div class="article ">
<div class="article__meta" itemscope=""{' itemtype="https://schema.org/Article"' if typed else ""}>
{prop("mainEntityOfPage", url)}{prop("headline", record["headline"])}{prop(name, record["headline"])}
{prop("description", description)}{prop("datePublished", times["published_at"]["raw"])}
{prop("dateCreated", times["created_at"]["raw"])}{prop("dateModified", times["modified_at"]["raw"])}
{prop("articleSection", "middle east")}
<div itemprop="speakable" itemscope itemtype="https://schema.org/SpeakableSpecification">
{prop("xpath", "/html/head/meta[@name='og:title']/@content")}{prop("xpath", "/html/head/meta[@name='og:description']/@content")}</div>
{prop("associatedMedia", image["url"])}{prop("articleBody", glued)}{organizations["publisher"]}{prop("copyrightYear", 2022)}
<div itemprop="author" {person}{prop("genre", "News")}{prop("inLanguage", "en_EN")}{organizations["sourceOrganization"]}{sizes}
{organizations["provider"]}<div itemprop="creator" {person}{prop("keywords", "middle east")}</div>
<div class="article__header"><h1 class="article__title">{escape(record["headline"])}</h1></div>
<div class="article__google-news">Subscribe</div>
<div class="article__body">{blocks}<div class="article__block" data-type="banner"></div></div>
</div></div></body></html>"""


@pytest.mark.parametrize(
    ("form", "typed", "jsonld", "name"),
    list(
        itertools.product(
            ("div", "span", "content", "div-content", "href", "a"),
            (True, False),
            (True, False),
            ("name", "alternativeHeadline"),
        )
    ),
)
def test_every_variant_of_the_seed_page_gives_its_record(shared, form, typed, jsonld, name):
    record = json.loads((shared / "seed" / "article-1092718478.json").read_text(encoding="utf-8"))
    source = (shared / "seed" / "source.txt").read_text(encoding="utf-8")
    article = read(seed_page(record, source, form, typed=typed, jsonld=jsonld, name=name), record["url"])
    assert {field: value for field, value in article.items() if field not in OF_THE_CRAWL} == record
    # The glued articleBody has nothing that the blocks lack.
    assert article["flags"] == []


def test_a_paragraph_that_only_article_body_has_is_flagged(shared):
    record = json.loads((shared / "seed" / "article-1092718478.json").read_text(encoding="utf-8"))
    source = (shared / "seed" / "source.txt").read_text(encoding="utf-8")
    whole = seed_page(record, source, "div", typed=True, jsonld=False, name="name")
    short = dict(record, body=record["body"][:3] + record["body"][4:])
    assert read(whole, record["url"])["flags"] == []
    assert read(seed_page(short, source, "div", typed=True, jsonld=False, name="name"), record["url"])["flags"] == ["short_body"]


def test_a_page_that_states_seconds_adds_them(shared):
    record = json.loads((shared / "seed" / "article-1092718478.json").read_text(encoding="utf-8"))
    source = (shared / "seed" / "source.txt").read_text(encoding="utf-8")
    page = seed_page(record, source, "div", typed=True, jsonld=False, name="name")
    article = read(page.replace("<head>", '<head><meta name="analytics:p_ts" content="1643892876">'), record["url"])
    assert article["published_at"] == "2022-02-03T12:54:36+00:00"
    assert article["times"]["published_at"] == {"raw": "1643892876", "precision": "second", "zone": "given"}
    assert article["created_at"] == record["created_at"]
    assert "dates_disagree" not in article["flags"]


def fragments(shared, name: str, cut: str) -> list[str]:
    parts = re.split(cut, (shared / "site-samples" / name).read_text(encoding="utf-8"))[1:]
    return [part if "article__body" in part else f'<div class="article__body">{part}</div>' for part in parts]


def blocks(html: str) -> list[tuple[str, str]]:
    page = f'<html><body><div class="article"><h1 class="article__title">T</h1>{html}</div></body></html>'
    return [(block["type"], block["text"]) for block in read(page, "https://sputniknews.com/20200214/1564683459.html")["body"]]


def test_fragments_of_2020_give_their_blocks(shared):
    first, second, third = fragments(shared, "body-blocks-ria-2020-02-fragments.html", r"<!-- fragment \d.*?-->")
    found = blocks(first)
    assert [kind for kind, _ in found] == ["paragraph"] * 6
    assert found[0][1].startswith("МОСКВА, 14 фев - РИА Новости. Новым коронавирусом COVID-19 могут заразиться две трети")
    assert found[-1][1].endswith("каждый день могут заражаться до 50 тысяч человек.")
    found = blocks(second)
    assert [kind for kind, _ in found] == ["paragraph", "quote", "paragraph", "paragraph"]
    assert found[1][1].startswith('"Это (новое оружие – ред.)')
    assert found[1][1].endswith("сказал он на конференции по ядерному сдерживанию.")
    assert [kind for kind, _ in blocks(third)] == ["paragraph", "paragraph"]
    page = f'<html><body><div class="article"><h1 class="article__title">T</h1>{third}</div></body></html>'
    images = read(page, "https://sputniknews.com/20200213/1564647896.html")["images"]
    assert {image["key"] for image in images} == {"1564648884"}
    assert {(image["width"], image["height"], tuple(image["crop"])) for image in images} == {
        (600, 338, (0, 15, 3072, 1743)),
        (1350, 900, (0, 0, 3072, 2048)),
    }
    assert {image["credit"] for image in images} == {"© РИА Новости / Николай Хижняк"}
    assert {image["caption"] for image in images} == {"Призывники в сборном пункте военного комиссариата в городе Сызрань"}


def test_fragments_of_2023_give_their_blocks(shared):
    text = (shared / "site-samples" / "body-blocks-ria-2023-03-fragments.html").read_text(encoding="utf-8")
    first, second = re.split(r"<!-- second article.*?-->", text.split("-->", 1)[1])
    for html, quoted in ((first, '"Россия является крупной экономикой'), (second, '"Это позор.')):
        found = blocks(f'<div class="article__body">{html}</div>')
        assert [kind for kind, _ in found] == ["paragraph", "quote", "paragraph"]
        assert found[1][1].startswith(quoted)
        assert "«" not in found[1][1]


def test_the_real_feed_gives_its_articles_and_dates(shared):
    body = (shared / "site-samples" / "rss-ria-2026-04-12-excerpt.xml").read_bytes()
    chunk = Feed("https://ria.ru/export/rss2/archive/index.xml").read(
        XmlResponse("https://ria.ru/export/rss2/archive/index.xml", body=body), "UTC"
    )
    assert [(link.url, link.published_at) for link in chunk.links] == [
        ("https://ria.ru/20260412/iran-2086654977.html", "2026-04-12T13:49:47+00:00"),
        ("https://ria.ru/20260412/ukraina-2086654422.html", "2026-04-12T13:41:57+00:00"),
        ("https://ria.ru/20260412/voz-2086651876.html", "2026-04-12T13:11:53+00:00"),
        ("https://ria.ru/20260412/ogon-2086651299.html", "2026-04-12T13:08:24+00:00"),
        ("https://ria.ru/20260412/patriarkh-2086602127.html", "2026-04-12T13:02:28+00:00"),
        ("https://ria.ru/20260412/sarov-1727139681.html", "2026-04-12T13:01:39+00:00"),
    ]


def test_addresses_of_all_generations_are_known(shared):
    """Numbers and days of the addresses that others saw."""
    lines = (shared / "site-samples" / "urls-seen.txt").read_text(encoding="utf-8").splitlines()
    articles = {url: found for url in lines if url.startswith("http") and (found := SputnikSpider.addresses.article(url))}
    assert articles["http://sputniknews.com/military/20160803/1043910987/naval-delegation-india-russia.html"] == (
        "1043910987",
        "2016-08-03",
    )
    assert articles["https://sputniknews.com/amp/columnists/201911181077343476-royal-self-indicting-arrogance/"] == (
        "1077343476",
        "2019-11-18",
    )
    assert (
        articles["https://sputnikglobe.com/20250306/china-confident-in-trade-war-advantage-over-us--1121620685.html"][0]
        == "1121620685"
    )
    assert len(articles) == 14
    assert not any("mundo" in url or "ria.ru" in url or "cz." in url for url in articles)


def test_corpus_page_is_stored_as_the_sample(shared):
    """The corpus has the same page of 2019 as bytes; both readings agree."""
    path = shared / "corpus" / "pages" / "aeb-1f765c487806.html.gz"
    stored = load_article(HtmlResponse(OLD, body=gzip.decompress(path.read_bytes()), encoding="utf-8"), SputnikSpider)
    sample = read((shared / "site-samples" / "article-2019-b-template-columnist-1077343476.html").read_text(encoding="utf-8"), OLD)
    assert stored.body == sample["body"]
