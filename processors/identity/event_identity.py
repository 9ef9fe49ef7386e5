"""What names an event once and for all, and what it says, each as a keyed hash.

CloudEvents makes `source` and `id` together unique; the client company and the type are added, so
that no sender can name another client company's event, nor a payment a call. After the first stage
the hash replaces `id` and `source`, which may hold a telephone number or a name.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from processors.identity.keyed_hash import keyed_hash
from processors.identity.pseudonyms import contract_pseudonym, pseudonym
from processors.transcript.comments import redacted_comment
from schemas.events import (
    CallEnded,
    CallEndedEvent,
    ContractCancelled,
    EventReference,
    InboundEvent,
    PaymentReceived,
    PaymentReceivedEvent,
    PaymentReturned,
    SurveyAnswered,
)

PREFIX = "e:"
PSEUDONYMOUS_SOURCE = "urn:ascolto:journal"
"""CloudEvents `source` of a pseudonymous event: its `id` is the identity itself."""
NO_SOURCE = ""
"""In place of the source where an older version named an event by its id alone; CloudEvents
allows no empty source, so no event that is sent has such an identity."""
_HEX_DIGITS = 32
_IDENTITY = re.compile(rf"{PREFIX}[0-9a-f]{{{_HEX_DIGITS}}}")

EventT = TypeVar("EventT", bound=InboundEvent)


def event_identity(key: bytes, client_id: str, event_type: str, source: str, event_id: str) -> str:
    """The event's identity: `e:` and 32 hex digits of HMAC-SHA256.

    Args:
        key: the pseudonym key.
        client_id: the client company.
        event_type: CloudEvents `type`, as `it.ascolto.call-ended.v1`.
        source: CloudEvents `source`, as it was sent.
        event_id: CloudEvents `id`, as it was sent.
    """
    named = [client_id, event_type, source, event_id]
    return PREFIX + keyed(key, "event", json.dumps(named))


def is_identity(event_id: str) -> bool:
    """Whether `event_id` has the form of an identity; of a name that others gave, it proves
    nothing."""
    return _IDENTITY.fullmatch(event_id) is not None


def identity_of(key: bytes, event: InboundEvent) -> str:
    """The identity of an event as it was sent."""
    return event_identity(key, event.data.client_id, event.type, event.source, event.id)


def unsourced_identity(key: bytes, client_id: str, event_type: str, event_id: str) -> str:
    """The identity of an event of which only the id is known: older versions stored no source."""
    return event_identity(key, client_id, event_type, NO_SOURCE, event_id)


def content_digest(key: bytes, event: InboundEvent) -> str:
    """What the event says, in 32 hex digits: two that say the same have the same digest.

    It covers `data` as it was understood, so neither the order of fields, nor unknown ones, nor
    the writing of a time or an amount matter, nor whether a default is stated. Customer and
    contract are in it by pseudonym, so the digest follows from the pseudonymous event, too.
    """
    return pseudonymous_digest(key, pseudonymous(key, event))


def pseudonymous(key: bytes, event: EventT) -> EventT:
    """The event with nothing in it that names a person: identity in place of source and id."""
    hidden = _hidden(key, event.data)
    changed = {
        "id": identity_of(key, event),
        "source": PSEUDONYMOUS_SOURCE,
        "subject": hidden["customer_id"],
        "data": event.data.model_copy(update=hidden),
    }
    return cast("EventT", event.model_copy(update=changed))


def _hidden(
    key: bytes,
    data: CallEnded | PaymentReceived | ContractCancelled | PaymentReturned | SurveyAnswered,
) -> dict[str, Any]:
    """What names persons in an event's data, as it is written in its place."""
    hidden: dict[str, Any] = {"customer_id": pseudonym(key, data.client_id, data.customer_id)}
    if isinstance(data, ContractCancelled):
        hidden["contract_id"] = contract_pseudonym(key, data.client_id, data.contract_id)
    elif isinstance(data, PaymentReturned):
        hidden["payment"] = _named(key, data.client_id, _PAYMENT_RECEIVED, data.payment)
    elif isinstance(data, SurveyAnswered):
        hidden["call"] = _named(key, data.client_id, _CALL_ENDED, data.call)
        if data.comment is not None:
            hidden["comment"] = redacted_comment(data.comment)
    return hidden


def _named(key: bytes, client_id: str, event_type: str, named: EventReference) -> EventReference:
    """The event that another one names, by its identity."""
    identity = event_identity(key, client_id, event_type, named.source, named.id)
    return EventReference(source=PSEUDONYMOUS_SOURCE, id=identity)


_CALL_ENDED: str = CallEndedEvent.model_fields["type"].default
_PAYMENT_RECEIVED: str = PaymentReceivedEvent.model_fields["type"].default


def pseudonymous_digest(key: bytes, event: InboundEvent) -> str:
    """The content's digest of an event that is pseudonymous already."""
    return keyed(key, "content", canonical(event.data.model_dump(exclude_defaults=True)))


def canonical(value: Any) -> str:
    """`value` as JSON that is the same for equal values, whatever they were written like.

    >>> canonical({"b": Decimal("10.00"), "a": Decimal("1E+1")})
    '{"a":"10","b":"10"}'

    Raises:
        TypeError: something in it is no value of a contract.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_written)


def _written(value: object) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_defaults=True)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def keyed(key: bytes, purpose: str, text: str) -> str:
    """32 hex digits of HMAC-SHA256, apart for each purpose.

    A blank follows the purpose: what a customer's pseudonym is made of never has one.
    """
    return keyed_hash(key, f"{purpose} {text}")[:_HEX_DIGITS]
