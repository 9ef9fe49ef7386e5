"""What whole calls teach: drivers of their turns, and how turns make the drivers of a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from infra.lab.training.fitting import UNKNOWN, Features, features_of
from infra.lab.training.material import LabelledCall
from infra.lab.training.measures import best_threshold
from processors.encoder.call_drivers import (
    FEATURES,
    TurnEvidence,
    call_features,
    is_evidence,
    totals_of,
    turn_evidence,
)
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.network import CUSTOMER_LABELS, Head, Vector
from processors.encoder.probabilities import Classifier
from processors.scoring.call import utterances_of
from processors.scoring.scorer import Utterance
from processors.text.tokens import has_words
from schemas.conversation import Driver, Speaker

FOLDS, REPEATS = 10, 5
AROUND = 5
"""Hundredths on either side of a threshold that its choice includes."""
STRENGTH = 0.03
"""Inverse strength of regularisation (C) of the weights of calls."""


@dataclass(frozen=True)
class CallTurns:
    """The turns of labelled calls, whoever says them, as material for the customers' head."""

    features: Features
    authors: NDArray[np.str_]
    drivers: NDArray[np.int8]
    """A column a driver: 1, 0 or `UNKNOWN`."""
    sides: NDArray[np.int64]
    """Places in `SENTIMENTS`, or `UNKNOWN`."""
    intents: NDArray[np.int8]
    """A column for leaving and one for promising: 0 where the call has not, else `UNKNOWN`."""


def call_turns(calls: Sequence[LabelledCall], meaning: TurnEmbeddings, head: Head) -> CallTurns:
    """The turns of `calls`, labelled by their calls.

    No turn of a call tells a driver that the call has not. Of the turns of a call that has it, the
    one that `head` thinks most of tells it, and nothing is known of the others. `head` has not
    learned from calls.
    """
    said: list[Utterance] = []
    languages: list[str] = []
    places: list[int] = []
    sides: list[int] = []
    for place, call in enumerate(calls):
        given = call.sentiments or (None,) * len(call.turns)
        for turn, sentiment in zip(call.turns, given, strict=True):
            if has_words(turn.text):
                said.append(Utterance(turn.speaker, turn.text))
                languages.append(call.language)
                places.append(place)
                sides.append(UNKNOWN if sentiment is None else sentiment + 1)
    features = features_of(said, languages, meaning, Speaker.CUSTOMER)
    first = CUSTOMER_LABELS.index(next(iter(Driver)).value)
    sums = [
        head.logits_of(grams, vector, signs)[first:]
        for grams, vector, signs in zip(
            features.grams, features.meaning, features.signs, strict=True
        )
    ]
    whose = np.array(places)
    labels = _labels(np.array(sums), whose, [call.drivers for call in calls])
    authors = np.array([calls[place].author for place in places])
    of_calls = np.array([[call.leaves, call.promises] for call in calls], dtype=np.int8)
    intents = np.where(of_calls == 0, 0, UNKNOWN).astype(np.int8)[whose]
    return CallTurns(features, authors, labels, np.array(sides), intents)


def _labels(
    sums: Vector, whose: NDArray[np.int64], drivers: Sequence[Iterable[Driver]]
) -> NDArray[np.int8]:
    labels = np.zeros(sums.shape, dtype=np.int8)
    order = list(Driver)
    for place, named in enumerate(drivers):
        turns = np.flatnonzero(whose == place)
        for column in map(order.index, named):
            labels[turns, column] = UNKNOWN
            labels[turns[np.argmax(sums[turns, column])], column] = 1
    return labels


@dataclass(frozen=True)
class CallsFit:
    """The weights of the drivers of calls, and what they gave out of fold."""

    learned: Vector
    """As `processors.encoder.call_drivers.CallDrivers` takes them."""
    truth: NDArray[np.bool_]
    """A row a call, a column a driver."""
    found: NDArray[np.bool_]
    """The same, decided by weights and heads that had not learned from the call."""


def evidence_of_call(call: LabelledCall, judge: Classifier) -> list[TurnEvidence]:
    """The evidence of the turns of a call, read by `judge`."""
    return [
        turn_evidence(turn, call.language, judge.operator, judge.customer)
        for turn in utterances_of(call.turns)
        if is_evidence(turn)
    ]


def fit_calls(evidence: Sequence[list[TurnEvidence]], calls: Sequence[LabelledCall]) -> CallsFit:
    """Weights of one logistic regression over every driver of every call.

    The chance from which a driver is found gives the best micro-F1 out of fold; the offsets take
    it in, so that a driver is found where its sum is not negative.
    """
    signs = np.array([call_features(each) for each in evidence])
    truth = np.array([[driver in call.drivers for driver in Driver] for call in calls])
    totals = np.zeros(truth.shape)
    for seed in range(REPEATS):
        for learn, measure in KFold(FOLDS, shuffle=True, random_state=seed).split(truth):
            totals[measure] += totals_of(signs[measure], _regress(signs[learn], truth[learn]))
    chances = 1.0 / (1.0 + np.exp(-totals / REPEATS))
    enough = best_threshold(truth.ravel(), chances.ravel(), AROUND)
    learned = _regress(signs, truth)
    learned[2 * FEATURES :] -= np.log(enough / (1.0 - enough))
    return CallsFit(learned, truth, chances >= enough)


def _regress(signs: Vector, truth: NDArray[np.bool_]) -> Vector:
    """Weights and means of the signs, and the drivers' offsets."""
    rows = signs.reshape(-1, FEATURES)
    means, spread = _usual(rows)
    offsets = np.tile(np.eye(len(Driver)), (len(signs), 1))
    standardised = np.hstack([np.nan_to_num((rows - means) / spread), offsets])
    model = LogisticRegression(C=STRENGTH, max_iter=2_000).fit(standardised, truth.ravel())
    weights, own = np.split(np.asarray(model.coef_[0]), [FEATURES])
    return np.concatenate([weights / spread, means, own + model.intercept_])


def _usual(rows: Vector) -> tuple[Vector, Vector]:
    """Mean and spread of each sign where it is there; a sign that never differs has spread 1."""
    there = np.maximum(1, np.sum(~np.isnan(rows), axis=0))
    means = np.nansum(rows, axis=0) / there
    spread = np.sqrt(np.nansum((rows - means) ** 2, axis=0) / there)
    return means, np.where(spread < 1e-6, 1.0, spread)
