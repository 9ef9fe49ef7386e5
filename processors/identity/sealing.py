"""The seal by which an event that is pseudonymous already is known from one that others send.

The journal's events other than calls go through the topics that others write to when they are
sent again. What has the form of a pseudonym proves nothing: anybody may have seen one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TypeVar, cast

from processors.identity.event_identity import (
    PSEUDONYMOUS_SOURCE,
    pseudonymous,
    pseudonymous_digest,
)
from schemas.codec import InvalidMessage
from schemas.sealed import Sealed

SealedT = TypeVar("SealedT", bound=Sealed)

_WRONG_SEAL = InvalidMessage(
    f"source: '{PSEUDONYMOUS_SOURCE}' is for events of Ascolto's own journal, and this one is not "
    "sealed with this system's pseudonym key: if it is from the journal, restore the key it was "
    "made with; if not, send the source that made it",
    "wrong_seal",
)


def sealed(key: bytes, event: SealedT) -> SealedT:
    """The event as it was sent, made pseudonymous and sealed."""
    return with_seal(key, pseudonymous(key, event))


def with_seal(key: bytes, event: SealedT) -> SealedT:
    """An event that is pseudonymous, sealed over its identity and all it says."""
    return cast("SealedT", event.model_copy(update={"ascoltoseal": _seal(key, event)}))


def is_sealed(key: bytes, event: Sealed) -> bool:
    """Whether who has the key has sealed this event with just this content."""
    seal = event.ascoltoseal
    return seal is not None and hmac.compare_digest(
        seal.encode(errors="replace"), _seal(key, event).encode()
    )


def opened(key: bytes, event: SealedT) -> SealedT | InvalidMessage:
    """The event in its sealed form, whether others sent it or the journal; or why it is neither.

    A seal that is not right makes the event one that others sent, unless its source says that it
    is from the journal: hashed once more it would count a second time.
    """
    if is_sealed(key, event):
        return event
    if event.source == PSEUDONYMOUS_SOURCE:
        return _WRONG_SEAL
    return sealed(key, event)


def _seal(key: bytes, event: Sealed) -> str:
    text = json.dumps([event.source, event.type, event.id, pseudonymous_digest(key, event)])
    return hmac.digest(key, f"seal {text}".encode(), hashlib.sha256).hex()
