"""Aggression and empathy of a call, from all that its operator said.

A turn counts by its words: a word of listening ('Certo.', 'Mi dica.') hardly, whatever a scorer
makes of it, because few words are weak evidence, and they come in every kind of call. Below, r is
the square of the share of `FULL_WORDS` that a turn has, x its harshness above what calm turns are
given by error, w its warmth, and every mean is weighted by r times the turn's words:

    A0 = 1 - (1 - (1/4 mean of the 3 greatest r x + 3/4 mean x)) ** 1.7
    A  = A0 max(0, 1 - 1.4 max(0, mean w - A0))        a warm call is not aggressive ...
    E  = 1 - (1 - mean w max(0, 1 - 1.3 A)) ** 2.6     ... and kind words of a hard one are not kind

That is how whole calls are rated. A call of a sentence or two has the mean scores of its turns, and
between 1 and 3 turns' worth of evidence (the sum of r) the one passes into the other. The form and
its numbers were chosen on calls whose authors rated them as a whole, with heads that had not seen
their authors (`docs/decisions/0038-pooling.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import NamedTuple

PRESSING_IN_CALL = 0.6
"""What a pressing turn counts where an aggressive one counts 1: pressed all along, a call is felt
as hard."""
NEUTRAL_IN_CALL = 0.05
"""What a neutral turn counts in the call's empathy where an empathic one counts 1."""

FULL_WORDS = 10
"""Words from which a turn is evidence in full."""
MOST_WORDS = 40
"""Words above which a turn counts no more than with so many."""
CALM = 0.2
"""Harshness of a turn up to which it counts as 0."""
HARDEST = 3
"""How many of the hardest turns count by themselves, besides the mean: one decides nothing."""
HARDEST_SHARE = 0.25
AGGRESSION_EXPONENT = 1.7
WARMTH_EXCULPATES = 1.4
EMPATHY_EXPONENT = 2.6
AGGRESSION_DISCREDITS = 1.3
A_TURN, A_CALL = 1.0, 3.0
"""Evidence up to which a call is scored as its turns are, and from which as a whole."""


class OperatorTurn(NamedTuple):
    """An operator's turn, as it counts in its call; all but the words are 0 to 1."""

    words: int
    aggression: float
    """The turn's own score."""
    empathy: float
    """The turn's own score."""
    harshness: float
    """What it counts in the aggression of a whole call."""
    warmth: float
    """What it counts in the empathy of a whole call."""


class Manner(NamedTuple):
    """How an operator spoke in a call, each 0 to 1."""

    aggression: float
    empathy: float


def manner_of_call(turns: Sequence[OperatorTurn]) -> Manner | None:
    """Aggression and empathy of a call, rounded to four decimals; None without turns."""
    if not turns:
        return None
    weights = [min(turn.words, MOST_WORDS) * _evidence(turn) for turn in turns]
    whole = (sum(map(_evidence, turns)) - A_TURN) / (A_CALL - A_TURN)
    whole = min(1.0, max(0.0, whole))
    rated, own = _rated(turns, weights), _own(turns, weights)
    return Manner(
        *(round(whole * a + (1.0 - whole) * b, 4) for a, b in zip(rated, own, strict=True))
    )


def _own(turns: Sequence[OperatorTurn], weights: Sequence[float]) -> Manner:
    """As the turns are scored."""
    return Manner(
        _mean([turn.aggression for turn in turns], weights),
        _mean([turn.empathy for turn in turns], weights),
    )


def _rated(turns: Sequence[OperatorTurn], weights: Sequence[float]) -> Manner:
    """As whole calls are rated."""
    hard = [max(0.0, turn.harshness - CALM) / (1.0 - CALM) for turn in turns]
    hardest = nlargest(HARDEST, (_evidence(t) * x for t, x in zip(turns, hard, strict=True)))
    warmth = _mean([turn.warmth for turn in turns], weights)
    strain = HARDEST_SHARE * sum(hardest) / HARDEST + (1.0 - HARDEST_SHARE) * _mean(hard, weights)
    aggression = 1.0 - (1.0 - strain) ** AGGRESSION_EXPONENT
    aggression *= max(0.0, 1.0 - WARMTH_EXCULPATES * max(0.0, warmth - aggression))
    warmth *= max(0.0, 1.0 - AGGRESSION_DISCREDITS * aggression)
    return Manner(aggression, 1.0 - (1.0 - warmth) ** EMPATHY_EXPONENT)


def _evidence(turn: OperatorTurn) -> float:
    return min(1.0, turn.words / FULL_WORDS) ** 2


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
