"""How much the figures depend on the horizon H: the same window, engagements by several H."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.engagements.facts import Fact
from processors.engagements.history import engagements_of
from processors.engagements.horizons import matures_at
from processors.event_time import DAY_HOURS, window_bounds
from processors.metrics.from_sums import figures
from processors.metrics.hourly_sums import engagement_sums
from schemas.derived import Correlation, Interval
from schemas.figures import MetricWindow

HORIZONS_DAYS = (7, 14, 30, 90)
"""The horizons compared."""


@dataclass(frozen=True)
class HorizonFigures:
    """One agency's figures over matured engagements, were H so many days."""

    client_id: str
    agency_id: str
    horizon_days: int
    matured: int
    churn_rate: Interval
    recovery_rate: Interval
    churn_correlation: Correlation
    payment_correlation: Correlation


def sensitivity(
    customers: Iterable[Sequence[Fact]],
    window: MetricWindow,
    as_of: int,
    horizons_days: Sequence[int] = HORIZONS_DAYS,
) -> list[HorizonFigures]:
    """Figures by agency and horizon, sorted; engagements are derived again for each horizon.

    With another H conversations join into other engagements, which mature at another time: it is
    not the same engagements looked at for longer.

    Args:
        customers: the facts of each customer, before the end of `as_of`'s hour.
        window: the window in which engagements mature.
        as_of: the time T, us.
        horizons_days: the horizons.
    """
    begin, end = window_bounds(window, as_of)
    totals: dict[tuple[str, str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for facts in customers:
        for days in horizons_days:
            hours = days * DAY_HOURS
            for agency_id, engagements in engagements_of(facts, hours).items():
                sums = totals[facts[0].client_id, agency_id, days]
                for engagement in engagements:
                    if begin <= matures_at(engagement, hours) < end:
                        for name, value in engagement_sums(engagement).items():
                            sums[name] += value
    return [
        _horizon_figures(key, window, as_of, dict(sums)) for key, sums in sorted(totals.items())
    ]


def _horizon_figures(
    key: tuple[str, str, int], window: MetricWindow, as_of: int, sums: dict[str, int]
) -> HorizonFigures:
    client_id, agency_id, days = key
    found = figures(client_id, agency_id, "all", window, as_of, sums)
    return HorizonFigures(
        client_id,
        agency_id,
        days,
        sums.get("matured", 0),
        found.churn_rate,
        found.recovery_rate,
        found.churn_correlation,
        found.payment_correlation,
    )
