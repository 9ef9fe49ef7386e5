"""Fits the heads: for each label two logistic regressions, whose sums are added.

One reads the encoder's vector and the signs, standardised; the other the character n-grams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from processors.heads import OPERATOR_LABELS, SENTIMENTS, Head, Vector
from processors.meaning import Meaning
from processors.ngrams import Sparse, counts_of, weighed
from processors.signs import signs_of
from processors.turn_reading import Said

BUCKETS = 2**14
OPERATOR_STRENGTHS, CUSTOMER_STRENGTHS = (0.002, 10.0), (0.005, 30.0)
"""Inverse strengths of regularisation (C): on meaning and signs, and on n-grams."""
SIGNS_SCALE = 2.0
"""How much farther than the encoder's numbers the standardised signs are spread."""
DENSE_SHARE, LOOKS_SHARE = 0.6, 0.6
"""What each regression's sum counts in the head."""
_INT8 = 127


@dataclass(frozen=True)
class Features:
    """All features of a number of turns of one speaker."""

    meaning: Vector
    signs: Vector
    counts: list[Sparse]

    def at(self, places: NDArray[np.int64]) -> Features:
        """Those of the turns at `places`."""
        counts = [self.counts[place] for place in places]
        return Features(self.meaning[places], self.signs[places], counts)


def features_of(said: Sequence[Said], languages: Sequence[str], meaning: Meaning) -> Features:
    """The features of turns."""
    return Features(
        np.array([meaning.of(turn) for turn in said]),
        np.array([signs_of(turn, lang) for turn, lang in zip(said, languages, strict=True)]),
        [counts_of(turn.text, BUCKETS) for turn in said],
    )


def fit_operator(features: Features, labels: NDArray[np.int64]) -> Head:
    """The head of an operator's turns; `labels` are places in `OPERATOR_LABELS`."""
    return _fit(features, [(labels, len(OPERATOR_LABELS))], OPERATOR_STRENGTHS)


def fit_customer(features: Features, sides: NDArray[np.int64], labels: NDArray[np.bool_]) -> Head:
    """The head of a customer's turns; `sides` are places in `SENTIMENTS`, then a column a label."""
    targets = [(sides, len(SENTIMENTS)), *((column, 1) for column in labels.T)]
    return _fit(features, targets, CUSTOMER_STRENGTHS)


def rounded(head: Head) -> Head:
    """The head as it is stored, in half precision, so that figures are those of its use."""

    def half(values: Vector) -> Vector:
        return values.astype(np.float16).astype(np.float64)

    return Head(
        half(head.meaning), head.looks, half(head.looks_unit), half(head.rarity),
        half(head.signs), half(head.bias),
    )  # fmt: skip


def _fit(
    features: Features,
    targets: Sequence[tuple[NDArray[np.generic], int]],
    strengths: tuple[float, float],
) -> Head:
    dense, scale, centre = _standardised(features)
    rarity = _rarity(features.counts)
    looks = _matrix([weighed(counts, rarity) for counts in features.counts])
    dense_weights, looks_weights, bias = [], [], []
    for target, columns in targets:
        by_dense, dense_bias = _regress(dense, target, columns, strengths[0])
        by_looks, looks_bias = _regress(looks, target, columns, strengths[1])
        dense_weights.append(DENSE_SHARE * by_dense)
        looks_weights.append(LOOKS_SHARE * by_looks)
        bias.append(DENSE_SHARE * dense_bias + LOOKS_SHARE * looks_bias)
    stacked = np.concatenate(dense_weights, axis=1) / scale[:, None]
    looks_stacked = np.concatenate(looks_weights, axis=1)
    unit = np.maximum(np.abs(looks_stacked).max(axis=0), 1e-6) / _INT8
    dimensions = features.meaning.shape[1]
    return rounded(
        Head(
            stacked[:dimensions],
            np.rint(looks_stacked / unit).astype(np.int8),
            unit,
            rarity,
            stacked[dimensions:],
            np.concatenate(bias) - centre @ stacked,
        )
    )


def _standardised(features: Features) -> tuple[Vector, Vector, Vector]:
    """The dense features, with what they were divided by and centred on."""
    joined = np.hstack([features.meaning, features.signs])
    scaler = StandardScaler().fit(joined)
    spread = np.ones(joined.shape[1])
    spread[features.meaning.shape[1] :] = SIGNS_SCALE
    scale = np.asarray(scaler.scale_, dtype=np.float64) / spread
    centre = np.asarray(scaler.mean_, dtype=np.float64)
    return (joined - centre) / scale, scale, centre


def _rarity(counts: Sequence[Sparse]) -> Vector:
    """Weight of each bucket: ln((1 + n) / (1 + turns with it)) + 1; 0 for those seen once."""
    having = np.zeros(BUCKETS)
    for sparse in counts:
        having[sparse.places] += 1
    rarity = np.log((1 + len(counts)) / (1 + having)) + 1.0
    return np.where(having < 2, 0.0, rarity).astype(np.float16).astype(np.float64)


def _matrix(rows: Sequence[Sparse]) -> csr_matrix:
    pointers = np.cumsum([0, *(len(row.places) for row in rows)])
    places = np.concatenate([row.places for row in rows])
    values = np.concatenate([row.values for row in rows])
    return csr_matrix((values, places, pointers), shape=(len(rows), BUCKETS))


def _regress(
    features: Vector | csr_matrix, target: NDArray[np.generic], columns: int, strength: float
) -> tuple[Vector, Vector]:
    """Weights (a column a label) and biases of a logistic regression."""
    model = LogisticRegression(C=strength, max_iter=2_000).fit(features, target)
    if columns == 1:
        return np.asarray(model.coef_.T), np.asarray(model.intercept_)
    if len(model.classes_) != columns:
        raise ValueError("a label has no example")
    return np.asarray(model.coef_.T), np.asarray(model.intercept_)
