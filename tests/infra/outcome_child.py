"""Fills a store with a random history, or looks into it, in a process of its own.

Run as `python -m tests.infra.outcome_child fill|curves DIRECTORY`; `curves` prints JSON.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.clickhouse.client import open_embedded
from infra.clickhouse.schema import migrate
from schemas.rows import CALLS, ENGAGEMENTS, EVENTS, SURVIVAL, Table
from tests.figures.histories import fact_of, random_history
from tests.figures.reference import Happening, Said
from tests.infra.reconcile_child import HORIZON_HOURS, engagement_rows, journaled, scored

HORIZON = timedelta(hours=HORIZON_HOURS)


def history() -> list[Happening]:
    """The events in the store."""
    return random_history(random.Random(8), 1500, 120, HORIZON, timedelta(days=60))


def fill(directory: Path) -> None:
    """Write the history as the workers would."""
    events = history()
    facts = [fact_of(event) for event in events]
    client = open_embedded(directory)
    migrate(client)
    rows: list[tuple[Table, list[dict[str, Any]]]] = [
        (EVENTS, [journaled(event, fact) for event, fact in zip(events, facts, strict=True)]),
        (CALLS, [scored(event) for event in events if isinstance(event, Said)]),
        (ENGAGEMENTS, list(engagement_rows(facts))),
    ]
    for table, written in rows:
        names = list(written[0])
        client.insert(table.name, [[row[n] for n in names] for row in written], column_names=names)
    client.close()


def curves(directory: Path) -> list[list[Any]]:
    """Windows, times, groups and last days of the curves that are stored."""
    client = open_embedded(directory)
    rows = client.query(
        "SELECT window, toString(as_of), group_kind, group_name, n, events, length(days), "
        f"staying[-1], logrank_p, count() OVER () FROM {SURVIVAL.name} FINAL "
        "ORDER BY window, as_of, group_kind, group_name"
    ).result_rows
    client.close()
    return [list(row) for row in rows]


if __name__ == "__main__":
    task, place = sys.argv[1], Path(sys.argv[2])
    if task == "fill":
        fill(place)
    else:
        print(json.dumps(curves(place)))
