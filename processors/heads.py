"""Learned heads: one sum of weighed features for each label, then a probability.

A label's sum has three parts: the meaning of the text (a sentence encoder's vector), its looks
(character n-grams) and its signs (lexicon cues and the like). Sums are made in double precision
for each text alone, so the result does not depend on what else is scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from processors.ngrams import Sparse, counts_of, weighed
from schemas.conversation import Driver, Speaker

Vector = NDArray[np.float64]

LEVELS = ("neutral", "empathic", "pressing", "aggressive")
OPERATOR_LABELS = (
    "neutral",
    "empathic",
    "pressing",
    "pressing_threat",
    "aggressive",
    "aggressive_threat",
)
"""Of an operator's turn exactly one holds: its level, and whether it threatens."""
SENTIMENTS = ("negative", "neither", "positive")
CUSTOMER_LABELS = (*SENTIMENTS, "leaves", "promises", *(driver.value for driver in Driver))
LABELS = {Speaker.OPERATOR: OPERATOR_LABELS, Speaker.CUSTOMER: CUSTOMER_LABELS}


@dataclass(frozen=True)
class Head:
    """The weights of one speaker's labels; every matrix has a column a label."""

    meaning: Vector
    looks: NDArray[np.int8]
    """Weights of the n-grams' buckets, to be multiplied by `looks_unit`."""
    looks_unit: Vector
    rarity: Vector
    signs: Vector
    bias: Vector

    def sums(self, text: str, meaning: Vector, signs: Vector) -> Vector:
        """The sum of each label for one text."""
        return self.sums_of(counts_of(text, len(self.rarity)), meaning, signs)

    def sums_of(self, counts: Sparse, meaning: Vector, signs: Vector) -> Vector:
        """The same from the text's n-grams."""
        grams = weighed(counts, self.rarity)
        looks = np.sum(grams.values[:, None] * self.looks[grams.places], axis=0) * self.looks_unit
        sums: Vector = (
            np.sum(meaning[:, None] * self.meaning, axis=0)
            + looks
            + np.sum(signs[:, None] * self.signs, axis=0)
            + self.bias
        )
        return sums


@dataclass(frozen=True)
class Weights:
    """Everything learned: heads, thresholds and the rating's weights."""

    heads: dict[Speaker, Head]
    thresholds: dict[str, float]
    """Probability from which `threatens`, `leaves`, `promises` and each driver count."""
    rating: Vector
    rating_cuts: Vector


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """The weights of this package, read once."""
    source = resources.files("processors") / "weights" / "heads.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return Weights(
        {speaker: _head(arrays, speaker) for speaker in LABELS},
        dict(
            zip(
                (str(name) for name in arrays["threshold_names"]),
                (float(value) for value in arrays["thresholds"]),
                strict=True,
            )
        ),
        arrays["rating"].astype(np.float64),
        arrays["rating_cuts"].astype(np.float64),
    )


def _head(arrays: dict[str, NDArray[np.generic]], speaker: Speaker) -> Head:
    def part(name: str) -> Vector:
        return arrays[f"{speaker.value}_{name}"].astype(np.float64)

    return Head(
        part("meaning"),
        arrays[f"{speaker.value}_looks"].astype(np.int8),
        part("looks_unit"),
        part("rarity"),
        part("signs"),
        part("bias"),
    )


def shares(sums: Vector) -> Vector:
    """Probabilities of labels of which exactly one holds (softmax)."""
    powers = np.exp(sums - np.max(sums))
    parts: Vector = powers / np.sum(powers)
    return parts


def chance(total: float) -> float:
    """Probability of a label that holds or not (logistic)."""
    return float(1.0 / (1.0 + np.exp(-np.clip(total, -60.0, 60.0))))
