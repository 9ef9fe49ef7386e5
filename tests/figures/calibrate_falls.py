"""Measures how often the test of NPS falls alarms falsely and how soon it notices.

`python -m tests.figures.calibrate_falls` prints the tables of `docs/alerts.md` (five minutes).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.optimize import brentq
from scipy.special import ndtr

from processors.alerts.baseline import RiseSettings
from processors.alerts.cusum import HourScores, RiseState, fold, rises
from processors.alerts.nps_falls import FALL_SETTINGS, displeasure
from processors.alerts.settings import Sensitivity, read_alert_settings
from processors.event_time import DAY_US, HOUR_US
from tests.figures.calibrate_rises import DAY_WEIGHT, HOUR_WEIGHT, HOURS

SPREAD = 2.2
"""Standard deviation of customers' opinions around their agency's mean, in points of 0-10."""
USUAL_NPS = (80, 45, 0, -45)
RATES = ((60, 0.0), (30, 0.0), (10, 0.0), (45, 0.15))
"""Ratings a day, and the standard deviation of a day's mood in `SPREAD`s."""


@dataclass(frozen=True)
class Fall:
    """From `hour` (since the beginning) on the NPS is `points` lower, until hour `until`."""

    points: float = 0.0
    hour: int = 0
    until: int = 10**6


NONE = Fall()


def opinion(nps: float) -> float:
    """Mean opinion, in points of 0-10, at which the NPS is as given."""
    return float(brentq(lambda mean: 100 * (_promoters(mean) - _detractors(mean)) - nps, -10, 20))


def _promoters(mean: float | np.ndarray) -> np.ndarray:
    return np.asarray(ndtr((np.asarray(mean) - 8.5) / SPREAD))


def _detractors(mean: float | np.ndarray) -> np.ndarray:
    return np.asarray(ndtr((6.5 - np.asarray(mean)) / SPREAD))


def simulate(
    rng: Generator, nps: float, ratings_a_day: float, days: int, fall: Fall = NONE, mood: float = 0
) -> list[HourScores]:
    """Return an agency's ratings by hour: Poisson counts, opinions normal, rounded to 0-10."""
    share = HOUR_WEIGHT / HOUR_WEIGHT.sum()
    day_weight = DAY_WEIGHT[np.arange(days) % 7] * (6 / DAY_WEIGHT.sum())
    counts = rng.poisson(ratings_a_day * day_weight[:, None] * share[None, :])
    hour = np.arange(days)[:, None] * 24 + HOURS[None, :]
    fallen = (hour >= fall.hour) & (hour < fall.until)
    mean = np.where(fallen, opinion(nps - fall.points), opinion(nps))
    mean = mean + rng.normal(0, mood * SPREAD, days)[:, None]
    detractors = rng.binomial(counts, _detractors(mean))
    of_the_others = np.clip(_promoters(mean) / (1 - _detractors(mean)), 0, 1)
    promoters = rng.binomial(counts - detractors, of_the_others)
    sums = zip(hour.flat, counts.flat, promoters.flat, detractors.flat, strict=True)
    return [
        displeasure(
            int(at) * HOUR_US,
            {
                "promoters": int(above),
                "passives": int(n - above - below),
                "detractors": int(below),
            },
        )
        for at, n, above, below in sums
        if n
    ]


def false_alarms(
    nps: float,
    ratings_a_day: float,
    replicas: int,
    seed: int,
    settings: RiseSettings,
    days: int = 180,
    mood: float = 0,
) -> list[int]:
    """Return the number of alerts in `days` days without change, for each of `replicas`."""
    rng = np.random.default_rng(seed)
    return [
        len(rises(fold(RiseState(), simulate(rng, nps, ratings_a_day, days, mood=mood), settings)))
        for _ in range(replicas)
    ]


@dataclass(frozen=True)
class Notice:
    """How one fall was noticed: ratings and days until the alert (infinite: not)."""

    ratings: float
    days: float
    shown: float
    """Points of the fall the alert says when 30 days have passed."""


def notices(
    nps: float,
    points: float,
    ratings_a_day: float,
    replicas: int,
    seed: int,
    settings: RiseSettings,
    mood: float = 0,
) -> Iterator[Notice]:
    """Simulate a fall at a random hour, 90 days after the beginning, and yield how it was noticed.

    Replicas in which an alert was open already are left out.
    """
    rng = np.random.default_rng(seed)
    for _ in range(replicas):
        hour = (90 + int(rng.integers(6))) * 24 + int(rng.choice(HOURS))
        hours = simulate(rng, nps, ratings_a_day, hour // 24 + 30, Fall(points, hour), mood)
        begin = hour * HOUR_US
        before = fold(RiseState(), [h for h in hours if h.hour < begin], settings)
        if before.open is not None:
            continue
        known = len(rises(before))
        after = [h for h in hours if h.hour >= begin]
        found = rises(fold(before, after, settings))[known:]
        if not found:
            yield Notice(np.inf, np.inf, np.nan)
            continue
        yield Notice(
            ratings=sum(h.n for h in after if h.hour < found[0].opened_at),
            days=(found[0].opened_at - begin) / DAY_US,
            shown=100 * (found[0].level - found[0].mean),
        )


def returns(
    nps: float,
    points: float,
    ratings_a_day: float,
    replicas: int,
    seed: int,
    settings: RiseSettings,
) -> tuple[float, float]:
    """Return the share of falls that took another course than one alert, open while it lasted 60
    days, and the median of ratings from its end to the resolution."""
    rng = np.random.default_rng(seed)
    fall = Fall(points, 90 * 24, 150 * 24)
    end = fall.until * HOUR_US
    other, ratings = 0, []
    for _ in range(replicas):
        hours = simulate(rng, nps, ratings_a_day, 220, fall)
        found = [r for r in rises(fold(RiseState(), hours, settings)) if r.opened_at < end]
        resolved = found[-1].resolved_at if found else None
        if len(found) != 1 or (resolved is not None and resolved <= end):
            other += 1
        elif resolved is not None:
            ratings.append(sum(h.n for h in hours if end <= h.hour < resolved))
        else:
            ratings.append(10**9)
    return other / replicas, float(np.median(ratings))


def _tables(replicas: int, settings: RiseSettings) -> Iterator[str]:
    yield "| usual NPS | ratings a day | sd of a day's mood | false alarms per 180 days |"
    yield "|---|---|---|---|"
    for nps in USUAL_NPS:
        for rate, mood in RATES:
            count = false_alarms(nps, rate, replicas, 1, settings, mood=mood)
            yield f"| {nps} | {rate} | {mood} | {np.mean(count):.3f} |"
    yield ""
    yield (
        "| usual NPS | ratings a day | sd of a day's mood | fall "
        "| ratings to notice: median | 90 % | days: median | 90 % | it says |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for nps in USUAL_NPS:
        for rate, mood in RATES:
            for points in (30, 50):
                found = list(notices(nps, points, rate, replicas // 2, 2, settings, mood))
                ratings, days = [n.ratings for n in found], [n.days for n in found]
                yield (
                    f"| {nps} | {rate} | {mood} | {points} "
                    f"| {_told(ratings, 0.5, 0)} | {_told(ratings, 0.9, 0)} "
                    f"| {_told(days, 0.5, 1)} | {_told(days, 0.9, 1)} "
                    f"| {np.nanmedian([n.shown for n in found]):.0f} points |"
                )
    yield ""
    yield "| usual NPS | ratings a day | fall | other courses | ratings to resolve |"
    yield "|---|---|---|---|---|"
    for nps in USUAL_NPS[:3]:
        for points in (30, 50):
            other, median = returns(nps, points, 45, replicas // 4, 3, settings)
            yield f"| {nps} | 45 | {points} | {other:.0%} | {median:.0f} |"


def _told(values: list[float], share: float, digits: int) -> str:
    quantile = float(np.quantile(values, share, method="higher"))
    return f"{quantile:.{digits}f}" if np.isfinite(quantile) else "not in 30 days"


def settings_at(sensitivity: Sensitivity) -> RiseSettings:
    """The test's settings at a sensitivity other than off."""
    settings = read_alert_settings(f'{{"*": {{"nps_fall": "{sensitivity}"}}}}')["*"].nps_fall
    assert settings is not None
    return settings


def _sensitivities(replicas: int) -> Iterator[str]:
    yield (
        "| `nps_fall` | most false alarms per 180 days | ratings to notice 30 points: median "
        "| 50 points |"
    )
    yield "|---|---|---|---|"
    for sensitivity in (Sensitivity.LOW, Sensitivity.NORMAL, Sensitivity.HIGH):
        settings = settings_at(sensitivity)
        alarms = [
            np.mean(false_alarms(nps, rate, replicas, 1, settings, mood=mood))
            for nps in USUAL_NPS
            for rate, mood in RATES
        ]
        row = f"| {sensitivity} | {max(alarms):.2f} "
        for points in (30, 50):
            medians = [
                np.median([n.ratings for n in notices(nps, points, 45, replicas, 2, settings)])
                for nps in USUAL_NPS
            ]
            row += f"| {min(medians):.0f}-{max(medians):.0f} "
        yield row + "|"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=200)
    given = parser.parse_args()
    for line in _tables(given.replicas, FALL_SETTINGS):
        print(line, flush=True)
    print()
    for line in _sensitivities(given.replicas // 2):
        print(line, flush=True)


if __name__ == "__main__":
    main()
