"""The tables of the store: every column with its ClickHouse type, declared once.

The migrations build these tables (a test holds them against this declaration); the writers
and the panels' SQL name only columns found here. All times are UTC. Every table is a
ReplacingMergeTree: a row written again replaces itself, so readers use `FINAL`.
"""

from __future__ import annotations

from schemas.rows.conversations import (
    ATTEMPTS,
    CALL_SCORES,
    CALL_SURVEYS,
    CALLS,
    CONTACT_EXCESSES,
    ENGAGEMENTS,
    EVENT_CLAIMS,
    EVENTS,
    PAYMENTS_AND_CANCELLATIONS,
)
from schemas.rows.figures import AGENCY_HOURS, AGENCY_METRICS, ALERTS, HOUR_SUMS, SURVIVAL
from schemas.rows.operation import (
    ALERT_ACTIONS,
    DEAD_LETTERS,
    DISPLAY_NAMES,
    LETTER_REPLAYS,
    NOTIFICATIONS,
    SETTLED_EVENTS,
    WORKER_STATUS,
)
from schemas.rows.table import FIRST_WINS, HOUR, LABEL, Table

__all__ = [
    "AGENCY_HOURS",
    "AGENCY_METRICS",
    "ALERTS",
    "ALERT_ACTIONS",
    "ATTEMPTS",
    "CALLS",
    "CALL_SCORES",
    "CALL_SURVEYS",
    "CONTACT_EXCESSES",
    "DEAD_LETTERS",
    "DISPLAY_NAMES",
    "ENGAGEMENTS",
    "EVENTS",
    "EVENT_CLAIMS",
    "FIRST_WINS",
    "HOUR",
    "HOUR_SUMS",
    "LABEL",
    "LETTER_REPLAYS",
    "NOTIFICATIONS",
    "PAYMENTS_AND_CANCELLATIONS",
    "SETTLED_EVENTS",
    "SURVIVAL",
    "TABLES",
    "VIEWS",
    "WORKER_STATUS",
    "Table",
]

VIEWS = (PAYMENTS_AND_CANCELLATIONS,)

TABLES = (
    EVENTS,
    EVENT_CLAIMS,
    CALL_SCORES,
    CALLS,
    CALL_SURVEYS,
    CONTACT_EXCESSES,
    ATTEMPTS,
    ENGAGEMENTS,
    AGENCY_HOURS,
    AGENCY_METRICS,
    ALERTS,
    SURVIVAL,
    SETTLED_EVENTS,
    DEAD_LETTERS,
    LETTER_REPLAYS,
    DISPLAY_NAMES,
    NOTIFICATIONS,
    ALERT_ACTIONS,
    WORKER_STATUS,
)
