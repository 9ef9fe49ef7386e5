"""Fits the heads: for each label a small network and two logistic regressions, which are added.

The network reads the encoder's vector and the signs, standardised; one regression reads the
character n-grams, the other the words.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.features import turn_features
from processors.encoder.network import (
    CUSTOMER_LABELS,
    OPERATOR_LABELS,
    SENTIMENTS,
    Head,
    Network,
    Vector,
    head_of,
)
from processors.scoring.scorer import Utterance
from processors.text.ngrams import (
    CHARACTER_BUCKETS,
    WORD_BUCKETS,
    Grams,
    GramWeights,
    Sparse,
    grams_of,
    weighted,
)
from schemas.conversation import Speaker

INTENTS = ("leaves", "promises")
SEEDS = 3
"""Networks, each from another begin, of which the mean counts."""
DECAY = 3.0
"""The networks' penalty on great weights (sklearn's alpha)."""
SIGNS_SCALE = 2.0
"""How much farther than the encoder's numbers the standardised signs are spread."""
UNKNOWN = -1
"""A label that is not known; its turn is left out where that label is learned."""
_INT8 = 127


@dataclass(frozen=True)
class Recipe:
    """How the parts of a head are learned, and what each part's sum counts in it.

    `rounds` is how often a network sees every turn: more, and it learns them by heart. The
    strengths are inverse ones of regularisation (C). All were chosen by cross-validation.
    """

    units: int
    rounds: int
    characters_strength: float
    words_strength: float
    network_share: float
    characters_share: float
    words_share: float


OPERATOR = Recipe(128, 12, 10.0, 10.0, 0.45, 0.35, 0.6)
CUSTOMER = Recipe(64, 15, 30.0, 10.0, 0.6, 0.4, 0.4)

_Target = tuple[NDArray[np.generic], slice]
"""Classes of turns, or a column a label; and the places of those labels in the head."""


@dataclass(frozen=True)
class Features:
    """All features of a number of turns of one speaker."""

    meaning: Vector
    signs: Vector
    grams: list[Grams]

    def at(self, places: NDArray[np.int64]) -> Features:
        """Those of the turns at `places`."""
        grams = [self.grams[place] for place in places]
        return Features(self.meaning[places], self.signs[places], grams)

    def and_of(self, others: Features) -> Features:
        """Those of these turns, then of the others."""
        return Features(
            np.vstack([self.meaning, others.meaning]),
            np.vstack([self.signs, others.signs]),
            [*self.grams, *others.grams],
        )


def features_of(
    said: Sequence[Utterance], languages: Sequence[str], meaning: TurnEmbeddings, reads_as: Speaker
) -> Features:
    """The features of turns, for the head of `reads_as`."""
    both = zip(said, languages, strict=True)
    return Features(
        np.array([meaning.of(turn) for turn in said]),
        np.array([turn_features(turn._replace(speaker=reads_as), lang) for turn, lang in both]),
        [grams_of(turn.text) for turn in said],
    )


def fit_operator(features: Features, labels: NDArray[np.int64]) -> Head:
    """The head of an operator's turns; `labels` are places in `OPERATOR_LABELS`."""
    every = len(OPERATOR_LABELS)
    target: _Target = (labels, slice(0, every))
    network = _network(features, [target], every, OPERATOR)
    return _head(features, network, [(labels, every)], OPERATOR)


def fit_customer(features: Features, sides: NDArray[np.int64], labels: NDArray[np.int8]) -> Head:
    """The head of a customer's turns; `sides` are places in `SENTIMENTS`, then a column a label.

    Either may be `UNKNOWN` where not all labels of a turn are known.
    """
    first, drivers = len(SENTIMENTS), len(SENTIMENTS) + len(INTENTS)
    taken = np.where(
        (sides == UNKNOWN)[:, None], UNKNOWN, np.eye(first, dtype=np.int8)[np.maximum(sides, 0)]
    )
    feelings = np.hstack([taken, labels[:, : len(INTENTS)]])
    networks: list[_Target] = [
        (feelings, slice(0, drivers)),
        (labels[:, len(INTENTS) :], slice(drivers, len(CUSTOMER_LABELS))),
    ]
    network = _network(features, networks, len(CUSTOMER_LABELS), CUSTOMER)
    targets = [(sides, first), *((column, 1) for column in labels.T)]
    return _head(features, network, targets, CUSTOMER)


def fit_labels(features: Features, labels: NDArray[np.int8], recipe: Recipe) -> Head:
    """A head of labels each of which holds (1) or not; a column a label."""
    every = labels.shape[1]
    network = _network(features, [(labels, slice(0, every))], every, recipe)
    return _head(features, network, [(column, 1) for column in labels.T], recipe)


def fit_looks(
    grams: Sequence[Grams], labels: NDArray[np.int64], recipe: Recipe
) -> tuple[GramWeights, GramWeights, float]:
    """What n-grams and words say of one label (1 or 0) of texts, and its bias."""
    targets = [(labels, 1)]
    characters, by_characters = _looks(
        [each.characters for each in grams],
        CHARACTER_BUCKETS, targets, recipe.characters_strength, recipe.characters_share,
    )  # fmt: skip
    words, by_words = _looks(
        [each.words for each in grams],
        WORD_BUCKETS, targets, recipe.words_strength, recipe.words_share,
    )  # fmt: skip
    return characters, words, float((by_characters + by_words)[0])


def _head(
    features: Features,
    network: tuple[Network, Vector],
    targets: Sequence[tuple[NDArray[np.generic], int]],
    recipe: Recipe,
) -> Head:
    """The head as it is stored, in less precision, so that figures are those of its use."""
    characters, by_characters = _looks(
        [grams.characters for grams in features.grams],
        CHARACTER_BUCKETS, targets, recipe.characters_strength, recipe.characters_share,
    )  # fmt: skip
    words, by_words = _looks(
        [grams.words for grams in features.grams],
        WORD_BUCKETS, targets, recipe.words_strength, recipe.words_share,
    )  # fmt: skip
    bias = network[1] + by_characters + by_words
    return head_of(Head(network[0], characters, words, bias).arrays())


def _network(
    features: Features, targets: Sequence[_Target], labels: int, recipe: Recipe
) -> tuple[Network, Vector]:
    """The networks of all targets side by side, learned from turns of which all is known.

    Returned with the bias of each label.
    """
    bias = np.zeros(labels)
    dense, scale, centre = _standardised(features)
    inward, thresholds, outward = [], [], []
    for target, places in targets:
        known = target != UNKNOWN if target.ndim == 1 else np.all(target != UNKNOWN, axis=1)
        for seed in range(SEEDS):
            model = MLPClassifier(
                (recipe.units,),
                alpha=DECAY,
                batch_size=128,
                max_iter=recipe.rounds,
                random_state=seed,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(dense[known], target[known])
            of_labels = np.zeros((recipe.units, labels))
            of_labels[:, places] = recipe.network_share / SEEDS * model.coefs_[1]
            inward.append(model.coefs_[0] / scale[:, None])
            thresholds.append(model.intercepts_[0] - centre @ inward[-1])
            outward.append(of_labels)
            bias[places] += recipe.network_share / SEEDS * model.intercepts_[1]
    return Network(np.hstack(inward), np.concatenate(thresholds), np.vstack(outward)), bias


def _standardised(features: Features) -> tuple[Vector, Vector, Vector]:
    """The dense features, with what they were divided by and centred on."""
    joined = np.hstack([features.meaning, features.signs])
    scaler = StandardScaler().fit(joined)
    spread = np.ones(joined.shape[1])
    spread[features.meaning.shape[1] :] = SIGNS_SCALE
    scale = np.asarray(scaler.scale_, dtype=np.float64) / spread
    centre = np.asarray(scaler.mean_, dtype=np.float64)
    return (joined - centre) / scale, scale, centre


def _looks(
    counts: Sequence[Sparse],
    buckets: int,
    targets: Sequence[tuple[NDArray[np.generic], int]],
    strength: float,
    share: float,
) -> tuple[GramWeights, Vector]:
    """What n-grams or words say of each label, and its bias."""
    rarity = _rarity(counts, buckets)
    rows = _matrix([weighted(each, rarity) for each in counts], buckets)
    weights, biases = [], []
    for target, columns in targets:
        known = np.flatnonzero(target != UNKNOWN)
        of_labels, bias = _regress(rows[known], target[known], columns, strength)
        weights.append(share * of_labels)
        biases.append(share * bias)
    stacked = np.concatenate(weights, axis=1)
    unit = np.maximum(np.abs(stacked).max(axis=0), 1e-6) / _INT8
    whole = np.rint(stacked / unit).astype(np.int8)
    return GramWeights(whole, unit, rarity), np.concatenate(biases)


def _rarity(counts: Sequence[Sparse], buckets: int) -> Vector:
    """Weight of each bucket: ln((1 + n) / (1 + turns with it)) + 1; 0 for those seen once."""
    having = np.zeros(buckets)
    for sparse in counts:
        having[sparse.places] += 1
    rarity = np.log((1 + len(counts)) / (1 + having)) + 1.0
    return np.where(having < 2, 0.0, rarity).astype(np.float16).astype(np.float64)


def _matrix(rows: Sequence[Sparse], buckets: int) -> csr_matrix:
    pointers = np.cumsum([0, *(len(row.places) for row in rows)])
    places = np.concatenate([row.places for row in rows])
    values = np.concatenate([row.values for row in rows])
    return csr_matrix((values, places, pointers), shape=(len(rows), buckets))


def _regress(
    features: csr_matrix, target: NDArray[np.generic], columns: int, strength: float
) -> tuple[Vector, Vector]:
    """Weights (a column a label) and biases of a logistic regression."""
    model = LogisticRegression(C=strength, max_iter=2_000).fit(features, target)
    if columns > 1 and len(model.classes_) != columns:
        raise ValueError("a label has no example")
    return np.asarray(model.coef_.T), np.asarray(model.intercept_)
