"""Kaplan-Meier's curve and the log-rank test, by lifelines.

The one module that knows lifelines: with pandas and scipy behind it, it takes over a second to
load, so it is imported when a curve is asked for, never by a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class CurvePoint:
    """The curve at the end of so many whole days since time zero.

    `low` and `high` bound the share staying with 95 % at that day (not the whole curve); they
    are null where the interval is undefined: while nobody left, and when nobody stayed.
    """

    day: int
    staying: float
    low: float | None
    high: float | None
    at_risk: int
    """How many were still observed, and staying, just before that day's end."""


@dataclass(frozen=True)
class LogRankResult:
    """Whether groups leave at the same pace: chi-squared with (groups - 1) degrees of freedom."""

    statistic: float
    p: float


def kaplan_meier(days: Sequence[float], left: Sequence[bool]) -> tuple[CurvePoint, ...]:
    """The share still staying, day by day (Kaplan & Meier 1958).

    The interval is Greenwood's on the scale log(-log S), which confines it to 0..1. The curve
    ends with the last whole day at which anybody was observed; one that came to 0 says so in
    one point more. Empty when nobody was observed.

    Args:
        days: days observed of each, from its time zero on, at least 0.
        left: whether it left at the end of them; else it was only observed so long.

    >>> [(p.day, round(p.staying, 3), p.at_risk) for p in kaplan_meier([1, 2, 2], [1, 1, 0])]
    [(0, 1.0, 3), (1, 0.667, 3), (2, 0.333, 2)]
    """
    if not days:
        return ()
    import numpy as np
    from lifelines import KaplanMeierFitter

    fitted = KaplanMeierFitter().fit(days, left)
    timeline = np.asarray(fitted.timeline, dtype=float)
    staying = fitted.survival_function_.to_numpy().ravel()
    bounds = fitted.confidence_interval_.to_numpy()
    observed = np.sort(np.asarray(days, dtype=float))
    points = []
    for day in range(ceil(observed[-1]) + 1):
        step = int(np.searchsorted(timeline, day, side="right")) - 1
        at_risk = len(observed) - int(np.searchsorted(observed, day, side="left"))
        share = float(staying[step])
        if at_risk == 0 and share > 0:
            break
        low, high = (float(bound) for bound in bounds[step]) if 0 < share < 1 else (None, None)
        points.append(CurvePoint(day, share, low, high, at_risk))
    return tuple(points)


def log_rank(
    days: Sequence[float], groups: Sequence[str], left: Sequence[bool]
) -> LogRankResult | None:
    """The log-rank test of all groups together (Mantel 1966); null where it is undefined.

    A group of whom nobody was observed any more when the first one left says nothing, and is
    left out. The test is undefined with fewer than two groups, when nobody left, and when all
    left at once.
    """
    gone = [time for time, out in zip(days, left, strict=True) if out]
    if not gone:
        return None
    members = list(zip(days, groups, left, strict=True))
    first = min(gone)
    informative = {group for time, group, _ in members if time >= first}
    outlasting = any(time > first or (time == first and not out) for time, _, out in members)
    if len(informative) < 2 or not outlasting:
        return None
    from lifelines.statistics import (
        multivariate_logrank_test,
    )

    informative_members = [member for member in members if member[1] in informative]
    tested = multivariate_logrank_test(*zip(*informative_members, strict=True))
    return LogRankResult(float(tested.test_statistic), float(tested.p_value))
