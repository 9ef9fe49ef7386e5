"""From material to weights: out-of-fold chances first, thresholds and the rating from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from infra.lab.training.fitting import (
    INTENTS,
    Features,
    features_of,
    fit_customer,
    fit_operator,
)
from infra.lab.training.material import CustomerTurn, LabelledCall, Material, OperatorTurn
from infra.lab.training.measures import best_threshold
from infra.lab.training.whole_calls import (
    CallsFit,
    CallTurns,
    call_turns,
    evidence_of_call,
    fit_calls,
)
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.expected_rating import rating_features
from processors.encoder.network import (
    CUSTOMER_LABELS,
    OPERATOR_LABELS,
    SENTIMENTS,
    Head,
    Vector,
    Weights,
)
from processors.encoder.probabilities import Classifier, operator_probabilities
from processors.encoder.protocol import Encoder
from processors.encoder.scorer import EncoderReader
from processors.ratings.spoken import asks_for_rating
from processors.scoring.call import score_call
from processors.scoring.scorer import CallFeatures
from schemas.conversation import CallScore, Driver, Speaker, Turn

FOLDS = 5
SEED = 0
RATING_RIDGE = 3.0


class Remembering:
    """An encoder that keeps the vectors it has made: folds share their texts."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text."""
        for text in texts:
            if text not in self._kept:
                self._kept[text] = self._encoder.encode([text])[0]
        return np.array([self._kept[text] for text in texts])


@dataclass(frozen=True)
class Learned:
    """Features and labels of the material of one speaker each."""

    operators: Features
    levels: NDArray[np.int64]
    """Places in `OPERATOR_LABELS`."""
    threats: NDArray[np.bool_]
    customers: Features
    sides: NDArray[np.int64]
    labels: NDArray[np.bool_]
    calls: CallTurns


def prepare(material: Material, encoder: Encoder) -> Learned:
    """Features and labels of `material`."""
    operators, customers = material.operators, material.customers
    meaning = TurnEmbeddings(encoder)
    of_customers = features_of(
        [t.said for t in customers], [t.language for t in customers], meaning, Speaker.CUSTOMER
    )
    of_operators = features_of(
        [t.said for t in operators], [t.language for t in operators], meaning, Speaker.OPERATOR
    )
    sides = np.array([turn.sentiment + 1 for turn in customers])
    labels = np.array([_labels(turn) for turn in customers])
    head = fit_customer(of_customers, sides, labels.astype(np.int8))
    return Learned(
        of_operators,
        np.array([OPERATOR_LABELS.index(_label(turn)) for turn in operators]),
        np.array([turn.threat for turn in operators]),
        of_customers,
        sides,
        labels,
        call_turns(material.calls, meaning, head),
    )


def _label(turn: OperatorTurn) -> str:
    """A turn that is neither pressing nor aggressive does not threaten."""
    harsh = turn.level in ("pressing", "aggressive")
    return f"{turn.level}_threat" if harsh and turn.threat else turn.level


def _labels(turn: CustomerTurn) -> list[bool]:
    return [turn.leaves, turn.promises, *(driver in turn.drivers for driver in Driver)]


def folds_of(groups: Sequence[str]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places to learn from and to measure on; a group, an author, is never in both."""
    splitter = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    return [(a, b) for a, b in splitter.split(np.zeros(len(groups)), groups=groups)]


def group(turn: OperatorTurn | CustomerTurn | LabelledCall) -> str:
    """What must not be both learned from and measured on."""
    return turn.author


@dataclass(frozen=True)
class OutOfFold:
    """Sums of every turn by a head that had not seen its group, and those heads."""

    operators: Vector
    customers: Vector
    heads: list[tuple[frozenset[str], dict[Speaker, Head]]]
    """For each fold the groups that were left out, and the heads learned without them."""
    calls: CallsFit | None = None
    """What such heads found in whole calls, once that is learned."""


def out_of_fold(material: Material, learned: Learned) -> OutOfFold:
    """Grouped cross-validation of both heads."""
    turns: list[OperatorTurn | CustomerTurn] = [*material.operators, *material.customers]
    groups = np.array([group(turn) for turn in turns])
    n = len(material.operators)
    sums = {
        Speaker.OPERATOR: np.zeros((n, len(OPERATOR_LABELS))),
        Speaker.CUSTOMER: np.zeros((len(turns) - n, len(CUSTOMER_LABELS))),
    }
    heads = []
    for learn, measure in folds_of(list(groups)):
        learn_op, measure_op = learn[learn < n], measure[measure < n]
        learn_cu, measure_cu = learn[learn >= n] - n, measure[measure >= n] - n
        left_out = frozenset(map(str, groups[measure]))
        of_calls = np.flatnonzero(~np.isin(learned.calls.authors, sorted(left_out)))
        fold = fit(learned, learn_op, learn_cu, of_calls)
        _sum_up(sums[Speaker.OPERATOR], learned.operators, measure_op, fold[Speaker.OPERATOR])
        _sum_up(sums[Speaker.CUSTOMER], learned.customers, measure_cu, fold[Speaker.CUSTOMER])
        heads.append((left_out, fold))
    return OutOfFold(sums[Speaker.OPERATOR], sums[Speaker.CUSTOMER], heads)


def fit(
    learned: Learned,
    operators: NDArray[np.int64],
    customers: NDArray[np.int64],
    of_calls: NDArray[np.int64],
) -> dict[Speaker, Head]:
    """Both heads, learned from the turns at these places.

    Of a call's turns the drivers are learned, from what is known of its drivers, the intents that
    it has not, and the sides that its author gave.
    """
    of_turns = np.hstack([learned.calls.intents[of_calls], learned.calls.drivers[of_calls]])
    return {
        Speaker.OPERATOR: fit_operator(learned.operators.at(operators), learned.levels[operators]),
        Speaker.CUSTOMER: fit_customer(
            learned.customers.at(customers).and_of(learned.calls.features.at(of_calls)),
            np.concatenate([learned.sides[customers], learned.calls.sides[of_calls]]),
            np.vstack([learned.labels[customers].astype(np.int8), of_turns]),
        ),
    }


def _sum_up(sums: Vector, features: Features, places: NDArray[np.int64], head: Head) -> None:
    for place in places:
        sums[place] = head.logits_of(
            features.grams[place], features.meaning[place], features.signs[place]
        )


def thresholds_of(learned: Learned, sums: OutOfFold) -> dict[str, float]:
    """The chances from which labels count: each gives the best F1 out of fold.

    All drivers share one, of the best micro-F1: some have too few examples for their own.
    """
    chances = 1.0 / (1.0 + np.exp(-sums.customers))
    threat = np.array([operator_probabilities(row).threat for row in sums.operators])
    thresholds = {"threatens": best_threshold(learned.threats, threat)}
    first = len(SENTIMENTS)
    for place, intent in enumerate(INTENTS):
        thresholds[intent] = best_threshold(learned.labels[:, place], chances[:, first + place])
    drivers = len(INTENTS)
    shared = best_threshold(
        learned.labels[:, drivers:].ravel(), chances[:, first + drivers :].ravel()
    )
    return thresholds | {driver.value: shared for driver in Driver}


def calls_of(material: Material, encoder: Encoder, sums: OutOfFold) -> CallsFit:
    """The weights of the drivers of calls, from calls read by heads new to their authors."""
    nothing = np.zeros(0)
    evidence, calls = [], []
    for left_out, heads in sums.heads:
        judge = Classifier(TurnEmbeddings(encoder), Weights(heads, {}, nothing, nothing))
        for call in material.calls:
            if group(call) in left_out:
                evidence.append(evidence_of_call(call, judge))
                calls.append(call)
    return fit_calls(evidence, calls)


def before_rating(turns: Sequence[Turn], language: str) -> list[Turn]:
    """The turns of a call until a rating is asked for."""
    selected = []
    for turn in turns:
        if turn.speaker is Speaker.OPERATOR and asks_for_rating(turn.text, language):
            break
        selected.append(turn)
    return selected


@dataclass(frozen=True)
class RatingFit:
    """Weights of the expected rating, its cuts, and what it gave out of fold."""

    weights: Vector
    cuts: Vector
    pairs: list[tuple[int, int]]
    """(given, expected out of fold) of every call."""


def fit_rating(
    material: Material,
    encoder: Encoder,
    sums: OutOfFold,
    thresholds: dict[str, float],
    calls: CallsFit,
) -> RatingFit:
    """Ridge regression of given ratings on signs of calls, read by heads new to them."""
    nothing = np.zeros(0)
    signs, given, groups = [], [], []
    for left_out, heads in sums.heads:
        reader = EncoderReader(encoder, Weights(heads, thresholds, nothing, nothing, calls.learned))
        for call in material.calls:
            if call.rating is None or group(call) not in left_out:
                continue
            turns = before_rating(call.turns, call.language)
            score = score_call(turns, call.language, reader, survey_rating=call.rating)
            row = rating_features(_signs(score))
            if row is not None:
                signs.append(row)
                given.append(call.rating)
                groups.append(call.call_id)
    features, ratings = np.array(signs), np.array(given)
    totals = np.zeros(len(ratings))
    for learn, measure in folds_of(groups):
        totals[measure] = features[measure] @ _ridge(features[learn], ratings[learn])
    cuts = _cuts(totals, ratings)
    expected = np.searchsorted(cuts, totals, side="right")
    pairs = [(int(a), int(b)) for a, b in zip(ratings, expected, strict=True)]
    return RatingFit(_ridge(features, ratings), cuts, pairs)


def _signs(score: CallScore) -> CallFeatures:
    return CallFeatures(
        score.aggression,
        score.empathy,
        score.sentiment,
        score.sentiment_change,
        score.churn_intent,
        score.promise_to_pay,
        frozenset(found.driver for found in score.drivers),
    )


def _ridge(features: Vector, ratings: NDArray[np.int64]) -> Vector:
    penalty = RATING_RIDGE * np.eye(features.shape[1])
    penalty[-1, -1] = 0.0
    return np.asarray(
        np.linalg.solve(features.T @ features + penalty, features.T @ ratings.astype(np.float64))
    )


def _cuts(totals: Vector, ratings: NDArray[np.int64]) -> Vector:
    """Totals at which the rating rises by one, so that as many calls get each as gave it."""
    below = [float(np.mean(ratings < rating)) for rating in range(1, 11)]
    return np.asarray(np.quantile(totals, below))


def learn(material: Material, encoder: Encoder) -> tuple[Weights, Learned, OutOfFold, RatingFit]:
    """The weights from all the material, with what cross-validation found on the way."""
    remembering = Remembering(encoder)
    learned = prepare(material, remembering)
    sums = out_of_fold(material, learned)
    thresholds = thresholds_of(learned, sums)
    calls = calls_of(material, remembering, sums)
    sums = replace(sums, calls=calls)
    rating = fit_rating(material, remembering, sums, thresholds, calls)
    everything = fit(
        learned,
        np.arange(len(learned.levels)),
        np.arange(len(learned.sides)),
        np.arange(len(learned.calls.authors)),
    )
    weights = Weights(everything, thresholds, rating.weights, rating.cuts, calls.learned)
    return weights, learned, sums, rating
