"""What an article is about: the tags that its page shows, and those of its metadata without the machine's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newsarchive.extract.outline import Outline
from newsarchive.extract.text import letters, plain

# What templates call the list of them, and the addresses of their pages.
NAME = re.compile(
    r"(?<![a-z])(tags?|topics?|keywords?|schlag-?w(o|ö|oe)rte?r?|themen|etiquetas|temas?|stich-?w(o|ö|oe)rte?r?|mots?-cl[eé]s?|emner|argomenti|palabras-clave|štítky|tagi|related-topics)(?![a-z])"
    r"|tag-?(links|list|cloud|s?-container|items?)|taglist|article_?tags|article__?tags|topic-?(list|tags|links)|tags(list|box|block|wrapper|section)|keyword-?list",
    re.I,
)
ADDRESS = re.compile(
    r"/(tags?|topics?|themen?|themenseiten?|temas?|schlagwort\w*|stichwort\w*|keywords?|sujets?|mots?-cles?|argoment[oi]|etiquetas?|emner?|aihe\w*|temat\w*|tagi?|stikkord|amne|hashtag)/[^/?#]",
    re.I,
)
# Labels that systems write among the tags for themselves.
MACHINE = re.compile(
    r"^(nlp |iptc|rsbi|source|page ?type|article ?type|category|type|day|time|wc|partner|language|author|section|sections|day"
    r"|medium|short|long|id|uid|sponsor|channel|product|format|template|layout)\w*( \w+){0,3}\s?[:=]",
    re.I,
)
KEPT = re.compile(
    r"^(subject|topic|tag|keyword|entity|nlp entity tokens?|person|organi[sz]ation|location|place|topics|organization|team"
    r"|event)s?\s?[:/]\s?",
    re.I,
)
CODE = re.compile(
    r"^[0-9a-f]{8}-[0-9a-f]{4}-|^\d{5,}$|^_|^[a-z0-9]+(_[a-z0-9]+)+$|^[\w-]+\.(com|de|org|net|ca|co\.uk|fr|it|es|at|ch)$", re.I
)
PATH = re.compile(r"^[a-z]+/(?=[^/]{2,}$)")
CAPITALS = re.compile(r"^[A-Z0-9:-]{2,9}$")
LABEL = re.compile(
    r"^(tags?|topics?|themen|schlagw(o|ö)rter|keywords|temas|etiquetas|mehr|more|alle?|weitere|follow|\+|#)\W*$", re.I
)
MAX_TAG, MOST = 60, 30
BEFORE, BEHIND = 25, 80
INSIDE = 2_000
"""Last elements of a text among which its tags may stand."""
"""Elements before headline and behind the text among which tags may stand."""


def clean(tags: Iterable[str], site: set[str]) -> list[str]:
    """Return ``tags`` without what a system writes for itself, and the names of the ``site``, in letters.

    >>> clean(["Category: News", "NLP Entity Tokens: Kashmir", "topic/crime", "26157981-b4f7-4929-adc1", "Iran"], set())
    ['Kashmir', 'crime', 'Iran']
    """
    found = []
    for tag in tags:
        tag = plain(tag).strip("#„“\"'")
        tag = PATH.sub("", KEPT.sub("", tag))
        if tag and not CODE.search(tag) and not MACHINE.search(tag) and letters(tag) not in site:
            found.append(tag)
    codes = sum(bool(CAPITALS.match(tag)) for tag in found)
    return [] if len(found) > 5 and 2 * codes > len(found) else found


def shown_tags(outline: Outline, headline: int | None, container: int | None, begin: int) -> list[str]:
    """Return the tags that the page shows behind the text or beside the headline: links, in an element called so."""
    last = outline.end[container] if container is not None else begin
    top = headline if headline is not None and headline <= begin else begin
    places = (
        range(begin, last)[-INSIDE:],
        range(last, min(last + BEHIND, len(outline.elements))),
        range(max(0, top - BEFORE), begin),
    )
    for place in places:
        if found := _tagged(outline, place):
            return found
    for place in places:
        for n in place:
            if (
                outline.elements[n].tag in ("ul", "div", "p", "nav", "section", "footer", "aside")
                and outline.links[n]
                and NAME.search(outline.names[n])
            ) and (found := _links(outline, n)):
                return found
    for place in places[:2]:
        if found := _addressed(outline, place):
            return found
    return []


def _tagged(outline: Outline, place: range) -> list[str]:
    return [
        text
        for n in place
        if "tag" in (outline.elements[n].get("rel") or "").split()
        and 1 < len(text := outline.text(n)) <= MAX_TAG
        and not LABEL.match(text)
    ]


def _links(outline: Outline, n: int) -> list[str]:
    """Return the links in ``n`` when it is a list of short ones and says nothing else."""
    if outline.links[n] > MOST or outline.said[n] > 40 or outline.images[n]:
        return []
    texts = [
        outline.text(inner) for inner in range(n, outline.end[n]) if outline.elements[inner].tag == "a" and outline.linked[inner]
    ]
    return [text for text in texts if not LABEL.match(text)] if all(len(text) <= MAX_TAG for text in texts) else []


def _addressed(outline: Outline, place: range) -> list[str]:
    """Return the links to pages of tags that stand together and are no part of a sentence."""
    groups: dict[int, list[str]] = {}
    for n in place:
        element = outline.elements[n]
        if element.tag != "a" or not 1 < outline.linked[n] <= MAX_TAG or not ADDRESS.search(element.get("href") or ""):
            continue
        holder = outline.holder[n]
        if outline.own[holder] > 12:
            continue
        around = outline.parent[holder] if outline.elements[holder].tag in ("li", "span", "div") else holder
        groups.setdefault(around, []).append(outline.text(n))
    return max((texts for texts in groups.values() if len(texts) <= MOST), key=len, default=[])
