"""Lines that stand in articles of many publishers and are no text of them, in the languages of the web's news."""

from __future__ import annotations

import re

LABEL = re.compile(
    r"(advertisement|advert|anzeige|werbung|publicit[eé]|publicidad|publicidade|pubblicit[àa]|propaganda|reklam[ae]?|annons|annonse?|mainos"
    r"|реклама|広告|광고|article content|continue reading.*|story continues.*|artikel wird nach.*|loading.*|share( this.*)?|teilen"
    r"|partager"
    r"|compartir|compartilhar|condividi|dela|print|drucken|save|recommended|related( articles?| stories| news)?|tags?:?"
    r"|topics?:?|themen:?|mehr"
    r"|comments?|kommentare?|abone ol|zum thema|play video|up next|next up|image|photo|foto|bild|view gallery|follow"
    r"|image \d+ of \d+)\W*",
    re.I,
)
ELSEWHERE = re.compile(
    r"\W*(read (more|also|next|the)|also read|see also|see more|more (on|from|like|stories|news)|related( articles?"
    r"| stories)?:|don.?t miss|must.?read|watch( (more|now|live|this))?:"
    r"|you (may|might) (also )?(like|be interested)|recommended( for you| stories)?:?|trending|most (read|popular)|more:|read:"
    r"|in other news"
    r"|lesen sie (auch|hier|mehr|dazu)|mehr (zum thema|dazu|lesen|themen|von|aus|zu)|auch interessant|das könnte (sie|dich"
    r"|ihnen)|weiterlesen|lesetipp|passend dazu|zum thema|siehe auch|mehr:|meist ?gelesen|viel gelesen|lesen sie:"
    r"|(à )?lire aussi|à lire|lire la suite|voir aussi|sur le même (sujet|thème)|à voir|vous (aimerez|pourriez)"
    r"|le(e|a|er) (tambi[eé]n|m[aá]s)|te puede interesar|le puede interesar|ver (tambi[eé]n|m[aá]s)|m[aá]s (informaci[oó]n"
    r"|noticias|sobre)|noticias? relacionad|puedes leer|le recomendamos|lo m[aá]s (le[ií]do|visto)"
    r"|leia (tamb[eé]m|mais)|veja (tamb[eé]m|mais)|saiba mais|voc[eê] pode gostar|confira tamb"
    r"|leggi anche|potrebbe interessart|ti potrebbe|vedi anche|guarda anche"
    r"|les (også|mer)|läs (också|mer|även)|læs også|se også|lue (myös|lisää)|lees (ook|meer|verder)|czytaj (też|także|więcej)"
    r"|zobacz (też|także|również)|čtěte (také|i)"
    r"|читайте (также|еще|ещё)|смотрите также|по теме|ayrıca oku|関連(記事|ニュース)|あわせて読みたい|관련\s?기사)",
    re.I,
)
CALL = re.compile(
    r"\W*(sign up|signup|subscribe|already (a|have an) (subscriber|account|member)|create an account|log ?in|register (for|now"
    r"|to)|join (our|us|the conversation)|get (the|our) .{0,60}(newsletter|inbox|app\b|phone)"
    r"|follow (us|our|@|.{1,40} on (twitter|facebook|instagram|x|whatsapp|telegram))|like us on|download (the|our)|click here"
    r"|support (our|us)|if you (buy|click|enjoyed|purchase|like|value)|we may earn|our journalism|this (content"
    r"|article) is (reserved|for) (for )?subscribers"
    r"|jetzt (abonnieren|anmelden|testen|kostenlos|lesen|registrieren)|abonnieren sie|folgen sie|folge uns|hier (geht|gibt) es"
    r"|newsletter|melden sie sich|unser(e|en) newsletter|bereits (abonnent|registriert)"
    r"|abonnez|inscrivez|s.abonner|suivez|(article|cet article est) réservé|déjà abonné|newsletter|créez un compte|ajouter à vos"
    r"|s[ií]gue(nos)?|suscr[ií]b(e|a|ir)|reg[ií]strate|inicia sesi|[uú]nete a|si quieres|recibe"
    r"|siga|assine|cadastre|inscreva|clique aqui|receba|seguici|iscriviti|abbonati|segui .{0,40} su|clicca qui|abonnér|abonner"
    r"|prenumerera|följ oss|følg oss|tilaa|abonneer|zapisz się|dołącz|подпис(ывай|аться|ыва)|обуна"
    r"|.{0,20}(有料記事|無料登録)|会員登録|ログイン|この記事は(会員|有料)|有料会員|무료|구독|무단)",
    re.I,
)
RIGHTS = re.compile(
    r"\W*(©|\(c\)|copyright|all rights reserved|alle rechte|tous droits|todos los derechos|todos os direitos|tutti i diritti"
    r"|无断|無断|저작권|ⓒ"
    r"|crédits?( photos?)?\s?:|photo ?:|foto ?:|fotos ?:|credit ?:|credits? ?:|bild ?:|image ?:|quelle ?:|source ?:|fuente ?:"
    r"|fonte ?:|disclaimer)",
    re.I,
)
CAPTION = re.compile(
    r"\((image|picture|photo|pic|bild|foto|credit|imagen|imagem)s?\W[^)]{0,80}\)$|^\W*(bildrechte|picture alliance"
    r"|getty images|archivbild|symbolbild|imago|shutterstock|reuters/|ap photo|afp/|dpa/)|\b(getty images|shutterstock"
    r"|picture alliance)\W{0,3}$|\b(image|picture|photo)s?: [A-Z].{0,60}$",
    re.I,
)
DATED = re.compile(
    r"\W*(published|first published|posted|updated|last (updated|modified)|created|stand|ver[öo]ffentlicht|erschienen"
    r"|aktualisiert|zuletzt|publié|mis à jour|modifié|publicado|actualizado|atualizado|creado|pubblicato"
    r"|aggiornato|opublikowano|aktualizacja|publisert|publicerad|uppdaterad|oppdatert|julkaistu|gepubliceerd|giriş|güncelleme"
    r"|опубликовано|обновлено|公開|更新|入力|입력|수정|geschrieben am)\b.{0,80}\d",
    re.I,
)
SIGNED = re.compile(
    r"\W*(by|von|par|por|di|da|av|af|door|od|przez|text|foto|fotos|autor(in)?|words|story|written by|reported by|author|от"
    r"|автор)[\s:]+[\w'’.\-]+(\s+[\w'’.\-]+){0,7}\W*$",
    re.I,
)
READING_TIME = re.compile(
    r"\W*((lecture|lesezeit|lesedauer|reading time|tempo di lettura|tiempo de lectura"
    r"|czas czytania)\W*)?(ca\.? )?\d{1,3}[\s-]?(min(s|ute|uten|uti|utes|utos|uter)?\b|分)",
    re.I,
)
MAX_LINE = 200
"""Characters: longer is a paragraph that begins with such words."""


def no_text(line: str) -> bool:
    """Tell whether ``line`` (plain) stands beside an article's text wherever it stands.

    >>> no_text("Read more: Ferries stay in harbour"), no_text("Read more about it in his memoirs, she said, " + "and left. " * 20)
    (True, False)
    """
    if len(line) > MAX_LINE:
        return False
    return bool(
        LABEL.fullmatch(line)
        or ELSEWHERE.match(line)
        or CALL.match(line)
        or READING_TIME.fullmatch(line)
        or RIGHTS.match(line)
        or CAPTION.search(line)
    )


def at_the_edge(line: str) -> bool:
    """Tell whether ``line`` (plain) is a date or a signature, before the first or behind the last paragraph."""
    return len(line) <= MAX_LINE and bool(DATED.match(line) or SIGNED.match(line) or READING_TIME.match(line))
