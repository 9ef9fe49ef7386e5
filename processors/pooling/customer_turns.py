"""Sentiment of a call and its change, from all that its customer said.

The change compares the first third of the customer's turns with the last (thirds rounded up), each
turn weighted by its words up to `MOST_WORDS`; `PRIOR_WORDS` words without sentiment are added to
either side, so that few words change little. Left out are single words, and the very last turn of
a call of more than `FEW_TURNS` turns, which is a courtesy or a rating, whatever came before. Chosen
on calls whose authors rated their change (`docs/decisions/0038-pooling.md`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

MOST_WORDS = 30
PRIOR_WORDS = 3
FEW_TURNS = 4


class CustomerTurn(NamedTuple):
    """A customer's turn, as it counts in its call."""

    words: int
    sentiment: float
    """-1 to 1."""
    sided: bool
    """Whether it takes sides."""


class Mood(NamedTuple):
    """How a customer felt in a call."""

    sentiment: float
    """-1 to 1: the mean over the turns that take sides, 0 where none does."""
    change: float | None
    """-2 to 2; None with fewer than two turns."""


def mood_of_call(turns: Sequence[CustomerTurn]) -> Mood | None:
    """Sentiment and change of a call, rounded to four decimals; None without turns."""
    if not turns:
        return None
    sided = [turn.sentiment for turn in turns if turn.sided]
    mean = sum(sided) / len(sided) if sided else 0.0
    return Mood(round(mean, 4), _change(turns))


def _change(turns: Sequence[CustomerTurn]) -> float | None:
    if len(turns) < 2:
        return None
    compared = turns[:-1] if len(turns) > FEW_TURNS else turns
    said = [turn for turn in compared if turn.words > 1]
    compared = said if len(said) > 1 else compared
    third = math.ceil(len(compared) / 3)
    return round(_level(compared[-third:]) - _level(compared[:third]), 4)


def _level(turns: Sequence[CustomerTurn]) -> float:
    weights = [min(turn.words, MOST_WORDS) for turn in turns]
    total = sum(weight * turn.sentiment for weight, turn in zip(weights, turns, strict=True))
    return total / (sum(weights) + PRIOR_WORDS)
