"""Tiles of what the workers report of themselves: lag, throughput, drops, states, versions."""

from __future__ import annotations

from dashboards.boards.columns import count, text, time
from dashboards.boards.tiles import Column, Counted, Counts, Kind, Source, Table, Tile

_WORKER = text("worker", 130, words="worker")

WORKERS = Tile(
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
    Source.WORKERS,
    Counted.ROWS,
    width=24,
    height=7,
    by_agency=False,
    empty="ui.no_workers",
)
LAG = Tile(
    "lag_over_time",
    Counts(Kind.COUNT, ("lag_transcriber", "lag_scorer", "lag_analytics")),
    "boards/lag_over_time",
    Source.WORKERS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_workers",
)
THROUGHPUT = Tile(
    "throughput",
    Counts(
        Kind.PER_SECOND,
        ("calls_transcribed", "calls_scored", "calls_linked", "outcomes_linked"),
    ),
    "boards/throughput",
    Source.WORKERS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_workers",
)
LAG_NOW = Tile(
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
    Source.WORKERS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_workers",
)
DROPS = Tile(
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
    Source.WORKERS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_drops",
)
STATE_SIZES = Tile(
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
    Source.WORKERS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_workers",
)
