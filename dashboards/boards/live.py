"""In diretta: conversations as they are scored, and how long it takes."""

from __future__ import annotations

from dashboards.boards.columns import AGENCY, sample, text, time
from dashboards.boards.tiles import (
    Board,
    Choice,
    Column,
    Counted,
    Counts,
    Kind,
    Section,
    Source,
    Table,
    Target,
    Tile,
)
from dashboards.boards.uids import LIVE_UID

SCORED = Tile(
    "scored_by_minute",
    Counts(Kind.COUNT, ("scored", "unscored"), stacked=True),
    "boards/scored_by_minute",
    Source.CALLS,
    Counted.CONVERSATIONS,
    by_agency=False,
    empty="ui.none_scored",
)
DELAY = Tile(
    "score_delay",
    Counts(Kind.SECONDS, ("half", "slowest")),
    "boards/score_delay",
    Source.CALLS,
    Counted.CONVERSATIONS,
    by_agency=False,
    empty="ui.none_scored",
)
DELAY_NOW = Tile(
    "delay_now",
    Table(
        (
            *AGENCY,
            sample("n"),
            Column("half", Kind.SECONDS, 150),
            Column("slowest", Kind.SECONDS, 150),
            time("newest"),
        )
    ),
    "boards/delay_now",
    Source.CALLS,
    Counted.CONVERSATIONS,
    width=24,
    height=6,
    empty="ui.none_scored",
)
LATEST = Tile(
    "latest_calls",
    Table(
        (
            Column("time", Kind.TIME, 160, link=Target.STORY),
            *AGENCY,
            Column("conversation", Kind.TEXT, 0, hidden=True),
            Column("aggression", Kind.SCORE, 100),
            Column("empathy", Kind.SCORE, 80),
            Column("sentiment", Kind.SCORE, 80),
            Column("rating", Kind.COUNT, 60),
            text("rating_source", 110, words="rating_source"),
            Column("harsh_words", Kind.SENTENCES, 200, grows=True),
            Column("customer_words", Kind.SENTENCES, 200, grows=True),
            text("why", 150, words="why"),
        )
    ),
    "latest_calls",
    Source.CALLS,
    Counted.ROWS,
    width=24,
    height=14,
)

LIVE = Board(
    "live",
    LIVE_UID,
    (Section("live", (LATEST,)), Section("delay", (SCORED, DELAY, DELAY_NOW))),
    (Choice.CLIENT, Choice.SEGMENT, Choice.AGENCIES, Choice.WINDOW),
    refresh="30s",
    since="now-6h",
)
