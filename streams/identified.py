"""Facts as they are delivered: read, pseudonymous, with what each claims to be."""

from __future__ import annotations

from dataclasses import dataclass

from processors.claims import Claim, claim_of_call, claim_of_event, named_call
from processors.identity import unsourced_identity
from processors.sealing import SealedT, opened
from schemas.codec import InvalidMessage, decode
from schemas.derived import CallScored, CallTranscribed
from schemas.sealed import SealedCancellation, SealedPayment
from schemas.topics import CALL_SCORED, CALL_TRANSCRIBED, PAYMENT_RECEIVED
from streams.deliveries import Delivery

FactEvent = CallTranscribed | CallScored | SealedPayment | SealedCancellation


@dataclass(frozen=True)
class Identified:
    """A fact in pseudonymous form, named by its identity, and its claim to it."""

    event: FactEvent
    claim: Claim


def identified(delivery: Delivery, key: bytes) -> Identified | InvalidMessage:
    """The fact in a message of `call-transcribed`, `call-scored`, `payment-received` or
    `contract-cancelled`."""
    if delivery.topic == CALL_TRANSCRIBED.name:
        return _of_call(decode(delivery.value, CallTranscribed), key)
    if delivery.topic == CALL_SCORED.name:
        return _of_call(decode(delivery.value, CallScored), key)
    if delivery.topic == PAYMENT_RECEIVED.name:
        return _of_event(decode(delivery.value, SealedPayment), key)
    return _of_event(decode(delivery.value, SealedCancellation), key)


def _of_call(
    event: CallTranscribed | CallScored | InvalidMessage, key: bytes
) -> Identified | InvalidMessage:
    if isinstance(event, InvalidMessage):
        return event
    call = named_call(key, event.call)
    if call is not event.call:
        event = event.model_copy(update={"call": call})
    return Identified(event, claim_of_call(key, call))


def _of_event(event: SealedT | InvalidMessage, key: bytes) -> Identified | InvalidMessage:
    if isinstance(event, InvalidMessage):
        return event
    safe = opened(key, event)
    if isinstance(safe, InvalidMessage):
        return safe
    sent = safe is not event
    older_id = unsourced_identity(key, event.data.client_id, event.type, event.id) if sent else None
    return Identified(safe, claim_of_event(key, safe, older_id))
