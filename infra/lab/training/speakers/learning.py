"""Learns the weights of `processors/speakers` from the material of the split `train`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infra.lab.training.material import load_material
from infra.lab.training.speakers.fitting import Seen, fit_chain, fit_parts, labels_of
from infra.lab.training.speakers.material import (
    Example,
    overheard,
    overheard_calls,
    simulated,
    vocabulary_of,
    written_calls,
)
from infra.scoring.sentence_encoder import SentenceEncoder
from processors.speakers.features import observed
from processors.speakers.model import WEIGHTS, SpeakerWeights, arrays_of
from processors.text.ngrams import Grams, grams_of

SEED = 11
SPOILED_COPIES = 3
OVERHEARD_COPIES = 3
FOLDER = Path(__file__).parents[4] / "processors" / "weights"
_BATCH = 256


class CachedEncoder:
    """The sentence encoder, which encodes each text once."""

    def __init__(self) -> None:
        self._encoder = SentenceEncoder()
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        for begin in range(0, len(new), _BATCH):
            some = new[begin : begin + _BATCH]
            self._vectors.update(zip(some, self._encoder.encode(some), strict=True))
        return np.array([self._vectors[text] for text in texts])


def learn() -> SpeakerWeights:
    """The weights, which the same material gives again."""
    encoder = CachedEncoder()
    examples = [example for example in _examples() if example.pieces]
    seen = [
        Seen(one, observed(one.pieces, one.language, encoder), labels_of(one)) for one in examples
    ]
    turns = list(_turns())
    chain = fit_chain(seen, turns)
    return SpeakerWeights(fit_parts(seen, [(grams, label) for _, grams, label in turns]), chain)


def store(weights: SpeakerWeights) -> None:
    """Write the packaged weights."""
    np.savez_compressed(FOLDER / WEIGHTS, allow_pickle=False, **arrays_of(weights))


def _examples() -> Iterator[Example]:
    chance = np.random.default_rng(SEED)
    calls = written_calls("train")
    vocabulary = vocabulary_of(row for _, row in calls)
    for author, row in calls:
        yield simulated(author, row, chance, vocabulary, spoiled=False)
        for _ in range(SPOILED_COPIES):
            yield simulated(author, row, chance, vocabulary, spoiled=True)
    for author, row in overheard_calls("train"):
        yield from [overheard(author, row)] * OVERHEARD_COPIES


def _turns() -> Iterator[tuple[str, Grams, int]]:
    """Single turns, each with its author and 0 for an operator's, 1 for a customer's."""
    material = load_material("train")
    for operator in material.operators:
        yield operator.author, grams_of(operator.said.text), 0
    for customer in material.customers:
        yield customer.author, grams_of(customer.said.text), 1
