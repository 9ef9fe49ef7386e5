"""How dead letters are made: named so that a replay repeats the name, and with their bytes."""

from __future__ import annotations

import base64
import hashlib

from schemas.derived import DeadLetter
from schemas.topics import MOST_ORIGINAL_BYTES


def dead_letter(
    *,
    topic: str,
    origin: str,
    original: bytes,
    reason: str,
    error_class: str,
    event_id: str | None = None,
    client_id: str | None = None,
) -> DeadLetter:
    """A dead letter whose id a replay repeats: by event where it is known, else by origin.

    The original is stored whole: no message is larger than `MOST_ORIGINAL_BYTES`. Of a line of a
    file that is larger, only the beginning is, and the reason says so: a letter that Kafka does
    not take would stop the worker.
    """
    name = f"event {client_id} {event_id}" if event_id else f"origin {origin}"
    identity = hashlib.sha256(f"{topic}\n{name}\n".encode() + original).hexdigest()[:32]
    if len(original) > MOST_ORIGINAL_BYTES:
        reason = f"{reason} (the first {MOST_ORIGINAL_BYTES} of its {len(original)} bytes are kept)"
    return DeadLetter(
        letter_id=identity,
        topic=topic,
        origin=origin,
        reason=reason,
        error_class=error_class,
        original=base64.b64encode(original[:MOST_ORIGINAL_BYTES]).decode(),
        event_id=event_id,
        client_id=client_id,
    )
