"""Measures of how well labels are told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from processors.heads import Vector


def auc(
    scores: Sequence[float] | Vector, positive: Sequence[bool] | NDArray[np.bool_]
) -> float | None:
    """Chance that a positive scores above a negative, ties as half; None without one of both."""
    truth: NDArray[np.bool_] = np.asarray(positive, dtype=bool)
    n, m = int(np.sum(truth)), int(np.sum(~truth))
    if not n or not m:
        return None
    ranks = rankdata(scores)
    return float((np.sum(ranks[truth]) - n * (n + 1) / 2) / (n * m))


def f1_of(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """F1 of (true, found) pairs; None where nothing is true and nothing found."""
    hits = sum(true and found for true, found in pairs)
    either = sum(true + found for true, found in pairs)
    return 2 * hits / either if either else None


def nps(ratings: Sequence[int]) -> float | None:
    """Share of 9-10 less share of 0-6, in points; None without ratings."""
    if not ratings:
        return None
    promoters = sum(rating >= 9 for rating in ratings)
    detractors = sum(rating <= 6 for rating in ratings)
    return 100.0 * (promoters - detractors) / len(ratings)
