"""Finds people's names by the words that introduce them: 'mi chiamo', 'signora', 'parlo con'.

A capitalised word after an introduction is taken for a name; a word in lower case only where
it is in the list of frequent Italian names, since transcribers do not always capitalise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

_CUES: Final = {
    "it": (
        "sono ",
        "sig",
        "parl",
        "mi chiam",
        "si chiam",
        "il mio nome",
        "nome e cog",
        "a nome",
        "intestat",
        "dott",
        "avv",
        "ing",
        "geom",
        "rag",
        "prof",
    ),
    "en": (
        "mr",
        "ms",
        "miss",
        "doctor",
        "dr",
        "my name",
        "this is",
        "i am",
        "i'm",
        "speak",
        "talk",
    ),
}
"""How each introduction below begins: found first, since looking for them is much faster."""

_TITLES: Final = {
    "it": (
        r"signor[aei]?|signorina|sig\.(?:r?a|ra)?|sig\.?ra|dottor(?:e|essa)?|dott\.(?:ssa)?"
        r"|avvocat[oa]|avv\.|ingegner[e]?|ing\.|geometra|geom\.|ragionier[ea]?|rag\."
        r"|professor(?:e|essa)?|prof\.(?:ssa)?"
    ),
    "en": r"mr\.?|mrs\.?|ms\.?|miss|mister|doctor|dr\.?",
}
_OPENINGS: Final = {
    "it": (
        r"mi chiamo|si chiama|il mio nome è|nome e cognome(?: è)?|a nome(?: di)?"
        r"|intestat[aoie] a(?:l|lla)?|sono|parlo con|parlando con|parlare con"
    ),
    "en": r"my name is|my name's|this is|i am|i'm|speak(?:ing)? (?:to|with)|talking to",
}
_PROPER = r"(?:(?:D[aei']l?l?[ao]?|Lo|La|Li|De)\s*)?[A-ZÀ-Ý][a-zà-ÿ]+(?:[-'’][A-ZÀ-Ý]?[a-zà-ÿ]+)?"
_NAME = rf"(?P<name>{_PROPER}(?:\s+(?:{_PROPER}|[A-Z]\.)){{0,2}})"
_WORDS = r"(?P<words>[a-zà-ÿ'’]+(?:\s+[A-Za-zÀ-ÿ'’]+)?)"
_ARTICLE: Final = {"it": r"(?:(?:il|la|lo|un|una|di)\s+|l['’])?", "en": r"(?:the\s+)?"}


def _pattern(language: str) -> re.Pattern[str]:
    title, opening = _TITLES[language], _OPENINGS[language]
    article = _ARTICLE[language]
    introduction = (
        rf"(?P<intro>\b(?i:(?:{opening})\s+{article}(?:{title})\s+|(?:{title})\s+(?:{title})\s+"
        rf"|(?:{opening})\s+{article}|(?:{title})\s+))"
    )
    return re.compile(rf"{introduction}(?:{_NAME}|{_WORDS})")


_PATTERNS: Final = {language: _pattern(language) for language in _CUES}


def redact_names(text: str, language: str) -> str:
    """`text` with the names after introductions as [NOME]; other languages are left alone."""
    cues = _CUES.get(language)
    if cues is None:
        return text
    lower = text.lower()
    begins = [at for cue in cues if cue in lower for at in _places(lower, cue)]
    if not begins:
        return text
    if len(lower) != len(text):
        return _PATTERNS[language].sub(_replacement, text)
    return _replace_at(text, sorted(begins), _PATTERNS[language])


def _places(text: str, cue: str) -> Iterator[int]:
    at = text.find(cue)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            yield at
        at = text.find(cue, at + 1)


def _replace_at(text: str, begins: list[int], pattern: re.Pattern[str]) -> str:
    pieces, done = [], 0
    for at in begins:
        match = pattern.match(text, at) if at >= done else None
        if match is not None:
            pieces += [text[done:at], _replacement(match)]
            done = match.end()
    return "".join([*pieces, text[done:]])


def _replacement(match: re.Match[str]) -> str:
    if match["name"]:
        return match["intro"] + _without_proper(match["name"])
    return match["intro"] + _without_frequent(match["words"])


def _without_proper(found: str) -> str:
    never, words = _listed()[1], found.split()
    ended = next((n for n, word in enumerate(words) if word.lower() in never), len(words))
    return " ".join(["[NOME]", *words[ended:]]) if ended else found


def _without_frequent(found: str) -> str:
    words = found.split()
    count = 0
    while count < len(words) and words[count].lower() in _listed()[0]:
        count += 1
    if not count:
        return found
    return " ".join(["[NOME]", *words[count:]])


@cache
def _listed() -> tuple[frozenset[str], frozenset[str]]:
    """Frequent names, and words that are no names where they stand for one."""
    data = json.loads(files("processors").joinpath("frequent_names.json").read_text("utf-8"))
    names = frozenset(data["surnames"]) | frozenset(data["given_names"])
    return names, frozenset(data["never_names"])
