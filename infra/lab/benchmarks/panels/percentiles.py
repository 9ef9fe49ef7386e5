"""The 95th percentile of each panel's response time, on a store and on one ten times as long."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.errors import InfraError
from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.pipeline.size import size

CALLS, DAYS, ROUNDS = 1_000_000, 120, 2
_MOST_MS = 150
_TIMES = 10
"""How many times as long the history of the second store is."""


class MeasuringFailed(InfraError):
    """The process that asks the panels' queries ended with an error, which the message quotes."""


def panels() -> Iterator[Figure]:
    """95th percentiles of each panel's queries, in milliseconds of time and of processor time.

    The second store has as many conversations a day as the first, for ten times as many days.
    """
    calls, days = size("BENCH_PANELS_CALLS", CALLS), size("BENCH_PANELS_DAYS", DAYS)
    rounds, apart = size("BENCH_PANELS_ROUNDS", ROUNDS), size("BENCH_PANELS_APART", 1)
    of_stores: list[dict[str, float]] = []
    for times in (1, _TIMES):
        name = _short(calls * times)
        taken = _measured(calls * times, days * times, rounds, apart)
        yield Figure(f"{name}.queries", len(next(iter(taken.values()))), "of each panel")
        for panel, spent in taken.items():
            value = percentile_95([milliseconds for milliseconds, _ in spent])
            yield Figure(f"{name}.p95_ms.{panel}", value, "ms", f"below {_MOST_MS}")
        cpu = {panel: percentile_95([used for _, used in spent]) for panel, spent in taken.items()}
        for panel, value in cpu.items():
            yield Figure(f"{name}.cpu_p95_ms.{panel}", value, "ms")
        of_stores.append(cpu)
    shorter, longer = of_stores
    for panel in shorter:
        yield Figure(f"cpu_ratio.{panel}", longer[panel] / shorter[panel], "", "at most 2")


def percentile_95(values: list[float]) -> float:
    """The smallest of `values` that 95 % of them do not exceed.

    >>> percentile_95([float(n) for n in range(1, 101)])
    95.0
    """
    ordered = sorted(values)
    return ordered[-(-len(ordered) * 95 // 100) - 1]


def _short(calls: int) -> str:
    """A number of conversations as the figures name it.

    >>> _short(1_000_000), _short(2000), _short(12_345)
    ('1m', '2k', '12345')
    """
    for unit, name in ((1_000_000, "m"), (1000, "k")):
        if calls % unit == 0:
            return f"{calls // unit}{name}"
    return str(calls)


def _measured(calls: int, days: int, rounds: int, apart: int) -> dict[str, list[list[float]]]:
    """Milliseconds and processor milliseconds of each query of each panel.

    The engine of a process has one store, so each store has a process of its own.

    Raises:
        MeasuringFailed: it ended with an error.
    """
    with tempfile.TemporaryDirectory() as directory:
        given = map(str, (Path(directory) / "data", calls, days, rounds, apart))
        command = [sys.executable, "-m", "dashboards.response_times", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise MeasuringFailed(f"the panels could not be measured: {done.stderr[-2000:]}")
    taken: dict[str, list[list[float]]] = json.loads(done.stdout.splitlines()[-1])
    return taken
