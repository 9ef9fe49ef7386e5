"""Tables read back from their changelogs, when a partition is opened."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from infra.kafka.cluster import Cluster
from infra.retry import delays
from schemas.topics import MOST_STATE_BYTES
from streams.state.tables import PartitionTable
from streams.transport.connecting import TokenProvider

log = logging.getLogger(__name__)

_WAIT_MS = 200


class Changelogs:
    """Reads changelogs to their end; brokers that are away are waited for."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def read_back(self, tables: Sequence[PartitionTable]) -> None:
        """Fill tables, each from its partition; nobody else may write to it meanwhile."""
        for delay in delays():
            try:
                await self._read(
                    {
                        TopicPartition(self._cluster.topic(table.topic), table.partition): table
                        for table in tables
                    }
                )
            except (KafkaError, OSError) as error:
                log.warning("states: %r; reading them again in %.1f s", error, delay)
                await asyncio.sleep(delay)
            else:
                return

    async def _read(self, tables: dict[TopicPartition, PartitionTable]) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._cluster.servers,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=MOST_STATE_BYTES,
            fetch_max_wait_ms=_WAIT_MS,
            **self._cluster.security.options(TokenProvider),
        )
        await consumer.start()
        try:
            consumer.assign(list(tables))
            await consumer.seek_to_beginning(*tables)
            ends = await consumer.end_offsets(list(tables))
            left = {place for place, end in ends.items() if end > 0}
            while left:
                records = await consumer.getmany(*left, timeout_ms=_WAIT_MS)
                for place, some in records.items():
                    for record in some:
                        tables[place].restore(record.key, record.value)
                # An end may be behind the last record on the embedded broker.
                left = {
                    place
                    for place in left
                    if place in records or await consumer.position(place) < ends[place]
                }
        finally:
            await consumer.stop()
