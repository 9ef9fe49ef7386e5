"""A rate k / n with its Wilson interval."""

from __future__ import annotations

from math import sqrt

from schemas.derived import Interval

Z_95 = 1.959964
"""Normal quantile of every 95 % interval."""


def rate(k: int, n: int) -> Interval:
    """k / n with its 95 % Wilson score interval (no continuity correction); null when n is 0.

    >>> rate(20, 100)
    Interval(value=0.2, low=0.1333..., high=0.2888..., n=100)

    Raises:
        ValueError: k is not within 0..n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no rate")
    if n == 0:
        return Interval(value=None, low=None, high=None, n=0)
    square = Z_95 * Z_95
    centre = (k + square / 2) / (n + square)
    half = Z_95 / (n + square) * sqrt(k * (n - k) / n + square / 4)
    return Interval(
        value=k / n,
        low=0.0 if k == 0 else centre - half,
        high=1.0 if k == n else centre + half,
        n=n,
    )
