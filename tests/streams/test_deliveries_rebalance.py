"""A worker's partitions are given again: what it still has in hand is from before."""

from __future__ import annotations

from collections.abc import Sequence

from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake, consume
from streams.runtime.progress import Progress
from streams.transport.delivery import Delivery
from tests.streams.doubles import BatchStream, MemoryBroker, MemoryOutbox


class Rebalanced:
    """Handles batches; the partitions are given again while one of them is handled."""

    def __init__(self, stream: BatchStream, during: bytes) -> None:
        self._stream = stream
        self._during = during
        self.handled: list[bytes] = []
        self.batches = 0

    async def __call__(self, batch: Sequence[Delivery]) -> None:
        self.batches += 1
        self.handled += [delivery.value for delivery in batch]
        if self._during in self.handled:
            self._stream.reassign()


async def consumed(stream: BatchStream, handler: Rebalanced) -> None:
    letters = DeadLetters(MemoryOutbox(MemoryBroker()), Progress())
    await consume(stream, "agent", Intake(handler, letters).take, 10)


async def test_what_was_handled_while_partitions_moved_is_not_acknowledged() -> None:
    stream = BatchStream("t", 0, [b"a", b"b"], [b"c"])
    handler = Rebalanced(stream, during=b"c")
    await consumed(stream, handler)
    assert handler.handled == [b"a", b"b", b"c"]
    assert stream.acked == [0, 1]


async def test_a_batch_from_before_is_left_alone() -> None:
    stream = BatchStream("t", 0, [b"a"], [b"b"])
    handler = Rebalanced(stream, during=b"never")
    stale = stream.events

    async def moved_meanwhile():
        async for event in stale():
            stream.reassign()
            yield event

    stream.events = moved_meanwhile
    await consumed(stream, handler)
    assert handler.batches == 0
    assert stream.acked == []
