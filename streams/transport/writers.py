"""Writing to Kafka: each record until the broker has acknowledged it; or all of a batch, or none.

Two workers may believe that a partition is theirs: one of them was frozen, or cut off, for longer
than its group waits. What they write for it goes through a transactional producer that is named
after the partition. Who opens it last has it: the broker refuses what the older one writes, and
takes back what it has not committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata
from faust.exceptions import ProducerSendError

from infra.kafka.cluster import Cluster
from infra.retry import delays
from schemas.errors import AscoltoError
from schemas.topics import MOST_STATE_BYTES
from streams.transport.connecting import TokenProvider, connected

log = logging.getLogger(__name__)

TRANSACTION_SECONDS = 60.0
"""How long a transaction may be open: what a worker that has ended left open is taken back then,
unless another opens its partition before."""

Written = Callable[[str, int, int], object]
"""Called with topic, partition and offset of each record that is acknowledged."""


class PartitionLost(AscoltoError):
    """Another worker may have the partition: what was under way for it is void."""


@dataclass(frozen=True)
class Record:
    """A record to be written; without a partition its key chooses (murmur2)."""

    topic: str
    """Of the catalogue, or a changelog: without what this Kafka puts in front of it."""
    key: bytes
    value: bytes | None
    partition: int | None = None


class Writer(Protocol):
    """Where records are written."""

    async def write(self, records: Sequence[Record], what: str = "messages") -> None:
        """Write all; returns when all are acknowledged. `what` they are is for the log.

        Raises:
            PartitionLost: what was written for this partition since it was last committed is void.
            Exception: one that Kafka will never take, as it is too large.
        """


class OwnWriter(Writer, Protocol):
    """A `Writer` for a partition, which its owner alone can use."""

    async def open(self) -> None:
        """Take the partition away from whoever had it; waits for brokers that are away."""

    async def commit(self) -> None:
        """Make durable what was written.

        Raises:
            PartitionLost: none of it is.
        """

    async def abort(self) -> None:
        """Take back what was written since the last commit, where that can be done."""

    async def close(self) -> None:
        """Release what it holds of this process."""


class OurApp(Protocol):
    """The Faust app, as far as its producer is concerned."""

    cluster: Cluster

    async def maybe_start_producer(self) -> Any:
        """The producer, started."""


class SharedWriter:
    """An `OwnWriter` on the worker's one producer: records may be retried out of order.

    What needs an order is one record, or one call after another. It fences nobody: for what may
    be written twice, and for the embedded broker, which has no transactions and one worker.
    """

    def __init__(self, app: OurApp, written: Written) -> None:
        self._app = app
        self._written = written

    async def open(self) -> None:
        """There is nothing to open."""

    async def commit(self) -> None:
        """What is written is durable."""

    async def abort(self) -> None:
        """What is written stays."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def write(self, records: Sequence[Record], what: str = "messages") -> None:
        """Write all; brokers that are away are waited for."""
        left = list(records)
        for delay in delays():
            producer = await self._app.maybe_start_producer()
            waiting = [await _enqueued(self._send(producer, record)) for record in left]
            results = await asyncio.gather(*waiting, return_exceptions=True)
            refused = []
            for record, result in zip(left, results, strict=True):
                if _may_pass(result):
                    refused.append(record)
                elif isinstance(result, BaseException):
                    raise result
                else:
                    self._written(record.topic, result.partition, result.offset)
            left = refused
            if not left:
                return
            log.warning("Kafka did not take %d %s; trying again in %.1f s", len(left), what, delay)
            await asyncio.sleep(delay)

    async def _send(self, producer: Any, record: Record) -> Awaitable[RecordMetadata]:
        sent: Awaitable[RecordMetadata] = await producer.send(
            self._app.cluster.topic(record.topic),
            record.key,
            record.value,
            record.partition,
            None,
            None,
        )
        return sent


async def _enqueued(sending: Awaitable[Awaitable[RecordMetadata]]) -> Awaitable[RecordMetadata]:
    """The acknowledgement to wait for.

    What the producer refuses at once (Faust wraps it) comes out of the acknowledgement, too.
    """
    try:
        return await sending
    except ProducerSendError as error:
        refused: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        refused.set_exception(error.__cause__ or error)
        return refused


def _may_pass(error: object) -> bool:
    """Whether Kafka may take later what it has not taken; what is too large it never takes."""
    return isinstance(error, KafkaError) and not isinstance(error, MessageSizeTooLargeError)


_LOST = (KafkaError, AssertionError)
"""aiokafka asserts what a transaction that has failed is not: open, or able to begin."""


class TransactionalWriter:
    """An `OwnWriter` on a transactional producer of its own, named after the partition."""

    def __init__(self, cluster: Cluster, name: str, written: Written) -> None:
        self._make = partial(
            AIOKafkaProducer,
            bootstrap_servers=cluster.servers,
            transactional_id=cluster.topic(name),
            transaction_timeout_ms=int(TRANSACTION_SECONDS * 1000),
            acks="all",
            max_request_size=MOST_STATE_BYTES,
            **cluster.security.options(TokenProvider),
        )
        self._cluster = cluster
        self._name = name
        self._written = written
        self._producer: Any = None
        self._begun = False
        self._beginning = asyncio.Lock()
        self._acknowledged: list[tuple[str, int, int]] = []

    async def open(self) -> None:
        """Take the partition away from whoever had it; waits for brokers that are away."""
        self._producer = await connected(self._make, self._name)

    async def write(self, records: Sequence[Record], what: str = "messages") -> None:
        """Write all, in order, in the transaction that is open or begins."""
        if not records:
            return
        if self._producer is None:
            raise PartitionLost(f"{self._name}: closed")
        sent: list[asyncio.Future[RecordMetadata]] = []
        try:
            await self._begin()
            for record in records:
                sent.append(
                    await self._producer.send(
                        self._cluster.topic(record.topic),
                        record.value,
                        record.key,
                        partition=record.partition,
                    )
                )
            places = await asyncio.gather(*sent)
        except MessageSizeTooLargeError:
            raise
        except _LOST as error:
            # Each is asked for what became of it, or asyncio reports it as an error nobody saw.
            await asyncio.gather(*sent, return_exceptions=True)
            raise PartitionLost(f"{self._name}: {what} were not taken: {error!r}") from error
        for record, at in zip(records, places, strict=True):
            self._acknowledged.append((record.topic, at.partition, at.offset))

    async def _begin(self) -> None:
        """Begin a transaction unless one is open; several may write at once."""
        async with self._beginning:
            if not self._begun:
                await self._producer.begin_transaction()
                self._begun = True

    async def commit(self) -> None:
        """Make durable what was written, all or nothing."""
        if not self._begun:
            return
        if self._producer is None:
            raise PartitionLost(f"{self._name}: closed")
        try:
            await self._producer.commit_transaction()
        except _LOST as error:
            raise PartitionLost(f"{self._name}: not committed: {error!r}") from error
        self._begun = False
        for place in self._acknowledged:
            self._written(*place)
        self._acknowledged.clear()

    async def abort(self) -> None:
        """Take back what was written since the last commit.

        Raises:
            PartitionLost: that cannot be done here; whoever opens the partition next does it.
        """
        if not self._begun:
            return
        self._begun = False
        self._acknowledged.clear()
        try:
            await self._producer.abort_transaction()
        except _LOST as error:
            raise PartitionLost(f"{self._name}: not taken back: {error!r}") from error

    async def close(self) -> None:
        """Close the producer; an open transaction is taken back by who opens the next one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
