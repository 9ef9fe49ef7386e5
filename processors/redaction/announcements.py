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
    """An invoice, a case file, a meter: its number is not a person's."""
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
        *(Cue.PHONE, Cue.CUSTOMER, Cue.DOCUMENT),
    )
)
_CALLING: Final = words_of("redaction", "any", "calling")
"""Announcements too common in speech to be a request by themselves."""
_OF_A_CODE: Final = frozenset(("codice", "numero", "code"))
"""Words that make a request of what is otherwise too common: 'codice cliente'."""
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
        if cue not in _DICTATED:
            continue
        if word not in _CALLING or not _OF_A_CODE.isdisjoint(
            pieces.words[max(0, place - 2) : place]
        ):
            return cue
    return None
