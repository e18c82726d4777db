"""What stands in the body of an article and is none of its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import lru_cache

from lxml import etree

from newsarchive.extract.outline import Outline
from newsarchive.extract.phrases import at_the_edge, no_text
from newsarchive.extract.text import letters

# Words in the names that templates give to what surrounds or interrupts an article.
_STRONG = (
    "related\\w*|recommend\\w*|recirc\\w*|teasers?|newsletters?|comments?|kommentare?|disqus|outbrain|taboola|share(?:s|d|bar|buttons?|tools?|links?)?|sharing|social\\w*"
    "|promo\\w*|\\w*promo|donat\\w*|donationpromo\\S*|fundrais\\w*|\\S*newsletter\\S*|wp-block-query|wp-block-post-\\w+|advert\\w*|ads?|adslot|sponsor\\w*|breadcrumbs?|byline|authors?|tags?(?=$|\\s|_|-(?:list|cloud|links?|container|box|wrapper|items?))|topics?|read-?more|readmore|more-?(?:stories|news|on)"
    "|most-?\\w+|trending|popular|cookies?|gdpr|onetrust|consent|sidebar|toolbar|captions?|sr-only|screen-reader\\w*|visually-?hidden|is-hidden"
    "|modal|popup|signup|sign-up|login|tooltip|nav\\w*|menu|pagination|pager|jp-related\\w*|addtoany\\w*|wp-caption-text|audio\\w*|player"
    "|fact-?box\\w*|\\w*-factbox\\S*|fakta\\w*|infobox|info-?box|rollover\\w*|popover|hovercard|tooltip\\w*|bio|about-?author|author-?\\w+|inline-?(?:story|promo|related|newsletter)\\w*"
    "|read-?next|up-?next|next-?up|see-?also|also-?like|keep-?reading|further-?reading|leggi-?anche|lire-?aussi|crosslink\\w*|crp_related"
)
_WEAK = (
    "widgets?|paywall|subscri\\w+|print|copyright|meta\\w*|date\\w*|time\\w*|timestamp|published|credits?|banner|video|gallery|slideshow|info|footer"
    "|source|views|rating|button|cta|kicker|eyebrow|category|categories|label|infobox|section-name|duration|reading-?time"
)
# Said to those who hear the page, wherever it stands.
UNSEEN = re.compile(r"(?:^|\s)(?:sr-only|screen-reader\S*|visually-?hidden|assistive-text|a11y-\S*)(?=\s|$)", re.I)
FURNITURE = re.compile(rf"(?:^|[\s_-])(?:{_STRONG})(?=$|[\s_-])", re.I)
WEAK = re.compile(rf"(?:^|[\s_-])(?:{_WEAK})(?:$|[\s_-])", re.I)


@lru_cache(maxsize=4096)
def called_furniture(names: str) -> bool:
    """Tell whether what an element is called, its class and id, says that it is no text of an article."""
    return bool(FURNITURE.search(names))


@lru_cache(maxsize=4096)
def may_be_furniture(names: str) -> bool:
    """As :func:`called_furniture`, with names that say so of short elements alone."""
    return bool(WEAK.search(names))


SHORT = 150
"""Characters: what has a doubtful name and says more is kept."""
PARAGRAPH = 80
"""Characters of a line that needs no full stop to be one of the text."""
SENTENCE = re.compile(r"[.!?…。！？:;\"”“»«’'‘)\]]\W*$")
CAPTION = 250
"""Characters: so much stands beside a picture and is said of it."""
MANY = 3_000
"""Lines of a text that are looked at."""
INLINE = frozenset("span small strong em a i b font u".split())
NAMED = frozenset("div section ul ol p table article h2 h3 h4 h5 h6 li dl".split()) | INLINE
CARDS = frozenset("div li article section".split())
CARD = 700
"""Characters: a teaser says no more."""
PICTURED = frozenset("div section span p a td li".split())
GROUPS = frozenset("ul ol div section table dl".split())
HEADINGS = frozenset("h2 h3 h4 h5 h6".split())
UNREAD = frozenset("aside footer nav form header figure figcaption menu".split())


def furniture(
    outline: Outline, container: int, headline: str, entries: Collection[etree._Element] = ()
) -> tuple[set[etree._Element], int]:
    """Return the elements inside ``container`` that are no text of the article, and the number where its text begins.

    They are told by their names, by being lists of links, by their words, and by standing before the first or behind
    the last paragraph. ``headline`` is what the body need not repeat; ``entries`` of a live report are text.
    """
    found: set[etree._Element] = set()
    units: list[int] = []
    most = outline.said[container] / 2
    names, images, unsaid, own, own_linked = outline.names, outline.images, outline.unsaid, outline.own, outline.own_linked
    n, end = container, outline.end[container]
    while n < end:
        element = outline.elements[n]
        if element.tag == "p" and not (names[n] or images[n] or unsaid[n]):  # most elements, which nothing below is about
            if own[n] or own_linked[n]:
                units.append(n)
            n += 1
            continue
        if unsaid[n] or (n > container and element not in entries and _is_furniture(outline, n, element, most)):
            found.add(element)
            n = outline.end[n]
            continue
        # A section's heading may stand in a <header>, too.
        plain_header = element.tag == "header" and not outline.linked[n] and outline.said[n] <= SHORT
        if n > container and element.tag in UNREAD and not plain_header:
            if element.tag == "header":
                found.add(element)
            n = outline.end[n]
            continue
        if own[n] or own_linked[n]:
            units.append(n)
        n += 1
    lines, begin = _lines(outline, units, headline)
    found.update(lines)
    return found, begin if begin is not None else container


def _is_furniture(outline: Outline, n: int, element: etree._Element, most: float) -> bool:
    said, linked, tag = outline.said[n], outline.linked[n], element.tag
    if tag == "h1":
        return True
    if said >= most or not said + linked:
        return False
    if (tag in NAMED or "-" in tag) and (names := outline.names[n]):
        inside = outline.holder[n]
        # A word in a sentence may be called a link, a tag or a term.
        alone = tag not in INLINE or outline.own[inside] + outline.own_linked[inside] < 1.2 * (said + linked)
        if alone and (called_furniture(names) or (said < SHORT and tag not in HEADINGS and may_be_furniture(names))):
            return True
        if UNSEEN.search(names):
            return True
    if tag in CARDS and outline.cards[n] and said + linked <= CARD and _is_teaser(outline, n):
        return True
    if tag == "article" and any(outline.elements[a].tag == "article" for a in outline.around(n)):
        return True  # another one, shown below this one
    if tag in PICTURED and said + linked < CAPTION and outline.images[n] and _seen_first(outline, n):
        return True
    return tag in GROUPS and outline.links[n] > 0 and linked > 2 * said and said < 80


def _is_teaser(outline: Outline, n: int) -> bool:
    """Tell whether ``n`` shows another article: a line that is a link, and what it is about, as what stands beside it."""
    if outline.cards[n] > 1 or outline.said[n] + outline.linked[n] == 0:
        return False
    line = next(inner for inner in range(n, outline.end[n]) if outline.card(inner))
    if any(outline.elements[a].tag in HEADINGS for a in (line, *outline.around(line)) if n <= a):
        return True
    element = outline.elements[n]
    beside = (element.getprevious(), element.getnext())
    for other in (outline.number[e] for e in beside if e is not None and e in outline.number):
        if outline.elements[other].tag == element.tag and outline.names[other] == outline.names[n] and outline.cards[other] == 1:
            return bool(outline.names[n]) and outline.said[n] + outline.linked[n] > outline.own_linked[line]
    return False


def _seen_first(outline: Outline, n: int) -> bool:
    """Tell whether a picture stands in ``n`` before its words."""
    for inner in range(n, outline.end[n]):
        if outline.elements[inner].tag == "img":
            return True
        if outline.own[inner] + outline.own_linked[inner]:
            return False
    return False


def _lines(outline: Outline, units: list[int], headline: str) -> tuple[list[etree._Element], int | None]:
    """Return the elements among ``units``, which hold lines themselves, whose lines are no text; and the first paragraph."""
    if len(units) > MANY:
        # Nothing between is looked at: a page of 100,000 paragraphs is no article, and takes no second all the same.
        units = units[: MANY // 2] + units[-MANY // 2 :]
    texts = {n: outline.text(n) if not _holds_blocks(outline, n) else "" for n in units}
    numbers = {n: place for place, n in enumerate(units)}
    title = letters(headline)
    often = Counter(text for text in texts.values() if len(text) < 40)
    dropped: set[int] = set()
    titles: list[int] = []
    paragraphs: list[int] = []
    for place, n in enumerate(units):
        own, linked, tag, text = outline.own[n], outline.own_linked[n], outline.elements[n].tag, texts[n]
        if not text:
            if own >= PARAGRAPH:  # its lines stand between its blocks
                inside = [numbers[inner] for inner in range(n, outline.end[n]) if inner in numbers]
                paragraphs += [place, inside[-1]]
        elif (
            no_text(text)
            or (linked > 4 * own and tag not in ("li", "td", "th", "dd", "dt"))
            or (often[text] > 1 and tag not in ("td", "th", "li") and not SENTENCE.search(text))
        ):
            dropped.add(n)
        elif title and len(text) < 2 * len(title) + 20 and letters(text) == title:
            titles.append(n)
        elif tag not in HEADINGS and _is_paragraph(own + linked, text) and not at_the_edge(text):
            paragraphs.append(place)
    if paragraphs:  # of a page that says nothing else it is the text
        dropped.update(titles)
    for place in range(min(paragraphs, default=0), min(len(units), min(paragraphs, default=0) + 4)):
        if (text := texts[units[place]]) and len(text) <= PARAGRAPH and at_the_edge(text):  # below the standfirst
            dropped.add(units[place])
    if paragraphs:
        last = max(paragraphs)
        for place in (*range(paragraphs[0]), *range(last + 1, len(units))):
            n = units[place]
            text, tag = texts[n], outline.elements[n].tag
            heading = tag in HEADINGS and place == paragraphs[0] - 1
            listed = tag in ("li", "td", "th", "dd") and not outline.own_linked[n]
            if not text:
                dropped.update(_inline(outline, n))
            if text and not heading and not listed and (tag in HEADINGS or at_the_edge(text) or not SENTENCE.search(text)):
                dropped.add(n)
    return [outline.elements[n] for n in dropped], units[paragraphs[0]] if paragraphs else None


def _is_paragraph(length: int, text: str) -> bool:
    return length >= PARAGRAPH or (length >= PARAGRAPH / 2 and bool(SENTENCE.search(text)))


def _inline(outline: Outline, n: int) -> list[int]:
    """Return the elements in the lines that ``n`` holds between its blocks."""
    found, inner = [], n + 1
    while inner < outline.end[n]:
        if outline.holder[inner] == n and not outline.said[inner] + outline.linked[inner] > 2 * PARAGRAPH:
            found.append(inner)
        inner = outline.end[inner]
    return found


def _holds_blocks(outline: Outline, n: int) -> bool:
    """Tell whether other blocks stand inside ``n``, whose lines would be dropped with it."""
    return outline.said[n] + outline.linked[n] > outline.own[n] + outline.own_linked[n]
