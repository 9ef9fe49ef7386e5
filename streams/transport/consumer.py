"""Faust's Kafka consumer, made to hand on what a partition was fetched with as one message.

Faust 0.15 tracks every single event: two tasks, a queue entry and an acknowledgement each, some
40 % of a worker's time. Its tracking also loses events: what was fetched before a rebalance is
delivered after it, missing offsets count as acknowledged together with the event after them, a
commit of nothing raises, any other failed commit ends the worker. Here a fetch of one partition
is one message; it belongs to the assignment that it was fetched under. The offset that all agents
which read its topic are done with is committed, and only under that assignment. The broker refuses
a commit by a member that it has given up, so such events come again, to the new owner. Faust's own
acknowledgements do nothing here: it acknowledges what it skips.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, cast

from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
)
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka
from faust.transport.producer import Producer as BaseProducer
from faust.types import TP, ConsumerMessage, Message
from faust.types.transports import ConsumerT, ProducerT

from streams.transport.connecting import connected
from streams.transport.fetched import Fetched
from streams.transport.positions import ConsumerMetrics, Offsets, Positions
from streams.transport.reached import Reached
from streams.transport.unreadable import Policy, Unreadable, read_batch_by_batch

log = logging.getLogger(__name__)

MOST_RECORDS = 2_000
"""Records taken from the fetched ones at a time: as many as are decoded in some 50 ms."""
FETCH_WAIT_MS = 200
"""How long a broker holds a fetch that finds nothing.

Faust has 1,500. What is written meanwhile ends the wait on Apache Kafka; the embedded broker finds
it half a wait later. On both, a partition that is not part of the fetch under way, as its records
were just being handed on, is only fetched after it.
"""
COMMIT_SECONDS = 10.0
"""How long a commit may take; the thread that commits may have ended."""
_IN_HAND_SECONDS = 0.25
"""Of the rebalance timeout, how long a revocation waits for what the agents have in hand."""
_ENDS_SECONDS = 5.0
"""How long the brokers may take to say where partitions end."""


class Consumer(aiokafka.Consumer):
    """A consumer that delivers each event from the committed offset on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._held: set[TP] = set()
        self._reached = Reached()
        self.in_hand = InHand()
        super().__init__(*args, **kwargs)

    def ack(self, _: Message) -> bool:
        """Nothing: `done` says more."""
        return False

    def done(self, agent: str, fetched: Fetched, end: int) -> None:
        """Every effect that the agent has of the partition's records before `end` is in place.

        Raises:
            Undelivered: it was not given all that was fetched before.
        """
        self._reached.done(agent, fetched, end)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit what the agents have in hand, for as long as the group waits."""
        self.stop_flow()
        await self.in_hand.settled(_IN_HAND_SECONDS * self.app.conf.broker_rebalance_timeout)
        await self.commit()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin again at the committed offsets; what was acknowledged before is another's."""
        self._held.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Let partitions be fetched once the flow resumes: Faust empties the queues before."""
        self._held |= set(tps)

    def resume_flow(self) -> None:
        """Deliver events."""
        held, self._held = self._held, set()
        super().resume_partitions(held)
        super().resume_flow()

    async def perform_seek(self) -> None:
        """Nothing: each assignment begins at the committed offsets by itself."""

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Commit what is done; what the broker refuses belongs to another member by now."""
        done = self._reached.committable(cast(Transport, self.transport).readers)
        thread = cast(ConsumerThread, self._thread)
        committing = thread.commit_under(self._reached.assignment, done)
        try:
            await asyncio.wait_for(committing, COMMIT_SECONDS)
        except TimeoutError:
            log.warning("offsets are not committed yet; their events may come again")
        return bool(done)

    async def metrics(self) -> ConsumerMetrics:
        """The lag and what was handled, of the partitions that the worker has now.

        Raises:
            TimeoutError: the brokers do not say where partitions end.
            KafkaError: likewise.
        """
        measured: ConsumerMetrics = await cast(ConsumerThread, self._thread).metrics()
        return measured

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust's checks count single events, and the lag shows a worker that hangs."""

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                await asyncio.sleep(0)
                records, _ = await self._wait_next_records(timeout=1.0)
                for fetched in cast("list[Fetched]", records or []):
                    await self._deliver(fetched)
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def _deliver(self, fetched: Fetched) -> None:
        """Give the agents what was fetched, when they take events.

        A fetch that a rebalance overtakes brings records of the new assignment before that is
        ready. They are not fetched again, so they wait here.
        """
        if not self.flow_active:
            await self.wait(cast(Any, self.can_resume_flow))
        if fetched.is_current:
            delivered = self.callback(self._message(fetched))
            await self.wait_first(delivered, self.suspend_flow.wait())

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        # Faust empties the set it hands over while the fetch waits, and no partitions means all.
        wanted = None if active_partitions is None else set(active_partitions)
        return await super()._getmany(wanted, timeout)

    def _message(self, fetched: Fetched) -> Message:
        return ConsumerMessage(
            fetched.place.topic,
            fetched.place.partition,
            fetched.end - 1,
            0.0,
            0,
            None,
            None,
            cast(bytes, fetched),
            None,
            tp=fetched.place,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_consumer_thread(self) -> aiokafka.AIOKafkaConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class InHand:
    """How many batches the agents are handling."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._count += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()

    async def settled(self, seconds: float) -> None:
        """Wait until nothing is in hand, or so long."""
        try:
            await asyncio.wait_for(self._none.wait(), seconds)
        except TimeoutError:
            log.info("%d batches are still in hand; their events come again", self._count)


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """The thread that fetches and commits."""

    async def on_start(self) -> None:
        """Connect; brokers that are away are waited for."""
        self.time_started = time.monotonic()
        self._consumer = await connected(
            lambda: self._create_consumer(loop=self.thread_loop),
            "consumer",
            lambda: self.app.should_stop,
        )

    def __post_init__(self) -> None:
        """Called by Faust when the thread is made."""
        super().__post_init__()
        self._positions = Positions()

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Tables of our own need Faust's assignor, too: it gives a partition of every topic to
        # the same worker, and leaves it where it is. Messages of a transaction that was refused
        # are no messages.
        self._assignor = self.app.assignor
        consumer._partition_assignment_strategy = (self._assignor,)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def commit_under(self, assignment: Assignment | None, done: Offsets) -> None:
        """Commit offsets if their assignment still holds; none are of the one that holds now."""
        await self.call_thread(self._commit_under, assignment, done)

    async def _commit_under(self, assignment: Assignment | None, done: Offsets) -> None:
        consumer = self._ensure_consumer()
        subscription = consumer._subscription.subscription
        current = None if subscription is None else subscription.assignment
        if current is None or (done and current is not assignment):
            return
        positions = self._positions_under(current)
        offsets = {
            place: self._after_markers(place, offset)
            for place, offset in {**positions.committed, **done}.items()
        }
        new = {place: at for place, at in offsets.items() if at != positions.committed.get(place)}
        if not new:
            return
        try:
            await consumer.commit(
                {TopicPartition(*place): OffsetAndMetadata(at, "") for place, at in new.items()}
            )
        except (CommitFailedError, IllegalStateError) as error:
            log.info("offsets are not committed, their events come again: %s", error)
        except KafkaError as error:
            log.warning("offsets are not committed, their events may come again: %s", error)
        else:
            positions.commit(new)

    async def metrics(self) -> ConsumerMetrics:
        """Asked of the thread itself: what it says belongs to one assignment."""
        measured: ConsumerMetrics = await self.call_thread(self._metrics)
        return measured

    async def _metrics(self) -> ConsumerMetrics:
        consumer = self._ensure_consumer()
        subscription = consumer._subscription.subscription
        current = None if subscription is None else subscription.assignment
        if current is None:
            return ConsumerMetrics({}, dict(self._positions.handled))
        places = sorted(current.tps)
        asked = asyncio.wait_for(consumer.end_offsets(places), _ENDS_SECONDS)
        ends = {TP(*place): end for place, end in (await asked).items()} if places else {}
        reached = {place: current.state_value(TopicPartition(*place)) for place in ends}
        fetching = {at: each.position for at, each in reached.items() if each.has_valid_position}
        # A rebalance meanwhile has begun the positions again; then nothing is known of these.
        known = self._positions if self._positions.assignment is current else Positions()
        return ConsumerMetrics(known.lag(ends, fetching), dict(self._positions.handled))

    def _positions_under(self, assignment: Assignment | None) -> Positions:
        """The positions, begun again where another assignment has taken the place of theirs."""
        if self._positions.assignment is not assignment:
            self._positions.begin(assignment)
        return self._positions

    def _after_markers(self, place: TP, offset: int) -> int:
        """The offset, or that after what lies there of transactions and is no record."""
        positions = self._positions
        if offset < positions.delivered.get(place, offset + 1):
            return offset
        assignment = positions.assignment
        state = assignment.state_value(TopicPartition(*place)) if assignment else None
        return max(offset, state.position) if state and state.has_valid_position else offset

    async def _fetch_records(self, consumer: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs["max_records"] = MOST_RECORDS
        try:
            records = await super()._fetch_records(consumer, *args, **kwargs)
        except Unreadable as found:
            return await self._skip_or_wait(consumer, found)
        # No other task runs between the fetch and this line: the records are of this assignment.
        assignment = records and consumer._subscription.subscription.assignment
        return [self._fetched(TP(*place), some, assignment) for place, some in records.items()]

    def _fetched(self, place: TP, records: Sequence[Any], assignment: Assignment) -> Fetched:
        end = records[-1].offset + 1
        positions = self._positions_under(assignment)
        begin = positions.fetched(place, records[0].offset, end, len(records))
        return Fetched(place, records, assignment, begin, end)

    async def _skip_or_wait(self, consumer: Any, found: Unreadable) -> list[Fetched]:
        policy = cast(Transport, self.consumer.transport).unreadable
        assignment = consumer._subscription.subscription.assignment
        if not await policy.skips(found):
            policy.wait(consumer, found)
            return []
        if not assignment.active:
            return []
        place = TP(*found.place[:2])
        consumer.seek(TopicPartition(*place), found.end)
        begin = self._positions_under(assignment).fetched(place, found.place[2], found.end, 0)
        return [Fetched(place, (), assignment, begin, found.end)]


class Producer(aiokafka.Producer):
    """Faust's producer, which brokers that are away do not end."""

    async def on_start(self) -> None:
        """Connect; brokers that are away are waited for."""
        await BaseProducer.on_start(self)
        self._producer = await connected(
            self._new_producer, "producer", lambda: self.app.should_stop
        )


class Transport(aiokafka.Transport):
    """Faust's Kafka transport with that consumer and producer."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = Producer

    def __init__(self, *args: Any, unreadable: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        read_batch_by_batch()
        self.unreadable = unreadable
        """What is done about batches that cannot be read."""
        self.readers: dict[str, set[str]] = defaultdict(set)
        """The agents that read each topic, by its name."""
