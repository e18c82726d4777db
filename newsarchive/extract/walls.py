"""What stands in an article's place: error pages that answer 200, and walls before the page.

Pure functions over an answer. Every rule wants several independent signs, measured on real pages: see
``tests/test_walls.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree
from scrapy.http import HtmlResponse, Response, TextResponse

from newsarchive.extract.html import canonical_link
from newsarchive.extract.jsonld import scripts
from newsarchive.extract.select import strings, text_of
from newsarchive.extract.text import letters, plain, unmarked
from newsarchive.trees import tree_of
from newsarchive.urls import absolute

BOT_WALL = "bot wall"
CONSENT_WALL = "consent wall"
LOGIN_WALL = "login wall"
MAINTENANCE = "maintenance"
SERVER_ERROR = "server error"
SOFT_404 = "soft 404"

SHORT = 1_500
"""Characters of visible text; walls and error pages have fewer, menus included, than an article has alone."""

LONG = 6_000
"""No wall says so much; an error page with a menu and a list of favourites may."""

# Said by the servers that put the wall there, and by nobody else.
BOT_HEADERS = {"cf-mitigated": "challenge", "x-amzn-waf-action": "c", "x-vercel-mitigated": "challenge"}
# What runs a test of the reader: part of the wall's own document, not of an article's.
BOT_MARKS = re.compile(
    rb"_cf_chl_opt|/cdn-cgi/challenge-platform/h/|challenge-error-text|geo\.captcha-delivery\.com|ct\.captcha-delivery\.com"
    rb"|id=[\"']px-captcha|errors\.edgesuite\.net|_Incapsula_Resource\?|awsWafCookieDomainList|/_sec/cp_challenge"
    rb"|id=[\"']sec-if-cpt|ddos-guard\.net|/\.well-known/vercel/security"
)
# From the title's beginning: in the middle they are words like others.
BOT_TITLE = re.compile(
    r"^\W*(just a moment|access (to this page has been |is )?denied|attention required!? \| cloudflare|pardon our interruption"
    r"|checking your browser|verif(y|ying) (that )?you are (a )?human|human verification|are you a (robot|human)\b|robot check"
    r"|bot verification|(vercel )?security check(point)?$|ddos-guard|request unsuccessful|you have been blocked"
    r"|(un momento|un instant|(nur )?einen moment|один момент|请稍候|しばらくお待ちください)\W*$)",
    re.I,
)
CONSENT_HOST = re.compile(r"^(consent|guce|cmp|privacy-?wall|cookiewall|myprivacy)\.", re.I)
CONSENT_PATH = re.compile(
    r"/(consent|collectconsent|cookie-?wall|cookie-?consent|privacy-?gate|zustimmung|pur-?abo|consent-management)(/|\.|$)", re.I
)
BOT_HOST = re.compile(r"^(validate|captcha|challenge|botcheck)\.|(^|\.)(captcha-delivery\.com|perfdrive\.com)$", re.I)
BOT_PATH = re.compile(
    r"/(captcha|recaptcha|challenge|bot-?check|human-?verification|are-you-(a-)?(human|robot)|validate(captcha|perfect)?"
    r"|access-?denied|blocked|cdn-cgi)(/|\.|$)",
    re.I,
)
LOGIN_HOST = re.compile(r"^(sso|login|signin|auth|accounts?|idp?|oauth|passport)\.", re.I)
LOGIN_PATH = re.compile(
    r"/(log-?in|sign-?in|sign-?on|sso|oauth2?|authorize|authenticate|anmelden|anmeldung|einloggen|connexion|iniciar-sesion"
    r"|entrar|accedi|register|registration|registrierung)(/|\.|$)",
    re.I,
)
GATES = ((CONSENT_WALL, CONSENT_HOST, CONSENT_PATH), (BOT_WALL, BOT_HOST, BOT_PATH), (LOGIN_WALL, LOGIN_HOST, LOGIN_PATH))
CONSENT_MARKS = re.compile(
    rb"sp_message_iframe|sourcepoint|privacy-mgmt\.com|onetrust|didomi|consentmanager\.net|usercentrics"
    rb"|quantcast\.mgr|cmp\.quantcast"
    rb"|trustarc|cookiebot|fundingchoices|cmpbox|__tcfapi|contentpass|opencmp|consent\.google\.|guce\.",
    re.I,
)
CONSENT_WORDS = re.compile(
    r"before you continue|bevor (sie|du) (fortfahren|fortfährst|weiter)|avant de continuer|antes de (continuar|prosseguir)"
    r"|prima di continuare|voordat (je|u) (verder|doorgaat)|zanim przejdziesz|прежде чем (продолжить|перейти)"
    r"|(cookie|privacy|datenschutz)[- ]?(consent|wall|einwilligung|einstellungen|preferences|settings|choices)"
    r"|consent (required|needed)|your privacy (choices|matters)|we value your privacy|we need your consent"
    r"|(wir|zeit|spiegel).{0,40} ihre (zustimmung|einwilligung)"
    r"|zustimmung erforderlich|einwilligung erforderlich|mit werbung (weiter)?lesen|werbefrei lesen"
    r"|weiter mit werbung|pur-?abo"
    r"|accepter et continuer|continuer sans accepter|accetta e continua|aceptar y continuar|accept all (cookies )?(and"
    r"|&) continue"
    r"|je hebt de keuze|uw privacy|jouw privacy",
    re.I,
)
# The whole of a headline or title, but for a site's name.
TAIL = r"(\W*$|\s*[|·:–—-]\s)"
NOTICES = (
    (
        LOGIN_WALL,
        re.compile(
            rf"^\W*(please )?(sign|log) ?(in|on)( or (register|sign up|subscribe))?{TAIL}"
            r"|^\W*(please )?((sign|log) ?in|register|subscribe)( or (register|sign up|subscribe|log ?in|sign ?in))?"
            r" to (continue|read|view|access)\b"
            rf"|^\W*(login|login required|anmelden|anmeldung|einloggen|se connecter|connexion|iniciar sesi[oó]n|accedi|inloggen"
            rf"|entrar|zaloguj się|войти|вход){TAIL}",
            re.I,
        ),
    ),
    (
        MAINTENANCE,
        re.compile(
            rf"^\W*(we(.ll| will| are going to)? be (right )?back( soon| shortly)?|(we.ll |be )right back"
            rf"|(scheduled |site |planned )?maintenance( mode| work| page)?|((the|our) )?(web)?site( is)? (down|under maintenance)"
            rf"( for maintenance)?|(temporarily|currently|down) (down|offline|unavailable|for (scheduled )?maintenance)"
            rf"|(under|undergoing) (scheduled )?maintenance|wartung(sarbeiten|smodus)?|(site )?en maintenance"
            rf"|(sitio )?en mantenimiento|(sito )?in manutenzione|em manutenção|onderhoud|(ведутся )?технические работы){TAIL}",
            re.I,
        ),
    ),
    (
        SERVER_ERROR,
        re.compile(
            rf"^\W*((http )?(error )?(500|502|503|504|520|521|522|524)\W*(error|internal server error|bad gateway"
            rf"|service (temporarily )?unavailable|gateway time-?out)?|(internal )?server error|bad gateway|gateway time-?out"
            rf"|service (is )?(temporarily )?(unavailable|not available)|database (connection )?error|application error"
            rf"|error establishing a database connection|web server is down|something went wrong|too many requests"
            rf"|(an|a fatal|an unexpected|an internal) error (has )?occurred|oops,? (an error occurred|something went wrong)"
            rf"|(interner serverfehler|erreur interne du serveur|error interno del servidor|ошибка сервера)){TAIL}",
            re.I,
        ),
    ),
)
# As a headline or at a title's beginning, where a sentence of an article would go on.
NOT_FOUND = re.compile(
    r"^\W*((error|fehler|erreur|errore|ошибка|错误|http)\W{0,3})?(404|410)\b(?! (people|dead|cases|million|days))"
    r"|\b(404|410)\W{0,3}$"
    r"|^\W*(sorry|oops|uh[ -]oh|hoppla|ups|whoops)\b.{0,40}\b(page|article|story|seite|página|find|exist|gone|gefunden)"
    r"|\b(page|article|story|content|document|url|post|file)s?\W{1,3}((can ?not|could not|can.?t"
    r"|couldn.?t|was not|is not|not) (be )?found|not (be )?available|no longer (available|exists)"
    r"|(doesn.?t|does not) exist|has been (removed|deleted)|is missing|unavailable|moved or deleted)"
    r"|^\W*(nothing|not) found\b"
    r"|\b(seite|artikel|inhalt|beitrag|dokument)\b.{0,20}\b(nicht (mehr )?(gefunden|verfügbar"
    r"|vorhanden)|existiert nicht|wurde (entfernt|gelöscht))"
    r"|\b(page|article|contenu|document)\b.{0,12}(introuvable|non trouvée?|n.existe (pas|plus)"
    r"|n.est plus disponible|supprimée?)"
    r"|(p[áa]gina|art[íi]culo|artigo|noticia|not[íi]cia|contenido|conte[úu]do)\b.{0,12}(no (encontrad[ao]"
    r"|existe|disponible|se encuentra)|n[ãa]o (foi )?encontrad[ao]|n[ãa]o existe|inexistente"
    r"|eliminad[ao])"
    r"|(pagina|articolo|contenuto)\b.{0,12}(non (è stat[ao] )?trovat[ao]|non esiste|non (è )?disponibile)"
    r"|(pagina|artikel|bericht)\b.{0,12}(niet gevonden|bestaat niet|niet beschikbaar)"
    r"|(sidan|artikeln|siden|artikkelen|artiklen)\b.{0,14}(hittades inte|kunde inte hittas|finns inte"
    r"|ikke funnet|ble ikke funnet|blev ikke fundet|findes ikke|finnes ikke)"
    r"|sivua ei löy|(strona|artykuł)\b.{0,12}(nie (została? )?(znalezion|istnieje))|nie znaleziono (strony|artykułu)"
    r"|str[áa]nk[ay]\b.{0,14}(nenalezen|nebyla nalezena|neexistuje|sa nenašla)|sayfa bulunamad"
    r"|oldal nem található|pagina nu (a fost găsit|exist)"
    r"|(страница|статья|материал|новость)\b.{0,12}(не (найден|существует)|удален)|сторінк[ау] не знайден"
    r"|η σελίδα δεν βρέθηκε"
    r"|ページが見つかりません|お探しのページ|記事が見つかりません|페이지를 찾을 수 없|기사를 찾을 수 없|존재하지 않는"
    r"|页面(不存在|未找到|没有找到)|頁面(不存在|找不到)|找不到(页面|頁面|网页|網頁)"
    r"|الصفحة غير موجودة|لم يتم العثور|صفحه (مورد نظر )?(یافت|پیدا) نشد",
    re.I,
)
ERROR_PATH = re.compile(r"/(40[34]|410|error|errors|not-?found|page-?not-?found|notfound|404-page|fehler)(/|\.|$|-)", re.I)
ERROR_MARK = re.compile(
    r"(^|[\s_-])(error-?404|404|page-?404|is-?404|not-?found|page-?not-?found|error-?page|template-404)($|[\s_-])", re.I
)

# The headline of an article. og:type alone makes none: some sites give it to every page.
DECLARED = (
    "descendant::*[@itemprop='headline']/@content",
    "descendant::*[@itemprop='headline'][not(@content)]",
    "descendant::*[@itemtype][contains(@itemtype, 'Article') or contains(@itemtype, 'Posting') or contains(@itemtype, 'Report')]"
    "//h1[@itemprop='name']",
    "//meta[@property='article:published_time' or @name='article:published_time'][1]/../meta[@property='og:title']/@content",
)
SAYS_SOMETHING = 12
"""Letters of a title that are more than a site's name or a section's."""

HEADLINE_JSON = re.compile(r'"headline"\s*:\s*"((?:[^"\\]|\\.)*)"')
ARTICLE_JSON = re.compile(r'"@type"\s*:\s*\[?\s*"(\w*Article|\w*Posting|Report|Review)"')
UNREAD = frozenset(("script", "style", "noscript", "template", "svg", "head", "select", "iframe"))


def gate(url: str) -> str | None:
    """Return what ``url``, where a redirect leads, keeps readers from: the kind of the wall; None when it is no gate.

    >>> gate("https://consent.google.com/m?continue=x"), gate("https://news.example/consent-law-1")
    ('consent wall', None)
    >>> gate("https://news.example/login?next=/a-1"), gate("https://geo.captcha-delivery.com/captcha/")
    ('login wall', 'bot wall')
    """
    parts = urlsplit(url)
    for kind, host, path in GATES:
        if host.search(parts.hostname or "") or path.search(parts.path):
            return kind
    return None


# A tree takes some 800 bytes an element: so many keep a crawl under 300 MB. The largest of 467 real pages has 10,305 tags.
MAX_TAGS = 250_000
MAX_DEPTH = 2048
"""libxml2 2.14 reads no deeper."""


def obstacle(response: Response, named: str | None = None) -> str | None:
    """Return what ``response`` is instead of the page that was asked for: its kind, a colon, the signs; None when it is none.

    ``named`` is an address under which it may go although it is another one's: a listing's pages often go by that of the first.

    Kinds are :data:`BOT_WALL`, :data:`CONSENT_WALL` and, for an answer 200, :data:`LOGIN_WALL`, :data:`MAINTENANCE`,
    :data:`SERVER_ERROR` and :data:`SOFT_404`; and ``page of … tags``, which no memory should hold.
    """
    if (tags := response.body.count(b"<")) > MAX_TAGS:
        return f"page of {tags} tags"
    for name, value in BOT_HEADERS.items():
        if (response.headers.get(name) or b"").decode("latin-1").lower().startswith(value):
            return f"{BOT_WALL}: {name}"
    if not isinstance(response, HtmlResponse) or not response.body:
        return None
    root = tree_of(response)
    titles = [text for tag in ("title", "h1") for element in islice(root.iter(tag), 2) if (text := plain(text_of(element)))]
    if names_this_page(root, titles):  # nearly every page ends here, and cheaply
        return None
    length = visible_length(root, LONG)
    if length < LONG and (wall := _wall(root, response.body, titles, length)):
        return wall
    if response.status != 200:
        return None
    if length < SHORT and (said := _notice(titles)):
        return said
    lost = _lost(root, response, titles, named)
    if length < SHORT:
        lost.append("little text")
    # Two signs, and not those two alone that a true page may have.
    return f"{SOFT_404}: {', '.join(lost)}" if len(lost) >= 2 and set(lost) - {"noindex", "little text"} else None


def is_cut_by_depth(response: HtmlResponse) -> bool:
    """Tell whether the page is nested as deep as the parser goes: what lies deeper is not in its tree."""
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree_of(response), events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest >= MAX_DEPTH


def _wall(root: etree._Element, body: bytes, titles: list[str], length: int) -> str | None:
    if length < SHORT:
        if asks := next((title for title in titles if BOT_TITLE.search(title)), None):
            return f"{BOT_WALL}: {asks}"[:200]
        if tests := BOT_MARKS.search(body):
            return f"{BOT_WALL}: {tests[0].decode('latin-1')}"
    if asks := next((title for title in titles if CONSENT_WORDS.search(title)), None):
        return f"{CONSENT_WALL}: {asks}"[:200]
    if length < SHORT and (asks := CONSENT_MARKS.search(body)) and (length < 200 or CONSENT_WORDS.search(_text(root, SHORT))):
        return f"{CONSENT_WALL}: {asks[0].decode('latin-1')}"
    return None


def _notice(titles: list[str]) -> str | None:
    for kind, words in NOTICES:
        if said := next((title for title in titles if words.search(title)), None):
            return f"{kind}: {said}"[:200]
    return None


def names_this_page(root: etree._Element, titles: list[str]) -> bool:
    """Tell whether JSON-LD, microdata or OpenGraph declare an article whose headline is one of ``titles``, which the page shows.

    Walls keep the data of the page that they stand before, and error pages show teasers of other articles with theirs.
    """
    shown = [text for title in titles if (text := letters(title))]
    return any(
        text == title or (min(len(text), len(title)) >= SAYS_SOMETHING and (text in title or title in text))
        for headline in _declared(root)
        if (text := letters(unmarked(headline)))
        for title in shown
    )


def _declared(root: etree._Element) -> Iterator[str]:
    for script in scripts(root):
        if ARTICLE_JSON.search(text := script.text or ""):
            yield from map(_unquoted, HEADLINE_JSON.findall(text))
    for query in DECLARED:
        yield from strings(root, query)


def _unquoted(text: str) -> str:
    try:
        return json.loads(f'"{text}"')
    except ValueError:
        return text


def visible_length(root, enough: int) -> int:
    """Return how many characters a reader sees, links included; counting ends at ``enough``."""
    return len(_text(root, enough))


def _text(root, enough: int) -> str:
    pieces, length = [], 0
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        if event == "start" and element.tag in UNREAD:
            walker.skip_subtree()
        text = element.tail if event != "start" else None if element.tag in UNREAD else element.text
        piece = plain(text or "")
        length += len(piece)
        pieces.append(piece)
        if length >= enough:
            break
    return " ".join(filter(None, pieces))


def _lost(root, response: TextResponse, titles: list[str], named: str | None) -> list[str]:
    """The signs of an error page, each by another hand: words, template, canonical address, robots."""
    found = []
    said = next((title for title in titles if len(title) < 120 and NOT_FOUND.search(title)), None)
    if said:
        found.append(f"it says {said!r}")
    names = strings(root, "//body/@class | //body/@id | //html/@class | //main/@class | //main/@id")
    if any(ERROR_MARK.search(name) for name in names):
        found.append("marked as an error page")
    canonical = canonical_link(root)
    og = next(iter(strings(root, "//meta[@property='og:url']/@content")), None)
    for name, address in (("canonical link", canonical), ("og:url", og)):
        url = absolute(response.url, address)
        if url and url != named and _elsewhere(url, response.url):
            found.append(f"{name} to {url}")
            break
    if any("noindex" in value.lower() for value in strings(root, "//meta[@name='robots']/@content")):
        found.append("noindex")
    return found


def _elsewhere(url: str, asked: str) -> bool:
    """Tell whether ``url``, which the page gives as its own, is a front page or an error page."""
    path, own = urlsplit(url).path, urlsplit(asked).path
    if own in ("", "/"):
        return False
    return path in ("", "/") or (bool(ERROR_PATH.search(path)) and not ERROR_PATH.search(own))
