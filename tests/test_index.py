"""The index of a page by the words of its classes finds what the selectors themselves find."""

from __future__ import annotations

from time import process_time

import pytest
from lxml import etree

from newsarchive.extract.index import Index
from newsarchive.extract.select import compiled

PAGE = """
<html><body>
  <div class="menu banner"><a class="title" href="/menu">Menu</a></div>
  <article class="story" id="one">
    <p class="lead big" data-type="text">Lead</p>
    <div class=" banner-wide"><p class="text">Advertisement</p></div>
    <div class="banner-narrow"></div>
    <div class="quote" data-type="quote"><p class="text">Said</p><span class="cite">Who</span></div>
    <figure class="photo big"><img src="/a.jpg"><figcaption>Caption</figcaption></figure>
    <div class="quote"><blockquote class="text cite">Again</blockquote></div>
  </article>
  <aside class="story"><p class="text text">Beside</p></aside>
</body></html>
"""
SELECTORS = [
    ".text",
    "p.text",
    ".quote[data-type]",
    ".quote[data-type=quote]",
    ".quote[data-type^=qu], .lead.big",
    "[class^=banner]",
    "[class^=banner], .text, figure",
    "[class*=banner]",
    "#one",
    "figure",
    ".quote .text",
    ".story .text, .story .cite",
    "article .quote .text",
    ".story div .text",
    ".story div.quote",
    "div div",
    "body div p",
    ".text .text",
    ".story #one",
    "body #one, div#one, article#one.story",
    "#one figure img",
    ".story [data-type]",
    ".story ::text",
    ".menu a::attr(href)",
    ".story .quote::attr(data-type)",
    "p::attr(data-type)",
    ".story > .text",
    ".quote:not([data-type])",
    ".text, .cite, .lead",
    ".nowhere, .menu .nowhere",
    "*",
    ".lead::text",
    "a.title::attr(href)",
    "//p[@class='text']",
]


@pytest.fixture
def root():
    return etree.fromstring(PAGE, etree.HTMLParser())


@pytest.mark.parametrize("selector", SELECTORS)
def test_it_finds_what_the_selector_finds_in_its_order(root, selector):
    index = Index(root)
    assert index.elements(selector) == compiled(selector)(root)
    assert index.matching(selector) == set(compiled(selector)(root))


@pytest.mark.parametrize("selector", [selector for selector in SELECTORS if not selector.startswith("/")])
def test_it_finds_what_is_within_an_element_alone(root, selector):
    story = root.find(".//article")
    assert Index(root).elements(selector, story) == compiled(selector)(story)


def test_the_first_is_that_of_the_first_alternative(root):
    index = Index(root)
    assert index.first(".cite, .lead").text == "Who"
    assert index.first(".nowhere, .lead").text == "Lead"
    assert index.first(".nowhere") is None and index.first("") is None and index.elements("") == []


def test_elements_in_each_other_are_looked_at_once():
    """Looked for from each that stands around, this page took half a minute."""
    nest = '<div class="tags">' * 1500 + '<b class="tag">x</b>' * 40 + "</div>" * 1500
    index = Index(etree.fromstring(f"<html><body>{nest * 40}", etree.HTMLParser(huge_tree=True)))
    began = process_time()
    assert len(index.elements(".tags .tag")) == len(index.elements(".tags b")) == 1600
    assert process_time() - began < 5
