"""Writing to topics: nothing counts as written before the broker has acknowledged it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import faust
from faust.types import RecordMetadata

from infra.retry import delays
from schemas.codec import InvalidMessage
from schemas.topics import MOST_DERIVED_BYTES, TOPICS, Topic
from streams.runtime.app import raw_topic
from streams.runtime.producer import enqueued, may_pass
from streams.runtime.progress import Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """One message to be written; without a partition its key chooses (murmur2)."""

    topic: Topic
    key: bytes
    value: bytes
    partition: int | None = None


def too_large(value: bytes) -> InvalidMessage | None:
    """Why a message that follows from an event cannot be sent; None where it can.

    What follows from an event of text always can; a recording may hold more words than fit.
    """
    if len(value) <= MOST_DERIVED_BYTES:
        return None
    return InvalidMessage(
        f"what follows from it has {len(value)} bytes; {MOST_DERIVED_BYTES} at most can be passed "
        "on: send the conversation in parts",
        "too_large",
    )


class Outbox(Protocol):
    """Where agents put what they write."""

    async def deliver(self, messages: Iterable[Message]) -> None:
        """Write all `messages`; returns when every one is acknowledged."""


class KafkaOutbox:
    """An `Outbox` on the app's own producer; brokers that are away are waited for.

    Messages of one call may be retried out of order among themselves: what needs an order is
    one message, or one call after another.
    """

    def __init__(self, app: faust.App, progress: Progress) -> None:
        self._topics = {topic.name: raw_topic(app, topic) for topic in TOPICS}
        self._progress = progress

    async def deliver(self, messages: Iterable[Message]) -> None:
        """Write all `messages`; returns when every one is acknowledged."""
        left = list(messages)
        for delay in delays():
            left = await self._try(left)
            if not left:
                return
            log.warning("Kafka did not take %d messages; trying again in %.1f s", len(left), delay)
            await asyncio.sleep(delay)

    async def _try(self, messages: Sequence[Message]) -> list[Message]:
        """Write once; returns the messages that were not acknowledged."""
        acknowledgements = [await self._enqueue(message) for message in messages]
        results = await asyncio.gather(*acknowledgements, return_exceptions=True)
        failed = []
        for message, result in zip(messages, results, strict=True):
            if may_pass(result):
                failed.append(message)
            elif isinstance(result, BaseException):
                raise result
            else:
                self._progress.written(result.topic, result.partition, result.offset)
        return failed

    async def _enqueue(self, message: Message) -> Awaitable[RecordMetadata]:
        topic = self._topics[message.topic.name]
        return await enqueued(
            topic.send(key=message.key, value=message.value, partition=message.partition)
        )
