"""How many scored events a second become rows: Ascolto's worker and its peers, in turn.

Each runs once a round, on an empty broker and an empty store.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.pipeline.contenders import NAMES, Contender
from infra.lab.benchmarks.pipeline.load import Load, make_load
from infra.lab.benchmarks.pipeline.runs import WITHOUT_SCORES, Run, run_once
from infra.lab.benchmarks.pipeline.size import size
from infra.lab.benchmarks.pipeline.two_workers import SERVER, two_to_one

EVENTS = 20_000
ROUNDS = 3


def events() -> Iterator[Figure]:
    """Rates and processor time of all contenders, interleaved; then what two workers do."""
    load = make_load(size("BENCH_EVENTS", EVENTS))
    yield from compare(load, NAMES, size("BENCH_ROUNDS", ROUNDS))
    if SERVER in os.environ:
        ratio = two_to_one(load, os.environ[SERVER])
        yield Figure("workers_2_to_1", ratio, "times", "at least 1.8")


def compare(load: Load, names: Sequence[str], rounds: int) -> Iterator[Figure]:
    """Every contender once a round; the figures when all rounds are done.

    Raises:
        WrongTotals: a contender stored something else than the events add up to.
    """
    runs: dict[str, list[Run]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as directory:
        for number in range(rounds):
            for name in names:
                contender = Contender(name, Path(directory) / f"{number}-{name}", WITHOUT_SCORES)
                run = run_once(contender, load)
                print(f"round {number + 1}, {name}: {run.per_second:.0f} events/s", file=sys.stderr)
                runs[name].append(run)
    yield Figure("events", len(load.messages))
    yield Figure("rounds", rounds)
    for name, its_runs in runs.items():
        rates = [run.per_second for run in its_runs]
        yield from _spread(f"{name}.per_second", rates, "events/s")
        used = [run.cpu_ms for run in its_runs if run.cpu_ms is not None]
        if used:
            yield from _spread(f"{name}.cpu", used, "ms an event")
    for name in names[1:]:
        pairs = list(zip(runs[names[0]], runs[name], strict=True))
        rates = [one.per_second / other.per_second for one, other in pairs]
        yield from _spread(f"{names[0]}_to_{name}.per_second", rates, "times")
        used = [one.cpu_ms / other.cpu_ms for one, other in pairs if one.cpu_ms and other.cpu_ms]
        if used:
            yield from _spread(f"{names[0]}_to_{name}.cpu", used, "times")


def _spread(name: str, values: Sequence[float], unit: str) -> Iterator[Figure]:
    yield Figure(f"{name}.min", min(values), unit)
    yield Figure(f"{name}.median", statistics.median(values), unit)
    yield Figure(f"{name}.max", max(values), unit)
