"""What scoring a turn costs, each text met for the first time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from infra.lab.benchmarks.figures import Figure
from infra.lab.training.material import LabelledCall, load_material
from infra.scoring.catalogue import ScorerName, scorer_of
from infra.scoring.server import TOGETHER
from infra.scoring.warm_up import warm_up
from processors.scoring.call import Conversation, score_call, score_calls
from processors.scoring.scorer import TurnReader
from schemas.conversation import Speaker

RUNS = 5
"""Runs of the rate of distinct turns, each over calls of its own."""


class Rates(NamedTuple):
    """Distinct turns scored a second of one core's time, over several runs."""

    low: float
    median: float
    high: float
    runs: int
    turns: int
    """Distinct turns of all runs together."""


def scoring() -> Iterator[Figure]:
    """Milliseconds a turn of the held-out calls, by both scorers; and the rate of distinct turns.

    Weights and lexicons are read before. No call is scored twice, and few sentences come again,
    so this is what new words cost; in a stream of calls greetings and formulas do come again.
    """
    calls = load_material("test").calls
    turns = sum(len(call.turns) for call in calls)
    yield Figure("turns", turns)
    names: tuple[ScorerName, ...] = ("encoder", "lexicon")
    for name in names:
        reader = scorer_of(name)
        warm_up(reader)
        began = time.perf_counter()
        for call in calls:
            score_call(call.turns, call.language, reader)
        spent = (time.perf_counter() - began) * 1000 / turns
        yield Figure(name, spent, "ms a turn", "at most 10" if name == "encoder" else "")
    rates = distinct_turns_per_second()
    yield Figure("distinct_turns", rates.turns)
    yield Figure("distinct_turns_runs", rates.runs)
    for bound in ("low", "median", "high"):
        bar = "at least 300" if bound == "median" else ""
        rate = getattr(rates, bound)
        yield Figure(f"distinct_turns_{bound}", rate, "a second of a core", bar)


def distinct_turns_per_second(runs: int = RUNS) -> Rates:
    """How many turns the learned scorer scores a second of one core's time, reasons included.

    The material's calls are divided among a warm-up and `runs` runs, one call after another, so
    that every run has the same mix. Turns met before are taken out of the calls: all that is
    counted is new to the process. The warm-up reads weights, lexicons and common words.
    """
    reader = scorer_of("encoder")
    warm_up(reader)
    first, *parts = _distinct(load_material("train").calls, runs + 1)
    _seconds(first, reader)
    rates = [sum(len(call.turns) for call in part) / _seconds(part, reader) for part in parts]
    turns = sum(len(call.turns) for part in parts for call in part)
    return Rates(min(rates), median(rates), max(rates), runs, turns)


def _distinct(calls: Sequence[LabelledCall], parts: int) -> list[list[LabelledCall]]:
    """The calls in so many parts, every turn in one of them only."""
    seen: set[tuple[Speaker, str]] = set()
    divided: list[list[LabelledCall]] = [[] for _ in range(parts)]
    for place, call in enumerate(calls):
        new = [turn for turn in call.turns if (turn.speaker, turn.text) not in seen]
        seen.update((turn.speaker, turn.text) for turn in new)
        divided[place % parts].append(replace(call, turns=tuple(new)))
    return divided


def _seconds(calls: Sequence[LabelledCall], reader: TurnReader) -> float:
    """Processor time of scoring them as the scoring process does: other load counts for little."""
    said = [Conversation(call.turns, call.language) for call in calls]
    began = time.process_time()
    for first in range(0, len(said), TOGETHER):
        score_calls(said[first : first + TOGETHER], reader)
    return time.process_time() - began
