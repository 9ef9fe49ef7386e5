"""Funzionamento, for the team that runs Ascolto: the workers, and what becomes of events."""

from __future__ import annotations

from dashboards.boards.columns import AGENCY, count, text, time
from dashboards.boards.live import DELAY, SCORED
from dashboards.boards.tiles import (
    Board,
    Choice,
    Column,
    Counted,
    Kind,
    Section,
    Source,
    Table,
    Tile,
)
from dashboards.boards.uids import OPERATIONS_UID
from dashboards.boards.worker_tiles import (
    DROPS,
    LAG,
    LAG_NOW,
    STATE_SIZES,
    THROUGHPUT,
    WORKERS,
)

LATEST_ROWS = Tile(
    "latest_rows",
    Table(
        (
            Column("what", Kind.TEXT, 180, words="row_kind", grows=True),
            time("newest"),
            Column("age", Kind.DURATION, 130),
        )
    ),
    "boards/latest_rows",
    Source.EVENTS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_data_yet",
)
DEAD_LETTERS = Tile(
    "dead_letters",
    Table(
        (
            text("topic", 150),
            Column("error_class", Kind.TEXT, 150, grows=True),
            count("n", 70, title="column.letters"),
            count("waiting", 90),
            time("last"),
        )
    ),
    "boards/dead_letters",
    Source.DEAD_LETTERS,
    Counted.ROWS,
    by_agency=False,
    empty="ui.no_letters",
)
UNSCORED = Tile(
    "unscored",
    Table(
        (
            *AGENCY,
            Column("why_unscored", Kind.TEXT, 220, words="why", grows=True),
            count("conversations", 120),
        )
    ),
    "boards/unscored",
    Source.CALLS,
    Counted.CONVERSATIONS,
    empty="ui.all_scored",
)
ATTEMPTS = Tile(
    "attempts",
    Table(
        (
            *AGENCY,
            Column("reason", Kind.TEXT, 200, words="unanswered", grows=True),
            count("n", 90, title="column.attempts"),
            time("last"),
        )
    ),
    "boards/attempts",
    Source.ATTEMPTS,
    Counted.ROWS,
    empty="ui.no_attempts",
)
VERSIONS = Tile(
    "versions",
    Table(
        (
            Column("scorer_version", Kind.TEXT, 150, grows=True),
            text("language", 80),
            Column("given", Kind.TEXT, 110, title="column.given_as", words="given_as"),
            count("n", 110, title="column.calls"),
            time("last"),
        )
    ),
    "boards/versions",
    Source.CALLS,
    Counted.CONVERSATIONS,
    by_agency=False,
)
SIZES = Tile(
    "table_sizes",
    Table(
        (
            Column("what", Kind.TEXT, 150, title="column.table", grows=True),
            count("n", 110, title="column.rows"),
            Column("bytes", Kind.BYTES, 100),
            count("parts", 80),
            time("last"),
        )
    ),
    "boards/table_sizes",
    Source.SYSTEM,
    Counted.ROWS,
    by_agency=False,
)

OPERATIONS = Board(
    "operations",
    OPERATIONS_UID,
    (
        Section("workers", (WORKERS, LAG, THROUGHPUT, LAG_NOW, DROPS)),
        Section("pipeline", (LATEST_ROWS, DEAD_LETTERS, SCORED, DELAY)),
        Section("left_out", (UNSCORED, ATTEMPTS)),
        Section("store", (VERSIONS, SIZES, STATE_SIZES)),
    ),
    (Choice.CLIENT, Choice.WINDOW, Choice.SEGMENT, Choice.AGENCIES),
    since="now-7d",
)
