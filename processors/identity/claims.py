"""Which of the events with one identity is accepted: the first, and all that say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from processors.identity.event_identity import (
    canonical,
    keyed,
    unsourced_identity,
)
from schemas.derived import Call
from schemas.events import CallEndedEvent
from schemas.sealed import Sealed

Name = tuple[str, str]
"""A client company, and an event's identity."""

_FACTS = {
    "client_id", "agency_id", "customer", "started_at", "ended_at", "service", "touchpoint",
    "channel", "customer_type", "language",
}  # fmt: skip
_CALL_ENDED: str = CallEndedEvent.model_fields["type"].default


@dataclass(frozen=True)
class Claim:
    """What an event says of itself."""

    client_id: str
    event_id: str
    customer: str
    digest: str
    """Of its content."""
    older_id: str | None = None
    """The identity under which a version that stored no source would know it."""
    older_digest: Callable[[], str] | None = field(default=None, compare=False, repr=False)
    """What such a version would know of its content; worked out only where it is asked for."""

    @property
    def is_older(self) -> bool:
        """Whether such a version has taken it in, and this is how it is known ever since."""
        return self.older_id == self.event_id

    @cached_property
    def name(self) -> Name:
        """What is claimed."""
        return self.client_id, self.event_id

    @property
    def older_name(self) -> Name | None:
        """What such a version would have claimed."""
        return None if self.older_id is None else (self.client_id, self.older_id)


class Verdict(StrEnum):
    """What becomes of an event."""

    ACCEPTED = "accepted"
    """It is the first with its identity, or says the same as the first."""
    KNOWN = "known"
    """An older version has taken it in, under another identity: it has no effect."""
    CONFLICT = "conflict"
    """Another event with its identity came first, and says something else."""


def verdict(claim: Claim, claimed: Mapping[Name, str]) -> Verdict | None:
    """What becomes of an event, by the digests claimed so far; None: it may claim."""
    digest = claimed.get(claim.name)
    if digest is not None:
        return Verdict.ACCEPTED if digest == claim.digest else Verdict.CONFLICT
    older = claim.older_name
    if older is None or claim.older_digest is None:
        return None
    if older in claimed and claimed[older] == claim.older_digest():
        return Verdict.KNOWN
    return None


def claim_of_call(key: bytes, call: Call) -> Claim:
    """The claim of a conversation."""
    assert call.content is not None, "an older call is given its identity first"
    return Claim(
        call.client_id,
        call.event_id,
        call.customer,
        call.content,
        call.event_id if call.older_id is None else call.older_id,
        lambda: facts_digest(key, call),
    )


def claim_of_event(event: Sealed, digest: str, older_id: str | None) -> Claim:
    """The claim of a sealed event with its content's digest; `older_id` where others sent it."""
    customer = event.data.customer_id
    older_digest = None if older_id is None else lambda: digest
    return Claim(event.data.client_id, event.id, customer, digest, older_id, older_digest)


def named_call(key: bytes, call: Call) -> Call:
    """The call with an identity: one that an older version wrote is named without its source."""
    if call.content is not None:
        return call
    event_id = unsourced_identity(key, call.client_id, _CALL_ENDED, call.event_id)
    return call.model_copy(update={"event_id": event_id, "content": facts_digest(key, call)})


def facts_digest(key: bytes, call: Call) -> str:
    """Who, when and about what: all that older versions stored of a call to recognise it by."""
    return keyed(key, "facts", canonical({name: getattr(call, name) for name in _FACTS}))
