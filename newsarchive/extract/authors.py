"""Who wrote an article: the people among those whom a page names, and the byline that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import zip_longest

from newsarchive.extract.outline import Outline
from newsarchive.extract.text import letters, plain

# What templates call the place of a name.
NAME = re.compile(
    r"author|byline|autor(?!i[sz])|auteur|autrice|writer|verfasser|redakteur|journalist(?!e?n?-?box)|contributor|firma(?![a-z])|signature|skribent|toimittaja|forfatter"
    r"|reporter(?![a-z])|(?<![a-z])(vcard|username|fn)(?![a-z])",
    re.I,
)
ABOUT = re.compile(
    r"(author|autor|byline|writer)\S*(role|title|job|position|bio|desc|image|avatar|photo|picture|e?mail|follow|social|count|more|location|function|date|time)",
    re.I,
)
MOST = 6
"""People who write one article; more links are something else."""
PAGE_OF_ONE = re.compile(
    r"/(authors?|autor(en|in|es)?|auteurs?|autori?|profiles?|staff|contributors?|writers?|redaktion|person(en)?|journalists?|by|firmas?|skribent)/[^/]",
    re.I,
)
LEAD = re.compile(
    r"^\W*((written|reported|words|story|text|report|article|interview|photos?|analysis|kommentar|ein (bei|gast)?(trag"
    r"|kommentar)|analyse|kolumne|essay|reportage|posted|published|compiled|edited|foto"
    r"|geschrieben|veröffentlicht|escrito|redactado|texto|publicado|publié|rédigé|écrit|scritto|pubblicato|artikel|artículo"
    r"|article|show all articles|aus der feder)\s*(und \w+\s+)?)?"
    r"(by|von|vom|par|por|di|da|av|af|door|przez|od|of|autor(in|en)?|author|auteur|reporter|автор|текст|text|bericht|foto)\s*[:|]?\s+",
    re.I,
)
CALLED = re.compile(
    r"^\W*(by|von|par|por|av|af|door|przez|författare|autor(in)?|text|автор|written by|words)\s*:?\s+(?=[^\W\d_])", re.I
)
SPLIT = re.compile(r"\s*(?:[;,|/&•·\n]|\s[-–—]\s)\s*|\s+(?:and|und|et|y|e|og|och|en|i|sowie|with|mit|και|и)\s+", re.I)
DATE = re.compile(r"\d|\b(uhr|min|ago|vor|hace|heute|gestern|today|updated?|published)\b", re.I)
# Who puts pages online, or signs for no person.
NOBODY = frozenset(
    """
    about admin administrator afp agencies agency agenturen all alle anonymous ansa ap apa article articles artikel author
    authors autor autoren autorenseite bild bio biography comments contact contributor contributors default desk dpa drucken
    edit editor editorial editorialstaff editors efe email facebook follow foto gast google guest guestauthor home image
    instagram keystone kommentare kontakt linkedin mehr more nachrichten news newsagency newsdesk newsroom noauthor online
    ots overview photo presse pressemitteilung pressrelease print profile pub pubmed redaccion redacción redaction redakcja
    redaktion redaktionen redaktionsteam redazione reporter reuters root rédaction scholar sda see share show staff
    staffreporter staffreporters staffwriter team twitter uber user view web webmaster whatsapp wire wireservice writer zur
    über
    """.split()
)
UPLOADERS = frozenset("admin administrator webmaster root user default noauthor editor author autor".split())
PARTICLES = frozenset(
    (
        "de da do dos das del della di du la le les van von vom zu zur der den het ter ten bin ibn al el y e und af av st d o a i"
    ).split()
)
TITLES = re.compile(r"^(dr|prof|mag|dipl|ing|mr|mrs|ms|sir|rev|col|gen|lt)\.?$", re.I)
ROLE = re.compile(
    r"\s*(기자|특파원|記者)$|(,\s*|\s+)(ph\.?d|m\.?d|rd|msc|jr|cnn|ap|afp|dpa|reuters)\.?$|\s*\(.*?\)\s*$|\s+(on|at|in|für|for)\s+(twitter|facebook)?$",
    re.I,
)
PICTURE = re.compile(r"image:|getty|©|bild:|foto:|photo:|bild ©", re.I)
MAX_BYLINE = 160
"""Characters of an element that names authors; more is an article's summary or somebody's life."""
BEFORE, BEHIND = 15, 30
INSIDE = 2_000
"""Elements of a text that may name its author."""


def people(found: Iterable[dict], site: set[str], marked: bool = True) -> list[dict]:
    """Return those of ``found`` (``name``, ``url``) who are people, one name each, without what stands around it.

    ``site`` are the names of the site, in letters. Names of one word are taken when ``marked`` as an author's.
    """
    names: dict[str, dict] = {}
    for author in found:
        name = LEAD.sub("", plain(author.get("name") or ""))
        if PICTURE.search(name):
            continue
        whole = _person(name, site, marked)
        parts = [name] if whole and not SPLIT.search(name) else SPLIT.split(name)
        for part in parts:
            if part and (person := _person(LEAD.sub("", part), site, marked)):
                names.setdefault(letters(person), {"name": person, "url": author.get("url") if len(parts) == 1 else None})
    if whole_names := [author for author in names.values() if " " in author["name"] or not author["name"].isascii()]:
        return whole_names
    return list(names.values())


def organizations(found: Iterable[dict]) -> list[dict]:
    """Return those of ``found`` who may sign though they are no people: an agency, the publisher."""
    named = [author | {"name": LEAD.sub("", plain(author.get("name") or ""))} for author in found]
    return [
        author
        for author in named
        if 2 <= len(author["name"]) <= 60
        and not re.search(r"[@/]|https?:", author["name"])
        and letters(author["name"]) not in UPLOADERS
    ]


def _person(text: str, site: set[str], marked: bool) -> str | None:
    """Return ``text`` when it may be a person's name."""
    name = ROLE.sub("", plain(text)).strip(" \t.,:;|/*-–—•·@'\"“”„()[]") if text else ""
    if (
        not 2 <= len(name) <= 60
        or DATE.search(name)
        or re.search(r"[@:<>{}=#!?…\"]|https?|www\.|\.(com|de|org|net|lt|tv)\b", name, re.I)
    ):
        return None
    told = letters(name)
    if told in NOBODY or told in site:
        return None
    words = name.split()
    if len(words) == 1 and (name.casefold() in PARTICLES or (len(name) < 4 and name.isascii())):
        return None
    if len(words) > 6 or (len(words) == 1 and not marked) or any(word.casefold() in NOBODY for word in words[:1] if len(words) < 3):
        return None
    if any(len(own) > 3 and (told == own or (own in told and len(told) < len(own) + 10)) for own in site):
        return None
    large = [word for word in words if not word[:1].islower() or (word.casefold() not in PARTICLES and not word.islower())]
    small = [word for word in words if word.islower() and word.casefold() not in PARTICLES]
    if small and (len(words) > 1 or "-" in name or not marked):
        return None
    return name if large or len(words) == 1 else None


def doubtful(authors: list[dict]) -> bool:
    """Tell whether ``authors`` may be those who put the page online: a word alone, or one that is no name."""
    return all(" " not in author["name"] or author["name"].islower() for author in authors)


def byline(outline: Outline, headline: int | None, container: int | None, begin: int, site: set[str]) -> list[dict]:
    """Return the people whom the page shows as authors, near its headline, else behind its text."""
    top = headline if headline is not None and headline <= begin else max(0, begin - BEFORE)
    last = outline.end[container] if container is not None else begin
    head, above = range(top, begin + 1), range(max(0, top - 2 * BEFORE), top)
    tail = range(max(begin, last - BEFORE), min(last + BEHIND, len(outline.elements)))
    inside = range(begin, max(begin, last - BEFORE))[:INSIDE]
    for place in (head, above, inside, tail):
        for find in (_named,) if place is inside else (_named, _linked, _called):
            if found := people(find(outline, place), site, marked=find is not _called):
                return found
    return people(_alone(outline, range(top, begin + 1)), site, marked=False)


def _named(outline: Outline, place: range) -> list[dict]:
    """Return what elements that are called an author's say: their links, else all of it."""
    named = [n for n in place if not outline.unsaid[n] and _is_named(outline, n)]
    found: list[dict] = []
    for n, following in zip_longest(named, named[1:]):
        if following is not None and following < outline.end[n]:
            continue  # what stands inside tells better
        links = [inner for inner in range(n, outline.end[n]) if outline.elements[inner].tag == "a" and outline.linked[inner]]
        if own := [link for link in links if PAGE_OF_ONE.search(outline.elements[link].get("href") or "")]:
            links = own
        if 0 < len(links) <= MOST and outline.linked[n] > outline.said[n]:
            found += [{"name": outline.text(link), "url": outline.elements[link].get("href")} for link in links]
        elif len(links) <= MOST:
            found.append({"name": _first_line(outline, n), "url": None})
    return found


def _is_named(outline: Outline, n: int) -> bool:
    if not 2 <= outline.said[n] + outline.linked[n] <= MAX_BYLINE:
        return False
    element, names = outline.elements[n], outline.names[n]
    if NAME.search(names):
        return not ABOUT.search(names)
    return element.get("itemprop") == "author" or "author" in (element.get("rel") or "").split()


def _first_line(outline: Outline, n: int) -> str:
    """Return what ``n`` says; of several blocks the first that is a name."""
    lines = [inner for inner in range(n, outline.end[n]) if outline.own[inner] + outline.own_linked[inner]]
    texts = [
        outline.text(inner)
        for inner in lines
        if outline.own[inner] + outline.own_linked[inner] == outline.said[inner] + outline.linked[inner]
    ]
    return next((text for text in texts if people([{"name": text}], set())), outline.text(n))


def _linked(outline: Outline, place: range) -> list[dict]:
    return [
        {"name": outline.text(n), "url": outline.elements[n].get("href")}
        for n in place
        if outline.elements[n].tag == "a"
        and 2 <= outline.linked[n] <= 60
        and PAGE_OF_ONE.search(outline.elements[n].get("href") or "")
    ]


def _called(outline: Outline, place: range) -> list[dict]:
    """Return what lines say that begin with "By"."""
    for n in place:
        length = outline.own[n] + outline.own_linked[n]
        if 5 <= length <= MAX_BYLINE and outline.said[n] + outline.linked[n] == length and not outline.unsaid[n]:
            text = outline.text(n)
            if CALLED.match(text) and (found := people([{"name": re.split(r"\s[|•·–—-]\s|\d", text)[0]}], set(), marked=False)):
                return found
    return []


def _alone(outline: Outline, place: range) -> list[dict]:
    """Return the emphasised lines of two to four words, as between headline and text a name is."""
    return [
        {"name": text}
        for n in place
        if outline.elements[n].tag in ("strong", "b", "em", "i")
        and outline.said[n] <= 40
        and outline.said[outline.holder[n]] == outline.said[n]
        if (text := outline.text(n)) and 2 <= len(text.split()) <= 4 and all(word[:1].isupper() for word in text.split())
    ][:1]
