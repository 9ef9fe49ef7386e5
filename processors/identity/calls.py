"""The facts of a conversation that every later event repeats: a pseudonym for the customer."""

from __future__ import annotations

from processors.identity.event_identity import content_digest, identity_of, unsourced_identity
from processors.identity.pseudonyms import pseudonym
from schemas.derived import Call
from schemas.events import CallEndedEvent


def call_of(event: CallEndedEvent, key: bytes, origin: str | None = None) -> Call:
    """The facts that every later event repeats.

    Args:
        event: the event as it was sent.
        key: the pseudonym key.
        origin: topic/partition/offset where it was delivered, to fetch its bytes again.
    """
    data = event.data
    return Call(
        event_id=identity_of(key, event),
        client_id=data.client_id,
        agency_id=data.agency_id,
        customer=pseudonym(key, data.client_id, data.customer_id),
        started_at=data.started_at,
        ended_at=data.ended_at,
        service=data.service,
        touchpoint=data.touchpoint,
        channel=data.channel,
        customer_type=data.customer_type,
        language=data.language,
        content=content_digest(key, event),
        older_id=unsourced_identity(key, data.client_id, event.type, event.id),
        origin=origin,
    )
