"""Measures how often the test of silences alarms falsely, by simulation over the real calendar.

`python -m tests.figures.calibrate_silences` prints the table of `docs/alerts.md` (half a minute).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.random import Generator

from processors.alerts.silences import CallDay, SilenceSettings, SilenceState, add_day, silences
from processors.contact_hours import conduct_code
from processors.event_time import HOUR_US, date_of, day_of_date, day_start

BEGIN = day_of_date(date(2024, 9, 2))
"""A Monday; the 240 days from it hold the holidays from All Saints to 25 April."""
WARMUP_DAYS = 60
WEEKS = {"Mon-Sat": (1.15, 1.05, 1.0, 1.0, 0.95, 0.6, 0.0), "Mon-Fri": (1.0,) * 5 + (0.0, 0.0)}


def simulate(
    rng: Generator,
    calls_a_day: float,
    days: int,
    week: str = "Mon-Sat",
    closed: float = 0.0,
    varying: float = 0.0,
) -> list[CallDay]:
    """Return an agency's days with calls: none on public holidays, Poisson otherwise.

    `closed` is the share of working days on which it does not work (a local feast, a strike).
    `varying` is the coefficient of variation of a day's mean number of calls (gamma).
    """
    weights = np.array(WEEKS[week]) * 6 / sum(WEEKS[week])
    found = []
    for day in range(BEGIN, BEGIN + days):
        mean = calls_a_day * weights[date_of(day).weekday()]
        if varying:
            mean *= rng.gamma(1 / varying**2, varying**2)
        calls = int(rng.poisson(mean))
        off = conduct_code().is_holiday(date_of(day)) or rng.random() < closed
        if calls and not off:
            hours = rng.integers(7, 19, size=calls)
            begin = day_start(day)
            first, last = (begin + (int(hour) + 1) * HOUR_US for hour in (hours.min(), hours.max()))
            found.append(CallDay(day, first, last, calls))
    return found


def hear(days: list[CallDay], settings: SilenceSettings) -> SilenceState:
    """The state after all `days`."""
    state = SilenceState()
    for day in days:
        state = add_day(state, day, settings)
    return state


def false_alarms(
    calls_a_day: float,
    replicas: int,
    seed: int,
    settings: SilenceSettings,
    week: str = "Mon-Sat",
    closed: float = 0.0,
    varying: float = 0.0,
) -> list[int]:
    """Return the number of silences in 180 days after the warm-up, for each of `replicas`."""
    rng = np.random.default_rng(seed)
    end = BEGIN + WARMUP_DAYS + 180
    counts = []
    for _ in range(replicas):
        days = simulate(rng, calls_a_day, end - BEGIN, week, closed, varying)
        found = silences(hear(days, settings), end, settings)
        counts.append(sum(s.opened_at > day_start(BEGIN + WARMUP_DAYS) for s in found))
    return counts


def watched(
    calls_a_day: float, replicas: int, seed: int, settings: SilenceSettings, varying: float
) -> float:
    """Return the share of agencies whose stop after the warm-up opens an alert."""
    rng = np.random.default_rng(seed)
    noticed = 0
    for _ in range(replicas):
        days = simulate(rng, calls_a_day, WARMUP_DAYS, varying=varying)
        noticed += len(silences(hear(days, settings), BEGIN + WARMUP_DAYS + 30, settings)) > 0
    return noticed / replicas


def _table(replicas: int) -> Iterator[str]:
    yield (
        "| calls a day | days differ by | closed days "
        "| false alarms per 180 days, `silence_days` 1 | 2 | 3 | noticed when it stops |"
    )
    yield "|---|---|---|---|---|---|---|"
    for calls in (200, 20, 5, 3, 2, 1):
        for varying, closed in ((0.0, 0.0), (0.5, 0.01)):
            rates = [
                np.mean(
                    false_alarms(
                        calls, replicas, 1, SilenceSettings(days), closed=closed, varying=varying
                    )
                )
                for days in (1, 2, 3)
            ]
            share = watched(calls, replicas, 2, SilenceSettings(), varying)
            shown = " | ".join(f"{rate:.2f}" for rate in rates)
            yield f"| {calls} | {varying:.0%} | {closed:.0%} | {shown} | {share:.0%} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, default=100)
    for line in _table(parser.parse_args().replicas):
        print(line, flush=True)


if __name__ == "__main__":
    main()
