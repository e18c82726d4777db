"""ArticleLoader: one line a field says how what an origin found becomes a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from itemloaders import ItemLoader
from itemloaders.processors import Compose, Identity, TakeFirst
from itemloaders.utils import arg_to_iter, get_func_args

from newsarchive.dates import Time, iso, parse_time
from newsarchive.extract.images import pixels
from newsarchive.extract.text import plain
from newsarchive.items import Article, Author
from newsarchive.urls import absolute

MAX_HEADLINE = 2_000
MAX_TAGS = 200
MAX_TAG = 300
MAX_AUTHORS = 100
# ISO 3166-1: what may stand behind a language; "EN" of the platform's "en_EN" is no country.
COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ"
        " CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO"
        " FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE"
        " JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO"
        " MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW"
        " PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM"
        " TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
    ).split()
)


def without_furniture(text: str, loader_context) -> str | None:
    """Cut what the site adds to the field in ``loader_context["field"]``."""
    pattern = loader_context["site"].furniture.get(loader_context["field"])
    return (re.sub(pattern, "", text).strip() if pattern else text) or None


def shortened(text: str) -> str:
    """Bound what a hostile page calls a headline."""
    return text[:MAX_HEADLINE]


def time(text: str | Time, loader_context) -> Time | None:
    """Read a time in the page's zone, unless it was read."""
    if isinstance(text, Time):
        return text
    return parse_time(str(text), loader_context["zone"], loader_context["clock_zone"])


def iso_time(time: Time) -> str:
    return iso(time.at)


def language(text: str) -> str | None:
    """Return a BCP 47 tag from forms such as ``en_EN``, ``pt-br`` or ``English``-free text; None when it is none.

    >>> language("en_EN"), language("pt-br"), language("zh_Hans_CN")
    ('en', 'pt-BR', 'zh-Hans-CN')
    """
    m = re.match(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_.@].*)?$", text.strip())
    if not m:
        return None
    tag, script, country = m.groups()
    parts = [tag.lower(), script and script.title(), country and country.upper()]
    return "-".join(part for part in parts if part and (len(part) != 2 or part.islower() or part in COUNTRIES))


def unique(values: list, key=str.casefold) -> list:
    """Drop repetitions that differ in case alone, or have the same ``key``; the first stays.

    >>> unique(["ice", "rivers", "Ice"])
    ['ice', 'rivers']
    """
    found: dict = {}
    for value in values:
        found.setdefault(key(value), value)
    return list(found.values())


def author(value: dict | str, loader_context) -> Author | None:
    """Return ``value``, a name or a dict, with a plain name and an absolute address."""
    value = {"name": value} if isinstance(value, str) else value
    name = plain(value["name"] or "")
    return {"name": name[:300], "url": absolute(loader_context["base"], value.get("url"))} if name else None


def publisher(value: dict, loader_context) -> dict | None:
    """Return ``value`` with all the keys of :class:`newsarchive.items.Publisher`."""
    found = {name: plain(value.get(name) or "") or None for name in ("name", "legal_name", "email", "telephone")}
    logo = value.get("logo")
    if logo:
        size = {name: pixels(logo.get(name)) for name in ("width", "height")}
        logo = {"url": absolute(loader_context["base"], logo.get("url")), **size}
    return found | {"logo": logo or None} if any(found.values()) else None


def year(text: str) -> int | None:
    m = re.fullmatch(r"([0-9]{4})(?:\.0)?", str(text))
    return int(m[1]) if m else None


def truth(text: str) -> bool | None:
    return {"true": True, "false": False, "yes": True, "no": False}.get(str(text).rsplit("/", 1)[-1].lower())


class Each:
    """Has each value go through ``functions``, which return a value or None: it is left out.

    As MapCompose of itemloaders, which looks at every call for what its functions take, and flattens what they return.
    """

    def __init__(self, *functions: Callable, **context: Any):
        self.functions = [(function, "loader_context" in get_func_args(function)) for function in functions]
        self.context = context

    def __call__(self, values: Any, loader_context: dict[str, Any]) -> list:
        values, context = arg_to_iter(values), loader_context | self.context
        for function, in_context in self.functions:
            found = [function(value, context) if in_context else function(value) for value in values]
            values = [value for value in found if value is not None]
        return values


class ArticleLoader(ItemLoader):
    """Fills an :class:`Article`. Context: ``site`` (rules), ``zone`` and ``clock_zone`` of its times, ``base`` (address)."""

    default_item_class = Article

    headline_in = Each(plain, without_furniture, shortened, field="headline")
    alternative_headline_in = Each(plain, shortened)
    description_in = Each(plain, without_furniture, field="description")
    created_at_in = published_at_in = modified_at_in = Each(time)
    created_at_out = published_at_out = modified_at_out = Compose(TakeFirst(), iso_time)
    section_in = Each(plain, lambda text: text[:MAX_TAG])
    tags_in = Each(plain, lambda text: text[:MAX_TAG])
    tags_out = Compose(unique, lambda tags: tags[:MAX_TAGS])
    authors_in = Each(author)
    authors_out = Compose(lambda authors: unique(authors, lambda author: author["name"])[:MAX_AUTHORS])
    genre_in = Each(plain)
    language_in = Each(language)
    publisher_in = Each(publisher)
    copyright_year_in = Each(year)
    is_accessible_for_free_in = Each(truth)
    body_in = body_out = Identity()
    # As the default; but one that is looked for in the item's class costs more than the value.
    headline_out = alternative_headline_out = description_out = section_out = genre_out = language_out = TakeFirst()
    publisher_out = copyright_year_out = is_accessible_for_free_out = TakeFirst()

    # As the class declares them; to look whether they are methods costs more than a value.
    def get_input_processor(self, field_name: str) -> Callable:
        return getattr(self, f"{field_name}_in", None) or super().get_input_processor(field_name)

    def get_output_processor(self, field_name: str) -> Callable:
        return getattr(self, f"{field_name}_out", None) or super().get_output_processor(field_name)
