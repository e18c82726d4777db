"""Pages that stand in an article's place, as servers, bot guards and consent tools draw them. All made up here."""

from __future__ import annotations

from newsarchive.demo.faults.registry import FAULTS
from newsarchive.demo.server import Answer, Asked

MENU = "".join(f'<a href="/{name}/">{name.title()}</a>' for name in ("world", "business", "science", "sport"))
FAVOURITES = "".join(f"<li><a href='/2026/03/0{n}/x-{n}'>A story that many readers liked, number {n}</a></li>" for n in range(1, 9))


def _page(title: str, body: str, head: str = "", language: str = "en", attributes: str = "") -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body{attributes}>{body}</body></html>"
    )


def _lost(title: str, said: str, head: str = "", language: str = "en", attributes: str = "") -> str:
    """An error page in the site's own dress, with menu and favourites."""
    body = f"<nav>{MENU}</nav><main><h1>{said}</h1><p>{said}</p><ul>{FAVOURITES}</ul></main><footer>About us</footer>"
    return _page(title, body, head, language, attributes)


FRONT = '<link rel="canonical" href="https://courier.example/">'
NOINDEX = '<meta name="robots" content="noindex, follow">'

WALLS: dict[str, tuple[int, dict[str, str], str]] = {
    "soft 404 plain": (200, {}, _lost("Page not found - The Demo Courier", "Sorry, we could not find that page")),
    "soft 404 front": (200, {}, _lost("The Demo Courier", "News of the day", FRONT, attributes=' class="error404"')),
    "soft 404 noindex": (200, {}, _lost("404 | The Demo Courier", "Oops! This page is missing", NOINDEX)),
    "soft 404 de": (200, {}, _lost("Seite nicht gefunden", "Die Seite wurde nicht gefunden", NOINDEX, "de")),
    "soft 404 fr": (200, {}, _lost("Erreur 404", "Page introuvable", language="fr", attributes=' id="page-not-found"')),
    "soft 404 ru": (200, {}, _lost("Страница не найдена", "404", FRONT, "ru")),
    "soft 404 ja": (200, {}, _lost("ページが見つかりません", "ページが見つかりません", NOINDEX, "ja")),
    "soft 404 typed": (
        200,
        {},
        _lost("Not found", "Not found", f'<meta property="og:type" content="article">{NOINDEX}', attributes=' class="page-404"'),
    ),
    "bot wall cloudflare": (
        403,
        {"cf-mitigated": "challenge", "Server": "cloudflare"},
        _page(
            "Just a moment...",
            "<h1>courier.example</h1><h2>Verifying you are human. This may take a few seconds.</h2>"
            "<script>window._cf_chl_opt={cvId:'3'}</script>",
            '<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="390">',
        ),
    ),
    "bot wall cloudflare 503": (
        503,
        {},
        _page("Just a moment...", "<h1>Checking your browser before accessing courier.example.</h1>"),
    ),
    "bot wall datadome": (
        403,
        {"X-DataDome": "protected"},
        _page("courier.example", "<script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script><p>Please enable JS</p>"),
    ),
    "bot wall akamai": (
        200,
        {"Server": "AkamaiGHost"},
        "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this"
        " on this server.<P>Reference #18.2d351ab8.1557333295.a4e16ab<P>https://errors.edgesuite.net/18.2d351ab8</BODY></HTML>",
    ),
    "bot wall perimeterx": (
        403,
        {},
        _page(
            "Access to this page has been denied", "<h1>Press &amp; Hold to confirm you are a human</h1><div id='px-captcha'></div>"
        ),
    ),
    "bot wall imperva": (
        200,
        {},
        _page("", "<iframe src='/_Incapsula_Resource?SWUDNSAI=31&xinfo=4'>Request unsuccessful. Incapsula incident ID</iframe>"),
    ),
    "bot wall slow": (
        429,
        {"Retry-After": "0"},
        _page("Are you a robot?", "<p>Click the box below to let us know you're not.</p>"),
    ),
    "consent wall google": (
        200,
        {},
        _page(
            "Before you continue",
            "<h1>Before you continue to The Demo Courier</h1><p>We use cookies.</p><button>Accept all</button>",
        ),
    ),
    "consent wall sourcepoint": (
        200,
        {},
        _page(
            "The Demo Courier",
            "<iframe id='sp_message_iframe_764224' src='https://cdn.privacy-mgmt.com/index.html'></iframe>",
            "<script>window._sp_queue=[]</script>",
        ),
    ),
    "consent wall onetrust": (
        200,
        {},
        _page("The Demo Courier", "<div id='onetrust-consent-sdk'><h2>We value your privacy</h2><button>Accept all</button></div>"),
    ),
    "consent wall pur": (
        200,
        {},
        _page(
            "Der Demo-Kurier: Mit Werbung lesen oder Pur-Abo",
            "<h1>Wir benötigen Ihre Zustimmung</h1><p>Lesen Sie mit Werbung und Tracking, oder im Pur-Abo ohne beides. "
            + "Unsere Partner und wir speichern Informationen auf einem Gerät. " * 40
            + "</p>",
            language="de",
        ),
    ),
}
"""Status, headers and page of each."""


def _answer(name: str):
    def answer(asked: Asked) -> Answer:
        status, headers, page = WALLS[name]
        return Answer(page.encode(), status=status, headers=headers)

    return answer


FAULTS |= {name: _answer(name) for name in WALLS}
