"""The signs by which :mod:`newsarchive.extract.walls` judges: what walls and error pages say, and at which addresses they stand."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

BOT_WALL = "bot wall"
CONSENT_WALL = "consent wall"
LOGIN_WALL = "login wall"
MAINTENANCE = "maintenance"
SERVER_ERROR = "server error"
SOFT_404 = "soft 404"

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
