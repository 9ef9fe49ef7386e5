"""Pearson's r of a score with a 0/1 outcome (point-biserial), from exact integer sums."""

from __future__ import annotations

from functools import lru_cache
from math import atanh, sqrt, tanh

from processors.metrics.rates import Z_95
from schemas.derived import Correlation

SMALLEST_N = 10
"""Below this many pairs a correlation is undefined."""


# Engagements mature by the hour, but the windows that hold them are published with each call.
@lru_cache(maxsize=4096)
def correlation(n: int, x: int, xx: int, y: int, xy: int) -> Correlation:
    """Pearson's r, its 95 % Fisher interval and its two-sided p; null where undefined.

    Args:
        n: pairs.
        x: sum of the scores, in any unit.
        xx: sum of their squares, in that unit squared.
        y: sum of the outcomes (each 0 or 1, so its own square).
        xy: sum of the products, in x's unit.

    It is undefined with fewer than `SMALLEST_N` pairs, or when either side has no variance,
    which the integers decide exactly. When r is 1 or -1 the interval is its limit [r, r], and p
    is 0. p is of Student's t = r sqrt((n - 2) / (1 - r^2)) with n - 2 degrees of freedom.
    """
    spread_x, spread_y, shared = n * xx - x * x, n * y - y * y, n * xy - x * y
    if n < SMALLEST_N or spread_x == 0 or spread_y == 0:
        return Correlation(value=None, low=None, high=None, n=n, p=None)
    spreads = spread_x * spread_y
    unexplained = spreads - shared * shared
    r = sqrt(shared * shared / spreads)
    r = -r if shared < 0 else r
    low, high = _fisher_interval(r, n)
    p = _two_sided_p(unexplained / spreads, n)
    return Correlation(value=r, low=low, high=high, n=n, p=p)


def _fisher_interval(r: float, n: int) -> tuple[float, float]:
    if abs(r) == 1.0:
        return r, r
    z, half = atanh(r), Z_95 / sqrt(n - 3)
    return tanh(z - half), tanh(z + half)


def _two_sided_p(unexplained: float, n: int) -> float:
    """p of Student's t with n - 2 degrees, written in 1 - r^2, which loses nothing near r = 1.

    P(|T| > t) is the regularised incomplete beta function at df / (df + t^2) = 1 - r^2 with
    parameters df / 2 and 1 / 2.
    """
    # Imported late: scipy takes long to load, and entry points must start fast.
    from scipy.special import betainc

    return float(betainc((n - 2) / 2, 0.5, unexplained))
