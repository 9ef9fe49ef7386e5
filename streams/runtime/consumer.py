"""Faust's Kafka consumer, fixed where it loses events after a restart or a rebalance.

Three defects of Faust 0.15, each seen on Apache Kafka by killing workers:

- When the tables are recovered, Faust lets the streams' partitions be fetched, then seeks them to
  the committed offsets, then empties the streams' queues. Events fetched meanwhile are thrown
  away, and not delivered again: nothing after them is committed any more, or, where Faust takes
  them for a gap, they are committed and lost. Here the streams' partitions stay paused until all
  of that is done.
- The set of partitions to fetch is handed to a waiting fetch and emptied meanwhile, when the
  tables' partitions are paused; and no partitions means all of them. What such a fetch brings is
  thrown away too, and a partition without a committed offset is not sought back. Here a fetch
  gets a copy.
- Where offsets are missing from a partition (deleted by retention, or taken by a transaction's
  markers), Faust counts them as acknowledged, and with them the event after the gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar, cast

from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka
from faust.types import TP
from faust.types.transports import ConsumerT

from streams.runtime.unreadable import Policy, Unreadable, read_batch_by_batch


class Consumer(aiokafka.Consumer):
    """A consumer that delivers each event from the committed offset on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._held: set[TP] = set()
        super().__init__(*args, **kwargs)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Recovery begins again."""
        self._held.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Let the tables' partitions be fetched now, the streams' when the flow resumes."""
        resumed = set(tps)
        changelogs = {tp for tp in resumed if self._is_changelog_tp(tp)}
        self._held |= resumed - changelogs
        super().resume_partitions(changelogs)

    def resume_flow(self) -> None:
        """Deliver events; by now the partitions are at their offsets, and the queues emptied."""
        held, self._held = self._held, set()
        super().resume_partitions(held)
        super().resume_flow()

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        wanted = None if active_partitions is None else set(active_partitions)
        return await super()._getmany(wanted, timeout)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        await super()._add_gap(tp, offset_from, offset_to - 1)

    def _new_consumer_thread(self) -> aiokafka.AIOKafkaConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """The thread that fetches; a batch that cannot be read does not end it."""

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._fetch_records(consumer, *args, **kwargs)
        except Unreadable as found:
            policy = cast(Transport, self.consumer.transport).unreadable
            if await policy.skips(found):
                await self._pass_over(consumer, found)
            else:
                policy.wait(consumer, found)
            return {}

    async def _pass_over(self, consumer: Any, found: Unreadable) -> None:
        """Go on after a batch, its offsets counted as acknowledged.

        Faust finds gaps by itself, but for those after a partition's first event: there nothing
        would be committed any more.
        """
        topic, partition, offset = found.place
        place = TopicPartition(topic, partition)
        gap = self.consumer._add_gap(place, offset, found.end)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(gap, self.app.loop))
        consumer.seek(place, found.end)


class Transport(aiokafka.Transport):
    """Faust's Kafka transport with that consumer."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer

    def __init__(self, *args: Any, unreadable: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        read_batch_by_batch()
        self.unreadable = unreadable
        """What is done about batches that cannot be read."""
