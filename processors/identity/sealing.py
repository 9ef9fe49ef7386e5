"""The seal by which an event that is pseudonymous already is known from one that others send.

The journal's events other than calls go through the topics that others write to when they are
sent again. What has the form of a pseudonym proves nothing: anybody may have seen one.
"""

from __future__ import annotations

import hmac
import json
from typing import Generic, NamedTuple, TypeVar, cast

from processors.identity.event_identity import (
    PSEUDONYMOUS_SOURCE,
    pseudonymous,
    pseudonymous_digest,
)
from processors.identity.keyed_hash import keyed_hash
from schemas.codec import InvalidMessage
from schemas.sealed import Sealed

SealedT = TypeVar("SealedT", bound=Sealed)

_WRONG_SEAL = InvalidMessage(
    f"source: '{PSEUDONYMOUS_SOURCE}' is for events of Ascolto's own journal, and this one is not "
    "sealed with this system's pseudonym key: if it is from the journal, restore the key it was "
    "made with; if not, send the source that made it",
    "wrong_seal",
)


class Opened(NamedTuple, Generic[SealedT]):
    """An event that is pseudonymous and sealed, and the digest of its content."""

    event: SealedT
    digest: str


def with_seal(key: bytes, event: SealedT) -> SealedT:
    """An event that is pseudonymous, sealed over its identity and all it says."""
    return _sealed(key, event, pseudonymous_digest(key, event))


def is_sealed(key: bytes, event: Sealed) -> bool:
    """Whether who has the key has sealed this event with just this content."""
    return event.ascoltoseal is not None and _seals(key, event, pseudonymous_digest(key, event))


def opened(key: bytes, event: SealedT) -> Opened[SealedT] | InvalidMessage:
    """The event in its sealed form, whether others sent it or the journal; or why it is neither.

    A seal that is not right makes the event one that others sent, unless its source says that it
    is from the journal: hashed once more it would count a second time.
    """
    if event.ascoltoseal is not None:
        digest = pseudonymous_digest(key, event)
        if _seals(key, event, digest):
            return Opened(event, digest)
    if event.source == PSEUDONYMOUS_SOURCE:
        return _WRONG_SEAL
    safe = pseudonymous(key, event)
    digest = pseudonymous_digest(key, safe)
    return Opened(_sealed(key, safe, digest), digest)


def _sealed(key: bytes, event: SealedT, digest: str) -> SealedT:
    return cast("SealedT", event.model_copy(update={"ascoltoseal": _seal(key, event, digest)}))


def _seals(key: bytes, event: Sealed, digest: str) -> bool:
    given = (event.ascoltoseal or "").encode(errors="replace")
    return hmac.compare_digest(given, _seal(key, event, digest).encode())


def _seal(key: bytes, event: Sealed, digest: str) -> str:
    text = json.dumps([event.source, event.type, event.id, digest])
    return keyed_hash(key, f"seal {text}")
