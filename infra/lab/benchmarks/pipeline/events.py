"""How many scored events a second become rows: Ascolto's worker and its peers, in turn.

One run is one contender on an empty broker and an empty store. Starting is not measured: each has
first to take in some events. Then it is held still while the rest is written to the broker, and
the clock runs from its release until every offset is committed, when all rows are readable. What it
has stored is compared with what the events add up to.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.errors import InfraError
from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.pipeline.contenders import ASCOLTO, NAMES, Contender, started
from infra.lab.benchmarks.pipeline.load import Load, make_load
from infra.lab.benchmarks.pipeline.process_tree import held_still
from infra.lab.benchmarks.pipeline.size import size
from infra.lab.benchmarks.pipeline.totals import check_totals
from infra.lab.benchmarks.pipeline.writer import Writer

EVENTS = 20_000
ROUNDS = 3
WARM_UP = 500
_LONGEST_HOLD = 4.5
"""Seconds; held still for longer, a worker would lose its partitions (session of 6 s)."""
_WITHOUT_SCORES = {"ASCOLTO_SCORER": "lexicon"}
"""The events are scored: the scorer that starts soonest will do."""
_SERVER = "ASCOLTO_BENCH_CLICKHOUSE_URL"
"""Environment variable: a ClickHouse server with nothing in it, for several workers."""


class TooSlow(InfraError):
    """This machine is too busy to write the events while the workers are held still."""


@dataclass(frozen=True)
class Run:
    """One contender's run: events a second, and processor milliseconds an event."""

    per_second: float
    cpu_ms: float | None


def events() -> Iterator[Figure]:
    """Rates and processor time of all contenders, interleaved; then what two workers do."""
    load = make_load(size("BENCH_EVENTS", EVENTS))
    yield from compare(load, NAMES, size("BENCH_ROUNDS", ROUNDS))
    if _SERVER not in os.environ:
        return
    ratio = _two_to_one(load, os.environ[_SERVER])
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
                contender = Contender(name, Path(directory) / f"{number}-{name}", _WITHOUT_SCORES)
                run = run_once(contender, load)
                print(f"round {number + 1}, {name}: {run.per_second:.0f} events/s", file=sys.stderr)
                runs[name].append(run)
    yield Figure("events", len(load.messages))
    yield Figure("rounds", rounds)
    for name, its_runs in runs.items():
        rates = sorted(run.per_second for run in its_runs)
        yield from _spread(f"{name}.per_second", rates, "events/s")
        used = [run.cpu_ms for run in its_runs if run.cpu_ms is not None]
        if used:
            yield from _spread(f"{name}.cpu", sorted(used), "ms an event")
    for name in names[1:]:
        ratios = [
            a.per_second / b.per_second for a, b in zip(runs[names[0]], runs[name], strict=True)
        ]
        yield from _spread(f"{names[0]}_to_{name}", sorted(ratios), "times")


def run_once(contender: Contender, load: Load, workers: int = 1) -> Run:
    """One contender's run, its totals checked.

    Raises:
        ContenderFailed: it ended or got stuck.
        TooSlow: the machine is too busy.
        WrongTotals: it stored something else than the events add up to.
    """
    first, rest = load.messages[:WARM_UP], load.messages[WARM_UP:]
    folder = contender.folder
    with started(contender, workers):
        Writer(contender.bootstrap, first, folder / "first.jsonl").write()
        contender.wrote(first)
        contender.wait()
        writer = Writer(contender.bootstrap, rest, folder / "rest.jsonl")
        before = contender.cpu_seconds()
        with held_still(contender.pids):
            held = writer.write()
        contender.wrote(rest)
        seconds = contender.wait()
        after = contender.cpu_seconds()
    if held > _LONGEST_HOLD:
        raise TooSlow(f"writing the events took {held:.1f} s, {_LONGEST_HOLD} s at most are usable")
    check_totals(contender.name, contender.data_dir, load.totals)
    cpu = None if before is None or after is None else (after - before) * 1000 / len(rest)
    return Run(len(rest) / seconds, cpu)


def _two_to_one(load: Load, url: str) -> float:
    """How many times as much two workers do as one, on a ClickHouse server."""
    settings = {**_WITHOUT_SCORES, "ASCOLTO_CLICKHOUSE_URL": url}
    with tempfile.TemporaryDirectory() as directory:
        one, two = (
            run_once(Contender(ASCOLTO, Path(directory) / str(workers), settings), load, workers)
            for workers in (1, 2)
        )
    return two.per_second / one.per_second


def _spread(name: str, values: Sequence[float], unit: str) -> Iterator[Figure]:
    yield Figure(f"{name}.min", min(values), unit)
    yield Figure(f"{name}.median", statistics.median(values), unit)
    yield Figure(f"{name}.max", max(values), unit)
