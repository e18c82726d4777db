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


def _segments(url: str) -> list[str]:
    return [segment.casefold() for segment in unquote(urlsplit(url).path).split("/") if segment]
