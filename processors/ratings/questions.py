"""Whether an operator asks for a rating from 0 to 10, or for some other number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal

from processors.ratings.vocabulary import is_one_slip_off
from processors.text.tokens import Words, cut

_LOW_IT, _HIGH_IT = "(?:0|zero|1|uno)", "(?:10|dieci)"
_LOW_EN, _HIGH_EN = "(?:0|zero|nought|1|one)", "(?:10|ten)"
_ANY_IT = r"(?:\d|zero|uno|due|tre|quattro|cinque|sei|sette|otto|nove|dieci)"
_COUNTED_IT = (
    r"euro|cent|giorn|minut|second|or[ae]\b|ann|mes|rat|quot|per\b|vir|interess|spes|e mezz"
    r"|\d|zero|due|tre|quattro|cinque|sei|sette|otto|nove|vent|trent|\w+anta|\w+cent"
)
_ZERO_IT = rf"(?<!\ba )\b(?:zero|0)\b(?! (?:{_COUNTED_IT}))"
_TEN_IT = rf"\b{_HIGH_IT}\b(?! (?:{_COUNTED_IT}))"
"""Ends of a scale: they count nothing and are no digits of a longer number."""
_RANGES: Final = {
    "it": re.compile(
        rf"(?:da|dal|dall|tra|fra|su) (?:lo )?{_LOW_IT} (?:a|al|e|ed|e il)(?: il)? {_HIGH_IT}"
        rf"|\b{_LOW_IT} (?:a|al|e|ed)? ?{_HIGH_IT}"
    ),
    "en": re.compile(
        rf"(?:from |between )?{_LOW_EN} (?:to|and) {_HIGH_EN}|out of {_HIGH_EN}"
        rf"|\b(?:0|zero)\b.{{0,40}}\b{_HIGH_EN}\b"
    ),
}
"""A scale named by its ends."""

_OTHER_SCALE: Final = {
    "it": re.compile(
        rf"(?:da|tra|fra) {_LOW_IT} (?:a|e|ed) (?:[2-9]|\d{{2,3}}|tre|quattro|cinque|sei|sette"
        r"|venti|trenta|cento)\b|quante stelle|\bsu (?:5|cinque|100|cento|30|trenta)\b"
    ),
    "en": re.compile(
        rf"{_LOW_EN} (?:to|and) (?:[2-9]|\d{{2,3}}|three|four|five|six|seven|twenty|hundred)\b"
        r"|how many stars|out of (?:5|five|100|a hundred)\b"
    ),
}
"""A scale with other ends than 0 (or 1) and 10, whose ratings are not ours."""

_DAYS: Final = {
    "it": re.compile(r" (?:giorn|minut|or[ae]\b|settiman|mes[ei]|ann[io]|rat[ae]|euro|lavorativ)"),
    "en": re.compile(
        r" (?:(?:working|business) )?(?:day|minute|hour|week|month|year|instal|pound)"
    ),
}
"""What a range of time or of amounts counts: it is no scale."""

_RATING_SCALE: Final = {
    "it": re.compile(
        r"vot[oi]\b|punteggio|valut|giudic|giudizio|consigli|raccomand|soddisf|content|scala"
        r"|piaciut|andat[aoie]\b|trovat[oaie]\b|esperienza|cortes|gentil|dispost|efficien|opinione|promuov"
        r"|quanto (?:ci |mi |gli |le |lei )?(?:mette|da\b|dia\b|dare)"
    ),
    "en": re.compile(
        r"\b(?:rat(?:e|ing)|scor(?:e|ing)|mark|likely|recommend|satisfied|scale|out of|happy"
        r"|helpful|experience|opinion|impression)\b"
    ),
}
"""Words of rating."""

_CONTENT = "(?:consigli|raccomand|soddisf|content|utile|probabil)"
_TO_US = "(?:ci |mi |gli |le |lei )?"
_ASKING: Final = {
    "it": (
        rf"\bscala.{{0,40}}\b{_HIGH_IT}\b",
        rf"\b{_LOW_IT}\b.{{0,60}}\b{_HIGH_IT}\b.{{0,40}}"
        r"(?:consigli|raccomand|soddisf|valut|giudic)",
        rf"\b(?:zero|0)\b (?:vuol dire|significa|se|vale|sta per|e)\b.{{0,80}}\b{_HIGH_IT}\b",
        rf"\b(?:zero|0)\b.{{0,30}}(?:niente|peggio|minimo|pessimo).{{0,30}}\b{_HIGH_IT}\b",
        rf"{_ZERO_IT}.{{5,60}}{_TEN_IT}|{_TEN_IT}.{{2,60}}{_ZERO_IT}",
        rf"^{_LOW_IT} {_HIGH_IT}\b",
        rf"quanto (?:ci|la|lo|e|si|mi|ritiene|sarebbe)\b.{{0,40}}{_CONTENT}",
        r"quanto (?:consigli|raccomand|soddisf)|quanto e probabile|su una scala",
        r"(?:livello|grado) di (?:soddisfazione|gradimento)",
        rf"^su {_HIGH_IT}\b|\b(?:quanto|cosa|quanti)\b.{{0,40}}\bsu {_HIGH_IT}$"
        rf"|\bfeedback\b.{{0,30}}\b{_HIGH_IT}\b|\b{_LOW_IT} o {_HIGH_IT}\b",
    ),
    "en": (
        r"\b(?:rate|score|mark)\b.{0,40}\b(?:us|call|service|me|today|ten|10|company)\b",
        r"how (?:likely|would you (?:rate|score|mark)|satisfied)|scale (?:of|from)",
    ),
}
"""Words of a turn that ask for a rating, whatever else it says."""

_NAMED: Final = {
    "it": re.compile(
        r"\bvot+(?:[oi]|ino|icino|arello)\b|\bnumerino\b|\b(?:punteggio|valutazione|votazione|giudizio|pagella)\b"
    ),
    "en": re.compile(
        r"\bscores?\b|\brating\b|\b(?:a|the|your|any|what|last|final) marks?\b|^(?:and )?marks?\b"
    ),
}
"""Names of a rating: a sentence with one asks for it, unless it reports one."""

_HOW_MUCH: Final = {
    "it": re.compile(
        r"\b(?:come|quanto|numero)\b.{0,25}\b(?:val+ut|giudic)|\bval+ut\w+ con un numero"
        r"|\b(?:ci|mi|come) (?:ci |mi )?(?:vota|voterebbe|valuta|valuterebbe)\b"
        r"|\b(?:votar|valutar)(?:ci|mi)\b|\bvaluti\b.{0,20}\b(?:servizio|chiamata|telefonata)"
        rf"|\bquanto {_TO_US}(?:d[ai]|darebbe|metterebbe|merit\w+|segno|scrivo)\b"
        r"|\b(?:per|a) (?:me|noi|la \w+) (?:quanto|numero)\b"
        r"|\b(?:di[ac]a?|dai) (?:lei |pure )?un numero\b"
        rf"|\b(?:che|quale) numero {_TO_US}(?:da|darebbe|mette|metterebbe|assegna|scrivo|segno)\b"
        r"|\bin un numero$|\bun numero per (?:il servizio|la chiamata|la telefonata|noi|me)\b"
        r"|\b(?:da|dice|direbbe|darebbe) un numero\b|\bcome (?:siamo|sono) andat[aoi]\b"
        rf"|\bpromuov(?:e|erebbe)\b|\bquanto vale\b|\b(?:che|quanti) punti {_TO_US}(?:da|darebbe)\b"
    ),
    "en": re.compile(
        r"\brate (?:it|us|me|this|that|our|the (?:call|service))\b"
        r"|\bme a number\b|^a number\b|\bwhat number\b"
        r"|\byou give (?:us|me)\b|\bhow (?:did|have) (?:i|we) (?:do|done)\b"
    ),
}
"""Ways to ask for a rating without its name, unless the sentence is of another number."""

_REPORTS: Final = {
    "it": re.compile(
        r"\bgrazie\b|ringrazi|lasci (?:perdere|stare)|registrat|segnat[oi]|annotat|salvat"
        r"|inserit|ricevut[oa] il|prendo nota|ricevera|arrivera|\balla fine\b|chiedero"
        rf"|\b(?:segno|scrivo|metto) (?:un |il |quindi )?{_ANY_IT}\b"
        r"|\bnon (?:le |vi )?(?:chied|serve)|\bstiamo\b|valutiamo|valuteremo|una valutazione del"
    ),
    "en": re.compile(r"\bthank|\bnoted\b|recorded|will (?:get|receive)|at the end|my name"),
}
"""Words of a sentence that reports a rating, unless it is a question."""

_OTHER_RATINGS: Final = {
    "it": re.compile(
        r"\b(?:in|di|del) giudizio\b|giudizio di\b|\b(?:valut\w+|giudizio|punteggio)\b.{0,25}"
        r"(?:credit|crif|immobil|situazione|pratica|posizione|propost|\bpiano\b)"
    ),
    "en": re.compile(r"credit|interest|\bmark (?:speaking|here|from)|this is mark|question mark"),
}
"""Ratings, values and judgements of something else."""

_NAMES: Final = ("punteggio", "valutazione", "votazione", "giudizio")
_UNLIKE: Final = frozenset(("vocazione", "dotazione", "notazione", "valutazioni", "votazioni"))
"""Words that a slip would make the name of a rating, and that are words themselves."""

_ASKS: Final = {language: re.compile("|".join(parts)) for language, parts in _ASKING.items()}
_OTHERS: Final = {
    "it": re.compile(
        r"civico|interno|indirizzo|che ora|quando|telefono|cellulare|codice|\brat[ae]\b|\beuro\b"
        r"|quant[ie] (?:anni|figli|persone|rate|bollette|siete|volte)|scadenz|fattur|bollett"
        r"|pagament|che piano|numero (?:di|del|dell)\b|contator|contratt|al mese|accont|versare"
    ),
    "en": re.compile(
        r"address|what time|\bwhen\b|how (?:old|many|much)|\bage\b|phone|mobile|postcode|pounds"
        r"|payments|instal|invoice|which floor|number of|digit|contract|meter"
    ),
}
"""What other numbers are of."""


_WONDERS: Final = {
    "it": re.compile(
        r"\b(?:solo|soltanto|addirittura|davvero|sicur[oa]|cosi|proprio|niente di piu)\b"
    ),
    "en": re.compile(r"\b(?:only|just|really|sure|all|that low|that high)\b"),
}
_MOST_WONDERING = 5
"""Most words of a turn that only questions a rating."""

Subject = Literal["person", "company"]

_ABOUT: Final[dict[str, tuple[tuple[Subject, re.Pattern[str]], ...]]] = {
    "it": (
        (
            "company",
            re.compile(r"aziend|societa|\bditta|compagnia|consigli|raccomand|fornit|gestore"),
        ),
        (
            "person",
            re.compile(
                r"operat|telefonata|chiamata|chiacchierata|colloquio|conversazione|assistenza"
                r"|cortesia|gentil"
            ),
        ),
        ("company", re.compile(r"\bservizi")),
        ("person", re.compile(r"\b(?:mi|me|mia|mio)\b")),
    ),
    "en": (
        ("company", re.compile(r"company|recommend|supplier|provider")),
        ("person", re.compile(r"\b(?:agent|operator|call|me|conversation|help|polite\w*)\b")),
    ),
}
"""What a question asks about, the plainest words first."""


@lru_cache(maxsize=16_384)
def asks_for_rating(text: str, language: str) -> bool:
    """Whether an operator's turn asks for a rating from 0 to 10; False in other languages."""
    if language not in _ASKS:
        return False
    said = cut(text, language)
    words = " ".join(said.words)
    if _OTHER_SCALE[language].search(words) and not _RANGES[language].search(words):
        return False
    return bool(_ASKS[language].search(words)) or any(
        _names_the_scale(sentence, language)
        or _names_a_rating(sentence, language, questioned=number in said.questions)
        for number, sentence in _sentences(said)
    )


def _sentences(said: Words) -> Iterator[tuple[int, str]]:
    """The number and the words of each sentence."""
    for number, places in groupby(range(len(said.words)), key=said.sentences.__getitem__):
        yield number, " ".join(_spelt(said.words[place]) for place in places)


def _names_the_scale(sentence: str, language: str) -> bool:
    scale = _RANGES[language].search(sentence)
    if scale is None or _DAYS[language].match(sentence, scale.end()):
        return False
    if scale.start() == 0:
        return True
    return bool(_RATING_SCALE[language].search(sentence)) or not _OTHERS[language].search(sentence)


def _names_a_rating(sentence: str, language: str, *, questioned: bool) -> bool:
    """Whether a sentence asks for a rating by its name: 'Il voto?', 'Mi dà un numero?'."""
    if _OTHER_RATINGS[language].search(sentence):
        return False
    how_much = _HOW_MUCH[language].search(sentence) and not _OTHERS[language].search(sentence)
    if not how_much and not _NAMED[language].search(sentence):
        return False
    return questioned or not _REPORTS[language].search(sentence)


@lru_cache(maxsize=65_536)
def _spelt(word: str) -> str:
    """`word`, or the name of a rating that it is by a slip: 'valutazoine', 'puntegio'."""
    if word in _UNLIKE:
        return word
    return next((name for name in _NAMES if is_one_slip_off(word, name)), word)


def asks_for_another_number(text: str, language: str) -> bool:
    """Whether a turn asks for other numbers: an address, an hour, an amount."""
    if language not in _OTHERS or asks_for_rating(text, language):
        return False
    return bool(_OTHERS[language].search(" ".join(cut(text, language).words)))


def asks_whether_sure(text: str, language: str) -> bool:
    """Whether a turn questions a rating just given: 'Solo?', 'Addirittura?', 'Is that all?'."""
    if language not in _WONDERS:
        return False
    words = cut(text, language).words
    return len(words) <= _MOST_WONDERING and bool(_WONDERS[language].search(" ".join(words)))


def asked_about(text: str, language: str) -> Subject | None:
    """Whom or what the rating asked for is about; None where the question does not say."""
    if language not in _ABOUT:
        return None
    words = " ".join(cut(text, language).words)
    return next((of for of, pattern in _ABOUT[language] if pattern.search(words)), None)


def lowest_rating(text: str, language: str) -> int:
    """The low end of the scale a question names: 1 for 'da uno a dieci', else 0."""
    if language not in _RANGES:
        return 0
    found = _RANGES[language].search(" ".join(cut(text, language).words))
    return 1 if found and re.search(r"\b(?:1|uno|one)\b", found[0]) else 0
