"""The events Ascolto itself writes, from transcript to alert.

Customers are pseudonyms from here on, and texts are redacted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.conversation import CallScore, Contract, SpeakerSource, Turn, Unanswered
from schemas.events import Channel, CustomerType, Service, Survey, Touchpoint
from schemas.figures import MetricWindow


class Call(Contract):
    """Who, when and about what: the facts of a conversation that every later event repeats."""

    event_id: str = Field(
        description="identity of the call-ended event (keyed hash of client, type, source and id); "
        "names the conversation"
    )
    client_id: str
    agency_id: str
    customer: str = Field(description="pseudonym of the customer (keyed hash)")
    started_at: AwareDatetime
    ended_at: AwareDatetime
    service: Service
    touchpoint: Touchpoint
    channel: Channel
    customer_type: CustomerType
    language: str
    content: str | None = Field(
        None,
        description="digest of what the call-ended event said (keyed hash); null where a version "
        "before identities wrote the call",
    )
    older_id: str | None = Field(
        None, description="the identity such a version would have given it, from its id alone"
    )
    origin: str | None = Field(
        None, description="topic/partition/offset of the call-ended event; null if not at hand"
    )


class CallTranscribed(Contract):
    """Topic `call-transcribed`: a conversation as redacted turns, from a recording or given."""

    call: Call
    turns: list[Turn]
    survey: Survey | None
    from_audio: bool
    attempt: Unanswered | None = Field(
        None, description="why this is an attempt, that nobody answered; null where it is a call"
    )
    transcriber: str | None = Field(description="model that transcribed; null where text was given")
    audio_seconds: float | None = None
    overlaps: int | None = Field(
        None, description="turns spoken at the same time; null where times or speakers are unknown"
    )
    interruptions: int | None = Field(
        None,
        description="overlaps of 0.3 s or more that the operator began in the customer's turn",
    )
    unheard: list[str] = Field(
        default_factory=list,
        description="parts of the recording that were not listened to: track:2, channel:3, video, "
        "missing:SECONDS that the file states and does not hold, damaged:SECONDS",
    )
    doubts: list[str] = Field(
        default_factory=list,
        description="what of it is not scored, and why: crosstalk (turns of speaker unknown), "
        "language:en (another than declared), operator_language:en, customer_language:en",
    )
    speakers: SpeakerSource | None = Field(
        None,
        description="what shows who speaks: channels, inferred (one channel, from the words), "
        "unknown; null where text was given, or an older version wrote this",
    )


class CallScored(Contract):
    """Topic `call-scored`: a conversation with its scores."""

    call: Call
    turns: list[Turn]
    score: CallScore
    survey: Survey | None
    from_audio: bool
    speakers: SpeakerSource | None = Field(
        None, description="as in `call-transcribed`; scores from inferred ones are counted apart"
    )


class Interval(Contract):
    """A figure with its 95 % interval and the number behind it; null where undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Mean(Contract):
    """A mean and the number behind it; null where n is 0."""

    value: float | None
    n: int
    n_inferred: int = Field(
        0, description="of the n conversations, those whose speakers were inferred from the words"
    )


class Correlation(Interval):
    """Pearson's r with Fisher interval and two-sided p."""

    p: float | None


class Figures(Contract):
    """The figures of one agency (or segment of it) in one window."""

    client_id: str
    agency_id: str
    segment: str = Field(description="'all', or dimension=value, as channel=phone")
    window: MetricWindow
    as_of: AwareDatetime
    calls: int
    nps: Interval
    nps_predicted: Interval
    aggression: Mean
    empathy: Mean
    sentiment: Mean
    churn_rate: Interval
    recovery_rate: Interval
    amount_recovered: float = Field(description="in the currency; rounded where it is very large")
    amount_recovered_units: int = Field(0, description="the same in 1/10^4, exactly")
    churn_correlation: Correlation
    payment_correlation: Correlation


class Snapshots(Contract):
    """Topic `agency-metrics`: the figures of an agency that have changed together."""

    client_id: str
    agency_id: str
    figures: tuple[Figures, ...]
    """Each of one window as of one time."""


class HourCell(Contract):
    """The sums of one segment and hour that are known from an hour on."""

    segment: str
    hour_us: int
    """Beginning of the hour, us since the epoch."""
    known_us: int | None = None
    """Beginning of the hour from which this is known; null: the hour itself."""
    sums: Annotated[list[int] | dict[str, int], Field(union_mode="left_to_right")]
    """In the order of `schemas.rows.HOUR_SUMS` without its trailing zeros, of any size; an older
    version wrote them by name."""


class AgencyHours(Contract):
    """Topic `agency-hours`: hourly sums of an agency as they stand now."""

    client_id: str
    agency_id: str
    cells: tuple[HourCell, ...]


class AlertStatus(StrEnum):
    """Life of an alert."""

    OPEN = "open"
    RESOLVED = "resolved"
    RETRACTED = "retracted"


class Quote(Contract):
    """A sentence of an operator that shows an alert's reason."""

    event_id: str = Field(description="identity of the conversation")
    turn: int
    text: str
    aggression: float


class AlertKind(StrEnum):
    """What an alert tells of; `docs/alerts.md` says when each opens."""

    AGGRESSION_RISE = "aggression_rise"
    NPS_FALL = "nps_fall"
    SILENCE = "silence"


class AgencyAlert(Contract):
    """Topic `agency-alert`: something about an agency has changed against its own baseline.

    Its aggression has risen, its NPS has fallen, or it has fallen silent. Each state of an alert
    is sent whole; of those with one id the last stands.
    """

    alert_id: str = Field(
        description="keyed by client, agency, kind and opening hour: a replay repeats it"
    )
    client_id: str
    agency_id: str
    kind: AlertKind
    status: AlertStatus
    since: AwareDatetime = Field(
        description="the hour the change began, as the test estimates it; of a silence, the end "
        "of the last hour with calls"
    )
    opened_at: AwareDatetime
    resolved_at: AwareDatetime | None
    baseline: float = Field(
        description="what is usual: mean aggression 0-1, NPS -100 to 100, or calls a day"
    )
    level: float = Field(description="the same since `since`; 0 for a silence")
    rise_points: float = Field(
        description="level minus baseline: in points of 100 of aggression, in points of NPS, or "
        "in percent of the usual calls; below 0 for falls and silences"
    )
    rise_sd: float = Field(
        description="the same in standard deviations: of a call's aggression, of a rating, or of "
        "the number of calls missed (Poisson)"
    )
    n: int = Field(
        description="since `since`: scored conversations, measured ratings, or days without calls "
        "on which the agency would have called"
    )
    quotes: list[Quote] = Field(description="the worst sentences; empty unless aggression rose")


class DeadLetter(Contract):
    """Topic `dead-letter`: what could not be understood or done, with its original bytes."""

    letter_id: str
    topic: str
    origin: str = Field(description="topic/partition/offset, or file:line")
    reason: str
    error_class: str
    original: str = Field(description="the original bytes, base64")
    event_id: str | None = Field(description="the event's identity, where it has one")
    client_id: str | None
