"""Falls of an agency's measured NPS, found as rises of its opposite.

Each rating counts by its class as its displeasure: promoter -1, passive 0, detractor 1. Their
mean is -NPS / 100, so a fall of the NPS is a rise of that mean, for the same test that finds
rises of aggression.
"""

from __future__ import annotations

from collections.abc import Mapping

from processors.alerts.baseline import RiseSettings
from processors.alerts.cusum import HourScores
from schemas.figures import SCORE_UNIT

FALL_SETTINGS = RiseSettings(
    allowance_sd=0.2,
    threshold=22.0,
    resolve_threshold=30.0,
    sd_floor=0.6,
)
"""Tuned to a fall of 30 points or more; `docs/alerts.md` gives the rates that follow.

A rating's displeasure has a standard deviation of 0.7 to 0.9 where customers differ. Where nearly
all are promoters it is less and very skewed: with the floor a few detractors do not alarm.
"""


def displeasure(hour: int, sums: Mapping[str, int]) -> HourScores:
    """The measured ratings of an hour (its start in us, its `HOUR_SUMS`) as scores to watch."""
    promoters, detractors = sums["promoters"], sums["detractors"]
    return HourScores(
        hour=hour,
        n=promoters + sums["passives"] + detractors,
        total=SCORE_UNIT * (detractors - promoters),
        squares=SCORE_UNIT**2 * (detractors + promoters),
    )


def nps(mean_displeasure: float) -> float:
    """The NPS, -100 to 100, of ratings with this mean."""
    return 100 * (0.0 - mean_displeasure)
