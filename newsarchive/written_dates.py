"""Dates as people write them, in the languages of the web's news."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from newsarchive.dates import Time, zone

# By their beginnings, which no two months of these languages share.
_MONTHS = {
    1: (
        "januar january jan janvier janv enero ene gennaio gen janeiro ledna leden stycz tammi ocak январ янв січ"
        " ianuarie jänner jän sausio janúar"
    ),
    2: (
        "februar february feb februari février fevrier févr fevr febrero febbraio fevereiro fev února únor unor luty"
        " lutego luteg helmi şubat февр фев лют vasario febrúar"
    ),
    3: "märz maerz march mar maart mars marzo março marco března březen marzec marca maalis mart мар бер martie kovo",
    4: "april apr avril avr abril abr aprile dubna duben kwiec huhti nisan апр квіт aprilie balandžio",
    5: "mai may mei maj mayo mag maggio maio květ maja toukok mayıs мая май трав gegužės maí",
    6: "juni june jun juin junio giugno giu junho června červen czerw kesä haziran июн черв iunie birželio júní",
    7: ("juli july jul juillet juil julio luglio lug julho července červenec lipca lipiec heinä temmuz июл лип iulie liepos júlí"),
    8: "august aug août aout agosto ago augustus srpna srpen sierp elo ağustos авг серп rugpjūčio ágúst augusti",
    9: (
        "september sept sep septembre septiembre settembre set setembro září zari wrzes wrześ syys eylül сент сен верес"
        " septembrie rugsėjo"
    ),
    10: (
        "oktober october oct okt octobre octubre ottobre ott outubro out října říjen paźdz pazdz loka ekim окт жовт"
        " octombrie spalio október"
    ),
    11: ("november nov novembre noviembre novembro listopadu listopad listop marras kasım нояб лист noiembrie lapkričio nóvember"),
    12: (
        "dezember december dec dez déc décembre decembre diciembre dic dicembre dezembro prosince prosinec grud joulu"
        " aralık дек груд decembrie gruodžio desember des"
    ),
}
MONTHS = {beginning: number for number, names in _MONTHS.items() for beginning in names.split()}
_NAME = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_CLOCK = (
    r"(?:[\s,.;|/()·•–—-]|uhr|um|at|kl\.?|klo|à|a las|alle(?: ore)?|ore|às|as|o|godz\.?|в|saat|op|h\b|den|время){0,8}?"
    r"(?P<clock>[01]?\d|2[0-3])(?P<sep>[:.h時시]| Uhr)\s?(?P<minute>[0-5]\d)?(?::[0-5]\d)?\s?(?P<half>[ap]\.?\s?m\b\.?)?"
)
FORMS = [
    re.compile(
        rf"(?<![\d.])(?P<year>{_YEAR})\s?[-/.年년]\s?(?P<month>1[0-2]|0?[1-9])\s?[-/.月월]\s?(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)[日일.]?",
        re.I,
    ),
    re.compile(
        rf"(?<![\d.])(?P<one>3[01]|[12]\d|0?[1-9])\s?(?P<mark>[-/.])\s?(?P<two>3[01]|[12]\d|0?[1-9])\s?(?P=mark)\s?(?P<year>{_YEAR}|\d\d(?![\d:.]))(?!\d)"
    ),
    re.compile(
        rf"(?<!\d)(?P<day>3[01]|[12]\d|0?[1-9])(?:\.|st|nd|rd|th|er|º|o)?(?:\s+(?:de|d|of|di))?[\s-]+(?P<name>{_NAME})\w*\.?(?:\s+(?:de|del))?[,\s-]+(?P<year>{_YEAR})(?!\d)",
        re.I,
    ),
    re.compile(
        rf"(?<!\w)(?P<name>{_NAME})\w*\.?\s+(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,?\s+(?P<year>{_YEAR})(?!\d)", re.I
    ),
]
BEHIND = re.compile(_CLOCK, re.I)
BEFORE = re.compile(
    r"(?<![\d.])(?P<clock>[01]?\d|2[0-3])(?P<sep>[:h])(?P<minute>[0-5]\d)(?::[0-5]\d)?\s?(?P<half>[ap]\.?\s?m\b\.?)?[\s,|–—-]{1,4}$",
    re.I,
)
# Before a date that is none of publication.
CHANGED = re.compile(
    r"(updated?|modified|changed|aktualisiert|geändert|überarbeitet|update|mis à jour|modifiée?|actualizad[oa]|modificad[oa]"
    r"|atualizad[oa]|aggiornat[oa]|aggiornamento"
    r"|aktualizacja|aktualizováno|uppdaterad|oppdatert|opdateret|päivitetty|bijgewerkt|güncelleme|обновлен[оа]?|更新|수정|bis zum"
    r"|verfügbar bis|until)\W*(\w+\W+){0,2}$",
    re.I,
)
MAX_TEXT = 400


def written_time(text: str, site_zone: str = "UTC", month_first: bool = False) -> Time | None:
    """Return the first date in ``text`` that is not called one of a change, as midnight or with the clock beside it.

    ``month_first`` is for ``3/4/2024`` of the United States.

    >>> written_time("Publié le 30 août 2023 à 14h52, modifié le 31 août 2023").at.isoformat()
    '2023-08-30T14:52:00+00:00'
    >>> written_time("Updated Nov. 3, 2023 | 01-11-2023").at.isoformat()
    '2023-11-01T00:00:00+00:00'
    """
    text = text[:MAX_TEXT]
    found = sorted((m for form in FORMS for m in form.finditer(text)), key=lambda m: m.start())
    for m in sorted(found, key=lambda m: bool(CHANGED.search(text[: m.start()]))):
        try:
            return _time(m, text, site_zone, month_first)
        except ValueError:  # no day of the calendar
            continue
    return None


def _time(m: re.Match, text: str, site_zone: str, month_first: bool) -> Time:
    parts = m.groupdict()
    year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    if "one" in parts:
        day, month = int(parts["one"]), int(parts["two"])
        if month > 12 or (month_first and parts["mark"] == "/" and day <= 12):
            day, month = month, day
    else:
        day = int(parts["day"])
        month = MONTHS[parts["name"].casefold()] if parts.get("name") else int(parts["month"])
    clock = BEHIND.match(text, m.end()) or BEFORE.search(text[: m.start()])
    hour = minute = 0
    # "12. 03" is no clock; "12.03 Uhr" is one.
    if clock and (clock["minute"] or clock["half"] or "Uhr" in clock[0]):
        hour, minute = int(clock["clock"]), int(clock["minute"] or 0)
        if half := clock["half"]:
            hour = hour % 12 + (12 if half[0] in "pP" else 0)
    else:
        clock = None
    at = datetime(year, month, day, hour, minute, tzinfo=zone(site_zone))
    raw = text[m.start() : max(m.end(), clock.end() if clock and clock.end() > m.end() else 0)]
    return Time(at.astimezone(UTC), raw, "minute" if clock else "day", "site")
