"""Breaches that the course of a call shows: insistence, and disclosure to a third party.

The words alone do not show them. 'Lo segno per mercoledì?' is insistence where the customer had
said that there is no money; 'sono ottocento euro' is a disclosure where his wife has answered. So
each of the operator's turns has, for each rule, a weighted sum of what it says, of what the
customer has said so far, and of the demands before it. Where the sum is not negative, the turn
breaches the rule; as one demand is no insistence, the two strongest must reach that together, or
one be as strong as two. The weights are learned from labelled calls (`infra.lab.training.course`).
A turn of up to `FEW_WORDS` words is no breach and changes nothing for the others, except a
customer's 'Non posso.'
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.conversation import Rule

Vector = NDArray[np.float64]

COURSE_RULES: Final = (Rule.INSISTENCE, Rule.THIRD_PARTY_DISCLOSURE)
"""The rules, in the order of their weights."""
FEW_WORDS: Final = 3
"""Words of a turn up to which it is a word of listening, or an answer to one."""
TOGETHER: Final = {Rule.INSISTENCE: 2, Rule.THIRD_PARTY_DISCLOSURE: 1}
"""How many of the operator's turns must show a rule together, by the mean of their sums."""
_WEAKEST: Final = 4.0
"""How far below the threshold a turn counts at most, and one that there is not."""
MEASURES: Final = (
    "false_threat", "insistence", "disclosure", "aggression", "harshness", "empathy", "presses",
    "threat", "demands", "dismisses", "offers", "excused", "excused_now", "repeated_now",
    "demanded", "strongest_before", "sentiment_now",
)  # fmt: skip
"""The numbers of a turn, in order; three vectors follow them: the operator's, the customer's just
before, and the customer's so far. Probabilities are log-odds."""
_WORDS: Final = ("demand", "dismissal", "offer")
_EXCUSES: Final = frozenset(("customer.dispute", "customer.unable"))
_REPEATS: Final = "customer.repeats"
_LEAST: Final = 0.001
"""Probabilities are clipped to [this, 1 - this]: nearer to 0 or 1 they are not reliable."""
_NONE_BEFORE: Final = -5.0
"""Log-odds of insistence before the operator's first turn."""


class Manner(NamedTuple):
    """What an operator's words show, each 0 to 1."""

    false_threat: float
    insistence: float
    disclosure: float
    """Probabilities of the breaches, of the words alone."""
    aggression: float
    harshness: float
    empathy: float
    presses: bool
    threat: float


class SpokenTurn(NamedTuple):
    """A turn with words, as it counts here."""

    words: int
    meaning: Vector
    """The vector of the turn, of length 1; of every turn equally long."""
    families: frozenset[str]
    """Those of its phrases that matter for conduct (`processors.scoring.demands`)."""
    sentiment: float = 0.0
    """A customer's, -1 to 1."""
    manner: Manner | None = None
    """An operator's; None for a customer."""


@dataclass
class _SaidSoFar:
    """What has been said in a call before a turn."""

    now: list[SpokenTurn] = field(default_factory=list)
    """The customer's turns since the operator's last one."""
    answered: bool = False
    """Whether the operator has spoken since those."""
    customers: list[Vector] = field(default_factory=list)
    excused: bool = False
    demanded: float = 0.0
    strongest: float = _NONE_BEFORE

    def add_customer(self, turn: SpokenTurn) -> None:
        excuses = not _EXCUSES.isdisjoint(turn.families)
        self.excused = self.excused or excuses
        if turn.words <= FEW_WORDS and not excuses:
            return
        if self.answered:
            self.now, self.answered = [], False
        self.now.append(turn)
        self.customers.append(turn.meaning)

    def add_operator(self, turn: SpokenTurn, manner: Manner) -> None:
        if turn.words <= FEW_WORDS:
            return
        self.answered = True
        self.demanded += manner.harshness
        self.strongest = max(self.strongest, _log_odds(manner.insistence))


def features_of(turns: Sequence[SpokenTurn | None]) -> dict[int, Vector]:
    """The features of each of the operator's turns that may be a breach, by its place.

    None is a turn without words, or whose speaker is not known.
    """
    said = _SaidSoFar()
    features = {}
    for place, turn in enumerate(turns):
        if turn is None:
            continue
        if turn.manner is None:
            said.add_customer(turn)
            continue
        if turn.words > FEW_WORDS:
            features[place] = _features(turn, turn.manner, said)
        said.add_operator(turn, turn.manner)
    return features


def _features(turn: SpokenTurn, manner: Manner, said: _SaidSoFar) -> Vector:
    families_now = frozenset[str]().union(*(each.families for each in said.now))
    measures = (
        _log_odds(manner.false_threat),
        _log_odds(manner.insistence),
        _log_odds(manner.disclosure),
        _log_odds(manner.aggression),
        _log_odds(manner.harshness),
        _log_odds(manner.empathy),
        float(manner.presses),
        _log_odds(manner.threat),
        *(float(family in turn.families) for family in _WORDS),
        float(said.excused),
        float(not _EXCUSES.isdisjoint(families_now)),
        float(_REPEATS in families_now),
        math.log1p(said.demanded),
        said.strongest,
        min((each.sentiment for each in said.now), default=0.0),
    )
    nothing = np.zeros_like(turn.meaning)
    return np.concatenate(
        (
            measures,
            turn.meaning,
            _mean([each.meaning for each in said.now]) if said.now else nothing,
            _mean(said.customers) if said.customers else nothing,
        )
    )


@dataclass(frozen=True)
class CourseWeights:
    """What is learned."""

    weights: Vector
    """A row a rule, a number a feature."""
    bias: Vector
    """What is added to each rule's sum."""
    margin: Vector
    """How far below 0 each rule's sum may be where the call supports it otherwise, too."""

    def found(self, turns: Sequence[SpokenTurn | None]) -> list[tuple[int, Rule, bool]]:
        """The places of breaches with their rules, and whether they are sure."""
        sums = {place: self.sums_of(features) for place, features in features_of(turns).items()}
        return [
            (place, rule, sure)
            for column, rule in enumerate(COURSE_RULES)
            for place, sure in breaches_of(
                {place: float(of[column]) for place, of in sums.items()},
                TOGETHER[rule],
                -float(self.margin[column]),
                0.0,
            ).items()
        ]

    def sums_of(self, features: Vector) -> Vector:
        """The sum of each rule for one turn."""
        sums: Vector = np.add.reduce(self.weights * features, axis=1) + self.bias
        return sums


def breaches_of(
    shown: Mapping[int, float], together: int, likely: float, sure: float
) -> dict[int, bool]:
    """The turns that breach a rule, and whether surely, by what each shows.

    `together` is how many must reach a threshold by their mean; only those count that reach it
    alone, too.
    """
    strongest = [max(value, sure - _WEAKEST) for value in nlargest(together, shown.values())]
    strongest += [sure - _WEAKEST] * (together - len(strongest))
    mean = sum(strongest) / together
    return {
        place: min(mean, value) >= sure
        for place, value in shown.items()
        if min(mean, value) >= likely
    }


def _mean(vectors: Sequence[Vector]) -> Vector:
    mean: Vector = np.add.reduce(np.array(vectors)) / len(vectors)
    return mean


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, _LEAST), 1.0 - _LEAST)
    return math.log(clipped / (1.0 - clipped))
