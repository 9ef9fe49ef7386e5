"""Bytes in, event or `InvalidMessage` out: the codec never raises on what others send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.events import (
    CallEndedEvent,
    CloudEvent,
    ContractCancelledEvent,
    InboundEvent,
    PaymentReceivedEvent,
)
from schemas.topics import (
    CALL_ENDED,
    CONTRACT_CANCELLED,
    MOST_EVENT_BYTES,
    PAYMENT_RECEIVED,
    Topic,
)

_INBOUND: dict[str, tuple[Topic, type[InboundEvent]]] = {
    "it.ascolto.call-ended.v1": (CALL_ENDED, CallEndedEvent),
    "it.ascolto.payment-received.v1": (PAYMENT_RECEIVED, PaymentReceivedEvent),
    "it.ascolto.contract-cancelled.v1": (CONTRACT_CANCELLED, ContractCancelledEvent),
}
_MOST_ERRORS = 5
_NO_VALUE = ("json_invalid", "missing")

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class InvalidMessage:
    """Bytes that are not an event.

    `reason` names each field, what it should be and the kind of value found there, never the
    value: it may be personal data.
    """

    reason: str
    error_class: str
    event_id: str | None = None
    """Id and tenant of an event that can be read and is refused all the same."""
    client_id: str | None = None


@dataclass(frozen=True)
class Routed:
    """An inbound event and the topic it belongs to."""

    topic: Topic
    event: InboundEvent


def decode(raw: bytes | None, model: type[ModelT]) -> ModelT | InvalidMessage:
    """`raw` (UTF-8 JSON) as a `model`, or why it is not one."""
    if not raw:
        return InvalidMessage("the message is empty: a JSON object is needed", "empty")
    if len(raw) > MOST_EVENT_BYTES and issubclass(model, CloudEvent):
        return _too_large(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        return _invalid(error)


def decode_inbound(raw: bytes) -> Routed | InvalidMessage:
    """`raw` as one of the three inbound events, found by its CloudEvents `type`."""
    if not raw.strip():
        return InvalidMessage("the message is empty: a JSON object is needed", "empty")
    if len(raw) > MOST_EVENT_BYTES:
        return _too_large(raw)
    try:
        envelope = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return InvalidMessage(f"not JSON: {_where(error)}", "json_invalid")
    if not isinstance(envelope, dict):
        return InvalidMessage(f"a JSON object is needed, found {_kind(envelope)}", "model_type")
    kind = envelope.get("type")
    if not isinstance(kind, str) or kind not in _INBOUND:
        found = "missing" if kind is None else f"an unknown {_kind(kind)}"
        return InvalidMessage(f"type: {found}; known types: {', '.join(_INBOUND)}", "unknown_type")
    topic, model = _INBOUND[kind]
    event = decode(raw, model)
    return event if isinstance(event, InvalidMessage) else Routed(topic, event)


def _too_large(raw: bytes) -> InvalidMessage:
    return InvalidMessage(
        f"the event has {len(raw)} bytes; {MOST_EVENT_BYTES} at most are taken: send the call's "
        "recording, or fewer words",
        "too_large",
    )


def encode(event: BaseModel) -> bytes:
    """`event` as UTF-8 JSON; fields that are null are kept, so that readers see the whole form."""
    return event.model_dump_json().encode()


def _invalid(error: ValidationError) -> InvalidMessage:
    details = error.errors(include_url=False, include_context=False)
    shown = "; ".join(
        f"{_field(detail)}: {detail['msg']}"
        + ("" if detail["type"] in _NO_VALUE else f" (found {_kind(detail['input'])})")
        for detail in details[:_MOST_ERRORS]
    )
    more = len(details) - _MOST_ERRORS
    return InvalidMessage(shown + (f"; and {more} more" if more > 0 else ""), details[0]["type"])


def _field(detail: ErrorDetails) -> str:
    """Where an error is; the name of a field that is not ours may be personal data, too."""
    place = [str(part) for part in detail["loc"]]
    if detail["type"] == "extra_forbidden":
        place[-1] = "an unknown field"
    return ".".join(place) or "message"


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno} column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    return "a number is too long, or it is nested too deeply"


def _kind(value: object) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number" if isinstance(value, int | float) else "value")
