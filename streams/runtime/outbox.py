"""Writing to topics: nothing counts as written before the broker has acknowledged it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from schemas.codec import InvalidMessage
from schemas.topics import MOST_DERIVED_BYTES, Topic
from streams.transport.writers import Record, Writer


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
    """An `Outbox` on a writer to Kafka."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def deliver(self, messages: Iterable[Message]) -> None:
        """Write all `messages`; returns when every one is acknowledged.

        Raises:
            PartitionLost: none of them is written, nor what was before in the transaction.
        """
        await self._writer.write(
            [Record(each.topic.name, each.key, each.value, each.partition) for each in messages]
        )
