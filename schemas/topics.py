"""The catalogue of topics: names, keys, partitions, retention. Auto-creation is off everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec
from pydantic import BaseModel

from schemas.changes import ChangeBatch
from schemas.derived import (
    AgencyAlert,
    AgencyHours,
    CallScored,
    CallTranscribed,
    DeadLetter,
    Snapshots,
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


MOST_EVENT_BYTES = 1_000_000
"""Largest event that is accepted, as JSON in UTF-8: the one limit on what others send."""
MOST_DERIVED_BYTES = 12_000_000
"""Largest message that follows from events: what one of `MOST_EVENT_BYTES` becomes is smaller."""
MOST_ORIGINAL_BYTES = MOST_DERIVED_BYTES
"""Largest original that a dead letter holds as a whole."""
MOST_LETTER_BYTES = 17_000_000
"""Largest dead letter: the largest original in base64, with what is said of it."""
MOST_STATE_BYTES = 30_000_000
"""Largest value of a worker's state in its changelog."""


@dataclass(frozen=True)
class Topic:
    """One topic of the catalogue."""

    name: str
    key: str
    """The fields that the key is made of."""
    retention: timedelta
    about: str
    payload: type[BaseModel | msgspec.Struct]
    """Model of the value; a contract where the topic is not private."""
    largest: int = MOST_DERIVED_BYTES
    """Bytes of the largest message."""
    private: bool = False
    """Whether it is between the workers only: its form is no promise to others."""

    @property
    def config(self) -> dict[str, str]:
        """Broker settings, given explicitly: clients that read them back need them."""
        milliseconds = int(self.retention.total_seconds() * 1000)
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(milliseconds),
            "max.message.bytes": str(self.largest + _BATCH_HEAD),
            **({"message.timestamp.type": "LogAppendTime"} if self.inbound else {}),
        }

    @property
    def inbound(self) -> bool:
        """Whether others write to it: then the broker's clock dates the events."""
        return self.largest == MOST_EVENT_BYTES


_BATCH_HEAD = 48_576
"""Room for keys, headers and the head of a batch; with it, events have Kafka's usual limit."""
_INBOUND = timedelta(days=14)
_DERIVED = timedelta(days=7)

CALL_ENDED = Topic(
    "call-ended",
    "customer_id",
    _INBOUND,
    "A conversation has ended.",
    CallEndedEvent,
    MOST_EVENT_BYTES,
)
PAYMENT_RECEIVED = Topic(
    "payment-received",
    "customer_id",
    _INBOUND,
    "A customer paid.",
    PaymentReceivedEvent,
    MOST_EVENT_BYTES,
)
CONTRACT_CANCELLED = Topic(
    "contract-cancelled",
    "customer_id",
    _INBOUND,
    "A contract ended.",
    ContractCancelledEvent,
    MOST_EVENT_BYTES,
)
PAYMENT_RETURNED = Topic(
    "payment-returned",
    "customer_id",
    _INBOUND,
    "A payment came back, wholly or in part.",
    PaymentReturnedEvent,
    MOST_EVENT_BYTES,
)
SURVEY_ANSWERED = Topic(
    "survey-answered",
    "customer_id",
    _INBOUND,
    "A customer answered the survey after the call.",
    SurveyAnsweredEvent,
    MOST_EVENT_BYTES,
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
    ChangeBatch,
    private=True,
)
AGENCY_HOURS = Topic(
    "agency-hours",
    "client_id|agency_id",
    _DERIVED,
    "Hourly sums of an agency, as they stand.",
    AgencyHours,
    private=True,
)
AGENCY_METRICS = Topic(
    "agency-metrics",
    "client_id|agency_id",
    _DERIVED,
    "Figures of an agency in its windows, as they stand.",
    Snapshots,
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
    MOST_LETTER_BYTES,
)


def agency_key(client_id: str, agency_id: str) -> str:
    """Key of an agency's messages and states; `|` cannot be part of an identifier."""
    return f"{client_id}|{agency_id}"


def catalogue_name(name: str) -> str:
    """The name in this catalogue of a topic that a Kafka knows by a name with a prefix.

    One that is not in the catalogue, such as a changelog, keeps its name.
    """
    return next((topic.name for topic in TOPICS if name.endswith(topic.name)), name)


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
BEFORE_LINKING = (*(topic for topic in TOPICS if topic.inbound), CALL_TRANSCRIBED, CALL_SCORED)
"""Where an event is until it is linked to its customer: as sent, transcribed or scored."""

LINK_TABLES = ("customers", "settled")
"""Tables of the states of the agent `link`."""
AGGREGATE_TABLES = ("agency-days", "agency-alerts")
"""Tables of the states of the agent `aggregate`."""


def changelog_topic(worker: str, table: str) -> str:
    """Name of a table's changelog: a compacted topic, which the admin step makes."""
    return f"ascolto-{worker}-{table}-changelog"


CHANGELOGS = tuple(
    changelog_topic("analytics", table) for table in (*LINK_TABLES, *AGGREGATE_TABLES)
)
