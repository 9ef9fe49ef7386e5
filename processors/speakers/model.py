"""The learned model: evidence for the operator in each piece, and for a change at each step.

Two small networks and hashed n-grams give the evidence as logits; a chain weighs them together, so
that what is certain decides what is not.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.speakers.chain import LABELS, Scores, marginals
from processors.speakers.features import Observed
from processors.text.ngrams import GramWeights

WEIGHTS: Final = "speakers.npz"
CHAIN = ("by_grams", "by_network", "operator", "by_step", "change", "to_customer")
"""The chain's weights: of the n-grams' logit, of the network's, a bias for the operator; of the
step's logit, a bias for a change, and one for a change from operator to customer."""


class LayerWeights(NamedTuple):
    """A network with one hidden layer (ReLU) and one logit."""

    inward: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    outward: NDArray[np.float64]
    bias: float

    def logits(self, rows: Scores) -> Scores:
        """Of each row."""
        hidden = np.maximum(rows @ self.inward + self.thresholds, 0.0)
        return np.asarray(hidden @ self.outward + self.bias)


class PartWeights(NamedTuple):
    """What is learned of single pieces and steps."""

    characters: GramWeights
    words: GramWeights
    bias: float
    pieces: LayerWeights
    steps: LayerWeights


class SpeakerWeights(NamedTuple):
    """All weights."""

    parts: PartWeights
    chain: Scores


def evidence_of(parts: PartWeights, seen: Observed) -> tuple[Scores, Scores]:
    """Logits of the operator, by n-grams and by the network (a row a piece); logits of a change."""
    by_grams = [
        float((parts.characters.logits(g.characters) + parts.words.logits(g.words))[0]) + parts.bias
        for g in seen.grams
    ]
    by_network = parts.pieces.logits(seen.pieces)
    return np.column_stack([by_grams, by_network]), parts.steps.logits(seen.steps)


def places_of(weights: Scores, pieces: Scores) -> Scores:
    """The chain's scores of places, with the labels operator and customer as a further axis."""
    logits = pieces @ weights[:2] + weights[2]
    return np.stack([logits / 2, -logits / 2], axis=-1)


def steps_of(weights: Scores, steps: Scores) -> Scores:
    """The chain's scores of steps, with both labels as further axes."""
    change = weights[3] * steps + weights[4]
    scores = np.zeros((*steps.shape, LABELS, LABELS))
    scores[..., 0, 1] = change + weights[5]
    scores[..., 1, 0] = change - weights[5]
    return scores


def operator_probabilities(weights: SpeakerWeights, seen: Observed) -> Scores:
    """Of each piece of a call, the probability that the operator says it."""
    pieces, steps = evidence_of(weights.parts, seen)
    places = places_of(weights.chain, pieces)[:, None, :]
    found = marginals(places, steps_of(weights.chain, steps)[:, None])
    return np.asarray(found.places[:, 0, 0])


@lru_cache(maxsize=1)
def learned() -> SpeakerWeights:
    """The packaged weights."""
    source = resources.files("processors") / "weights" / WEIGHTS
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    parts = PartWeights(
        _grams(arrays, "characters"),
        _grams(arrays, "words"),
        float(arrays["bias"]),
        _network(arrays, "pieces"),
        _network(arrays, "steps"),
    )
    return SpeakerWeights(parts, arrays["chain"])


def arrays_of(weights: SpeakerWeights) -> dict[str, NDArray[np.generic]]:
    """The weights as they are stored."""
    parts = weights.parts
    arrays: dict[str, NDArray[np.generic]] = {
        "chain": weights.chain,
        "bias": np.asarray(parts.bias),
    }
    for name, grams in (("characters", parts.characters), ("words", parts.words)):
        arrays[f"{name}_weights"] = grams.weights
        arrays[f"{name}_unit"] = grams.scale.astype(np.float32)
        arrays[f"{name}_rarity"] = grams.idf.astype(np.float16)
    for name, network in (("pieces", parts.pieces), ("steps", parts.steps)):
        arrays[f"{name}_inward"] = network.inward.astype(np.float16)
        arrays[f"{name}_thresholds"] = network.thresholds
        arrays[f"{name}_outward"] = network.outward
        arrays[f"{name}_bias"] = np.asarray(network.bias)
    return arrays


def _grams(arrays: dict[str, NDArray[np.generic]], name: str) -> GramWeights:
    return GramWeights(
        arrays[f"{name}_weights"].astype(np.int8),
        arrays[f"{name}_unit"].astype(np.float64),
        arrays[f"{name}_rarity"].astype(np.float64),
    )


def _network(arrays: dict[str, NDArray[np.generic]], name: str) -> LayerWeights:
    return LayerWeights(
        arrays[f"{name}_inward"].astype(np.float64),
        arrays[f"{name}_thresholds"].astype(np.float64),
        arrays[f"{name}_outward"].astype(np.float64),
        float(arrays[f"{name}_bias"]),
    )
