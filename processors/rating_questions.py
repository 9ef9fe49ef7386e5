"""Whether an operator asks for a mark from 0 to 10, or for some other number."""

from __future__ import annotations

import re
from typing import Final

from processors.tokens import cut

_LOW_IT, _HIGH_IT = "(?:0|zero|1|uno)", "(?:10|dieci)"
_LOW_EN, _HIGH_EN = "(?:0|zero|nought|1|one)", "(?:10|ten)"
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

_MARKING: Final = {
    "it": re.compile(
        r"vot[oi]\b|punteggio|valut|giudic|giudizio|consigli|raccomand|soddisf|content|scala"
        r"|piaciut|trovat[oaie]\b|esperienza|cortes|gentil|dispost|efficien|opinione|promuov"
        r"|quanto (?:ci |mi |gli |le |lei )?(?:mette|da\b|dia\b|dare)"
    ),
    "en": re.compile(
        r"\b(?:rat(?:e|ing)|scor(?:e|ing)|mark|likely|recommend|satisfied|scale|out of|happy"
        r"|helpful|experience|opinion|impression)\b"
    ),
}
"""Words of judging."""

_CONTENT = "(?:consigli|raccomand|soddisf|content|utile|probabil)"
_ASKING: Final = {
    "it": (
        r"\b(?:che|quale|una?|il suo|suo|mi|ci|quanto)"
        r" (?:voto|punteggio|valutazione|giudizio|votazione)",
        rf"(?:voto|punteggio|valutazione|numero|scala).{{0,40}}\b{_HIGH_IT}\b",
        rf"\b{_LOW_IT}\b.{{0,60}}\b{_HIGH_IT}\b.{{0,40}}"
        r"(?:voto|consigli|raccomand|soddisf|valut|giudic)",
        rf"\b(?:zero|0)\b.{{0,30}}(?:niente|peggio|minimo|pessimo).{{0,30}}\b{_HIGH_IT}\b",
        rf"quanto (?:ci|la|lo|e|si|mi|ritiene|sarebbe)\b.{{0,40}}{_CONTENT}",
        r"quanto (?:consigli|raccomand|soddisf)|quanto e probabile|su una scala",
        r"come (?:ci |mi |lo |la )?(?:giudic|valut)",
        r"quanto (?:ci |mi |gli |le |lei )?(?:darebbe|metterebbe)$",
    ),
    "en": (
        r"\b(?:rate|score|mark|rating)\b.{0,40}\b(?:us|call|service|me|today|ten|10|company)\b",
        r"how (?:likely|would you rate|satisfied)|scale (?:of|from)",
        r"(?:what|a|your|any) (?:score|mark|rating)",
    ),
}
_ASKS: Final = {language: re.compile("|".join(parts)) for language, parts in _ASKING.items()}
_OTHERS: Final = {
    "it": re.compile(
        r"civico|interno|indirizzo|che ora|quando|telefono|cellulare|codice|\brat[ae]\b|\beuro\b"
        r"|quant[ie] (?:anni|figli|persone|rate|bollette|siete|volte)|scadenz|fattur|bollett"
        r"|pagament|che piano|numero di"
    ),
    "en": re.compile(
        r"address|what time|\bwhen\b|how (?:old|many|much)|\bage\b|phone|mobile|postcode|pounds"
        r"|payments|instal|invoice|which floor|number of"
    ),
}
"""What other numbers are of."""


def asks_for_rating(text: str, language: str) -> bool:
    """Whether an operator's turn asks for a mark from 0 to 10; False in other languages."""
    if language not in _ASKS:
        return False
    words = " ".join(cut(text, language).words)
    if _ASKS[language].search(words):
        return True
    scale = _RANGES[language].search(words)
    if scale is None or scale.start() == 0:
        return scale is not None
    return bool(_MARKING[language].search(words)) or not _OTHERS[language].search(words)


def asks_for_another_number(text: str, language: str) -> bool:
    """Whether a turn turns to other numbers: an address, an hour, an amount."""
    if language not in _OTHERS or asks_for_rating(text, language):
        return False
    return bool(_OTHERS[language].search(" ".join(cut(text, language).words)))


def lowest_mark(text: str, language: str) -> int:
    """The low end of the scale a question names: 1 for 'da uno a dieci', else 0."""
    if language not in _RANGES:
        return 0
    found = _RANGES[language].search(" ".join(cut(text, language).words))
    return 1 if found and re.search(r"\b(?:1|uno|one)\b", found[0]) else 0
