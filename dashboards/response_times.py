"""How long the panels' queries take on a store that is filled for it.

Run as `python -m dashboards.response_times DIRECTORY CALLS DAYS ROUNDS APART`, in a process of its
own: prints, for each panel, the milliseconds of each query and of its processor time, as JSON.
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


def response_times(ask: Ask, rounds: int, apart: int) -> Mapping[str, list[tuple[float, float]]]:
    """Milliseconds and processor milliseconds of each panel's queries.

    `rounds` of all choices are asked, of which every `apart`-th is taken.

    The first choice is asked once more beforehand: a server has been asked before, too.

    Raises:
        EmptyPanel: a panel has no row for any choice.
    """
    chance = random.Random(0)  # noqa: S311 - times to ask for
    taken: dict[str, list[tuple[float, float]]] = {panel.id: [] for panel in OVERVIEW}
    filled: set[str] = set()
    asked = [each for _ in range(rounds) for each in choices(chance)][::apart]
    for number, chosen in enumerate([asked[0], *asked]):
        for panel in OVERVIEW:
            sql, parameters = expand(panel.named_sql, chosen)
            begun, used = time.perf_counter(), time.process_time()
            rows = ask(sql, parameters)
            spent = time.perf_counter() - begun, time.process_time() - used
            if number:
                taken[panel.id].append((spent[0] * 1000, spent[1] * 1000))
            if rows:
                filled.add(panel.id)
    if empty := taken.keys() - filled:
        raise EmptyPanel(
            f"nothing is shown by {', '.join(sorted(empty))}: see infra/lab/benchmarks"
        )
    return taken


def main(arguments: list[str]) -> None:
    """Fill a new store and measure."""
    directory, *sizes = arguments
    calls, days, rounds, apart = map(int, sizes)
    with contextlib.closing(open_embedded(Path(directory))) as client:
        migrate(client)
        fill(client, calls, days)
        taken = response_times(
            lambda sql, parameters: client.query(sql, parameters=parameters).result_rows,
            rounds,
            apart,
        )
    print(json.dumps(taken))


if __name__ == "__main__":
    main(sys.argv[1:])
