"""The `score` agent: what was said, with its scores."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from processors.scoring import score_call
from processors.turn_reading import TurnReader
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import CallScored, CallTranscribed
from schemas.topics import CALL_SCORED, CALL_TRANSCRIBED
from streams.dead_letters import DeadLetters
from streams.deliveries import Delivery
from streams.outbox import Message, Outbox
from streams.progress import Progress

TOPICS = (CALL_TRANSCRIBED,)
CALLS_A_BREATH = 20
"""Calls scored in another thread at a time: heartbeats and the page go on meanwhile."""


class Scorer:
    """Scores conversations; the same text always gets the same scores."""

    def __init__(
        self,
        outbox: Outbox,
        dead_letters: DeadLetters,
        progress: Progress,
        reader: TurnReader,
    ) -> None:
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._progress = progress
        self._reader = reader

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat. Batches are taken in one after another."""
        read: list[tuple[CallTranscribed, int]] = []
        for delivery in batch:
            transcribed = decode(delivery.value, CallTranscribed)
            if isinstance(transcribed, InvalidMessage):
                await self._dead_letters.bury(
                    topic=delivery.topic,
                    origin=delivery.origin,
                    original=delivery.value,
                    reason=transcribed.reason,
                    error_class=transcribed.error_class,
                )
                continue
            read.append((transcribed, delivery.partition))
        for first in range(0, len(read), CALLS_A_BREATH):
            some = read[first : first + CALLS_A_BREATH]
            await self._outbox.deliver(await asyncio.to_thread(self._messages, some))
        self._progress.count("calls_scored", len(read))

    def _messages(self, read: Sequence[tuple[CallTranscribed, int]]) -> list[Message]:
        return [message_of(scored(event, self._reader), partition) for event, partition in read]


def scored(transcribed: CallTranscribed, reader: TurnReader) -> CallScored:
    """`transcribed` with its scores."""
    survey, call = transcribed.survey, transcribed.call
    return CallScored(
        call=call,
        turns=transcribed.turns,
        score=score_call(
            transcribed.turns,
            call.language,
            reader,
            survey_rating=None if survey is None else survey.rating,
            started_at=call.started_at,
            ended_at=call.ended_at,
        ),
        survey=survey,
        from_audio=transcribed.from_audio,
    )


def message_of(event: CallScored, partition: int) -> Message:
    """The scored conversation as a message, kept in its customer's partition."""
    return Message(CALL_SCORED, event.call.customer.encode(), encode(event), partition)
