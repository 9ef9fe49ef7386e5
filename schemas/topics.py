"""The catalogue of topics: names, keys, partitions, retention. Auto-creation is off everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from schemas.derived import (
    AgencyAlert,
    CallScored,
    CallTranscribed,
    DeadLetter,
    Figures,
)
from schemas.events import (
    CallEndedEvent,
    ContractCancelledEvent,
    PaymentReceivedEvent,
    PaymentReturnedEvent,
    SurveyAnsweredEvent,
)

PARTITIONS = 6
"""Partitions of every topic by default; one number for all, so that joins stay co-partitioned."""


@dataclass(frozen=True)
class Topic:
    """One topic of the catalogue."""

    name: str
    key: str
    """What the key is; None-like text where order does not matter."""
    retention: timedelta
    about: str
    payload: type[BaseModel] | None
    """Model of the value; None for topics private to the workers."""

    @property
    def config(self) -> dict[str, str]:
        """Broker settings, given explicitly: clients that read them back need them."""
        milliseconds = int(self.retention.total_seconds() * 1000)
        return {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}


_INBOUND = timedelta(days=14)
_DERIVED = timedelta(days=7)

CALL_ENDED = Topic(
    "call-ended", "customer_id", _INBOUND, "A conversation has ended.", CallEndedEvent
)
PAYMENT_RECEIVED = Topic(
    "payment-received", "customer_id", _INBOUND, "A customer paid.", PaymentReceivedEvent
)
CONTRACT_CANCELLED = Topic(
    "contract-cancelled", "customer_id", _INBOUND, "A contract ended.", ContractCancelledEvent
)
PAYMENT_RETURNED = Topic(
    "payment-returned",
    "customer_id",
    _INBOUND,
    "A payment came back, wholly or in part.",
    PaymentReturnedEvent,
)
SURVEY_ANSWERED = Topic(
    "survey-answered",
    "customer_id",
    _INBOUND,
    "A customer answered the survey after the call.",
    SurveyAnsweredEvent,
)
CALL_TRANSCRIBED = Topic(
    "call-transcribed",
    "customer (pseudonym)",
    _DERIVED,
    "A conversation as redacted turns.",
    CallTranscribed,
)
CALL_SCORED = Topic(
    "call-scored",
    "customer (pseudonym)",
    _DERIVED,
    "A conversation with its scores.",
    CallScored,
)
ENGAGEMENT_CHANGED = Topic(
    "engagement-changed",
    "client_id|agency_id",
    _DERIVED,
    "What an event changed in an agency's engagements.",
    None,
)
AGENCY_HOURS = Topic(
    "agency-hours",
    "client_id|agency_id",
    _DERIVED,
    "Hourly sums of an agency, as they stand.",
    None,
)
AGENCY_METRICS = Topic(
    "agency-metrics",
    "client_id|agency_id",
    _DERIVED,
    "Figures of an agency in a window.",
    Figures,
)
AGENCY_ALERT = Topic(
    "agency-alert", "client_id|agency_id", _INBOUND, "An agency's alert as it stands.", AgencyAlert
)
DEAD_LETTER = Topic(
    "dead-letter",
    "letter_id",
    timedelta(days=90),
    "What could not be understood or done.",
    DeadLetter,
)

TOPICS = (
    CALL_ENDED,
    PAYMENT_RECEIVED,
    CONTRACT_CANCELLED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
    CALL_TRANSCRIBED,
    CALL_SCORED,
    ENGAGEMENT_CHANGED,
    AGENCY_HOURS,
    AGENCY_METRICS,
    AGENCY_ALERT,
    DEAD_LETTER,
)
