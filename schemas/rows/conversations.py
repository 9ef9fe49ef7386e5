"""Tables of what was said, paid and cancelled: events, conversations, engagements."""

from __future__ import annotations

from schemas.rows.table import HOUR, LABEL, SCORE, TIME, VERSION, Table

_SEGMENT_OF_CALL = {
    "service": LABEL,
    "touchpoint": LABEL,
    "channel": LABEL,
    "customer_type": LABEL,
}

EVENTS = Table(
    "events",
    {
        "topic": LABEL,
        "event_id": "String",
        "client_id": LABEL,
        "customer": "String",
        "event_time": TIME,
        "partition": "UInt16",
        "payload": "String",
        **VERSION,
    },
    ("client_id", "topic", "event_id"),
)
"""Journal of the facts (transcribed calls, payments, cancellations, and what corrects them).

All figures follow from it.
"""

EVENT_CLAIMS = Table(
    "event_claims",
    {
        "client_id": LABEL,
        "event_id": "String",
        "customer": "String",
        "digest": "String",
        "older": "Bool",
        **VERSION,
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
        "client_id": LABEL,
        "event_id": "String",
        "scorer_version": LABEL,
        "score": "String",
        **VERSION,
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
        "client_id": LABEL,
        "agency_id": LABEL,
        "customer": "String",
        "started_at": TIME,
        "ended_at": TIME,
        **_SEGMENT_OF_CALL,
        "language": LABEL,
        "from_audio": "Bool",
        "aggression": SCORE,
        "empathy": SCORE,
        "sentiment": SCORE,
        "sentiment_change": SCORE,
        "survey_rating": "Nullable(UInt8)",
        "spoken_rating": "Nullable(UInt8)",
        "predicted_rating": "Nullable(UInt8)",
        "churn_intent": "Bool",
        "promise_to_pay": "Bool",
        "drivers": "Array(String)",
        "conduct": "Array(String)",
        "quotes": "Array(Tuple(kind String, turn UInt32, text String, weight Float64))",
        "turns": "String",
        "scorer_version": LABEL,
        "why": "Nullable(String)",
        "speakers": LABEL,
        "turn_scores": "Array(Tuple(aggression Nullable(Float64), empathy Nullable(Float64), "
        "sentiment Nullable(Float64)))",
        "driver_quotes": "Array(Tuple(driver String, turn UInt32, text String))",
        "driver_set": LABEL,
        **VERSION,
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
        "client_id": LABEL,
        "event_id": "String",
        "agency_id": LABEL,
        "rating": "UInt8",
        "known_at": TIME,
        **VERSION,
    },
    ("client_id", "event_id"),
)
"""Ratings of surveys answered after their call, by the call's id; they count from `known_at` on.

The rating of a survey that came with its call is in `calls`, and such a call has no row here.
"""

CONTACT_EXCESSES = Table(
    "contact_excesses",
    {
        "client_id": LABEL,
        "agency_id": LABEL,
        "event_id": "String",
        "ended_at": TIME,
        **_SEGMENT_OF_CALL,
        "limit": LABEL,
        **VERSION,
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
        "client_id": LABEL,
        "agency_id": LABEL,
        "customer": "String",
        "started_at": TIME,
        "ended_at": TIME,
        **_SEGMENT_OF_CALL,
        "reason": LABEL,
        **VERSION,
    },
    ("client_id", "agency_id", "event_id"),
)
"""Calls that nobody answered; they are in no other figure. `reason` is an `Unanswered`."""

ENGAGEMENTS = Table(
    "engagements",
    {
        "client_id": LABEL,
        "agency_id": LABEL,
        "customer": "String",
        "opened_at": TIME,
        "matures_at": HOUR,
        **_SEGMENT_OF_CALL,
        "calls": "UInt32",
        "scored": "UInt32",
        "aggression": SCORE,
        "empathy": SCORE,
        "cancelled": "Bool",
        "lost_to_supplier": "Bool",
        "paid": "Bool",
        "amount": "Decimal(38, 4)",
        **VERSION,
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

PAYMENTS_AND_CANCELLATIONS = Table(
    "payments_and_cancellations",
    {
        "client_id": LABEL,
        "customer": "String",
        "event_time": TIME,
        "kind": "String",
        "amount": "Nullable(Float64)",
        "currency": "String",
        "topic": LABEL,
    },
    ("client_id", "customer", "event_time", "kind"),
)
"""A view of the journal for panels: what customers paid and which contracts ended, nothing else.

`kind` is payment, return, cancellation or closed_by_supplier; it, `amount` and `currency` are read
from each event's JSON, `topic` and the other columns are not. The view is read with the rights of
who made it, so that a reader needs none on `events`.
"""
