"""Measures how often the rise test alarms falsely and how soon it notices, by simulation.

`python -m tests.figures.calibrate_rises` prints the tables of `docs/alerts.md` (six minutes).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from processors.alerts.baseline import RiseSettings
from processors.alerts.cusum import HourScores, RiseState, fold, rises
from processors.alerts.settings import Sensitivity, read_alert_settings
from processors.event_time import HOUR_US

Draw = Callable[[Generator, int], np.ndarray]

HOURS = np.arange(8, 21)
HOUR_WEIGHT = np.array([0.5, 1.2, 1.4, 1.2, 0.9, 0.5, 0.7, 1.1, 1.2, 1.2, 1.0, 0.8, 0.5])
DAY_WEIGHT = np.array([1.15, 1.05, 1.0, 1.0, 0.95, 0.6, 0.0])


def _mixture(share: float, usual: Draw, bad: Draw) -> Draw:
    def draw(rng: Generator, size: int) -> np.ndarray:
        return np.where(rng.random(size) < share, bad(rng, size), usual(rng, size))

    return draw


def _beta(a: float, b: float) -> Draw:
    return lambda rng, size: rng.beta(a, b, size)


def _uniform(high: float) -> Draw:
    return lambda rng, size: rng.uniform(0, high, size)


SCORES: dict[str, Draw] = {
    "low with a tail": _mixture(0.15, _uniform(0.1), _beta(2, 3)),
    "mostly zero": _mixture(0.2, _uniform(0.0), _beta(1.5, 3)),
    "rarely bad": _mixture(0.05, _uniform(0.05), _beta(4, 2)),
    "beta(2, 8)": _beta(2, 8),
}
"""Distributions of a call's aggression; skewness about 2.1, 2.6, 4.2 and 0.8."""

_BAD = _beta(5, 3)


@dataclass(frozen=True)
class Change:
    """From `day` and `hour` on the mean rises by `sd` standard deviations, until day `until`.

    `spread` is how: 'all' calls by the same amount, or 'some' calls turning bad. Over `creep`
    days it grows evenly from nothing.
    """

    sd: float
    spread: str = "some"
    day: int = 100
    hour: int = 0
    until: int = 10**6
    creep: int = 0

    @property
    def start(self) -> int:
        """First hour risen."""
        return self.day * 24 + self.hour


NONE = Change(0.0)


def simulate(
    rng: Generator,
    scores: Draw,
    calls_a_day: float,
    days: int,
    change: Change = NONE,
    day_effect_sd: float = 0.0,
) -> list[HourScores]:
    """Return the hours of one agency: Poisson counts by hour of day and day of week."""
    mean, sd = moments(scores)
    share = HOUR_WEIGHT / HOUR_WEIGHT.sum()
    day_weight = DAY_WEIGHT[np.arange(days) % 7] * (6 / DAY_WEIGHT.sum())
    counts = rng.poisson(calls_a_day * day_weight[:, None] * share[None, :])
    hour = (np.arange(days)[:, None] * 24 + HOURS[None, :]).ravel()
    counts = counts.ravel()
    call_hour = np.repeat(hour, counts)
    values = scores(rng, call_hour.size)
    risen = (call_hour >= change.start) & (call_hour < change.until * 24)
    grown = np.clip((call_hour - change.start + 1) / max(change.creep * 24, 1), 0, 1) * risen
    if change.spread == "all":
        values = values + grown * change.sd * sd
    else:
        turned = change.sd * sd / (moments(_BAD)[0] - mean)
        values = np.where(rng.random(values.size) < turned * grown, _BAD(rng, values.size), values)
    if day_effect_sd:
        values = values + (rng.normal(0, day_effect_sd * sd, days))[call_hour // 24]
    units = np.rint(np.clip(values, 0, 1) * 10_000).astype(np.int64)
    end = np.cumsum(counts)
    totals = np.concatenate([[0], np.cumsum(units)])
    squares = np.concatenate([[0], np.cumsum(units * units)])
    begin = end - counts
    return [
        HourScores(int(h) * HOUR_US, int(n), int(t), int(q))
        for h, n, t, q in zip(
            hour,
            counts,
            totals[end] - totals[begin],
            squares[end] - squares[begin],
            strict=True,
        )
        if n
    ]


_MOMENTS: dict[Draw, tuple[float, float]] = {}


def moments(scores: Draw) -> tuple[float, float]:
    """Return mean and standard deviation of a call's score."""
    if scores not in _MOMENTS:
        sample = scores(np.random.default_rng(0), 400_000)
        _MOMENTS[scores] = (float(sample.mean()), float(sample.std()))
    return _MOMENTS[scores]


def false_alarms(
    scores: Draw,
    calls_a_day: float,
    replicas: int,
    seed: int,
    settings: RiseSettings,
    days: int = 180,
    day_effect_sd: float = 0.0,
) -> list[int]:
    """Return the number of alerts in `days` days without change, for each of `replicas`."""
    rng = np.random.default_rng(seed)
    return [
        len(
            rises(
                fold(
                    RiseState(),
                    simulate(rng, scores, calls_a_day, days, day_effect_sd=day_effect_sd),
                    settings,
                )
            )
        )
        for _ in range(replicas)
    ]


@dataclass(frozen=True)
class Notice:
    """How one rise was noticed: calls until the alert (None: not), and what it said."""

    calls: int | None
    since_error: int | None
    sd: float | None


def notices(
    scores: Draw,
    calls_a_day: float,
    change: Change,
    replicas: int,
    seed: int,
    settings: RiseSettings,
    watched_days: int = 40,
) -> Iterator[Notice]:
    """Simulate `change`, at a random hour of a week, and yield how it was noticed.

    A rise is watched for `watched_days`. Replicas in which an alert was open already are left out.
    """
    rng = np.random.default_rng(seed)
    for _ in range(replicas):
        day = change.day + int(rng.integers(7))
        moved = replace(change, day=day, hour=int(rng.choice(HOURS)))
        start = moved.start * HOUR_US
        hours = simulate(rng, scores, calls_a_day, day + watched_days, moved)
        before = fold(RiseState(), [h for h in hours if h.hour < start], settings)
        if before.open is not None:
            continue
        known = len(rises(before))
        after = [h for h in hours if h.hour >= start]
        found = rises(fold(before, after, settings))[known:]
        if not found:
            yield Notice(None, None, None)
            continue
        rise = found[0]
        yield Notice(
            calls=sum(h.n for h in after if h.hour < rise.opened_at),
            since_error=sum(h.n for h in after if h.hour < rise.since)
            - sum(h.n for h in hours if rise.since <= h.hour < start),
            sd=rise.rise_sd,
        )


def median_calls(found: list[Notice]) -> float:
    """Return the median of calls until noticed; a rise not noticed counts as infinite."""
    return float(np.median([np.inf if n.calls is None else n.calls for n in found]))


def returns(
    scores: Draw,
    calls_a_day: float,
    sd: float,
    replicas: int,
    seed: int,
    settings: RiseSettings,
    lasting_days: int = 60,
) -> tuple[float, float]:
    """Return the share of alerts that wrongly resolved while the rise lasted, and the median
    of calls from its end to the resolution."""
    rng = np.random.default_rng(seed)
    change = Change(sd, "some", day=100, until=100 + lasting_days)
    end = change.until * 24 * HOUR_US
    early, calls = 0, []
    for _ in range(replicas):
        hours = simulate(rng, scores, calls_a_day, change.until + 40, change)
        found = [r for r in rises(fold(RiseState(), hours, settings)) if r.opened_at < end]
        resolved = found[-1].resolved_at if found else None
        if len(found) != 1 or (resolved is not None and resolved <= end):
            early += 1
        elif resolved is not None:
            calls.append(sum(h.n for h in hours if end <= h.hour < resolved))
        else:
            calls.append(10**9)
    return early / replicas, float(np.median(calls))


def _false_alarm_table(replicas: int, settings: RiseSettings) -> Iterator[str]:
    yield "| scores | calls a day | sd of a day's mood | false alarms per 180 days |"
    yield "|---|---|---|---|"
    for name, scores in SCORES.items():
        for calls, mood in ((200, 0.0), (50, 0.0), (200, 0.15), (5, 0.0)):
            count = false_alarms(scores, calls, replicas, 1, settings, day_effect_sd=mood)
            yield f"| {name} | {calls} | {mood} | {np.mean(count):.3f} |"


def _notice_table(replicas: int, settings: RiseSettings) -> Iterator[str]:
    yield "| scores | calls a day | rise | calls to notice: median | 90 % | noticed | it says |"
    yield "|---|---|---|---|---|---|---|"
    sudden = [(sd, spread, 0) for sd in (0.5, 1.0) for spread in ("all", "some")]
    for name, scores in SCORES.items():
        for calls in (200, 50):
            for sd, spread, creep in (*sudden, (1.0, "some", 30)):
                change = Change(sd, spread, creep=creep)
                found = list(notices(scores, calls, change, replicas, 2, settings))
                seen = [n for n in found if n.calls is not None]
                over = f" over {creep} days" if creep else ""
                yield (
                    f"| {name} | {calls} | {sd} sd, {spread} calls{over} "
                    f"| {median_calls(found):.0f} "
                    f"| {np.quantile([n.calls for n in seen], 0.9):.0f} "
                    f"| {len(seen) / len(found):.0%} "
                    f"| {np.median([n.sd for n in seen]):.2f} sd |"
                )


def _return_table(replicas: int, settings: RiseSettings) -> Iterator[str]:
    yield "| scores | calls a day | rise | resolved while it lasted 60 days | calls to resolve |"
    yield "|---|---|---|---|---|"
    for name, scores in SCORES.items():
        for calls in (200, 50):
            for sd in (0.5, 1.0):
                early, median = returns(scores, calls, sd, replicas, 3, settings)
                yield f"| {name} | {calls} | {sd} sd | {early:.0%} | {median:.0f} |"


def _tables(replicas: int, settings: RiseSettings) -> Iterator[str]:
    yield from _false_alarm_table(replicas, settings)
    yield ""
    yield from _notice_table(replicas // 4, settings)
    yield ""
    yield from _return_table(replicas // 5, settings)


def _sensitivities(replicas: int) -> Iterator[str]:
    yield (
        "| `aggression_rise` | most false alarms per 180 days | calls to notice 0.5 sd: median "
        "| 1 sd |"
    )
    yield "|---|---|---|---|"
    for sensitivity in (Sensitivity.LOW, Sensitivity.NORMAL, Sensitivity.HIGH):
        choice = read_alert_settings(f'{{"*": {{"aggression_rise": "{sensitivity}"}}}}')
        settings = choice["*"].aggression_rise
        assert settings is not None
        alarms = [
            np.mean(false_alarms(scores, calls, replicas, 1, settings, day_effect_sd=mood))
            for scores in SCORES.values()
            for calls, mood in ((200, 0.0), (50, 0.0), (200, 0.15))
        ]
        row = f"| {sensitivity} | {max(alarms):.2f} "
        for sd in (0.5, 1.0):
            medians = [
                median_calls(list(notices(scores, 50, Change(sd), replicas // 2, 2, settings)))
                for scores in SCORES.values()
            ]
            row += f"| {min(medians):.0f}-{max(medians):.0f} "
        yield row + "|"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=200)
    given = parser.parse_args()
    for line in _tables(given.replicas, RiseSettings()):
        print(line, flush=True)
    print()
    for line in _sensitivities(given.replicas // 2):
        print(line, flush=True)


if __name__ == "__main__":
    main()
