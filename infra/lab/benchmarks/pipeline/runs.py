"""One run of a contender: what is measured, from when to when, and that the result is right.

Starting is not measured: each has first to take in some events. Then it is held still while the
rest is written to the broker, and the clock runs from its release until every offset is committed,
when all rows are readable. What it has stored is compared with what the events add up to.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.errors import InfraError
from infra.lab.benchmarks.pipeline.contenders import Contender, started
from infra.lab.benchmarks.pipeline.load import Load
from infra.lab.benchmarks.pipeline.process_tree import held_still
from infra.lab.benchmarks.pipeline.totals import check_totals
from infra.lab.benchmarks.pipeline.writer import Writer

WARM_UP = 500
WITHOUT_SCORES = {"ASCOLTO_SCORER": "lexicon"}
"""The events are scored: the scorer that starts soonest will do."""
_LONGEST_HOLD = 4.5
"""Seconds; held still for longer, a worker would lose its partitions (session of 6 s)."""


class TooSlow(InfraError):
    """This machine is too busy to write the events while the workers are held still."""


@dataclass(frozen=True)
class Run:
    """One contender's run: events a second, and processor milliseconds an event."""

    per_second: float
    cpu_ms: float | None


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
    check_totals(contender.name, contender.store, load.totals)
    cpu = None if before is None or after is None else (after - before) * 1000 / len(rest)
    return Run(len(rest) / seconds, cpu)
