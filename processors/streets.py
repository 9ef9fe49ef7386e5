"""Finds street addresses: 'via Garibaldi 12', 'piazza della Repubblica, numero cinque'."""

from __future__ import annotations

import re
from typing import Final

_CUES: Final = {
    "it": (
        "via ",
        "viale ",
        "piazza ",
        "piazzale ",
        "corso ",
        "largo ",
        "vicolo ",
        "strada ",
        "contrada ",
        "lungomare ",
    ),
    "en": (" street", " road", " avenue", " lane", " square"),
}

_KIND = "(?i:via|viale|piazza|piazzale|corso|largo|vicolo|strada|contrada|lungomare)"
_OF = "d[aei](?:i|l|ll[aeo]|gli)?"
_BY = "whats|pec|mail|e-mail|email|sms|web|internet|fax|skype|telegram|app"
_SPOKEN = (
    "uno|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|undici|dodici|tredici|quattordici"
    "|quindici|sedici|diciassette|diciotto|diciannove"
    r"|(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant|cent)\w*"
)
_HOUSE = rf"(?i:\d{{1,4}}(?:[ /]?[a-z]\b)?|{_SPOKEN})\b"
_NUMBER = r"(?i:numero|n\.?|al|civico)\s+"
_PROPER = r"[A-ZÀ-Ý][\w']+"

_CAPITALISED = (
    rf"(?:(?:{_OF}|san|[IVX]+|\d{{1,2}})\s+|dell')*(?!(?i:{_BY}))"
    rf"{_PROPER}(?:\s+(?:{_OF}\s+)?{_PROPER}){{0,3}}(?:,?\s*(?:{_NUMBER}){{0,2}}{_HOUSE})?"
)
_WITH_NUMBER_NAMED = rf"[a-zà-ù']+(?:\s+[a-zà-ù']+){{0,2}}?,?\s+(?:{_NUMBER}){{1,2}}{_HOUSE}"
_WITH_NUMBER_LAST = (
    rf"(?!{_OF} \d)(?:{_OF}\s+)?(?!(?:{_BY})\b)[a-zà-ù']{{4,}}(?:\s+[a-zà-ù']{{4,}})?,?\s+"
    r"\d{1,3}(?:/?[a-z])?(?=\s*(?:[.,;:?!]|$))"
)
_PATTERNS: Final = {
    "it": re.compile(rf"\b{_KIND}\s+(?:{_CAPITALISED}|{_WITH_NUMBER_NAMED}|{_WITH_NUMBER_LAST})"),
    "en": re.compile(
        r"\b\d{1,5}[a-z]?,?\s+(?:[A-Z][\w']+\s+){1,3}(?i:street|road|avenue|lane|square)\b"
    ),
}


def redact_streets(text: str, lower: str, language: str) -> str:
    """`text` with street addresses as [INDIRIZZO]; `lower` is the turn in lower case.

    A street in lower case counts only with its house number, since 'via' also means away.
    """
    if any(cue in lower for cue in _CUES.get(language, ())):
        return _PATTERNS[language].sub("[INDIRIZZO]", text)
    return text
