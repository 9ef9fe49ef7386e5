"""Fits the recogniser of spoken numbers, by Adam in NumPy, with dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from infra.transcription.spoken_numbers import CLASSES, NumberNetwork, steps_of

_Array = npt.NDArray[np.float32]

UNITS: Final = 64
EPOCHS: Final = 20
BATCH: Final = 64
LEARNING_RATE: Final = 2e-3
"""At first; it falls to a hundredth by half a cosine."""
DECAY: Final = 0.01
"""Of the weights, at each step, apart from the gradient (AdamW)."""
DROPOUT: Final = 0.4
"""Share of the inputs and of the hidden units left out at each step."""


def fit(
    encoded: Sequence[npt.NDArray[np.float16]], numbers: Sequence[int | None], seed: int
) -> NumberNetwork:
    """A network that says which number was said in each sample, `None` being the last class."""
    chance = np.random.default_rng(seed)
    frames = np.concatenate([one[::7] for one in encoded]).astype(np.float32)
    mean, spread = frames.mean(axis=0), frames.std(axis=0) + 1e-3
    steps = [
        steps_of((one.astype(np.float32) - mean) / spread).astype(np.float16) for one in encoded
    ]
    classes = np.array([CLASSES - 1 if number is None else number for number in numbers])
    inputs = steps[0].shape[1]
    weights: dict[str, _Array] = {
        "hidden": chance.normal(0, inputs**-0.5, (inputs, UNITS)).astype(np.float32),
        "hidden_bias": np.zeros(UNITS, np.float32),
        "output": chance.normal(0, UNITS**-0.5, (UNITS, CLASSES)).astype(np.float32),
        "bias": np.zeros(CLASSES, np.float32),
    }
    moments = {name: (np.zeros_like(one), np.zeros_like(one)) for name, one in weights.items()}
    by_length = np.argsort([len(one) + chance.uniform(0, 6) for one in steps])
    total, at = EPOCHS * (-(-len(steps) // BATCH)), 0
    for _ in range(EPOCHS):
        batches = [by_length[i : i + BATCH] for i in range(0, len(steps), BATCH)]
        chance.shuffle(batches)
        for batch in batches:
            at += 1
            gradients = _gradients(weights, [steps[i] for i in batch], classes[batch], chance)
            rate = LEARNING_RATE * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * at / total)))
            for name, gradient in gradients.items():
                first, second = moments[name]
                first += 0.1 * (gradient - first)
                second += 0.001 * (gradient**2 - second)
                step = (first / (1 - 0.9**at)) / (np.sqrt(second / (1 - 0.999**at)) + 1e-8)
                weights[name] -= np.float32(rate) * (step + DECAY * weights[name])
    return NumberNetwork(mean, spread, **weights)


def _gradients(
    weights: dict[str, _Array],
    steps: Sequence[npt.NDArray[np.float16]],
    classes: npt.NDArray[np.int64],
    chance: np.random.Generator,
) -> dict[str, _Array]:
    """The loss's gradient by each of the weights."""
    owner = np.repeat(np.arange(len(steps)), [len(one) for one in steps])
    x = np.concatenate(steps).astype(np.float32)
    width = x.shape[1]
    x *= (chance.random((1, width)) > DROPOUT) / np.float32(1 - DROPOUT)
    before = x @ weights["hidden"] + weights["hidden_bias"]
    dropout = ((chance.random(before.shape) > DROPOUT) / (1 - DROPOUT)).astype(np.float32)
    hidden = np.maximum(before, 0) * dropout
    evidence = hidden @ weights["output"]
    starts = np.r_[0, np.cumsum([len(one) for one in steps])[:-1]]
    high = np.maximum.reduceat(evidence, starts)
    shares = np.exp(evidence - high[owner])
    sums = np.add.reduceat(shares, starts)
    logits = high + np.log(sums) + weights["bias"]
    logits -= logits.max(axis=1, keepdims=True)
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    gradient = probabilities
    gradient[np.arange(len(steps)), classes] -= 1
    gradient /= len(steps)
    by_evidence = gradient[owner] * shares / sums[owner]
    by_hidden = (by_evidence @ weights["output"].T) * dropout * (before > 0)
    return {
        "hidden": x.T @ by_hidden,
        "hidden_bias": by_hidden.sum(axis=0),
        "output": hidden.T @ by_evidence,
        "bias": gradient.sum(axis=0),
    }
