"""Bytes in, event or `InvalidMessage` out: the codec never raises on what others send."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeVar, cast

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.events import (
    CallEndedEvent,
    CloudEvent,
    ContractCancelledEvent,
    InboundEvent,
    PaymentReceivedEvent,
    PaymentReturnedEvent,
    SurveyAnsweredEvent,
)
from schemas.inbound.notes import LeftOut, Notes
from schemas.inbound.reading import NotAnObject, check_envelope, is_journaled, kind_of, read_object
from schemas.topics import (
    CALL_ENDED,
    CONTRACT_CANCELLED,
    MOST_EVENT_BYTES,
    PAYMENT_RECEIVED,
    PAYMENT_RETURNED,
    SURVEY_ANSWERED,
    Topic,
)

_INBOUND: dict[str, tuple[Topic, type[InboundEvent]]] = {
    "it.ascolto.call-ended.v1": (CALL_ENDED, CallEndedEvent),
    "it.ascolto.payment-received.v1": (PAYMENT_RECEIVED, PaymentReceivedEvent),
    "it.ascolto.contract-cancelled.v1": (CONTRACT_CANCELLED, ContractCancelledEvent),
    "it.ascolto.payment-returned.v1": (PAYMENT_RETURNED, PaymentReturnedEvent),
    "it.ascolto.survey-answered.v1": (SURVEY_ANSWERED, SurveyAnsweredEvent),
}
_MOST_ERRORS = 5
_NO_VALUE = ("json_invalid", "missing")

Model = BaseModel | msgspec.Struct
"""A contract with others, or a form of messages of the worker's own."""
ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True)
class InvalidMessage:
    """Bytes that are not an event.

    `reason` names each field, what it should be and the kind of value found there, never the
    value: it may be personal data.
    """

    reason: str
    error_class: str
    event_id: str | None = None
    """Id and client company of an event that can be read and is refused all the same."""
    client_id: str | None = None


@dataclass(frozen=True)
class Routed:
    """An inbound event, the topic it belongs to, and what was left out of it."""

    topic: Topic
    event: InboundEvent
    left_out: tuple[LeftOut, ...] = ()


def decode(raw: bytes | None, model: type[ModelT]) -> ModelT | InvalidMessage:
    """`raw` (UTF-8 JSON) as a `model`, or why it is not one.

    Inbound events are taken and refused as by `decode_inbound`.
    """
    if issubclass(model, msgspec.Struct):
        return cast("ModelT | InvalidMessage", _decode_own(raw or b"", model))
    if issubclass(model, CloudEvent):
        routed = decode_inbound(raw or b"", model)
        return routed if isinstance(routed, InvalidMessage) else cast("ModelT", routed.event)
    if not raw:
        return InvalidMessage("the message is empty: a JSON object is needed", "empty")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        return _invalid(error)


@cache
def _decoder(model: type[msgspec.Struct]) -> msgspec.json.Decoder[msgspec.Struct]:
    return msgspec.json.Decoder(model)


def _decode_own(raw: bytes, model: type[msgspec.Struct]) -> msgspec.Struct | InvalidMessage:
    try:
        return _decoder(model).decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return InvalidMessage(f"no {model.__name__} of this version", "own_message")


def decode_inbound(raw: bytes, expected: type[BaseModel] | None = None) -> Routed | InvalidMessage:
    """`raw` as one of the inbound events, found by its CloudEvents `type`.

    What has one meaning is taken, however it is written; optional parts that cannot be used are
    left out and named (`schemas.inbound`). With `expected`, only that event is taken, as that
    model.
    """
    if len(raw) > MOST_EVENT_BYTES:
        return _too_large(raw)
    try:
        envelope = read_object(raw)
        check_envelope(envelope)
    except NotAnObject as error:
        return InvalidMessage(error.reason, error.error_class)
    kind = envelope.get("type")
    if not isinstance(kind, str) or kind not in _INBOUND:
        found = "missing" if kind is None else f"an unknown {kind_of(kind)}"
        return InvalidMessage(f"type: {found}; known types: {', '.join(_INBOUND)}", "unknown_type")
    topic, model = _INBOUND[kind]
    if expected is not None:
        if not issubclass(expected, model):
            reason = f"type: an event of {kind} belongs to topic {topic.name}"
            return InvalidMessage(reason, "topic")
        model = expected
    notes = Notes(journaled=is_journaled(envelope))
    try:
        event = model.model_validate(envelope, context=notes)
    except ValidationError as error:
        return _invalid(error, notes)
    return Routed(topic, event, tuple(notes.left_out))


def _too_large(raw: bytes) -> InvalidMessage:
    return InvalidMessage(
        f"the event has {len(raw)} bytes; {MOST_EVENT_BYTES} at most are taken: send the call's "
        "recording, or fewer words",
        "too_large",
    )


def encode(event: Model) -> bytes:
    """`event` as UTF-8 JSON, with the fields that are null, so that readers see the whole form."""
    if isinstance(event, msgspec.Struct):
        return msgspec.json.encode(event)
    return event.model_dump_json().encode()


def _invalid(error: ValidationError, notes: Notes | None = None) -> InvalidMessage:
    details = error.errors(include_url=False, include_context=False)
    shown = "; ".join(
        f"{_field(detail)}: {detail['msg']}"
        + ("" if detail["type"] in _NO_VALUE else f" (found {kind_of(detail['input'])})")
        for detail in details[:_MOST_ERRORS]
    )
    more = len(details) - _MOST_ERRORS
    reason = shown + (f"; and {more} more" if more > 0 else "")
    unusable = [] if notes is None else list(dict.fromkeys(notes.left_out))[:_MOST_ERRORS]
    for part, why in unusable:
        reason += f"; {part} cannot be used: {why}"
    return InvalidMessage(reason, details[0]["type"])


def _field(detail: ErrorDetails) -> str:
    """Where an error is; the name of a field that is not ours may be personal data, too."""
    place = [str(part) for part in detail["loc"]]
    if detail["type"] == "extra_forbidden":
        place[-1] = "an unknown field"
    return ".".join(place) or "message"
