"""The 95th percentile of each panel's response time, on a store and on one ten times as long."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.errors import InfraError
from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.pipeline.size import size

CALLS, DAYS, ROUNDS = 1_000_000, 120, 2
_MOST_MS = 150
_TIMES = 10
"""How many times as long the history of the second store is."""

_KEPT = os.environ.get("BENCH_PANELS_STORES")
"""A directory in which the stores stay, for runs to come."""

Spent = tuple[float, float]
"""Milliseconds of a query, and of processor time."""


class MeasuringFailed(InfraError):
    """The process that asks the panels' queries ended with an error, which it has printed."""


def panels() -> Iterator[Figure]:
    """95th percentiles of each panel's queries, in milliseconds of time and of processor time.

    The second store has as many conversations a day as the first, for ten times as many days. Both
    are asked in turns, so that what else the machine does falls on both. `least` are percentiles
    of each choice's quickest round.
    """
    calls, days = size("BENCH_PANELS_CALLS", CALLS), size("BENCH_PANELS_DAYS", DAYS)
    rounds, apart = size("BENCH_PANELS_ROUNDS", ROUNDS), size("BENCH_PANELS_APART", 1)
    sizes = [(calls * times, days * times) for times in (1, _TIMES)]
    of_stores = []
    for (calls_held, _), taken in zip(sizes, _in_turns(sizes, rounds, apart), strict=True):
        name = _short(calls_held)
        asked = len(next(iter(taken.values())))
        yield Figure(f"{name}.queries", asked, "of each panel")
        cpu = {}
        for panel, spent in taken.items():
            elapsed = [milliseconds for milliseconds, _ in spent]
            value = percentile_95(elapsed)
            yield Figure(f"{name}.p95_ms.{panel}", value, "ms", f"below {_MOST_MS}")
            value = percentile_95(_least(elapsed, asked // rounds))
            yield Figure(f"{name}.least_p95_ms.{panel}", value, "ms")
            used = [milliseconds for _, milliseconds in spent]
            cpu[panel] = percentile_95(_least(used, asked // rounds))
            yield Figure(f"{name}.cpu_p95_ms.{panel}", percentile_95(used), "ms")
            yield Figure(f"{name}.cpu_least_p95_ms.{panel}", cpu[panel], "ms")
        of_stores.append(cpu)
    shorter, longer = of_stores
    for panel in shorter:
        yield Figure(f"cpu_ratio.{panel}", longer[panel] / shorter[panel], "", "at most 2")


def _least(values: Sequence[float], choices: int) -> list[float]:
    """Of rounds of as many choices each, the least of each choice.

    >>> _least([3.0, 5.0, 4.0, 1.0], 2)
    [3.0, 1.0]
    """
    return [min(values[number::choices]) for number in range(choices)]


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


def _in_turns(
    sizes: Sequence[tuple[int, int]], rounds: int, apart: int
) -> list[dict[str, list[Spent]]]:
    """Milliseconds and processor milliseconds of each query of each panel, of each store.

    `sizes` are their conversations and days. The engine of a process has one store, so each store
    has a process of its own.

    Raises:
        MeasuringFailed: one of them ended with an error.
    """
    stores: list[dict[str, list[Spent]]] = [{} for _ in sizes]
    with contextlib.ExitStack() as opened:
        processes = []
        for calls, days in sizes:
            directory = _KEPT or opened.enter_context(tempfile.TemporaryDirectory())
            given = map(str, (Path(directory) / _short(calls), calls, days, rounds, apart))
            command = [sys.executable, "-m", "dashboards.response_times", *given]
            process = subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            opened.enter_context(process)
            opened.callback(process.kill)
            processes.append(process)
            _answer(process)
        while True:
            answers = [_asked(process) for process in processes]
            for taken, answer in zip(stores, answers, strict=True):
                if answer is None:
                    return stores
                for panel, spent in answer.items():
                    taken.setdefault(panel, []).append(spent)


def _asked(process: subprocess.Popen[str]) -> dict[str, Spent] | None:
    """What each panel took for the process's next choice; null when there is none."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended, as its answer will show
        process.stdin.write("\n")
        process.stdin.flush()
    return _answer(process)


def _answer(process: subprocess.Popen[str]) -> dict[str, Spent] | None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise MeasuringFailed(f"the panels could not be measured: exit code {process.wait()}")
    answer: dict[str, Spent] | None = json.loads(line)
    return answer
