"""Where events go that cannot be understood or done: nothing is lost, nothing is silent."""

from __future__ import annotations

import base64
import hashlib
import logging

from schemas.codec import InvalidMessage, encode
from schemas.derived import DeadLetter
from schemas.topics import DEAD_LETTER, MOST_ORIGINAL_BYTES
from streams.runtime.delivery import Delivery
from streams.runtime.outbox import Message, Outbox
from streams.runtime.progress import Progress

log = logging.getLogger(__name__)


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

    The original is kept whole: no message is larger than `MOST_ORIGINAL_BYTES`. Of a line of a
    file that is, the beginning is kept, and the reason says so: a letter that Kafka does not take
    would stop the worker.
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


def message_of(letter: DeadLetter) -> Message:
    """The letter as a message of its topic."""
    return Message(DEAD_LETTER, letter.letter_id.encode(), encode(letter))


class DeadLetters:
    """Writes dead letters and says so in the log, without the event's content."""

    def __init__(self, outbox: Outbox, progress: Progress) -> None:
        self._outbox = outbox
        self._progress = progress

    async def refuse(self, delivery: Delivery, invalid: InvalidMessage) -> None:
        """Bury a message that could not be read, or is refused."""
        await self.bury(
            topic=delivery.topic,
            origin=delivery.origin,
            original=delivery.value,
            reason=invalid.reason,
            error_class=invalid.error_class,
            event_id=invalid.event_id,
            client_id=invalid.client_id,
        )

    async def bury(
        self,
        *,
        topic: str,
        origin: str,
        original: bytes,
        reason: str,
        error_class: str,
        event_id: str | None = None,
        client_id: str | None = None,
    ) -> None:
        """Write one dead letter; returns when it is acknowledged."""
        letter = dead_letter(
            topic=topic,
            origin=origin,
            original=original,
            reason=reason,
            error_class=error_class,
            event_id=event_id,
            client_id=client_id,
        )
        log.warning("dead letter %s from %s: %s", letter.letter_id, origin, reason)
        await self._outbox.deliver([message_of(letter)])
        self._progress.count("dead_letters")
