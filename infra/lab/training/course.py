"""Learns which turns breach a rule of conduct by the course of their call.

For each rule a logistic regression over all turns of an operator in labelled calls, on the features
of `processors.conduct.course`. What the head says of a turn's words is out of fold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from infra.scoring.sentence_encoder import SentenceEncoder
from processors.conduct.course import (
    COURSE_RULES,
    MEASURES,
    CourseWeights,
    SpokenTurn,
    Vector,
    features_of,
)
from processors.encoder.breaches import CONDUCT_RULES, CallBreaches
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.network import load_weights
from processors.encoder.probabilities import Classifier
from processors.scoring.call import utterances_of
from schemas.conversation import Rule, Turn

STRENGTH = 0.03
"""Inverse strength of regularisation (C)."""
MEANING_SCALE = 6.0
"""How much farther the vectors are spread than they are, beside the standardised measures."""
ENOUGH = {Rule.INSISTENCE: -1.2, Rule.THIRD_PARTY_DISCLOSURE: 0.0}
"""Log-odds from which a turn breaches a rule: of those within 0.01 of the best F1, the one with the
fewest calls wrongly found. Insistence by the calls of the authors who labelled all of it (`zd` to
`zg`, `zj`, `zr`, `zs`, `xe`, `xf`, `xi`); the others were asked for few breaches."""
MARGIN = {Rule.INSISTENCE: 0.0, Rule.THIRD_PARTY_DISCLOSURE: 1.0}
"""By how much less is enough where the call supports it: somebody else is on the line. All these
were chosen by whole calls with their authors left out."""


class CallRows(NamedTuple):
    """The operator's turns of one call that may be breaches."""

    author: str
    places: list[int]
    features: Vector
    """A row a turn."""
    breached: NDArray[np.bool_]
    """A row a turn, a column a rule of `COURSE_RULES`."""


class TurnsOfCalls:
    """Reads the turns of labelled calls, with given probabilities of their breaches."""

    def __init__(self) -> None:
        embeddings = TurnEmbeddings(SentenceEncoder())
        judge = Classifier(embeddings, load_weights())
        nothing = dict.fromkeys(CONDUCT_RULES, 0.5)
        self._breaches = CallBreaches(
            judge.operator, judge.customer, lambda _, __: nothing, embeddings
        )

    def rows(
        self,
        author: str,
        turns: Sequence[Turn],
        language: str,
        chances: Mapping[int, Vector],
        breached: Collection[tuple[int, str]],
    ) -> CallRows:
        """Those of one call.

        `chances` has the probabilities of `CONDUCT_RULES` by the turn's place, `breached` the
        places and the rules that are breached there.
        """
        spoken = self._breaches.spoken(utterances_of(turns), language)
        features = features_of(
            [_with_chances(turn, chances.get(place)) for place, turn in enumerate(spoken)]
        )
        labels = [[(place, rule.value) in breached for rule in COURSE_RULES] for place in features]
        return CallRows(
            author, list(features), np.array(list(features.values())), np.array(labels, bool)
        )


def _with_chances(turn: SpokenTurn | None, chances: Vector | None) -> SpokenTurn | None:
    if turn is None or turn.manner is None or chances is None:
        return turn
    of = dict(zip(CONDUCT_RULES, chances.tolist(), strict=True))
    manner = turn.manner._replace(
        false_threat=of[Rule.FALSE_THREAT],
        insistence=of[Rule.INSISTENCE],
        disclosure=of[Rule.THIRD_PARTY_DISCLOSURE],
    )
    return turn._replace(manner=manner)


def fit(calls: Sequence[CallRows]) -> CourseWeights:
    """The weights, with the thresholds and the standardisation taken into them."""
    some = [call for call in calls if call.places]
    features = np.vstack([call.features for call in some])
    breached = np.vstack([call.breached for call in some])
    means, spread = features.mean(axis=0), features.std(axis=0)
    means[len(MEASURES) :], spread[len(MEASURES) :] = 0.0, 1.0 / MEANING_SCALE
    spread = np.where(spread < 1e-6, 1.0, spread)
    weights, bias = [], []
    for column, rule in enumerate(COURSE_RULES):
        model = LogisticRegression(C=STRENGTH, max_iter=3_000)
        model.fit((features - means) / spread, breached[:, column])
        of_rule = np.asarray(model.coef_[0]) / spread
        weights.append(of_rule)
        bias.append(float(model.intercept_[0]) - float(np.sum(of_rule * means)) - ENOUGH[rule])
    margin = np.array([MARGIN[rule] for rule in COURSE_RULES])
    return CourseWeights(np.array(weights), np.array(bias), margin)


def out_of_fold(calls: Sequence[CallRows]) -> list[dict[int, Vector]]:
    """Each turn's log-odds of each rule, by weights that have seen nothing of its author."""
    learned = {
        author: fit([call for call in calls if call.author != author])
        for author in {call.author for call in calls}
    }
    enough = np.array([ENOUGH[rule] for rule in COURSE_RULES])
    return [
        {
            place: learned[call.author].sums_of(features) + enough
            for place, features in zip(call.places, call.features, strict=True)
        }
        for call in calls
    ]
