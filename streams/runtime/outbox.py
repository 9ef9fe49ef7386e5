"""Writing to topics: nothing counts as written before the broker has acknowledged it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import faust
from faust.types import RecordMetadata

from schemas.codec import InvalidMessage
from schemas.topics import MOST_DERIVED_BYTES, TOPICS, Topic, catalogue_name
from streams.runtime.app import raw_topic
from streams.runtime.producer import Send, deliver
from streams.runtime.progress import Progress


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
        sends = [self._send(message) for message in messages]
        await deliver(sends, "messages", self._acknowledged)

    def _send(self, message: Message) -> Send:
        send = self._topics[message.topic.name].send
        return partial(send, key=message.key, value=message.value, partition=message.partition)

    def _acknowledged(self, _: int, at: RecordMetadata) -> None:
        self._progress.written(catalogue_name(at.topic), at.partition, at.offset)
