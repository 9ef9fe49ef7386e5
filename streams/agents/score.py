"""The `score` agent: conversations get their scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from infra.scoring.protocol import Attempted, Outcome, Scored
from schemas.topics import CALL_SCORED, CALL_TRANSCRIBED
from streams.runtime.counters import ATTEMPTS, CALLS_SCORED
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.outbox import Message, Outbox, too_large
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery

TOPICS = (CALL_TRANSCRIBED,)


class Scoring(Protocol):
    """Where calls are scored: away from the worker's event loop."""

    async def score(self, values: Sequence[bytes]) -> list[Outcome]:
        """What comes of each message of `call-transcribed`, in order.

        Raises an exception if scoring any of them does; no message is too broken to be given.
        """
        ...


class Scorer:
    """Scores conversations; the same text always gets the same scores."""

    def __init__(
        self,
        outbox: Outbox,
        dead_letters: DeadLetters,
        progress: Progress,
        scoring: Scoring,
    ) -> None:
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._progress = progress
        self._scoring = scoring

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat. Batches are taken in one after another.

        Order of effects: 1. the scores are written, 2. the intake acknowledges the batch.
        """
        outcomes = await self._scoring.score([delivery.value for delivery in batch])
        messages = []
        for delivery, outcome in zip(batch, outcomes, strict=True):
            refused = too_large(outcome.value) if isinstance(outcome, Scored) else outcome
            if isinstance(outcome, Scored) and refused is None:
                messages.append(message_of(outcome, delivery.partition))
            elif isinstance(refused, Attempted):
                self._progress.count(ATTEMPTS)
            elif refused is not None:
                await self._dead_letters.reject(delivery, refused)
        await self._outbox.deliver(messages)
        self._progress.count(CALLS_SCORED, len(messages))


def message_of(call: Scored, partition: int) -> Message:
    """The scored conversation as a message to its customer's partition."""
    return Message(CALL_SCORED, call.customer.encode(), call.value, partition)
