"""Numbers from 0 to 10 recognised in the output of whisper's encoder.

Whisper's decoder expects sentences, and passes over a number said alone, or writes another word.
Its encoder has heard it: a small network reads from the encoder's output which number was said in
a stretch of speech, or none. This is recognition of words: its result is a number and a
probability, and nothing of how it was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

Encoded = npt.NDArray[np.float32]
"""The encoder's output: a row each 20 ms."""

_Array = npt.NDArray[np.float32]

Evidence = npt.NDArray[np.float32]
"""A row of logits, one a class, for each step."""

WEIGHTS: Final = "numbers.npz"

SAMPLES = 320
"""Samples at 16 kHz of a row of the encoder's output."""

CLASSES = 12
"""The numbers from 0 to 10, then none of them."""

POOLED = 4
"""Rows of the encoder's output of which the mean is one step: 80 ms."""

CONTEXT = 2
"""Steps before and after one that are read with it."""


NO_EVIDENCE: Final[Evidence] = np.zeros((0, CLASSES), np.float32)


@dataclass(frozen=True)
class NumberNetwork:
    """One hidden layer at each step; a class's evidence is summed over the steps."""

    mean: _Array
    spread: _Array
    hidden: _Array
    hidden_bias: _Array
    output: _Array
    bias: _Array

    def evidence(self, encoded: Encoded) -> Evidence:
        """What each step (80 ms) says for each class: rows of logits."""
        steps = steps_of((encoded - self.mean) / self.spread)
        hidden = np.maximum(steps @ self.hidden + self.hidden_bias, 0)
        return np.asarray(hidden @ self.output, np.float32)

    def probabilities(self, evidence: Evidence) -> _Array:
        """The probability of each class in a stretch with that evidence."""
        high = evidence.max(axis=0)
        logits = high + np.log(np.exp(evidence - high).sum(axis=0)) + self.bias
        exponentials = np.exp(logits - logits.max())
        return np.asarray(exponentials / exponentials.sum(), np.float32)


def steps_of(encoded: Encoded) -> _Array:
    """Each step with those around it; beyond the ends they are zero."""
    count = max(1, len(encoded) // POOLED)
    if len(encoded) < POOLED:
        encoded = np.pad(encoded, ((0, POOLED - len(encoded)), (0, 0)))
    pooled = encoded[: count * POOLED].reshape(count, POOLED, -1).mean(axis=1)
    padded = np.pad(pooled, ((CONTEXT, CONTEXT), (0, 0)))
    return np.concatenate(
        [padded[at : at + count] for at in range(2 * CONTEXT + 1)], axis=1, dtype=np.float32
    )


@lru_cache(maxsize=1)
def number_network() -> NumberNetwork:
    """The network learned from the packaged model's encoder."""
    source = resources.files("infra.transcription") / WEIGHTS
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return NumberNetwork(**{name: stored[name].astype(np.float32) for name in stored.files})
