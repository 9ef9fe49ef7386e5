"""Exact inference in a linear chain with two labels: which label each place has, and how surely.

Scores are logarithms of unnormalised weights. `places` has a score for each label of each place,
`steps` for each pair of labels of a place and the next. All arrays have an axis for the chains that
are computed together, so that learning is fast; chains of unequal length are padded by `PADDING`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

LABELS = 2
PADDING = -math.log(LABELS)
"""Score of every step to a padded place, whose own scores are 0: it changes no probability."""


class Marginals(NamedTuple):
    """The probabilities of the labels of chains."""

    places: Scores
    """(places, chains, labels): sums to 1 over the labels."""
    steps: Scores
    """(places - 1, chains, labels, labels of the next place): sums to 1 over both."""
    total: Scores
    """(chains): logarithm of the summed weight of all labellings."""


def marginals(places: Scores, steps: Scores) -> Marginals:
    """Forward-backward: `places` is (places, chains, labels), at least one place.

    `steps` is (places - 1, chains, labels, labels of the next place).
    """
    forward = np.empty_like(places)
    backward = np.zeros_like(places)
    forward[0] = places[0]
    for at in range(1, len(places)):
        reached = forward[at - 1][:, :, None] + steps[at - 1]
        forward[at] = np.logaddexp.reduce(reached, axis=1) + places[at]
    for at in range(len(places) - 2, -1, -1):
        onward = steps[at] + (places[at + 1] + backward[at + 1])[:, None, :]
        backward[at] = np.logaddexp.reduce(onward, axis=2)
    total = np.logaddexp.reduce(forward[-1], axis=1)
    of_places = np.exp(forward + backward - total[:, None])
    pairs = forward[:-1, :, :, None] + steps + (places[1:] + backward[1:])[:, :, None, :]
    return Marginals(of_places, np.exp(pairs - total[:, None, None]), total)
