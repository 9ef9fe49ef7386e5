"""Agenzia: one agency over time, by segment, by hour; why, how it behaves, who stays."""

from __future__ import annotations

from dataclasses import replace

from dashboards.boards.columns import AGENCY_ID, count, sample, spread, text, time
from dashboards.boards.overview import FRESHNESS
from dashboards.boards.tiles import (
    Band,
    Board,
    Choice,
    Column,
    Counted,
    Curves,
    Kind,
    Section,
    Source,
    Table,
    Target,
    Tile,
)
from dashboards.boards.uids import AGENCY_UID

FIGURES = Tile(
    "agency_figures",
    Table(
        (
            Column("figure", Kind.TEXT, 130, words="figure", grows=True),
            text("value", 80),
            spread("interval_range"),
            text("in_words", 160),
            sample("n"),
            text("value_before", 110),
        )
    ),
    "boards/agency_figures",
    Source.SNAPSHOTS,
    Counted.MIXED,
    width=24,
    height=10,
)
SEGMENTS = Tile(
    "segments",
    Table(
        (
            Column("segment", Kind.TEXT, 200, words="segment_value", grows=True),
            count("calls", 120),
            Column("nps", Kind.NPS, 60),
            spread("nps_range"),
            sample("nps_n"),
            Column("aggression", Kind.SCORE, 110),
            Column("churn_rate", Kind.RATE, 140, bar="red"),
            spread("churn_range"),
            sample("churn_rate_n"),
        )
    ),
    "boards/segments_compared",
    Source.HOURS,
    Counted.MIXED,
    width=24,
    height=10,
)


def _over_time(name: str, kind: Kind, low: float, high: float, counted: Counted) -> Tile:
    return Tile(
        f"{name}_band",
        Band(kind, low, high),
        "boards/interval_over_time",
        Source.SNAPSHOTS,
        counted,
        figure=name,
        height=9,
        by_agency=False,
    )


AGGRESSION = Tile(
    "aggression_band",
    Band(Kind.SCORE, 0, 1, closed_days=True),
    "boards/mean_over_time",
    Source.HOURS,
    Counted.CONVERSATIONS,
    height=9,
    by_agency=False,
)
DRIVERS = Tile(
    "driver_shares",
    Table(
        (
            Column("driver", Kind.TEXT, 150, words="driver", link=Target.DRIVER, grows=True),
            AGENCY_ID,
            Column("share", Kind.RATE, 130, bar="blue"),
            spread("share_range"),
            sample("n"),
            Column("nps_cost", Kind.NPS, 110),
            spread("nps_cost_range"),
        )
    ),
    "boards/driver_shares",
    Source.CALLS,
    Counted.CONVERSATIONS,
    width=14,
    height=10,
)
QUARTERS = Tile(
    "quarters",
    Table((Column("said", Kind.SENTENCES, 330, grows=True), sample("most_n"))),
    "boards/quarters_said",
    Source.ENGAGEMENTS,
    Counted.CUSTOMERS,
    width=10,
    height=10,
    empty="ui.no_customers",
)
CONDUCT = Tile(
    "conduct",
    Table(
        (
            Column("rule", Kind.TEXT, 170, words="rule", link=Target.CONVERSATIONS, grows=True),
            AGENCY_ID,
            count("conversations", 110),
            Column("share", Kind.RATE, 80),
            spread("share_range"),
            sample("n"),
        )
    ),
    "boards/conduct_shares",
    Source.CALLS,
    Counted.CONVERSATIONS,
    height=10,
    empty="ui.no_breaches",
)
STAYING = Tile(
    "staying",
    Curves("day", "value", Kind.RATE, "ui.days_axis", "ui.staying_axis", n="n"),
    "staying",
    Source.SURVIVAL,
    Counted.CUSTOMERS,
    width=24,
    height=9,
    empty="ui.no_survival",
)


def _when(name: str, column: Column) -> Tile:
    return Tile(
        name,
        Table(
            (
                column,
                Column("value", Kind.SCORE, 150, bar="orange", title="column.aggression"),
                sample("n"),
            )
        ),
        f"boards/{name}",
        Source.HOURS,
        Counted.CONVERSATIONS,
        width=6,
        height=10,
    )


HOURS = _when("hours_of_day", Column("at", Kind.TEXT, 70, grows=True))
WEEKDAYS = _when("weekdays", Column("weekday", Kind.TEXT, 70, words="weekday", grows=True))

ALERTS = Tile(
    "alert_history",
    Table(
        (
            text("kind", 170, words="alert_kind"),
            time("since"),
            time("resolved_at"),
            Column("baseline", Kind.SCORE, 90),
            Column("level", Kind.SCORE, 90),
            sample("n"),
            text("owner", 130),
            Column("notes", Kind.SENTENCES, 200, grows=True),
            Column("quotes", Kind.SENTENCES, 250, grows=True),
        )
    ),
    "boards/alert_history",
    Source.ALERTS,
    Counted.MIXED,
    width=24,
    height=8,
    empty="ui.never_alerts",
)

AGENCY = Board(
    "agency",
    AGENCY_UID,
    (
        Section("figures", (replace(FRESHNESS, width=24, height=3), FIGURES, ALERTS)),
        Section(
            "over_time",
            (
                _over_time("nps", Kind.NPS, -100, 100, Counted.RATINGS),
                AGGRESSION,
                _over_time("churn_rate", Kind.RATE, 0, 0.5, Counted.CUSTOMERS),
                _over_time("recovery_rate", Kind.RATE, 0, 1, Counted.CUSTOMERS),
            ),
        ),
        Section("segments", (SEGMENTS,)),
        Section("why", (DRIVERS, QUARTERS)),
        Section("conduct", (CONDUCT, HOURS, WEEKDAYS)),
        Section("staying", (STAYING,)),
    ),
    (Choice.CLIENT, Choice.AGENCY, Choice.WINDOW, Choice.SEGMENT),
    alerts_marked=True,
)
