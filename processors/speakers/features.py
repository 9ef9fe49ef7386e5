"""What the model reads of a piece of speech, and of the step from one piece to the next.

Words, punctuation, pauses between words, and places in the call: nothing of a voice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.encoder.protocol import Encoder
from processors.scoring.cues import read_turn
from processors.speakers.pieces import Piece
from processors.text.ngrams import Grams, grams_of
from processors.text.tokens import cut
from schemas.conversation import Speaker

Rows = NDArray[np.float64]

MEANING_SCALE = 3.0
"""Factor of the encoder's numbers (vectors of length 1), to be spread as the rest is."""
PRODUCT_SCALE = 30.0
"""Factor of the products of two pieces' numbers."""
_MOST_CHARACTERS = 600
"""Of a piece, that are encoded."""
_PAUSES = (0.02, 0.25, 0.45, 0.7, 1.1)
_STOPS = (".", ",", "?", "!")
_MOST_CUE = 2.0
_FAMILIES = (
    "aggression.belittling",
    "aggression.pressure",
    "aggression.threat",
    "aggression.ultimatum",
    "conduct.debt",
    "conduct.false_threat",
    "conduct.insistence",
    "empathy.acknowledging",
    "empathy.apologising",
    "empathy.hardship",
    "empathy.helping",
    "empathy.plan",
    "empathy.reassuring",
    "empathy.thanking",
    "intent.churn",
    "intent.promise",
    "rating.question",
    "sentiment.word",
    "third_party.present",
)
"""Families of the lexicons that a piece is searched for, as both speakers' words."""

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d|\b(?:\w*cento|\w*mila|\w*anta\w*|venti\w*|euro)\b")
_OWES = re.compile(
    r"\b(?:non (?:ce la faccio|posso|riesco|ho)|ho (?:gia )?pagato|l'ho pagat\w|la pensione|"
    r"cassa integrazione|mio marito|mia moglie|mia madre|mio figlio|i can't|i (?:already )?paid|"
    r"my (?:husband|wife|mother|son|daughter))\b"
)
_INTRODUCES = re.compile(
    r"\b(?:sono \w+ (?:di|de[lr]|dell[ao]|da|per)\b|per conto|chiamo (?:per|da|dal|dalla)|"
    r"parlo con|agenzia|ufficio|servizio|recupero|calling (?:from|about)|on behalf|"
    r"am i speaking)\b"
)
_ASKS = re.compile(
    r"\b(?:mi (?:conferma|dice|da|dia|dica|puo|ripete)|codice|data di nascita|intestat\w+|"
    r"quando (?:pensa|puo|riesce)|da zero a dieci|can you (?:confirm|give|tell)|"
    r"date of birth|zero to ten)\b"
)


class Observed(NamedTuple):
    """All that is read of a call."""

    grams: list[Grams]
    pieces: Rows
    """A row a piece: its meaning, cues and pauses, and those of its neighbours."""
    steps: Rows
    """A row a piece after the first: what shows whether another speaker begins there."""


def observed(pieces: Sequence[Piece], language: str, encoder: Encoder) -> Observed:
    """What is read of the pieces of a call (at least one), in their order."""
    texts = [piece.text for piece in pieces]
    masked = [_DIGITS.sub("10", text)[:_MOST_CHARACTERS] for text in texts]
    meaning = encoder.encode(masked).astype(np.float64)
    signs = np.array([_signs(text, language) for text in texts])
    pauses = np.array([_pause(pieces, place) for place in range(len(pieces))])
    places = np.array([_place(number, len(pieces)) for number in range(len(pieces))])
    scaled = MEANING_SCALE * meaning
    rows = [
        *(scaled, _shifted(scaled, 1), _shifted(scaled, -1)),
        *(signs, _shifted(signs, 1), _shifted(signs, -1)),
        *(pauses, _shifted(pauses, -1), places),
    ]
    products = PRODUCT_SCALE * meaning[:-1] * meaning[1:]
    steps = [scaled[:-1], scaled[1:], products, signs[:-1], signs[1:], pauses[1:]]
    return Observed([grams_of(text) for text in texts], np.hstack(rows), np.hstack(steps))


def _shifted(rows: Rows, by: int) -> Rows:
    """Each row's neighbour: the one before (1) or after (-1); zeros where there is none."""
    moved = np.zeros_like(rows)
    if by > 0:
        moved[by:] = rows[:-by]
    else:
        moved[:by] = rows[-by:]
    return moved


def _signs(text: str, language: str) -> list[float]:
    words = cut(text, language)
    found: dict[str, float] = {}
    for speaker in (Speaker.OPERATOR, Speaker.CUSTOMER):
        for cue in read_turn(text, language, speaker):
            weight = min(abs(cue.weight), _MOST_CUE)
            found[cue.family] = max(found.get(cue.family, 0.0), weight)
    folded = " ".join(words.words)
    return [
        *(found.get(family, 0.0) for family in _FAMILIES),
        math.log1p(len(words.words)) / 2,
        float(len(words.words) <= 2),
        float(bool(words.questions)),
        *(float(bool(each.search(folded))) for each in (_NUMBER, _OWES, _INTRODUCES, _ASKS)),
    ]


def _pause(pieces: Sequence[Piece], place: int) -> list[float]:
    """The pause before a piece, how the piece before it ended, and how it begins."""
    if place == 0:
        return [0.0] * (len(_PAUSES) + len(_STOPS) + 4)
    before, after = pieces[place - 1], pieces[place]
    end = before.text.rstrip(' "»”)')[-1:]
    return [
        float(after.joined),
        *(float(after.pause >= limit) for limit in _PAUSES),
        *(float(end == stop) for stop in _STOPS),
        float(end not in _STOPS),
        float(after.text.lstrip(' "«“')[:1].isupper()),
        min(after.pause, 2.0),
    ]


def _place(number: int, pieces: int) -> list[float]:
    return [
        float(number == 0),
        float(number == 1),
        float(number == pieces - 1),
        min(number, 20) / 20,
    ]
