"""An agency's own baseline of a score: what is usual for it, and how much a call varies.

The baseline is taken from whole days that ended before the test began to doubt, so a rise never
becomes part of what it is measured against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.figures import SCORE_UNIT


@dataclass(frozen=True, slots=True)
class RiseSettings:
    """What the test is set to; `docs/alerts.md` gives the rates that follow from the defaults."""

    allowance_sd: float = 0.25
    """Rise, in standard deviations of a call, that is not accumulated (CUSUM's k): half the
    rise the test is tuned to."""
    threshold: float = 24.0
    """Height, in standard deviations of a call, at which an alert opens (CUSUM's h). Multiplied
    by the baseline's dispersion, as is the next."""
    resolve_threshold: float = 40.0
    """Height of the opposite sum at which an alert resolves; higher, because calls vary more
    while some of them are aggressive, and an alert should not flicker."""
    allowance_errors: float = 1.0
    """Standard errors of the baseline's mean added to the allowance, so that a young baseline
    alarms no more often than an old one."""
    window_days: int = 56
    """Days with calls the baseline is taken from; more where they hold too few calls."""
    lag_days: int = 7
    """Last days left out of the baseline, so that a creeping rise does not hide itself."""
    warmup_calls: int = 300
    """Scored calls the baseline needs before the test starts."""
    warmup_days: int = 12
    """Days with calls the baseline needs before the test starts."""
    alert_calls: int = 20
    """Scored calls of a rise (or of its end) below which no alert opens (or resolves)."""
    sd_floor: float = 0.03
    """Least standard deviation of a call assumed, in score units: below it a change, however
    regular, is too small to matter."""
    dispersion_cap: float = 6.0
    """Most by which days that differ more than their calls explain raise the threshold."""
    hour_cap_sd: float = 4.0
    """Most that an hour's calls count on average, in standard deviations: one call never alarms."""

    def __post_init__(self) -> None:
        """Refuse settings under which the test means nothing."""
        positive = (
            self.allowance_sd,
            self.threshold,
            self.resolve_threshold,
            self.sd_floor,
            self.hour_cap_sd,
        )
        if not all(math.isfinite(value) and value > 0 for value in positive):
            raise ValueError("allowance, thresholds, floor and cap must be above 0")
        if min(self.window_days, self.warmup_days, self.warmup_calls, self.alert_calls) < 2:
            raise ValueError("window, warm-up and calls of an alert must be at least 2")
        if self.lag_days < 0 or self.allowance_errors < 0 or self.dispersion_cap < 1:
            raise ValueError("lag and errors must not be negative, the dispersion cap not below 1")
        if self.warmup_days > self.window_days:
            raise ValueError("the warm-up cannot be longer than the window")


class Day(NamedTuple):
    """A day's scores: `total` in 1/10^4, `squares` in 1/10^8, exact."""

    day: int
    """Days since 1970-01-01 (UTC)."""
    n: int
    total: int
    squares: int


class Baseline(NamedTuple):
    """What the test measures against, fixed while it doubts and while an alert is open."""

    mean: float
    """Usual score of a call."""
    sd: float
    """Standard deviation of a call within a day, not below the floor."""
    allowance: float
    """Rise above the mean, in `sd`, that is not accumulated."""
    threshold: float
    """Height of the sum, in `sd`, that opens an alert."""
    resolve_threshold: float
    """Height of the opposite sum, in `sd`, that resolves it."""


def recent(days: Sequence[Day], settings: RiseSettings) -> tuple[Day, ...]:
    """Return the newest `window_days` of `days` (in order), and older ones up to the warm-up."""
    calls = 0
    for count, day in enumerate(reversed(days)):
        if count >= settings.window_days and calls >= settings.warmup_calls:
            return tuple(days[len(days) - count :])
        calls += day.n
    return tuple(days)


def baseline(days: Sequence[Day], settings: RiseSettings) -> Baseline | None:
    """Estimate the baseline from whole days with calls, in order; None while warming up.

    The mean is robust to odd days: each day of at least `_CLIPPED_FROM` calls is drawn to within
    `_CLIP_ERRORS` of its standard errors of the median day. The standard deviation is the one
    within days, so it does not grow with differences between days; those raise the threshold
    instead, by the ratio of their variance to the one their calls explain (a day's mood, a
    Saturday's different cases), because the time to a false alarm depends on threshold over
    variance.
    """
    used = recent(days, settings)
    calls = sum(day.n for day in used)
    if calls < settings.warmup_calls or len(used) < settings.warmup_days:
        return None
    within = sum(day.squares - day.total * day.total / day.n for day in used)
    freedom = calls - len(used)
    variance = max(0.0, within / freedom) / SCORE_UNIT**2 if freedom > 0 else 0.0
    sd = max(math.sqrt(variance), settings.sd_floor)
    means = _clipped_means(used, sd)
    mean = sum(day.n * value for day, value in zip(used, means, strict=True)) / calls
    dispersion = min(_dispersion(used, means, mean, sd), settings.dispersion_cap)
    error = math.sqrt(dispersion / calls)
    return Baseline(
        mean=mean,
        sd=sd,
        allowance=settings.allowance_sd + settings.allowance_errors * error,
        threshold=settings.threshold * dispersion,
        resolve_threshold=settings.resolve_threshold * dispersion,
    )


_CLIPPED_FROM = 20
_CLIP_ERRORS = 4.0
_PRIOR_FREEDOM = 14


def _clipped_means(days: Sequence[Day], sd: float) -> list[float]:
    means = [day.total / (SCORE_UNIT * day.n) for day in days]
    centre = _weighted_median(means, [day.n for day in days])
    clipped = []
    for day, mean in zip(days, means, strict=True):
        reach = _CLIP_ERRORS * sd / math.sqrt(day.n)
        inside = min(max(mean, centre - reach), centre + reach)
        clipped.append(inside if day.n >= _CLIPPED_FROM else mean)
    return clipped


def _weighted_median(values: Sequence[float], weights: Sequence[int]) -> float:
    half = sum(weights) / 2
    below = 0
    for value, weight in sorted(zip(values, weights, strict=True)):
        below += weight
        if below >= half:
            return value
    raise ValueError("no values")


def _dispersion(days: Sequence[Day], means: Sequence[float], mean: float, sd: float) -> float:
    """Variance between days over the one their calls explain, drawn to 1, at least 1."""
    between = sum(
        day.n * (value - mean) * (value - mean) for day, value in zip(days, means, strict=True)
    )
    freedom = len(days) - 1
    return max(1.0, (between / (sd * sd) + _PRIOR_FREEDOM) / (freedom + _PRIOR_FREEDOM))
