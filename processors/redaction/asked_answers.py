"""Names and addresses in brief answers to a question for one: 'Come si chiama?' 'Bianchi.'"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from processors.names.find import names_in
from processors.names.known import name_lists
from processors.redaction.streets import streets_in
from processors.text.number_words import NUMBER_VALUES
from processors.text.pieces import Found, Kind, Pieces, pieces_of
from processors.text.word_lists import words_of


class AskedFor(Enum):
    """What a turn asks for."""

    NAME = "name"
    STREET = "street"
    HOUSE_NUMBER = "house number"
    """Or a postcode: a number that is personal only with the street."""


_BRIEF: Final = 7
"""Pieces of the longest turn that is only an answer."""
_BARE: Final = 4
_BEFORE_A_HOUSE_NUMBER: Final = frozenset(("al", "all", "civico", "numero", "at", "number"))
_NAME_ALONE: Final = 3
_SURE_ALONE: Final = 3
_ASKING: Final = {
    "it": (
        (
            AskedFor.HOUSE_NUMBER,
            r"\bcivico\b|\ba che numero\b|\bcap\b|codice (?:di avviamento )?postale",
        ),
        (
            AskedFor.STREET,
            r"\bindirizzo\b(?! (?:e )?(?:mail|email|di posta|pec|elettronic|ip|web))"
            r"|\bdove (?:abita|abiti|abitate|risied\w+|vive|vivete|sta)\b"
            r"|\b(?:in|che|quale|la) via\b|^via$|\bresidenza\b|\bdomicilio\b",
        ),
        (
            AskedFor.NAME,
            r"\bcome (?:si|ti) chiam\w+|\b(?:suo|tuo|il|un|che) (?:nome|cognome|nominativo)\b"
            r"|\bcognome\b|\bintestatari[oa]\b|\bnominativo\b|\bcome si scrive\b|\bspelling\b"
            r"|\blettera per lettera\b"
            r"|\b(?:sillab|scand|compit)\w+|\b(?:con chi|chi) (?:sto parlando|parlo|parla)\b"
            r"|\ba (?:chi|nome di chi) (?:e|era|risulta|sarebbe) (?:intestat|il contratto)\w*"
            r"|\blei (?:e|sarebbe)$",
        ),
    ),
    "en": (
        (AskedFor.HOUSE_NUMBER, r"\bpostcode\b|\bhouse number\b|\bzip code\b"),
        (
            AskedFor.STREET,
            r"\baddress\b|\bwhere do you live\b|\b(?:what|which) (?:street|road)\b",
        ),
        (
            AskedFor.NAME,
            r"\b(?:your|the|a|full|first|last|account holder) (?:name|surname)\b"
            r"|\bspell\w*|\bwho (?:am|is|are) (?:i|this|you|speaking)\b",
        ),
    ),
}
_ASKS: Final = re.compile(
    r"\?|\b(?:mi (?:dice|da|dia|dica|conferma|confermi|lascia|lasci|serve|servirebbe|ripete|puo)"
    r"|could i|can i|may i|please|confirm)\b"
)
_LEADS_TO: Final = {
    AskedFor.NAME: {"it": "mi chiamo ", "en": "my name is "},
    AskedFor.STREET: {"it": "abito in via ", "en": "i live at "},
}
_NO_MAIL: Final = re.compile(r"\be?-?mail\b|\bposta elettronica\b|\bpec\b")


def asked_for(pieces: Pieces, language: str) -> AskedFor | None:
    """Which part of a person's name or address a turn asks for."""
    said = " ".join(pieces.words)
    if not _ASKS.search(f"{said}{'?' if '?' in pieces.text else ''}") and len(pieces) > _BARE:
        return None
    for what, pattern in _ASKING.get(language, ()):
        if re.search(pattern, said) and not (what is AskedFor.STREET and _NO_MAIL.search(said)):
            return what
    return None


def names_answered(pieces: Pieces, language: str) -> frozenset[str]:
    """The words of the name in a brief answer to a question for one."""
    start = _answer_start(pieces, language)
    if start is None:
        return frozenset()
    lists = name_lists(language)
    rest = pieces.words[start:]
    if len(rest) <= _NAME_ALONE and all(
        word.isalpha() and (lists.is_name(word) or not lists.seems_word(word)) for word in rest
    ):
        return frozenset(rest)
    lead = _LEADS_TO[AskedFor.NAME][language]
    said = pieces_of(lead + pieces.text[pieces.starts[start] :])
    found = next(names_in(said, language), None)
    if found is None or found.found.start != len(lead):
        return frozenset()
    return frozenset(found.words)


def addresses_answered(pieces: Pieces, language: str, asked: AskedFor) -> Iterator[Found]:
    """The address in a brief answer to a question for one, without 'via' or 'street'."""
    if asked is AskedFor.HOUSE_NUMBER:
        yield from _house_numbers(pieces, language)
        return
    alone = _house_number_alone(pieces, language)
    if alone is not None:
        yield pieces.found(Kind.ADDRESS, alone, alone + 1)
        return
    named = _named_by_capitals(pieces, language)
    if named is not None:
        yield pieces.found(Kind.ADDRESS, *named)
        return
    start = _answer_start(pieces, language)
    if start is None:
        return
    lead, offset = _LEADS_TO[AskedFor.STREET][language], pieces.starts[start]
    for found in streets_in(pieces_of(lead + pieces.text[offset:]), language):
        end = found.end - len(lead) + offset
        numbered = len(pieces_of(pieces.text[offset:end])) > 1 or len(pieces) - start < _SURE_ALONE
        if found.start < len(lead) and end > offset and numbered:
            yield Found(Kind.ADDRESS, offset, end)


def _house_number_alone(pieces: Pieces, language: str) -> int | None:
    """The house number of an answer that corrects or completes a street: 'Sì, al sette'."""
    numbers, last = NUMBER_VALUES[language], len(pieces) - 1
    if not 0 < last < _BRIEF or pieces.words[last - 1] not in _BEFORE_A_HOUSE_NUMBER:
        return None
    word = pieces.words[last]
    return last if word.isdigit() or numbers.get(word, 0) > 0 else None


def _named_by_capitals(pieces: Pieces, language: str) -> tuple[int, int] | None:
    """A street by its name and number, in a brief answer: 'Quattro Novembre otto'."""
    if len(pieces) > _BRIEF or len(pieces) < _SURE_ALONE - 1:
        return None
    numbers = NUMBER_VALUES[language]
    is_number = [word.isdigit() or numbers.get(word, 0) > 0 for word in pieces.words]
    capital = [pieces.capital(n) and not is_number[n] for n in range(len(pieces))]
    leading = words_of("redaction", language, "before_an_answer")
    start = next((n for n, word in enumerate(pieces.words) if word not in leading), None)
    if start is None or not any(capital[n] for n in range(max(start, 1), len(pieces))):
        return None
    first_or_last = is_number[start] if language == "en" else is_number[-1]
    plain = all(
        capital[n] or is_number[n] or len(pieces.words[n]) < _SURE_ALONE + 1
        for n in range(start, len(pieces))
    )
    return (start, len(pieces)) if first_or_last and plain else None


def _house_numbers(pieces: Pieces, language: str) -> Iterator[Found]:
    numbers = NUMBER_VALUES[language if language in NUMBER_VALUES else "it"]
    spoken = [word in numbers or word[0].isdecimal() for word in pieces.words]
    places = [n for n, word in enumerate(pieces.words) if spoken[n] or len(word) == 1]
    if any(spoken) and len(pieces) <= _BRIEF:
        yield pieces.found(Kind.ADDRESS, places[0], places[-1] + 1)


def _answer_start(pieces: Pieces, language: str) -> int | None:
    """Where the name or the street of a brief answer starts; None where the turn is not one.

    What follows the words that lead to it must be a name, or no everyday word.
    """
    if language not in _ASKING or len(pieces) > _BRIEF or "?" in pieces.text:
        return None
    leading = words_of("redaction", language, "before_an_answer")
    lists = name_lists(language)
    for place, word in enumerate(pieces.words):
        if word in leading:
            continue
        if word.startswith("[") or not word.isalpha() or len(word) < 3:
            return None
        everyday = lists.seems_word(word) and not lists.is_name(word)
        return None if everyday else place
    return None
