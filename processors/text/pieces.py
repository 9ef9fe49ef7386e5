"""What kinds of personal data a text can hold, and the pieces a text is searched in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from processors.text.tokens import fold

_LONGER_WORD = re.compile(r"[^\W\d_]{4,}")
_SHOUTED = 2
_PIECE = re.compile(r"\[[a-z]+(?:_[a-z]+)*\]|[^\W_]+")


class Kind(StrEnum):
    """Kinds of personal data; the value is the placeholder's name."""

    NAME = "NOME"
    ADDRESS = "INDIRIZZO"
    PHONE = "TELEFONO"
    EMAIL = "EMAIL"
    FISCAL_CODE = "CODICE_FISCALE"
    VAT_NUMBER = "PARTITA_IVA"
    IBAN = "IBAN"
    CARD = "CARTA"
    POD = "POD"
    PDR = "PDR"
    BIRTH_DATE = "DATA_DI_NASCITA"
    CODE = "CODICE"
    """A long number that is none of the above, such as a customer's or a document's."""
    NUMBER = "NUMERO"
    """Digits dictated one by one, too few or too garbled to know of what."""

    @property
    def placeholder(self) -> str:
        """What replaces it in the text, as `[NOME]`."""
        return f"[{self.value}]"


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data at the characters [start, end) of a text."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """The words and numbers of one text, folded, each with its place; a placeholder is one."""

    text: str
    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.words)

    def gap(self, place: int) -> str:
        """The characters between the piece at `place` and the next one."""
        return self.text[self.ends[place] : self.starts[place + 1]]

    def capital(self, place: int) -> bool:
        """Whether the piece starts with a capital letter."""
        return self.text[self.starts[place]].isupper()

    def found(self, kind: Kind, first: int, after: int) -> Found:
        """The pieces [first, after) as personal data."""
        return Found(kind, self.starts[first], self.ends[after - 1])


def pieces_of(text: str) -> Pieces:
    """Cut `text` into pieces; a sentence all in capitals is read as one without any."""
    if text.isupper() and len(_LONGER_WORD.findall(text)) > _SHOUTED:
        text = fold(text)
    matches = list(_PIECE.finditer(fold(text)))
    return Pieces(
        text,
        tuple([match.group() for match in matches]),
        tuple([match.start() for match in matches]),
        tuple([match.end() for match in matches]),
    )
