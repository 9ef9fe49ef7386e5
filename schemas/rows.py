"""The tables of the store: every column with its ClickHouse type, declared once.

The migrations build these tables (a test holds them against this declaration); the writers
and the panels' SQL name only columns found here. All times are UTC. Every table is a
ReplacingMergeTree: a row written again replaces itself, so readers use `FINAL`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """A table's name, its columns in order, and the key that names a row."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    removable: bool = False
    """True where a row can be taken back (`is_deleted`)."""
    order: tuple[str, ...] = ()
    """How rows are sorted, where not by `key`: what is not of the key follows from it."""
    month: str | None = None
    """The time by whose month rows are apart (partitions); a column of `order`."""
    kept_days: int | None = None
    """Days after `at` for which rows are kept; None: for ever."""
    computed: dict[str, str] = field(default_factory=dict)
    """Columns that the store computes, for rows of every version, each with its expression."""

    @property
    def written(self) -> list[str]:
        """The columns that a row is written with, in order."""
        return [name for name in self.columns if name not in self.computed]

    @property
    def sorted_by(self) -> tuple[str, ...]:
        """The columns that rows are sorted by; rows that agree on them replace each other."""
        return self.order or self.key


_LABEL = "LowCardinality(String)"
_TIME = "DateTime64(6, 'UTC')"
_HOUR = "DateTime('UTC')"
_SCORE = "Nullable(Float64)"
_FIGURE = "Nullable(Float64)"
_VERSION = {"version": "UInt64"}

FIRST_WINS = 2**63
"""What is written once has this less the clock as its version, so that the first row stays."""

_SEGMENT_OF_CALL = {
    "service": _LABEL,
    "touchpoint": _LABEL,
    "channel": _LABEL,
    "customer_type": _LABEL,
}

EVENTS = Table(
    "events",
    {
        "topic": _LABEL,
        "event_id": "String",
        "client_id": _LABEL,
        "customer": "String",
        "event_time": _TIME,
        "partition": "UInt16",
        "payload": "String",
        **_VERSION,
    },
    ("client_id", "topic", "event_id"),
)
"""Journal of the facts (transcribed calls, payments, cancellations, and what corrects them).

All figures follow from it.
"""

EVENT_CLAIMS = Table(
    "event_claims",
    {
        "client_id": _LABEL,
        "event_id": "String",
        "customer": "String",
        "digest": "String",
        "older": "Bool",
        **_VERSION,
    },
    ("client_id", "event_id"),
)
"""Which of the events with one identity is accepted: the digest of what the first of them said.

`older` are events that a version which stored no source took in. Not one of the derived tables: a
claim outlives every worker, as the journal does.
"""

CALL_SCORES = Table(
    "call_scores",
    {
        "client_id": _LABEL,
        "event_id": "String",
        "scorer_version": _LABEL,
        "score": "String",
        **_VERSION,
    },
    ("client_id", "event_id"),
)
"""The scores that the journal's calls were given, as JSON (`CallScore`): written by the embedded
stack, so that a restart scores no call again.
"""

CALLS = Table(
    "calls",
    {
        "event_id": "String",
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "customer": "String",
        "started_at": _TIME,
        "ended_at": _TIME,
        **_SEGMENT_OF_CALL,
        "language": _LABEL,
        "from_audio": "Bool",
        "aggression": _SCORE,
        "empathy": _SCORE,
        "sentiment": _SCORE,
        "sentiment_change": _SCORE,
        "survey_rating": "Nullable(UInt8)",
        "spoken_rating": "Nullable(UInt8)",
        "predicted_rating": "Nullable(UInt8)",
        "churn_intent": "Bool",
        "promise_to_pay": "Bool",
        "drivers": "Array(String)",
        "conduct": "Array(String)",
        "quotes": "Array(Tuple(kind String, turn UInt32, text String, weight Float64))",
        "turns": "String",
        "scorer_version": _LABEL,
        "why": "Nullable(String)",
        "speakers": _LABEL,
        "turn_scores": "Array(Tuple(aggression Nullable(Float64), empathy Nullable(Float64), "
        "sentiment Nullable(Float64)))",
        "driver_quotes": "Array(Tuple(driver String, turn UInt32, text String))",
        "driver_set": _LABEL,
        **_VERSION,
    },
    ("client_id", "agency_id", "event_id"),
    order=("client_id", "ended_at", "agency_id", "event_id"),
    month="ended_at",
    computed={"driver_set": "arrayStringConcat(arraySort(arrayDistinct(drivers)), ' ')"},
)
"""Scored conversations; `quotes` are the words that explain the scores, heaviest first, then those
of each breach of conduct and each intent.

`turn_scores` are of each of the `turns`, `driver_quotes` the words that show each driver.
`speakers` is a `SpeakerSource`; empty where text was given. All three are empty in rows that an
older version wrote.

`driver_set` has each of the `drivers` once, in order, separated by blanks: there are few sets, so
they are read and grouped at half of what lists take.

When a conversation ended belongs to its event, which is never replaced by another of its identity.
"""

CALL_SURVEYS = Table(
    "call_surveys",
    {
        "client_id": _LABEL,
        "event_id": "String",
        "agency_id": _LABEL,
        "rating": "UInt8",
        "known_at": _TIME,
        **_VERSION,
    },
    ("client_id", "event_id"),
)
"""Ratings of surveys answered after their call, by the call's id; they count from `known_at` on.

The rating of a survey that came with its call is in `calls`, and such a call has no row here.
"""

CONTACT_EXCESSES = Table(
    "contact_excesses",
    {
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "event_id": "String",
        "ended_at": _TIME,
        **_SEGMENT_OF_CALL,
        "limit": _LABEL,
        **_VERSION,
        "is_deleted": "UInt8",
    },
    ("client_id", "agency_id", "event_id"),
    removable=True,
    order=("client_id", "ended_at", "agency_id", "event_id"),
    month="ended_at",
)
"""Conversations above the permitted number of their day or week (`limit`); see
`processors.engagements.contact_frequency`. One that a late event put below it is removed.
"""

ATTEMPTS = Table(
    "attempts",
    {
        "event_id": "String",
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "customer": "String",
        "started_at": _TIME,
        "ended_at": _TIME,
        **_SEGMENT_OF_CALL,
        "reason": _LABEL,
        **_VERSION,
    },
    ("client_id", "agency_id", "event_id"),
)
"""Calls that nobody answered; they are in no other figure. `reason` is an `Unanswered`."""

ENGAGEMENTS = Table(
    "engagements",
    {
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "customer": "String",
        "opened_at": _TIME,
        "matures_at": _HOUR,
        **_SEGMENT_OF_CALL,
        "calls": "UInt32",
        "scored": "UInt32",
        "aggression": _SCORE,
        "empathy": _SCORE,
        "cancelled": "Bool",
        "lost_to_supplier": "Bool",
        "paid": "Bool",
        "amount": "Decimal(38, 4)",
        **_VERSION,
        "is_deleted": "UInt8",
    },
    ("client_id", "agency_id", "customer", "opened_at"),
    removable=True,
    order=("client_id", "opened_at", "agency_id", "customer"),
    month="opened_at",
)
"""Engagements in their latest state; one whose beginning a late call moved is removed.

`paid` and `amount` are without what was returned, however late.
"""

HOUR_SUMS = (
    "calls",
    "promoters",
    "passives",
    "detractors",
    "predicted_promoters",
    "predicted_passives",
    "predicted_detractors",
    "aggression_n",
    "aggression_sum",
    "aggression_sq",
    "empathy_n",
    "empathy_sum",
    "sentiment_n",
    "sentiment_sum",
    "matured",
    "supplier_lost",
    "cancelled",
    "paid",
    "amount",
    "churn_n",
    "churn_x",
    "churn_xx",
    "churn_y",
    "churn_xy",
    "payment_n",
    "payment_x",
    "payment_xx",
    "payment_y",
    "payment_xy",
    "aggression_inferred",
    "empathy_inferred",
    "sentiment_inferred",
)
"""Sufficient statistics of one agency, segment and hour, all exact integers.

Per conversation (at the hour of `ended_at`): counts, of scores also those from inferred speakers;
scores in 1/10^4, squares in 1/10^8.
Per engagement (at the hour it matures): counts; `amount` in 1/10^4 of the currency; the
correlations' x (mean aggression or empathy) in 1/10^12, its square and products likewise
(xx in 1/10^24, xy in 1/10^12 since y is 0 or 1).
"""

AGENCY_HOURS = Table(
    "agency_hours",
    {
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "segment": _LABEL,
        "hour": _HOUR,
        "known": _HOUR,
        **dict.fromkeys(HOUR_SUMS, "Int128"),
        **_VERSION,
    },
    ("client_id", "agency_id", "segment", "hour", "known"),
)
"""Hourly sums: every window as of any time is a sum of these rows.

`known` is the hour from which a row counts, nearly always its own; an answer or a return that
comes later moves sums of `hour` by a row of its own. The window [b, e) holds the rows with
b <= hour < e and known < e.
"""


def _interval(name: str) -> dict[str, str]:
    return {
        name: _FIGURE,
        f"{name}_low": _FIGURE,
        f"{name}_high": _FIGURE,
        f"{name}_n": "UInt64",
    }


def _mean(name: str) -> dict[str, str]:
    return {name: _FIGURE, f"{name}_n": "UInt64", f"{name}_n_inferred": "UInt64"}


AGENCY_METRICS = Table(
    "agency_metrics",
    {
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "segment": _LABEL,
        "window": _LABEL,
        "day": "Date",
        "as_of": _HOUR,
        "calls": "UInt64",
        **_interval("nps"),
        **_interval("nps_predicted"),
        **_mean("aggression"),
        **_mean("empathy"),
        **_mean("sentiment"),
        **_interval("churn_rate"),
        **_interval("recovery_rate"),
        "amount_recovered": "Decimal(38, 4)",
        **_interval("churn_correlation"),
        "churn_correlation_p": _FIGURE,
        **_interval("payment_correlation"),
        "payment_correlation_p": _FIGURE,
        **_VERSION,
    },
    ("client_id", "agency_id", "segment", "window", "day"),
)
"""Snapshots of each window, one row a day: as of the day's end, or of now while the day runs.

The windows' names are 24h, 7d, 30d, 90d. Late events rewrite the days they touch.
"""

ALERTS = Table(
    "alerts",
    {
        "alert_id": "String",
        "client_id": _LABEL,
        "agency_id": _LABEL,
        "kind": _LABEL,
        "status": _LABEL,
        "since": _HOUR,
        "opened_at": _HOUR,
        "resolved_at": "Nullable(DateTime('UTC'))",
        "baseline": "Float64",
        "level": "Float64",
        "rise_points": "Float64",
        "rise_sd": "Float64",
        "n": "UInt64",
        "quotes": "Array(Tuple(event_id String, turn UInt32, text String, aggression Float64))",
        **_VERSION,
    },
    ("client_id", "agency_id", "alert_id"),
)
"""Alerts in their latest state; status is open, resolved or retracted (a late event undid it)."""

SURVIVAL = Table(
    "survival",
    {
        "client_id": _LABEL,
        "window": _LABEL,
        "as_of": _HOUR,
        "group_kind": _LABEL,
        "group_name": _LABEL,
        "horizon_days": "UInt16",
        "n": "UInt64",
        "events": "UInt64",
        "days": "Array(UInt16)",
        "staying": "Array(Float64)",
        "low": "Array(Nullable(Float64))",
        "high": "Array(Nullable(Float64))",
        "at_risk": "Array(UInt64)",
        "logrank_statistic": _FIGURE,
        "logrank_p": _FIGURE,
        "logrank_n": "UInt64",
        **_VERSION,
    },
    ("client_id", "window", "as_of", "group_kind", "group_name"),
)
"""Kaplan-Meier curves, written by `ascolto figures --survival`: one row a curve.

`group_kind` is agency or aggression_tercile; `days`, `staying`, `low`, `high` and `at_risk` go
together. The rows of one writing share their version: of a client, window and `as_of`, those of
the greatest version count.
"""

SETTLED_EVENTS = Table(
    "settled_events",
    {
        "client_id": _LABEL,
        "customer": "String",
        "kind": _LABEL,
        "event_id": "String",
        "entry": "String",
        **_VERSION,
    },
    ("client_id", "customer", "kind", "event_id"),
)
"""Events of engagements that have ended, archived from the workers' state for late events."""

DEAD_LETTERS = Table(
    "dead_letters",
    {
        "letter_id": "String",
        "topic": _LABEL,
        "origin": "String",
        "reason": "String",
        "error_class": _LABEL,
        "original": "String",
        "event_id": "Nullable(String)",
        "client_id": "Nullable(String)",
        "written_at": _TIME,
        **_VERSION,
    },
    ("letter_id",),
)
"""What could not be understood or done, with its original bytes (base64)."""

LETTER_REPLAYS = Table(
    "letter_replays",
    {
        "letter_id": "String",
        "replayed_at": _TIME,
        "place": "String",
        "client_id": "Nullable(String)",
        **_VERSION,
    },
    ("letter_id", "replayed_at"),
)
"""When which dead letter was sent again, and to which topic; one row a time.

A letter is open if it was written after it was last replayed.
"""

DISPLAY_NAMES = Table(
    "display_names",
    {"client_id": _LABEL, "agency_id": _LABEL, "name": "String", **_VERSION},
    ("client_id", "agency_id"),
)
"""What client companies and agencies are called, from the registry, for Grafana's queries.

`agency_id` is empty for the client company itself; an empty `name` is one that was removed.
"""

NOTIFICATIONS = Table(
    "notifications",
    {
        "client_id": _LABEL,
        "target": _LABEL,
        "alert_id": "String",
        "number": "UInt32",
        "agency_id": _LABEL,
        "kind": _LABEL,
        "status": _LABEL,
        "alert": "String",
        "thread": "String",
        "sent_at": _TIME,
        **_VERSION,
    },
    ("client_id", "target", "alert_id", "number"),
)
"""Messages about alerts that a target has accepted, in order of `number`, from 1.

`status` is that of the alert which the message reported; `alert` is the alert then, as JSON,
without quotes; `thread` the id of the alert when it was first reported, which late events may have
moved since. Such a move is a row for the old alert and one for the new, without a message.
The row with an empty `alert_id` and number 0 says since when the target exists.
"""

ALERT_ACTIONS = Table(
    "alert_actions",
    {
        "client_id": _LABEL,
        "alert_id": "String",
        "action_id": "String",
        "agency_id": _LABEL,
        "action": _LABEL,
        "who": "String",
        "text": "String",
        "at": _TIME,
        **_VERSION,
    },
    ("client_id", "alert_id", "action_id"),
)
"""What people did about alerts, one row an action; rows are only added.

`action` is acknowledged, owner or note; `text` is the note, or the owner's name.
"""

WORKER_STATUS = Table(
    "worker_status",
    {
        "worker": _LABEL,
        "instance": "String",
        "release": _LABEL,
        "started_at": _TIME,
        "at": _TIME,
        "stopped": "Bool",
        "progressed_at": f"Nullable({_TIME})",
        "event_time": f"Nullable({_TIME})",
        "lag": "Map(LowCardinality(String), UInt64)",
        "events_per_second": "Map(LowCardinality(String), Float64)",
        "counts": "Map(LowCardinality(String), UInt64)",
        "state_keys": "Map(LowCardinality(String), UInt64)",
        "state_bytes": "Map(LowCardinality(String), UInt64)",
        **_VERSION,
    },
    ("worker", "instance", "at"),
    order=("at", "worker", "instance"),
    kept_days=14,
)
"""What each worker reports of itself, a row every 30 s and one when it stops; nobody's data.

`worker` is transcriber, scorer or analytics; `instance` a random name of the process. `lag` is by
topic, over the partitions that the worker has: offsets that it has not committed. It is empty where
Kafka did not say. `events_per_second` is by topic, since the row before. `counts` are the counters
since `started_at` (`streams/runtime/counters.py`). `progressed_at` is the last row at which events
had been handled since the row before, `event_time` the latest event's time.
"""

PAYMENTS_AND_CANCELLATIONS = Table(
    "payments_and_cancellations",
    {
        "client_id": _LABEL,
        "customer": "String",
        "event_time": _TIME,
        "kind": "String",
        "amount": "Nullable(Float64)",
        "currency": "String",
        "topic": _LABEL,
    },
    ("client_id", "customer", "event_time", "kind"),
)
"""A view of the journal for panels: what customers paid and which contracts ended, nothing else.

`kind` is payment, return, cancellation or closed_by_supplier; it, `amount` and `currency` are read
from each event's JSON, `topic` and the other columns are not. The view is read with the rights of
who made it, so that a reader needs none on `events`.
"""

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
