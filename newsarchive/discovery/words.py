"""Words in addresses that say what is kept there: lists of articles, or nothing of them."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

# Segments under which sites keep lists of articles, and nothing else unless their feed says otherwise.
LISTS = frozenset(
    (
        "tag tags tagged topic topics thema themen themenseiten label labels keyword keywords stichwort schlagwort schlagworte"
        " etiqueta etiquetas etiquette mot-cle argomenti argomento tema temas emner emne aihe"
        " author authors autor autoren autores auteur auteurs autore autori autorzy forfatter staff profile profiles"
        " contributor contributors journalist journalists user users member members mitglied mitglieder profil profils usuario"
        " usuarios category categories kategorie kategorien categoria categorie kategoria kategorii kat"
    ).split()
)
# Segments of what has nothing to do with articles.
APART = frozenset(
    (
        "search suche buscar busca recherche ricerca cerca sok zoeken szukaj poisk hledat haku"
        " login logout signin signup sign-in register registrieren anmelden account accounts konto mein-konto my-account"
        " subscribe subscription abo abos abonnement abonnieren newsletter newsletters checkout cart warenkorb"
        " about about-us contact contacts contact-us kontakt impressum imprint datenschutz privacy privacy-policy agb"
        " terms terms-of-use terms-of-service nutzungsbedingungen cookies cookie-policy mediadaten faq sitemap"
        " rss feed feeds atom share teilen email wp-login wp-admin wp-json wp-content cdn-cgi static assets"
    ).split()
)
EXTENSION = re.compile(r"\.(?:php|aspx?|jsp|html?)$")
# What a page is called that shows another one for a printer or a small screen, or with something opened on it.
PRINTED = frozenset("print drucken druckversion druckansicht imprimir imprimer stampa printable printversion".split())
COPY_QUERY = re.compile(
    r"(?:^|&)(?:print|printable|printer_?friendly|printview|drucken|druck|imprimir|imprimer|stampa|amp|replytocom|outputtype=amp"
    r"|(?:format|view|output|layout|mode)=(?:print|printable|amp))(?=[=&]|$)",
    re.I,
)
COPY_SEGMENT = re.compile(r"/(?:print|drucken|druckversion|imprimir|imprimer|stampa|amp|mobile)(?=/)")
NEVER_BEGINS = re.compile(r"^(?:tag|author|autor|autore|keyword|category|person|organization|location|user|topic|thema)_", re.I)


def never(url: str) -> bool:
    """Tell whether words in an address say that it is no article: tags, authors, searches, accounts.

    >>> never("https://example.org/tag/a-town-builds/"), never("https://example.org/author-s-choice-of-books/")
    (True, False)
    """
    return apart(url) or any(segment in LISTS or NEVER_BEGINS.match(segment) for segment in _segments(url))


def apart(url: str) -> bool:
    """Tell whether words in an address say that there are not even lists of articles: searches, accounts, imprints.

    >>> apart("https://example.org/login"), apart("https://example.org/category/town/")
    (True, False)
    """
    return any(segment in APART for segment in _segments(url))


def is_copy(url: str) -> bool:
    """Tell whether an address is that of another page's form for a printer or a small screen.

    >>> [is_copy("https://example.org/" + address) for address in ("a.php?nid=7&print=1", "a-7/print", "print/a-7")]
    [True, True, False]
    """
    parts = urlsplit(url)
    if COPY_QUERY.search(parts.query):
        return True
    segments = _segments(url)
    return len(segments) > 1 and segments[-1] in PRINTED


def original_of(url: str) -> str:
    """Return the address that ``url`` would be a copy's of, if that is another page: some sites have a section "print".

    >>> original_of("https://example.org/print/a-7")
    'https://example.org/a-7'
    """
    return COPY_SEGMENT.sub("", url, count=1)


def _segments(url: str) -> list[str]:
    return [EXTENSION.sub("", segment.casefold()) for segment in unquote(urlsplit(url).path).split("/") if segment]
