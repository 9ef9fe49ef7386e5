"""How long the panels' queries take on a store that is filled for it.

Run as `python -m dashboards.response_times DIRECTORY CALLS DAYS ROUNDS APART`, in a process of its
own; a store that was filled before is taken as it is. It prints a line of JSON when the store is
filled, and one for each line of standard input: for each panel, the milliseconds of its query for
the next choice and of its processor time; null when all choices have been asked.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from dashboards.panels import ALL_SEGMENTS, OVERVIEW, WINDOWS
from dashboards.preview.macros import Choices, expand
from infra.clickhouse.client import open_embedded
from infra.clickhouse.schema import migrate
from infra.lab.benchmarks.panels.filling import AGENCY, END, LARGEST_CLIENT, SEGMENT, fill
from schemas.errors import AscoltoError

Ask = Callable[[str, dict[str, Any]], Sequence[Any]]
"""Runs SQL with bound parameters; its rows."""
Spent = tuple[float, float]
"""Milliseconds of a query, and of processor time."""

_FILLED = "filled"
"""The file that says that a store is whole."""

_BEFORE = (timedelta(), timedelta(days=1), timedelta(days=30))
"""How far back the dashboard's time ends: mostly now, at times in the past."""


class EmptyPanel(AscoltoError):
    """A panel that showed nothing, so that the time it took means nothing."""


def choices(chance: random.Random) -> Iterator[Choices]:
    """Each window, of all conversations and of a segment, of all agencies and of one.

    Times differ by seconds, so that no answer was computed before.
    """
    for before, window, segment, agencies in product(
        _BEFORE, WINDOWS, (ALL_SEGMENTS, SEGMENT), ((), (AGENCY,))
    ):
        to: datetime = END - before - timedelta(seconds=chance.randrange(1200))
        yield Choices(LARGEST_CLIENT, to, window, segment, agencies)


def response_times(ask: Ask, rounds: int, apart: int) -> Iterator[Mapping[str, Spent]]:
    """Milliseconds and processor milliseconds of each panel's query, for one choice after another.

    `rounds` of all choices are asked, of which every `apart`-th is taken: a round after the other.
    The first choice is asked once more beforehand: a server has been asked before, too.

    Raises:
        EmptyPanel: a panel has no row for any choice.
    """
    chance = random.Random(0)  # noqa: S311 - times to ask for
    filled: set[str] = set()
    asked = [each for _ in range(rounds) for each in list(choices(chance))[::apart]]
    for number, chosen in enumerate([asked[0], *asked]):
        taken: dict[str, Spent] = {}
        for panel in OVERVIEW:
            sql, parameters = expand(panel.named_sql, chosen)
            begun, used = time.perf_counter(), time.process_time()
            rows = ask(sql, parameters)
            spent = time.perf_counter() - begun, time.process_time() - used
            taken[panel.id] = spent[0] * 1000, spent[1] * 1000
            if rows:
                filled.add(panel.id)
        if number:
            yield taken
    if empty := {panel.id for panel in OVERVIEW} - filled:
        raise EmptyPanel(
            f"nothing is shown by {', '.join(sorted(empty))}: see infra/lab/benchmarks"
        )


def main(arguments: list[str]) -> None:
    """Fill a new store and measure, as far as standard input asks for it."""
    directory, *sizes = arguments
    calls, days, rounds, apart = map(int, sizes)
    with contextlib.closing(open_embedded(Path(directory))) as client:
        migrate(client)
        client.command("SYSTEM STOP MERGES")
        done = Path(directory) / _FILLED
        if not done.exists():
            fill(client, calls, days)
            done.touch()
        times = response_times(
            lambda sql, parameters: client.query(sql, parameters=parameters).result_rows,
            rounds,
            apart,
        )
        print("null", flush=True)
        for _ in sys.stdin:
            print(json.dumps(next(times, None)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
