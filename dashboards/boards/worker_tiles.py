"""Tiles of what the workers report of themselves: lag, throughput, drops, states, versions."""

from __future__ import annotations

from dataclasses import replace

from dashboards.boards.columns import count, text, time
from dashboards.boards.tiles import Column, Counted, Counts, Kind, Source, Table, Tile, View

_WORKER = text("worker", 130, words="worker")


def _tile(tile_id: str, view: View, query: str, empty: str = "ui.no_workers") -> Tile:
    """A tile of the workers' reports, whose rows are no agency's."""
    counted = Counted.ROWS
    return Tile(tile_id, view, query, Source.WORKERS, counted, by_agency=False, empty=empty)


WORKERS = replace(
    _tile(
        "workers",
        Table(
            (
                Column("worker", Kind.TEXT, 130, words="worker", grows=True),
                text("instance", 100),
                Column("worker_state", Kind.TEXT, 140, words="worker_state"),
                text("release", 90),
                time("started"),
                time("reported"),
                Column("age", Kind.DURATION, 130),
                time("progressed"),
                count("lag", 110),
            )
        ),
        "boards/workers",
    ),
    width=24,
    height=7,
)
LAG = _tile(
    "lag_over_time",
    Counts(Kind.COUNT, ("lag_transcriber", "lag_scorer", "lag_analytics")),
    "boards/lag_over_time",
)
THROUGHPUT = _tile(
    "throughput",
    Counts(
        Kind.PER_SECOND,
        ("calls_transcribed", "calls_scored", "calls_linked", "outcomes_linked"),
    ),
    "boards/throughput",
)
LAG_NOW = _tile(
    "lag_now",
    Table(
        (
            _WORKER,
            Column("topic", Kind.TEXT, 150, grows=True),
            count("lag", 110),
            Column("per_second", Kind.PER_SECOND, 110),
        )
    ),
    "boards/lag_now",
)
DROPS = _tile(
    "drops",
    Table(
        (
            _WORKER,
            Column("dropped", Kind.TEXT, 200, words="dropped", grows=True),
            text("detail", 120),
            count("n", 80, title="column.drops"),
        )
    ),
    "boards/drops",
    empty="ui.no_drops",
)
STATE_SIZES = _tile(
    "state_sizes",
    Table(
        (
            _WORKER,
            Column("state_table", Kind.TEXT, 180, words="state_table", grows=True),
            count("keys", 110),
            Column("bytes", Kind.BYTES, 100),
        )
    ),
    "boards/state_sizes",
)
