"""What was said in one conversation, and what a scorer says of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.inbound.fields import NUMBER

Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Polarity = Annotated[float, Field(ge=-1.0, le=1.0)]
Rating = Annotated[int, Field(ge=0, le=10), NUMBER]


class Contract(BaseModel):
    """Base of every model that crosses a boundary: frozen; unknown fields are refused.

    Numbers are finite, as JSON's are; errors do not show what was given: it may be personal.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


class Language(StrEnum):
    """The languages whose words are known; conversations in others get no scores."""

    ITALIAN = "it"
    ENGLISH = "en"


class Speaker(StrEnum):
    """Who speaks in a turn; `unknown` where a mono recording does not tell, `machine` for a
    carrier's message, a voicemail, a menu, an announcement."""

    OPERATOR = "operator"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"
    MACHINE = "machine"


class SpeakerSource(StrEnum):
    """What shows who speaks in a recording's turns."""

    CHANNELS = "channels"
    """A channel, a track or a file for each side."""
    INFERRED = "inferred"
    """One channel: the words and pauses, by a model that errs (docs/mono.md)."""
    UNKNOWN = "unknown"
    """Nothing: all turns have speaker `unknown`."""


class Driver(StrEnum):
    """The reasons behind a rating; `docs/drivers.md` defines each."""

    BILLING_ERROR = "billing_error"
    LOST_INVOICE = "lost_invoice"
    WAITING_TIME = "waiting_time"
    OPERATOR_RUDENESS = "operator_rudeness"
    OPERATOR_KINDNESS = "operator_kindness"
    PAYMENT_PLAN = "payment_plan"
    THREAT = "threat"
    PRICE = "price"
    TECHNICAL_FAULT = "technical_fault"


class Intent(StrEnum):
    """What a customer announces."""

    CHURN = "churn_intent"
    """To leave."""
    PROMISE = "promise_to_pay"


class Unanswered(StrEnum):
    """Why a call is an attempt; `docs/attempts.md` says how each is recognised."""

    STATED = "stated"
    """The event says that nobody answered."""
    MACHINE = "machine"
    """A carrier's message, a voicemail or an announcement, and nobody else."""
    MESSAGE_LEFT = "message_left"
    """The operator left a message, and nobody spoke."""
    SILENCE = "silence"
    """Nobody said anything, or the operator called into a silent line."""


class Rule(StrEnum):
    """The rules of collection conduct a conversation can breach."""

    THREAT = "threat"
    FALSE_THREAT = "false_threat"
    THIRD_PARTY_DISCLOSURE = "third_party_disclosure"
    INSISTENCE = "insistence"
    HOURS = "hours"
    FREQUENCY = "frequency"


class Turn(Contract):
    """One speaker's uninterrupted speech (or message); fields not known are passed over."""

    model_config = ConfigDict(extra="ignore")

    speaker: Speaker
    text: Annotated[str, Field(max_length=100_000)]
    start: Annotated[Annotated[float, Field(ge=0.0)] | None, NUMBER] = Field(
        None, description="seconds from the recording's begin; null in a written conversation"
    )
    end: Annotated[Annotated[float, Field(ge=0.0)] | None, NUMBER] = None
    confidence: Annotated[Unit | None, NUMBER] = Field(
        None, description="mean word probability of the transcriber; null where the text was given"
    )


class Reason(Contract):
    """Words of a turn that moved its score."""

    text: str
    kind: str = Field(description="which score and which family of words, as aggression.threat")
    weight: float


class TurnScore(Contract):
    """Scores of one turn; null where they do not apply to its speaker."""

    aggression: Unit | None
    empathy: Unit | None
    sentiment: Polarity | None
    reasons: list[Reason]


class DriverFound(Contract):
    """A reason behind the rating, with the words that show it."""

    driver: Driver
    turn: Annotated[int, Field(ge=0)]
    quote: str


class IntentFound(Contract):
    """What a customer announces, with the words that show it."""

    intent: Intent
    turn: Annotated[int, Field(ge=0)]
    quote: str


class ConductFlag(Contract):
    """A breach of a rule of conduct and the words that show it; no turn for hours, frequency."""

    rule: Rule
    turn: Annotated[int, Field(ge=0)] | None
    quote: str


class CallScore(Contract):
    """Everything a scorer says of one conversation.

    Scores are rounded to four decimals, so that sums of them are exact in every part of the
    system. A score that cannot be given is null, and `why` names the reason.
    """

    aggression: Unit | None
    empathy: Unit | None
    sentiment: Polarity | None
    sentiment_change: Annotated[float, Field(ge=-2.0, le=2.0)] | None
    spoken_rating: Rating | None
    predicted_rating: Rating | None
    churn_intent: bool
    promise_to_pay: bool
    intents: list[IntentFound] = []
    """The turns that show either; empty in messages of earlier versions."""
    drivers: list[DriverFound]
    conduct: list[ConductFlag]
    turns: list[TurnScore]
    scorer_version: str
    why: str | None = None
