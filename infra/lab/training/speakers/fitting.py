"""Fits the model: what pieces and steps show, and how the chain weighs it.

The parts are learned from every author, and the chain's weights from what parts learned without an
author say of that author's calls; so the chain knows how far to trust them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from infra.lab.training.fitting import Recipe, fit_looks
from infra.lab.training.speakers.material import Example
from processors.speakers.chain import PADDING, Scores, marginals
from processors.speakers.features import Observed
from processors.speakers.model import (
    CHAIN,
    LayerWeights,
    PartWeights,
    evidence_of,
    places_of,
    steps_of,
)
from processors.text.ngrams import Grams
from schemas.conversation import Speaker

UNITS = 96
ROUNDS = 8
SEEDS = 2
"""Networks, each from another begin, side by side in one: of their logits the mean counts."""
DECAY = 1.0
LOOKS = Recipe(0, 0, 1.0, 1.0, 0.0, 0.5, 0.5)
FOLDS = 4
GROUP = 256
"""Chains of like length that are computed together."""


@dataclass(frozen=True)
class Seen:
    """An example and what the model reads of it; labels are 0 operator, 1 customer."""

    example: Example
    observed: Observed
    labels: NDArray[np.int64]


def labels_of(example: Example) -> NDArray[np.int64]:
    """Of each piece 0 where the operator says it, 1 where the customer does."""
    return np.array([int(label is Speaker.CUSTOMER) for label in example.labels])


def fit_parts(calls: Sequence[Seen], turns: Sequence[tuple[Grams, int]]) -> PartWeights:
    """What pieces and steps show, from `calls` and from the words of single `turns`."""
    grams = [g for seen in calls for g in seen.observed.grams] + [g for g, _ in turns]
    by_piece = np.concatenate([seen.labels for seen in calls])
    labels = np.concatenate([1 - by_piece, [1 - label for _, label in turns]]).astype(np.int64)
    characters, words, bias = fit_looks(grams, labels, LOOKS)
    pieces = _network(np.vstack([seen.observed.pieces for seen in calls]), 1 - by_piece)
    changes = np.concatenate([np.diff(seen.labels) != 0 for seen in calls]).astype(np.int64)
    steps = _network(np.vstack([seen.observed.steps for seen in calls]), changes)
    return PartWeights(characters, words, bias, pieces, steps)


def _network(rows: Scores, labels: NDArray[np.int64]) -> LayerWeights:
    single = rows.astype(np.float32)
    models = [
        MLPClassifier((UNITS,), alpha=DECAY, max_iter=ROUNDS, batch_size=256, random_state=seed)
        for seed in range(SEEDS)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in models:
            model.fit(single, labels)
    inward = np.hstack([model.coefs_[0] for model in models])
    return LayerWeights(
        inward.astype(np.float16).astype(np.float64),
        np.concatenate([model.intercepts_[0] for model in models]).astype(np.float64),
        np.concatenate([model.coefs_[1][:, 0] for model in models]).astype(np.float64) / SEEDS,
        float(np.mean([model.intercepts_[1][0] for model in models])),
    )


def fit_chain(calls: Sequence[Seen], turns: Sequence[tuple[str, Grams, int]]) -> Scores:
    """The chain's weights, in the order of `CHAIN`: the likeliest, each author left out in turn.

    `turns` are single turns with their authors.
    """
    authors = sorted({seen.example.author for seen in calls})
    folds = [authors[number::FOLDS] for number in range(FOLDS)]
    evidence: list[tuple[Scores, Scores]] = []
    held: list[Seen] = []
    for fold in folds:
        parts = fit_parts(
            [seen for seen in calls if seen.example.author not in fold],
            [(grams, label) for author, grams, label in turns if author not in fold],
        )
        own = [seen for seen in calls if seen.example.author in fold]
        evidence += [evidence_of(parts, seen.observed) for seen in own]
        held += own
    groups = list(_groups(held, evidence))

    def loss(weights: Scores) -> float:
        return sum(group.loss(weights) for group in groups) / len(held)

    start = np.array([1.0 if name.startswith("by_") else 0.0 for name in CHAIN])
    return np.asarray(minimize(loss, start, method="L-BFGS-B").x)


@dataclass(frozen=True)
class _Group:
    """Chains padded to one length, with their evidence; `real` is what is no padding."""

    pieces: Scores
    steps: Scores
    labels: NDArray[np.int64]
    real: NDArray[np.bool_]

    def loss(self, weights: Scores) -> float:
        """The negative log-likelihood of the labels."""
        places = places_of(weights, self.pieces) * self.real[:, :, None]
        steps = steps_of(weights, self.steps)
        steps[~self.real[1:]] = PADDING
        total = marginals(places, steps).total
        reached = np.take_along_axis(places, self.labels[:, :, None], 2)[:, :, 0].sum(axis=0)
        rows = np.arange(len(steps))[:, None]
        chains = np.arange(places.shape[1])
        moved = steps[rows, chains, self.labels[:-1], self.labels[1:]]
        return float((total - reached - (moved * self.real[1:]).sum(axis=0)).sum())


def _groups(calls: Sequence[Seen], evidence: Sequence[tuple[Scores, Scores]]) -> Iterator[_Group]:
    lengths = np.array([len(seen.labels) for seen in calls])
    order = np.argsort(lengths, kind="stable")
    for begin in range(0, len(order), GROUP):
        chosen = order[begin : begin + GROUP]
        longest = int(lengths[chosen].max())
        width = evidence[0][0].shape[1]
        pieces = np.zeros((longest, len(chosen), width))
        steps = np.zeros((longest - 1, len(chosen)))
        labels = np.zeros((longest, len(chosen)), dtype=np.int64)
        for column, which in enumerate(chosen):
            n = lengths[which]
            pieces[:n, column], steps[: n - 1, column] = evidence[which]
            labels[:n, column] = calls[which].labels
        real = np.arange(longest)[:, None] < lengths[chosen]
        yield _Group(pieces, steps, labels, real)
