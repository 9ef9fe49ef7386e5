"""Churn in the most against the least aggressive quarter of engagements.

The churn correlation in words a manager uses: 'of the customers treated most harshly, so many
left; of those treated least harshly, so many'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.metrics.rates import rate
from schemas.derived import Interval

SMALLEST_N = 40
"""Below this many engagements (ten a quarter) the comparison is undefined."""


@dataclass(frozen=True)
class Quarters:
    """The two quarters' churn rates; null below `SMALLEST_N`, or where they would overlap."""

    n: int
    """Engagements in all: matured, with an aggression score, not lost to the supplier."""
    least_up_to: float | None
    """Highest aggression of the least aggressive quarter."""
    least: Interval | None
    most_from: float | None
    """Lowest aggression of the most aggressive quarter."""
    most: Interval | None


def quarters(engagements: Sequence[tuple[float, bool]]) -> Quarters:
    """Churn of the least and the most aggressive quarter, each with its Wilson interval.

    A quarter is the ceil(n / 4) lowest or highest scores, and every engagement that ties with
    the last of them: equal treatment is never separated, so a quarter may hold more than a quarter
    (its n says how many). Where ties are so many that the quarters would overlap, it is null.

    Args:
        engagements: mean aggression (0-1) and whether the customer cancelled, of each.
    """
    n = len(engagements)
    if n < SMALLEST_N:
        return Quarters(n, None, None, None, None)
    scores = sorted(aggression for aggression, _ in engagements)
    size = -(-n // 4)
    least_up_to, most_from = scores[size - 1], scores[-size]
    if least_up_to >= most_from:
        return Quarters(n, None, None, None, None)
    least = [cancelled for aggression, cancelled in engagements if aggression <= least_up_to]
    most = [cancelled for aggression, cancelled in engagements if aggression >= most_from]
    return Quarters(
        n,
        least_up_to,
        rate(sum(least), len(least)),
        most_from,
        rate(sum(most), len(most)),
    )
