"""Where events go that cannot be understood or done: nothing is lost, nothing is silent."""

from __future__ import annotations

import logging

from schemas.codec import InvalidMessage, encode
from schemas.dead_letters import dead_letter
from schemas.derived import DeadLetter
from schemas.topics import DEAD_LETTER
from streams.runtime.counters import DEAD_LETTERS
from streams.runtime.outbox import Message, Outbox
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery

log = logging.getLogger(__name__)


class DeadLetters:
    """Writes dead letters and says so in the log, without the event's content."""

    def __init__(self, outbox: Outbox, progress: Progress) -> None:
        self._outbox = outbox
        self._progress = progress

    async def reject(self, delivery: Delivery, why: InvalidMessage) -> None:
        """Write the dead letter of a message; returns when it is acknowledged."""
        await self.write(
            dead_letter(
                topic=delivery.topic,
                origin=delivery.origin,
                original=delivery.value,
                reason=why.reason,
                error_class=why.error_class,
                event_id=why.event_id,
                client_id=why.client_id,
            )
        )

    async def write(self, letter: DeadLetter) -> None:
        """Write a dead letter; returns when it is acknowledged."""
        log.warning("dead letter %s from %s: %s", letter.letter_id, letter.origin, letter.reason)
        await self._outbox.deliver(
            [Message(DEAD_LETTER, letter.letter_id.encode(), encode(letter))]
        )
        self._progress.count(DEAD_LETTERS)
