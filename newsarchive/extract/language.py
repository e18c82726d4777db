"""In which language a text is, told by its smallest words."""

from __future__ import annotations

import re
from collections import Counter

# Words of the commonest dozen or so that few other languages have.
_WORDS = {
    "en": "the and of to that with for was this have from are is not his her they which would has",
    "de": "der die und das ist nicht mit ein eine auf für den von dem sich auch wird werden haben sind",
    "fr": "le la de les des est dans une pour qui que pas sur au aux du avec plus ce cette sont ont",
    "es": "el los las la de en se no a que una por con para del como más pero este ha fue sus sobre también y en",
    "pt": "o a e de os as que uma com para não do da dos das por mais como foi ao pelo são em",
    "it": "il la e in a i le gli che di una per con non della sono anche nel alla del ha più come dal questo è",
    "nl": "de het een van en dat niet met voor zijn op te aan ook werd wordt naar hij door bij",
    "sv": "och att det som är för på inte med har den ett till av om så kan från men ska",
    "no": "og det som er på ikke med har den til av han at å vi fra kan men også etter",
    "da": "og det som er på ikke med har den til af han at vi fra kan men også efter blev",
    "fi": "ja on ei että oli se hän mutta kun ovat myös ole tai kuin joka mukaan vain jos sen",
    "pl": "i w nie na się że do jest to z jak po o ale od przez dla za są tym",
    "cs": "a se v na že je to s z do ale jak o pro by po za jako podle jsou",
    "tr": "ve bir bu için ile da de olarak çok daha olan gibi ise kadar sonra ne var olduğu en",
    "ru": "и в не на что с по как это из он но для от его за то так был их",
    "uk": "і в не на що з та як це для від але за його до про є був їх у",
    "is": "og að er á í ekki sem það til með hann um við af en var fyrir því hún",
    "lt": "ir kad yra su bet iš į tai kaip jis ne dėl apie nuo prie po buvo jau",
    "hu": "a az és hogy nem is egy van azt ez meg már csak mint volt de még ki",
    "ro": "și în cu că nu din pentru care este sunt mai fost au să într lui prin după",
    "sw": "ya na wa kwa katika ni za la kuwa hiyo huyo hayo pia kama wakati baada hii cha",
    "xh": "uthi lokuba kule emva kwi kunye xa ukuba kwaye kunye lo le ngokuba okanye kodwa xa ngo ukuya abantu kwi nge yena",
    "pap": "di e ta cu pa na un ku nan no den por mas a esaki tambe hopi tin",
    "id": "yang dan di dengan untuk dari pada ini itu tidak dalam akan oleh juga ke adalah telah",
    "vi": "và của là có được cho không trong người với các một đã những này khi",
}
WORDS: dict[str, list[str]] = {}
for _tag, _words in _WORDS.items():
    for _word in dict.fromkeys(_words.split()):
        WORDS.setdefault(_word, []).append(_tag)
SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
MAX_TEXT = 4_000
ALIKE = ({"da", "no", "nb", "nn"}, {"id", "ms"}, {"cs", "sk"}, {"hr", "sr", "bs"}, {"xh", "zu"})
"""Languages that these words do not tell apart."""
LEAST = 12
"""Small words that must be found before they tell anything."""


def language_of(text: str) -> str | None:
    """Return the language of ``text`` as its primary BCP 47 tag; None when it is short, or in none that is known.

    >>> language_of("The river rose again, and the ferries stayed in the harbour for most of the day, as they have. " * 2)
    'en'
    """
    text = text[:MAX_TEXT]
    for tag, letters in SCRIPTS.items():
        if 10 * len(letters.findall(text[:500])) > 2 * len(text[:500]) > 80:
            return tag
    words = re.findall(r"[^\W\d_]+", text.casefold())
    found: Counter[str] = Counter()
    for word in words:
        for tag in WORDS.get(word, ()):
            found[tag] += 1
    if not found:
        return None
    (best, count), second = found.most_common(1)[0], (found.most_common(2)[1:] or [(None, 0)])[0]
    return best if count >= LEAST and 8 * count > len(words) and count > 1.15 * second[1] else None


def contradicts(text: str, declared: str) -> str | None:
    """Return the language of ``text`` when it is not the one ``declared`` (BCP 47), nor one much like it; else None."""
    primary, told = declared.split("-")[0], language_of(text)
    if told is None or told == primary or any({told, primary} <= alike for alike in ALIKE):
        return None
    return told
