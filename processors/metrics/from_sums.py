"""Figures of an agency from its exact sums: one window as of one hour."""

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
from schemas.derived import Correlation, Figures, Mean
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
        "calls": of("calls", 0),
        "nps": nps(of("promoters", 0), of("passives", 0), of("detractors", 0)),
        "nps_predicted": nps(
            of("predicted_promoters", 0), of("predicted_passives", 0), of("predicted_detractors", 0)
        ),
        "aggression": _mean("aggression", sums),
        "empathy": _mean("empathy", sums),
        "sentiment": _mean("sentiment", sums),
        "churn_rate": rate(of("cancelled", 0), matured - supplier_lost),
        "recovery_rate": rate(of("paid", 0), matured),
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


_LONGEST = max(MetricWindow, key=lambda window: window.hours)
_LONGEST_DAYS = _LONGEST.hours // DAY_HOURS


def _last_hour(day: int) -> int:
    return day_start(day + 1) - HOUR_US


def _mean(name: str, sums: Mapping[str, int]) -> Mean:
    total, n, inferred = (sums.get(f"{name}_{part}", 0) for part in ("sum", "n", "inferred"))
    return Mean(value=total / (n * SCORE_UNIT) if n else None, n=n, n_inferred=inferred)


def _correlation(name: str, sums: Mapping[str, int]) -> Correlation:
    n, x, xx, y, xy = (sums.get(f"{name}_{part}", 0) for part in ("n", "x", "xx", "y", "xy"))
    return correlation(n, x, xx, y, xy)
