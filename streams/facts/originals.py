"""The bytes an event came in, fetched again where a later stage has to reject it.

What travels between the workers is redacted and pseudonymous; a dead letter holds what was sent,
so that it can be corrected and sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from infra.kafka.cluster import Cluster
from infra.retry import delays
from schemas.inbound.binary_mode import structured
from streams.transport.connecting import TokenProvider

log = logging.getLogger(__name__)

WAIT_SECONDS = 10.0
"""How long a broker that answers may take to give a message before it counts as gone."""


class Originals(Protocol):
    """Where originals are found; waits while that cannot be reached."""

    async def fetch(self, origins: Iterable[str]) -> dict[str, bytes]:
        """The messages at these places (`topic/partition/offset`); gone ones are left out."""


class KafkaOriginals:
    """Originals read from their topics, outside any consumer group."""

    def __init__(
        self,
        cluster: Cluster,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._cluster = cluster
        self._wait_ms = int(wait_seconds * 1000)

    async def fetch(self, origins: Iterable[str]) -> dict[str, bytes]:
        """The messages at these places; those past the topic's retention are left out."""
        wanted = sorted(set(origins))
        if not wanted:
            return {}
        for delay in delays():
            try:
                return await self._read(wanted)
            except (KafkaError, OSError) as error:
                log.warning("originals: %s; again in %.1f s", type(error).__name__, delay)
            await asyncio.sleep(delay)
        raise AssertionError("delays never end")

    async def _read(self, origins: Sequence[str]) -> dict[str, bytes]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._cluster.servers,
            enable_auto_commit=False,
            auto_offset_reset="none",
            **self._cluster.security.options(TokenProvider),
        )
        await consumer.start()
        try:
            values = [await self._value(consumer, origin) for origin in origins]
        finally:
            await consumer.stop()
        return {o: value for o, value in zip(origins, values, strict=True) if value is not None}

    async def _value(self, consumer: AIOKafkaConsumer, origin: str) -> bytes | None:
        """The message there; None where the topic does not hold it any more, or cannot give it."""
        topic, partition, offset = origin.rsplit("/", 2)
        place = TopicPartition(self._cluster.topic(topic), int(partition))
        consumer.assign([place])
        consumer.seek(place, int(offset))
        try:
            found = await consumer.getmany(place, timeout_ms=self._wait_ms, max_records=1)
        except KafkaError as error:
            if error.retriable:
                raise
            log.warning("the original at %s cannot be read: %s", origin, type(error).__name__)
            return None
        for record in found.get(place, ()):
            if record.offset == int(offset):
                return structured(record.headers, bytes(record.value or b""))
        return None
