"""Voce del cliente: why customers give the ratings they give, and one conversation at a time."""

from __future__ import annotations

from dataclasses import replace

from dashboards.boards.columns import AGENCY, AGENCY_ID, count, sample, spread, text, time
from dashboards.boards.overview import FRESHNESS
from dashboards.boards.tiles import (
    Board,
    Choice,
    Column,
    Counted,
    Kind,
    Section,
    Source,
    Table,
    Target,
    Tile,
)
from dashboards.boards.uids import VOICES_UID

DRIVERS = Tile(
    "driver_costs",
    Table(
        (
            *AGENCY,
            Column("driver", Kind.TEXT, 160, words="driver", link=Target.DRIVER, grows=True),
            Column("share", Kind.RATE, 130, bar="blue"),
            spread("share_range"),
            count("conversations", 110),
            sample("n"),
            Column("nps_cost", Kind.NPS, 120),
            spread("nps_cost_range"),
            sample("with_rated"),
        )
    ),
    "boards/driver_shares",
    Source.CALLS,
    Counted.MIXED,
    width=24,
    height=11,
)
EMOTION = Tile(
    "emotion_by_rating",
    Table(
        (
            *AGENCY,
            text("given", 190, words="given"),
            count("ratings", 80),
            Column("mean_sentiment", Kind.SCORE, 120),
            text("upset", 150),
            text("pleased", 150),
            sample("n"),
        )
    ),
    "boards/emotion_by_rating",
    Source.CALLS,
    Counted.CONVERSATIONS,
    width=24,
)
CONVERSATIONS = Tile(
    "conversations",
    Table(
        (
            Column("time", Kind.TIME, 160, link=Target.STORY),
            *AGENCY,
            Column("conversation", Kind.TEXT, 0, hidden=True),
            Column("rating", Kind.COUNT, 60),
            text("rating_source", 110, words="rating_source"),
            Column("aggression", Kind.SCORE, 100),
            Column("empathy", Kind.SCORE, 80),
            Column("drivers", Kind.SENTENCES, 160, words="driver", listed=True),
            Column("harsh_words", Kind.SENTENCES, 240, grows=True),
            Column("customer_words", Kind.SENTENCES, 240, grows=True),
        )
    ),
    "conversations",
    Source.CALLS,
    Counted.ROWS,
    width=24,
    height=13,
    constants={
        "order": "aggression",
        "outcome": "",
        "rating": "",
        "conduct": "",
        "intent": "",
        "text": "",
        "after": "",
    },
    optional=("driver",),
)
STORY_CALL = Tile(
    "story_call",
    Table(
        (
            time("time"),
            *AGENCY,
            text("channel", 90, words="value"),
            text("touchpoint", 120, words="value"),
            Column("seconds", Kind.DURATION, 80),
            Column("rating", Kind.COUNT, 60),
            text("rating_source", 110, words="rating_source"),
            Column("aggression", Kind.SCORE, 100),
            Column("empathy", Kind.SCORE, 80),
            Column("sentiment", Kind.SCORE, 80),
            Column("drivers", Kind.SENTENCES, 130, words="driver", listed=True),
            Column("conduct", Kind.SENTENCES, 130, words="rule", listed=True),
        )
    ),
    "boards/story_call",
    Source.CALLS,
    Counted.ROWS,
    width=24,
    height=5,
    empty="ui.no_story",
)
STORY_TURNS = Tile(
    "story_turns",
    Table(
        (
            Column("speaker", Kind.TEXT, 90, words="speaker"),
            Column("said", Kind.SENTENCES, 420, title="column.turn", grows=True),
            Column("shows", Kind.SENTENCES, 170, words="quote_kind", listed=True),
        )
    ),
    "boards/story_turns",
    Source.CALLS,
    Counted.ROWS,
    width=24,
    height=15,
    by_agency=False,
    empty="ui.no_story",
)
STORY_OUTCOME = Tile(
    "story_outcome",
    Table(
        (
            Column("customer_after", Kind.TEXT, 150, words="customer_after", grows=True),
            Column("payment_after", Kind.TEXT, 100, words="payment_after"),
            Column("amount", Kind.MONEY, 80),
            Column("matures_at", Kind.TIME, 135),
            AGENCY_ID,
        )
    ),
    "boards/story_outcome",
    Source.ENGAGEMENTS,
    Counted.ROWS,
    height=6,
    empty="ui.no_story",
)
STORY_EVENTS = Tile(
    "story_events",
    Table(
        (
            time("time"),
            Column("kind", Kind.TEXT, 150, words="event_kind", title="column.event", grows=True),
            Column("amount", Kind.MONEY, 100),
            text("currency", 70),
        )
    ),
    "boards/story_events",
    Source.EVENTS,
    Counted.ROWS,
    height=6,
    by_agency=False,
    empty="ui.nothing_after",
)

VOICES = Board(
    "voices",
    VOICES_UID,
    (
        Section("reasons", (replace(FRESHNESS, width=24, height=3), DRIVERS, EMOTION)),
        Section("conversations", (CONVERSATIONS,)),
        Section("story", (STORY_CALL, STORY_OUTCOME, STORY_EVENTS, STORY_TURNS)),
    ),
    (
        Choice.CLIENT,
        Choice.WINDOW,
        Choice.SEGMENT,
        Choice.AGENCIES,
        Choice.DRIVER,
        Choice.CONVERSATION,
    ),
)
