"""Figures of an agency from its exact sums: one window as of one hour.

After a crash, changes of different topics may be taken in in another order than they were made.
Until the last of them has come, sums can be those of no events at all: more cancelled than matured,
a negative count. A figure of such sums is undefined; the next change publishes it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processors.event_time import (
    DAY_HOURS,
    HOUR_US,
    day_of,
    day_start,
    hour_of,
    to_datetime,
    window_bounds,
)
from processors.metrics.correlation import correlation
from processors.metrics.nps import nps
from processors.metrics.rates import rate
from schemas.derived import Correlation, Figures, Interval, Mean
from schemas.figures import SCORE_UNIT, MetricWindow
from schemas.rows import HOUR_SUMS


def figures(
    client_id: str,
    agency_id: str,
    segment: str,
    window: MetricWindow,
    as_of: int,
    sums: Mapping[str, int],
) -> Figures:
    """The figures that follow from a window's sums.

    Args:
        client_id: the client company.
        agency_id: the agency.
        segment: 'all', or dimension=value.
        window: the window the sums are of.
        as_of: T in us; the figures' `as_of` is the beginning of T's hour, the last hour counted.
        sums: sums over the window by their names in `HOUR_SUMS`; an absent name is 0.
    """
    return Figures(
        client_id=client_id,
        agency_id=agency_id,
        segment=segment,
        window=window,
        as_of=to_datetime(hour_of(as_of)),
        **measures(sums),
    )


def measures(sums: Mapping[str, int]) -> dict[str, Any]:
    """Every figure that follows from `sums`, by its name in `Figures`; an absent sum is 0."""
    of = sums.get
    matured, supplier_lost = of("matured", 0), of("supplier_lost", 0)
    return {
        "calls": max(0, of("calls", 0)),
        "nps": _nps("", sums),
        "nps_predicted": _nps("predicted_", sums),
        "aggression": _mean("aggression", sums),
        "empathy": _mean("empathy", sums),
        "sentiment": _mean("sentiment", sums),
        "churn_rate": _rate(of("cancelled", 0), matured - supplier_lost),
        "recovery_rate": _rate(of("paid", 0), matured),
        "amount_recovered": of("amount", 0) / SCORE_UNIT,
        "amount_recovered_units": of("amount", 0),
        "churn_correlation": _correlation("churn", sums),
        "payment_correlation": _correlation("payment", sums),
    }


def window_sums(
    cells: Mapping[tuple[int, int], Mapping[str, int]], window: MetricWindow, as_of: int
) -> dict[str, int]:
    """All `HOUR_SUMS` over the window as of T.

    `cells` are sums by their hour and the hour from which they are known (starts, us).
    """
    begin, end = window_bounds(window, as_of)
    totals = dict.fromkeys(HOUR_SUMS, 0)
    for (hour, known), sums in cells.items():
        if begin <= hour < end and known < end:
            for name, value in sums.items():
                totals[name] += value
    return totals


def snapshot_days(
    touched: Iterable[tuple[int, int]], watermark: int, previous_watermark: int | None = None
) -> dict[int, int]:
    """Days whose snapshots are to be written again, each with the `as_of` to write it with.

    A past day is as of its last hour, the watermark's day as of the watermark's hour.

    Args:
        touched: hours (us) whose sums moved, each with the hour from which that is known; what
            lies after the watermark waits for it.
        watermark: latest event time seen, us.
        previous_watermark: the watermark when snapshots were last written; the days from then
            on are due whatever was touched, and today if the hour is another. None, when no
            snapshot was written yet: today is due.
    """
    today, now = day_of(watermark), hour_of(watermark)
    moved = set(touched)
    days = {(day_of(hour), day_of(max(hour, known))) for hour, known in moved}
    due = {day for first, known in days for day in range(known, first + _LONGEST_DAYS)}
    if previous_watermark is not None:
        due.update(range(day_of(previous_watermark), today))
    as_of = {day: _last_hour(day) for day in sorted(due) if day < today}
    begin, end = window_bounds(_LONGEST, watermark)
    moved_on = previous_watermark is None or hour_of(previous_watermark) < now
    if moved_on or any(begin <= hour < end and known < end for hour, known in moved):
        as_of[today] = now
    return as_of


_UNDEFINED = Interval(value=None, low=None, high=None, n=0)

_LONGEST = max(MetricWindow, key=lambda window: window.hours)
_LONGEST_DAYS = _LONGEST.hours // DAY_HOURS


def _last_hour(day: int) -> int:
    return day_start(day + 1) - HOUR_US


def _nps(prefix: str, sums: Mapping[str, int]) -> Interval:
    counts = [sums.get(f"{prefix}{name}", 0) for name in ("promoters", "passives", "detractors")]
    return _UNDEFINED if min(counts) < 0 else nps(*counts)


def _rate(k: int, n: int) -> Interval:
    return rate(k, n) if 0 <= k <= n else _UNDEFINED


def _mean(name: str, sums: Mapping[str, int]) -> Mean:
    total, n, inferred = (sums.get(f"{name}_{part}", 0) for part in ("sum", "n", "inferred"))
    if not 0 <= inferred <= n or total < -n * SCORE_UNIT:
        return Mean(value=None, n=0, n_inferred=0)
    return Mean(value=total / (n * SCORE_UNIT) if n else None, n=n, n_inferred=inferred)


def _correlation(name: str, sums: Mapping[str, int]) -> Correlation:
    n, x, xx, y, xy = (sums.get(f"{name}_{part}", 0) for part in ("n", "x", "xx", "y", "xy"))
    spread_x, spread_y, shared = n * xx - x * x, n * y - y * y, n * xy - x * y
    if n < 0 or min(spread_x, spread_y) < 0 or shared * shared > spread_x * spread_y:
        return Correlation(value=None, low=None, high=None, n=0, p=None)
    return correlation(n, x, xx, y, xy)
