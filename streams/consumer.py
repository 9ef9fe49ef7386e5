"""Faust's Kafka consumer, with its reckoning of gaps between offsets mended.

Where offsets are missing from a partition (deleted by retention, or taken by a transaction's
markers), Faust counts them as acknowledged. It takes for missing also what is under way: after a
restart it fetches the first events, sets its mark back to the committed offset, and sees a gap
between that mark and the next event. The events in it would be committed before they are
handled, and lost in a crash; those handled would count twice, and then one event is committed at
a time. And it counts the event after a gap as part of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from faust.transport.drivers import aiokafka
from faust.types import TP, Message
from faust.types.transports import ConsumerT


class Consumer(aiokafka.Consumer):
    """A consumer that takes only offsets for missing that lie after all events fetched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fetched: dict[TP, int] = {}

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin anew: what was fetched before will be fetched again."""
        self._fetched.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """The events of a fetch."""
        async for tp, message in super().getmany(timeout):
            yield tp, message
            self._fetched[tp] = max(self._fetched.get(tp, -1), message.offset)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        first = max(offset_from, self._fetched.get(tp, -1) + 1)
        last = offset_to - 1
        if first <= last:
            await super()._add_gap(tp, first, last)


class Transport(aiokafka.Transport):
    """Faust's Kafka transport with that consumer."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
