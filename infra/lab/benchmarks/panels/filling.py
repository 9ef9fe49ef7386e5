"""Fills a store with conversations and all that follows from them, inside the engine.

The rows of a table hang together as far as its panels need: conversations come evenly in time
from client companies of different sizes, in parts as workers leave them; some rows are written
twice, and the newest are not merged yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

END = datetime(2026, 6, 30, 16, 20, tzinfo=UTC)
"""When the last conversation ends."""
LARGEST_CLIENT = "acqua"
"""The client company that six in ten conversations are for."""
AGENCY = "agency-1"
SEGMENT = "channel=phone"

_TABLES = ("calls", "events", "call_surveys", "engagements")
"""What grows with the conversations, each filled in slices of time."""
_PARTED = ("calls", "events", "engagements")
"""Of these, what lies in several parts even when all is merged."""
_DAILY = ("agency_hours", "agency_metrics", "alerts", "survival", "display_names")
"""What grows with the days, or not at all."""

_SLICE = 300_000
"""Conversations of one insert: each takes some kB in memory while it is made."""
_FRESH = 12
"""Inserts of the last conversations, which stay apart."""
_FRESH_SHARE = 2000
_REWRITTEN, _REWRITTEN_DAYS = 200, 40
"""One row in so many of the last days is written twice, and not merged yet."""

_SETTINGS = {
    "max_partitions_per_insert_block": 0,
    "max_threads": 2,
    "max_insert_threads": 1,
    "max_block_size": 20_000,
}


def fill(client: Client, calls: int, days: int) -> None:
    """Fill empty tables with `calls` conversations of `days` days.

    Merging is to be stopped, as it would take part in what is measured: an insert of so many rows
    leaves a part as merging would.
    """
    steps = {name: _statement(name) for name in (*_TABLES, *_DAILY)}
    fresh = max(calls // _FRESH_SHARE, _FRESH)
    old = calls - fresh
    for table in _TABLES:
        rows = _SLICE if table in _PARTED else old
        for begin in range(0, old, rows):
            _insert(client, steps[table], calls, days, begin, min(begin + rows, old))
    for table in _DAILY:
        _insert(client, steps[table], calls, days, 0, days)
    for table in _TABLES:
        for number in range(_FRESH):
            begin, end = (old + fresh * n // _FRESH for n in (number, number + 1))
            _insert(client, steps[table], calls, days, begin, end)
        late = calls * max(days - _REWRITTEN_DAYS, 0) // days
        _insert(client, steps[table], calls, days, late, calls, every=_REWRITTEN)
    for table in _DAILY[:2]:
        _insert(client, steps[table], calls, days, days - 1, days)


def _insert(
    client: Client, sql: str, calls: int, days: int, begin: int, end: int, every: int = 1
) -> None:
    """Insert the rows made from the numbers in [begin, end), or of `every` n-th of them."""
    client.command(
        sql,
        parameters={
            "calls": calls,
            "days": days,
            "last": END,
            "begin": begin,
            "rows": -(-(end - begin) // every),
            "every": every,
        },
        settings=_SETTINGS,
    )


def _statement(table: str) -> str:
    folder = resources.files("infra.lab.benchmarks.panels") / "fill"
    return (folder / f"{table}.sql").read_text(encoding="utf-8")
