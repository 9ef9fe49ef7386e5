"""Words that announce a code: 'codice fiscale', 'il mio numero', 'la fattura'."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from processors.text.pieces import Pieces
from processors.text.word_lists import words_of
from schemas.conversation import Language


class Cue(Enum):
    """What the words before a code say it is."""

    FISCAL_CODE = "fiscal code"
    VAT_NUMBER = "VAT number"
    IBAN = "IBAN"
    CARD = "card"
    POD = "POD"
    PDR = "PDR"
    PHONE = "phone"
    PREFIX = "dialling prefix"
    CUSTOMER = "customer"
    DOCUMENT = "document"
    SECRET = "secret"  # noqa: S105 - a kind of number, no password
    PAPER = "paper"
    """An invoice, a case file, a meter: its number leads to the customer."""
    READING = "reading"
    """What a meter says, a law's article: its number is nobody's."""
    ENDING = "ending"
    """Its last digits: 'finisce per otto otto due'."""
    TOLL_FREE = "toll free"
    NAME = "name"
    NUMBER = "number"
    """Just 'number': an earlier word may say of what."""


_CUES: Final = {
    language.value: {
        word: cue
        for cue in Cue
        for word in words_of("redaction", language, f"cue_{cue.name.lower()}")
    }
    for language in Language
}
_DICTATED: Final = frozenset(
    (
        *(Cue.FISCAL_CODE, Cue.VAT_NUMBER, Cue.IBAN, Cue.CARD, Cue.POD, Cue.PDR),
        *(Cue.PHONE, Cue.CUSTOMER, Cue.DOCUMENT, Cue.PAPER),
    )
)
_CALLING: Final = words_of("redaction", "any", "calling")
"""Announcements too common in speech to be a request by themselves."""
_OF_A_CODE: Final = frozenset(("codice", "numero", "code", "number", "reference"))
"""Words that make a request of what is otherwise too common: 'codice cliente'."""
_PLACES_OF_A_READING: Final = frozenset(("contatore", "meter", "segna", "pagamento", "errore"))
_POSTAL: Final = frozenset(("postale", "postal", "avviamento", "sms", "tributo", "colore"))
_BRIEF_REQUEST = 6
_REACH = 7
_NAME_REACH = 5


def cue_before(
    pieces: Pieces, place: int, language: str, taken: Callable[[int], bool]
) -> Cue | None:
    """The nearest announcement in the few pieces before `place`; None where there is none."""
    cues = _CUES[language]
    number = False
    for at in range(place - 1, max(-1, place - 1 - _REACH), -1):
        if taken(at):
            continue
        cue = cues.get(pieces.words[at])
        if pieces.words[at] == "contatore" and "matricola" in pieces.words[max(0, at - 3) : at]:
            continue
        number = number or cue is Cue.NUMBER
        if cue not in (None, Cue.NUMBER, Cue.NAME):
            return cue
        if pieces.words[at].startswith("["):
            break
    return Cue.NUMBER if number else None


def name_announced(pieces: Pieces, place: int, language: str) -> bool:
    """Whether a name, or its spelling, is announced in the few pieces before `place`."""
    cues = _CUES[language]
    before = pieces.words[max(0, place - _NAME_REACH) : place]
    return any(cues.get(word) is Cue.NAME for word in before)


def letters_announced(pieces: Pieces, language: str) -> bool:
    """Whether a code with letters is mentioned anywhere in the turn."""
    cues = _CUES[language]
    return any(cues.get(word) in (Cue.FISCAL_CODE, Cue.IBAN, Cue.NAME) for word in pieces.words)


def asked_in(pieces: Pieces, language: str) -> Cue | None:
    """The person's code that a turn names last, as when it asks for it or offers it."""
    cues = _CUES[language]
    for place in reversed(range(len(pieces))):
        word = pieces.words[place]
        cue = cues.get(word)
        if cue is Cue.READING and word not in _PLACES_OF_A_READING:
            return cue
        if cue not in _DICTATED:
            continue
        common = word != "matricola" and (cue is Cue.PAPER or word in _CALLING)
        near = pieces.words[max(0, place - 3) : place] + pieces.words[place + 1 : place + 2]
        if not common or not _OF_A_CODE.isdisjoint(near):
            return cue
    return Cue.CUSTOMER if _asks_for_a_code(pieces) else None


def _asks_for_a_code(pieces: Pieces) -> bool:
    """Whether just 'the code' is asked for: 'Mi ripete il codice?'."""
    words = pieces.words
    return any(
        word in ("codice", "code")
        and (place + 1 == len(words) or pieces.gap(place).strip() in ("?", ",", "."))
        and not _POSTAL.intersection(words)
        for place, word in enumerate(words)
    ) and bool("?" in pieces.text or len(words) <= _BRIEF_REQUEST)
