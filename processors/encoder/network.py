"""Classifier heads: three parts add up to a logit for each label, then to a probability.

The parts are a small network on the text's embedding (a sentence encoder's vector) and its
features (lexicon cues and the like), its character n-grams, and its words. Logits are computed
for each text alone, so a result does not depend on what else is scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from processors.text.ngrams import Grams, GramWeights, grams_of
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
class Network:
    """One hidden layer with ReLU; several networks side by side make one."""

    hidden_weights: Vector
    """A row an input (embedding, then features), a column a hidden unit."""
    hidden_bias: Vector
    output_weights: Vector
    """A row a hidden unit, a column a label."""

    def logits(self, embedding: Vector, features: Vector) -> Vector:
        """The network's part of each label's logit."""
        inputs = np.concatenate((embedding, features))
        # Not `@`: the last bits of BLAS differ with its number of threads.
        hidden = np.einsum("i,ij->j", inputs, self.hidden_weights) + self.hidden_bias
        return np.asarray(np.einsum("i,ij->j", np.maximum(hidden, 0.0), self.output_weights))


@dataclass(frozen=True)
class Head:
    """The classifier head of one speaker's labels."""

    network: Network
    characters: GramWeights
    words: GramWeights
    bias: Vector

    def logits(self, text: str, embedding: Vector, features: Vector) -> Vector:
        """The logit of each label for one text."""
        return self.logits_of(grams_of(text), embedding, features)

    def logits_of(self, grams: Grams, embedding: Vector, features: Vector) -> Vector:
        """The same from the text's n-grams and words."""
        total: Vector = (
            self.network.logits(embedding, features)
            + self.characters.logits(grams.characters)
            + self.words.logits(grams.words)
            + self.bias
        )
        return total

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The head's arrays as stored, by name; `head_of` reads them back."""
        return {
            "inward": self.network.hidden_weights.astype(np.float16),
            "threshold": self.network.hidden_bias.astype(np.float32),
            "outward": self.network.output_weights.astype(np.float16),
            **_arrays_of("characters", self.characters),
            **_arrays_of("words", self.words),
            "bias": self.bias.astype(np.float32),
        }


def _arrays_of(name: str, gram_weights: GramWeights) -> dict[str, NDArray[np.generic]]:
    return {
        f"{name}_weights": gram_weights.weights,
        f"{name}_unit": gram_weights.scale.astype(np.float32),
        f"{name}_rarity": gram_weights.idf.astype(np.float16),
    }


def head_of(arrays: Mapping[str, NDArray[np.generic]]) -> Head:
    """The head whose arrays are stored."""

    def part(name: str) -> Vector:
        return arrays[name].astype(np.float64)

    def gram_weights(name: str) -> GramWeights:
        weights = arrays[f"{name}_weights"].astype(np.int8)
        return GramWeights(weights, part(f"{name}_unit"), part(f"{name}_rarity"))

    network = Network(part("inward"), part("threshold"), part("outward"))
    return Head(network, gram_weights("characters"), gram_weights("words"), part("bias"))


@dataclass(frozen=True)
class Weights:
    """Everything learned: heads, thresholds and the rating's weights."""

    heads: dict[Speaker, Head]
    thresholds: dict[str, float]
    """Probability from which `threatens`, `leaves`, `promises` and each driver count."""
    rating: Vector
    rating_cuts: Vector
    call_drivers: Vector | None = None
    """The weights of `processors.encoder.call_drivers`; None where not learned."""


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
        arrays["call_drivers"].astype(np.float64) if "call_drivers" in arrays else None,
    )


def _head(arrays: Mapping[str, NDArray[np.generic]], speaker: Speaker) -> Head:
    own = f"{speaker.value}_"
    return head_of(
        {name.removeprefix(own): array for name, array in arrays.items() if name.startswith(own)}
    )


def softmax(logits: Vector) -> Vector:
    """Probabilities of labels of which exactly one holds (softmax)."""
    powers = np.exp(logits - np.maximum.reduce(logits))
    probabilities: Vector = powers / np.add.reduce(powers)
    return probabilities


def sigmoid(logits: Vector) -> Vector:
    """Probabilities of labels each of which holds or not (logistic)."""
    probabilities: Vector = 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))
    return probabilities
