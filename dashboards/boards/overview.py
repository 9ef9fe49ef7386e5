"""Panoramica: the agencies side by side, what is certain, what is wrong now, and why."""

from __future__ import annotations

from dashboards.boards.columns import AGENCY, count, sample, spread, text, time
from dashboards.boards.tiles import (
    Bars,
    Board,
    Choice,
    Column,
    Counted,
    Kind,
    Lines,
    Points,
    Section,
    Source,
    Table,
    Tile,
)
from dashboards.boards.uids import OVERVIEW_UID

VERDICT = Tile(
    "verdict",
    Table((Column("verdict", Kind.SENTENCES, 400, grows=True),), header=False),
    "boards/verdict",
    Source.SNAPSHOTS,
    Counted.MIXED,
    width=16,
    height=6,
    by_agency=False,
)
FRESHNESS = Tile(
    "freshness",
    Table((Column("freshness", Kind.SENTENCES, 300, grows=True),), header=False),
    "boards/freshness",
    Source.EVENTS,
    Counted.ROWS,
    width=8,
    height=6,
    by_agency=False,
)
TREATMENT = Tile(
    "treatment",
    Table(
        (
            *AGENCY,
            Column("nps", Kind.NPS, 60),
            spread("nps_range"),
            sample("nps_n"),
            text("nps_change", 110),
            Column("aggression", Kind.SCORE, 100),
            text("harsh_share", 130),
            text("threat_share", 130),
            Column("empathy", Kind.SCORE, 90),
            text("kind_share", 150),
            count("calls", 120),
        )
    ),
    "boards/treatment",
    Source.SNAPSHOTS,
    Counted.MIXED,
    width=24,
)
OUTCOME = Tile(
    "outcome",
    Table(
        (
            *AGENCY,
            Column("recovery_rate", Kind.RATE, 130, bar="green"),
            spread("recovery_range"),
            sample("recovery_rate_n"),
            Column("amount", Kind.MONEY, 120),
            Column("churn_rate", Kind.RATE, 130, bar="red"),
            spread("churn_range"),
            sample("churn_rate_n"),
            text("churn_change", 110),
        )
    ),
    "boards/outcome",
    Source.SNAPSHOTS,
    Counted.CUSTOMERS,
    width=24,
    empty="ui.no_customers",
)
PROVISIONAL = Tile(
    "provisional",
    Table(
        (
            *AGENCY,
            count("n", 80, title="column.customers"),
            count("paid_so_far"),
            Column("amount_so_far", Kind.MONEY, 105),
            count("lost_so_far"),
            time("first_matures"),
            time("last_matures"),
        )
    ),
    "boards/provisional",
    Source.ENGAGEMENTS,
    Counted.CUSTOMERS,
    width=16,
    empty="ui.none_in_course",
)
ALERTS = Tile(
    "alerts",
    Table(
        (
            *AGENCY,
            text("kind", 170, words="alert_kind"),
            time("since"),
            Column("baseline", Kind.SCORE, 90),
            Column("level", Kind.SCORE, 90),
            sample("n"),
            Column("quotes", Kind.SENTENCES, 320, grows=True),
        )
    ),
    "alerts",
    Source.ALERTS,
    Counted.MIXED,
    width=24,
    height=9,
    empty="ui.no_alerts",
)
MONEY_AND_LOSS = Tile(
    "recovery_and_churn",
    Points(
        "recovery_rate",
        "churn_rate",
        Kind.RATE,
        "ui.collected_axis",
        "ui.lost_axis",
        n="least(recovery_rate_n, churn_rate_n)",
    ),
    "recovery_and_churn",
    Source.SNAPSHOTS,
    Counted.CUSTOMERS,
    width=8,
    empty="ui.no_customers",
)
NPS_OVER_TIME = Tile(
    "nps_lines",
    Lines(Kind.NPS, -100, 100),
    "nps_over_time",
    Source.SNAPSHOTS,
    Counted.RATINGS,
    height=9,
)
AGGRESSION_OVER_TIME = Tile(
    "aggression_lines",
    Lines(Kind.SCORE, 0, 1, closed_days=True),
    "aggression_over_time",
    Source.HOURS,
    Counted.CONVERSATIONS,
    height=9,
)
QUARTERS = Tile(
    "quarters",
    Table(
        (
            *AGENCY,
            Column("said", Kind.SENTENCES, 330, grows=True),
            spread("most_range", "column.most_range"),
            sample("most_n"),
            spread("least_range", "column.least_range"),
            sample("least_n"),
        )
    ),
    "boards/quarters_said",
    Source.ENGAGEMENTS,
    Counted.CUSTOMERS,
    width=24,
    empty="ui.no_customers",
)
RELATIONS = Tile(
    "relations",
    Table(
        (
            *AGENCY,
            Column("churn_correlation", Kind.CORRELATION, 110, title="column.relation_churn"),
            spread("churn_correlation_range"),
            sample("churn_correlation_n"),
            Column("payment_correlation", Kind.CORRELATION, 110, title="column.relation_payment"),
            spread("payment_correlation_range"),
            sample("payment_correlation_n"),
        )
    ),
    "boards/relations",
    Source.SNAPSHOTS,
    Counted.CUSTOMERS,
    width=15,
    height=10,
    empty="ui.no_customers",
)
DRIVERS = Tile(
    "driver_bars",
    Bars("driver", "share", Kind.RATE, words="driver", n="n"),
    "boards/driver_shares",
    Source.CALLS,
    Counted.CONVERSATIONS,
    width=9,
    height=10,
)

OVERVIEW = Board(
    "overview",
    OVERVIEW_UID,
    (
        Section("verdict", (VERDICT, FRESHNESS, TREATMENT, OUTCOME)),
        Section("now", (ALERTS,)),
        Section("money", (PROVISIONAL, MONEY_AND_LOSS)),
        Section("time", (NPS_OVER_TIME, AGGRESSION_OVER_TIME)),
        Section("why", (QUARTERS, RELATIONS, DRIVERS)),
    ),
    (Choice.CLIENT, Choice.WINDOW, Choice.SEGMENT, Choice.AGENCIES),
    alerts_marked=True,
)
