"""Facts as they are delivered: read, pseudonymous, with what each claims to be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from processors.engagements.entries import PAYMENT, TYPE_OF_KIND
from processors.engagements.facts import Fact, fact_of_call, fact_of_event
from processors.identity.claims import Claim, claim_of_call, claim_of_event, named_call
from processors.identity.event_identity import unsourced_identity
from processors.identity.sealing import SealedT, opened
from schemas.codec import InvalidMessage, decode
from schemas.derived import CallTranscribed
from schemas.sealed import SEALED, Sealed, SealedReturn
from schemas.topics import CALL_SCORED, CALL_TRANSCRIBED
from streams.facts.clock_gate import ClockGate
from streams.facts.scored_calls import ScoredCall, decode_scored
from streams.transport.delivery import Delivery

FactEvent = CallTranscribed | ScoredCall | Sealed


@dataclass(frozen=True)
class Identified:
    """A fact in pseudonymous form, named by its identity, and its claim to it."""

    event: FactEvent
    claim: Claim
    older_payment_id: str | None = None
    """The identity that states of a version that stored no source have of the payment it names."""
    customer_id: str | None = field(default=None, repr=False)
    """Whose it is, as it was sent; None where it came pseudonymous."""

    def fact(self) -> Fact:
        """What the figures follow from."""
        assert not isinstance(self.event, CallTranscribed), "not a fact before it is scored"
        if isinstance(self.event, ScoredCall):
            return fact_of_call(self.event.as_contract())
        return fact_of_event(
            self.event,
            self.claim.customer,
            older_id=self.claim.older_id,
            older_payment_id=self.older_payment_id,
        )


def read_fact(
    delivery: Delivery, key: bytes, gate: ClockGate | None = None
) -> Identified | InvalidMessage:
    """The fact in a message of `call-transcribed`, `call-scored`, or a topic of `SEALED`.

    `gate` refuses what comes from the future, other than calls, which have passed it before they
    were transcribed; None lets all pass.

    Several agents read the same topics: what one has read, the others are given.
    """
    name = read_fact, gate is not None
    if name not in delivery.memo:
        delivery.memo[name] = _read(delivery, key, gate)
    found: Identified | InvalidMessage = delivery.memo[name]
    return found


def _read(delivery: Delivery, key: bytes, gate: ClockGate | None) -> Identified | InvalidMessage:
    if delivery.topic == CALL_TRANSCRIBED.name:
        return _of_transcribed(decode(delivery.value, CallTranscribed), key)
    if delivery.topic == CALL_SCORED.name:
        call = decode_scored(delivery.value, key)
        if isinstance(call, InvalidMessage):
            return call
        return Identified(call, claim_of_call(key, call.as_contract().call))
    found = _of_event(decode(delivery.value, SEALED[delivery.topic]), key)
    if gate is None or isinstance(found, InvalidMessage):
        return found
    assert isinstance(found.event, Sealed)
    refused = gate.refusal(delivery, found.event)
    return found if refused is None else replace(refused, event_id=found.claim.event_id)


def _of_transcribed(
    event: CallTranscribed | InvalidMessage, key: bytes
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
    found = opened(key, event)
    if isinstance(found, InvalidMessage):
        return found
    safe, digest = found
    sent = safe is not event
    older_id = unsourced_identity(key, event.data.client_id, event.type, event.id) if sent else None
    return Identified(
        safe,
        claim_of_event(safe, digest, older_id),
        _older_payment_id(event, sent, key),
        event.data.customer_id if sent else None,
    )


def _older_payment_id(event: Sealed, sent: bool, key: bytes) -> str | None:
    """What a return as it was sent names, by its id alone."""
    if not sent or not isinstance(event, SealedReturn):
        return None
    data = event.data
    return unsourced_identity(key, data.client_id, TYPE_OF_KIND[PAYMENT], data.payment.id)
