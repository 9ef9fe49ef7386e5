"""The messages of `call-scored`, read without pydantic.

A call has some ten turns with as many scores: with pydantic, reading them and making their rows of
them was a sixth of what the analytics worker does. `schemas.derived.CallScored` remains the
contract, by which the scorer has checked what it writes. These types have its fields by their
names, and its bounds; what they refuse is given to it, to be read or refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from processors.identity.claims import named_call
from schemas import derived
from schemas.codec import InvalidMessage, decode, encode
from schemas.conversation import Driver, Intent, Rule, Speaker, SpeakerSource
from schemas.events import Channel, CustomerType, Service, Touchpoint

_Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
_Polarity = Annotated[float, Meta(ge=-1.0, le=1.0)]
_Rating = Annotated[int, Meta(ge=0, le=10)]
_Index = Annotated[int, Meta(ge=0)]
_Seconds = Annotated[float, Meta(ge=0.0)]
_Time = Annotated[datetime, Meta(tz=True)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As `schemas.conversation.Contract`."""


class Call(_Part, frozen=True):
    """A `schemas.derived.Call`."""

    event_id: str
    client_id: str
    agency_id: str
    customer: str
    started_at: _Time
    ended_at: _Time
    service: Service
    touchpoint: Touchpoint
    channel: Channel
    customer_type: CustomerType
    language: str
    content: str | None = None
    older_id: str | None = None
    origin: str | None = None


class Turn(msgspec.Struct, frozen=True):
    """A `schemas.conversation.Turn`; unknown fields are passed over."""

    speaker: Speaker
    text: Annotated[str, Meta(max_length=100_000)]
    start: _Seconds | None = None
    end: _Seconds | None = None
    confidence: _Unit | None = None


class Reason(_Part, frozen=True):
    """A `schemas.conversation.Reason`."""

    text: str
    kind: str
    weight: float


class TurnScore(_Part, frozen=True):
    """A `schemas.conversation.TurnScore`."""

    aggression: _Unit | None
    empathy: _Unit | None
    sentiment: _Polarity | None
    reasons: list[Reason]


class DriverFound(_Part, frozen=True):
    """A `schemas.conversation.DriverFound`."""

    driver: Driver
    turn: _Index
    quote: str


class IntentFound(_Part, frozen=True):
    """A `schemas.conversation.IntentFound`."""

    intent: Intent
    turn: _Index
    quote: str


class ConductFlag(_Part, frozen=True):
    """A `schemas.conversation.ConductFlag`."""

    rule: Rule
    turn: _Index | None
    quote: str


class CallScore(_Part, frozen=True, kw_only=True):
    """A `schemas.conversation.CallScore`."""

    aggression: _Unit | None
    empathy: _Unit | None
    sentiment: _Polarity | None
    sentiment_change: Annotated[float, Meta(ge=-2.0, le=2.0)] | None
    spoken_rating: _Rating | None
    predicted_rating: _Rating | None
    churn_intent: bool
    promise_to_pay: bool
    intents: list[IntentFound] = []
    drivers: list[DriverFound]
    conduct: list[ConductFlag]
    turns: list[TurnScore]
    scorer_version: str
    why: str | None = None


class Survey(msgspec.Struct, frozen=True):
    """A `schemas.events.Survey`; unknown fields are passed over."""

    rating: _Rating
    comment: str | None = None


class ScoredCall(_Part, frozen=True):
    """A `schemas.derived.CallScored`."""

    call: Call
    turns: list[Turn]
    score: CallScore
    survey: Survey | None
    from_audio: bool
    speakers: SpeakerSource | None = None

    def as_contract(self) -> derived.CallScored:
        """Itself, for functions that only read its fields."""
        return cast("derived.CallScored", self)


_DECODER = msgspec.json.Decoder(ScoredCall)


def decode_scored(raw: bytes, key: bytes) -> ScoredCall | InvalidMessage:
    """A message of `call-scored`, or why it is none; an older one is named by `key`."""
    try:
        call = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    else:
        if call.call.content is not None:
            return call
    read = decode(raw, derived.CallScored)
    if isinstance(read, InvalidMessage):
        return read
    named = read.model_copy(update={"call": named_call(key, read.call)})
    return _DECODER.decode(encode(named))
