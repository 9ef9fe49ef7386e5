"""Measures of how well labels are distinguished."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from processors.encoder.network import Vector


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


def rank_correlation(values: Sequence[float], truth: Sequence[float], n: int = 3) -> float | None:
    """Spearman's correlation, ties with their mean rank; None below `n` or without variance."""
    return correlation(rankdata(values).tolist(), rankdata(truth).tolist(), n)


def correlation(values: Sequence[float], truth: Sequence[float], n: int = 3) -> float | None:
    """Pearson's correlation; None below `n` or without variance."""
    if len(values) < n or len(set(values)) < 2 or len(set(truth)) < 2:
        return None
    return float(np.corrcoef(values, truth)[0, 1])


def f1_of(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """F1 of (true, found) pairs; None where nothing is true and nothing found."""
    hits = sum(true and found for true, found in pairs)
    either = sum(true + found for true, found in pairs)
    return 2 * hits / either if either else None


def f1(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall; 0 where nothing is found."""
    hits = int(np.sum(truth & found))
    return 2 * hits / max(1, int(np.sum(truth) + np.sum(found)))


def best_threshold(truth: NDArray[np.bool_], chances: Vector, around: int = 0) -> float:
    """The chance, in hundredths, from which the F1 is best; the greatest of equals.

    With few examples the best is chance: `around` takes the mean F1 of so many hundredths on
    either side too.
    """
    candidates = np.round(np.arange(0.05, 0.951, 0.01), 2)
    values = np.array([f1(truth, chances >= candidate) for candidate in candidates])
    places = range(len(candidates))
    means = [float(np.mean(values[max(0, at - around) : at + around + 1])) for at in places]
    return float(candidates[max(places, key=lambda at: (means[at], at))])


def nps(ratings: Sequence[int]) -> float | None:
    """Share of 9-10 less share of 0-6, in points; None without ratings."""
    if not ratings:
        return None
    promoters = sum(rating >= 9 for rating in ratings)
    detractors = sum(rating <= 6 for rating in ratings)
    return 100.0 * (promoters - detractors) / len(ratings)
