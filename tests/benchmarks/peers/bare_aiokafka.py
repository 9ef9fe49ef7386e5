"""The peers' job with aiokafka alone: fetched records in batches, state in a changelog.

Order of effects: 1. the rows are inserted, 2. the changed states are acknowledged by the broker,
3. the offsets are committed. After a crash a batch is taken in again: at least once.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition

from tests.benchmarks.peers.arguments import CHANGELOGS, Arguments, arguments
from tests.benchmarks.peers.job import TOPICS, Batch
from tests.benchmarks.peers.store import PeerStore

_MOST_RECORDS = 2_000
_FETCH_BYTES = 8_000_000

States = dict[str, dict[str, Any]]
"""`customers` and `days`, by key; a key begins with its partition."""


class _Restore(ConsumerRebalanceListener):
    """Has the states of the partitions assigned read before their events."""

    def __init__(self, states: States, bootstrap: str) -> None:
        self._states = states
        self._bootstrap = bootstrap

    async def on_partitions_revoked(self, _: Iterable[TopicPartition]) -> None:
        """Forget them: another worker may change them from now on."""
        for states in self._states.values():
            states.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Read the changelogs of the partitions to their ends."""
        partitions = {place.partition for place in assigned}
        places = [TopicPartition(topic, each) for topic in CHANGELOGS for each in partitions]
        if places:
            await self._read(places)

    async def _read(self, places: list[TopicPartition]) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            left = {place for place in places if ends[place]}
            while left:
                for place, records in (await consumer.getmany(timeout_ms=200)).items():
                    table = self._states[CHANGELOGS[place.topic]]
                    for record in records:
                        table[record.key.decode()] = orjson.loads(record.value)
                left = {place for place in left if await consumer.position(place) < ends[place]}
        finally:
            await consumer.stop()


async def run(given: Arguments) -> None:
    """Work until SIGTERM."""
    store = PeerStore(given.data_dir)
    states: States = {"customers": {}, "days": {}}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=given.bootstrap,
        group_id=given.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_bytes=4 * _FETCH_BYTES,
    )
    producer = AIOKafkaProducer(bootstrap_servers=given.bootstrap, acks="all", linger_ms=5)
    consumer.subscribe(TOPICS, listener=_Restore(states, given.bootstrap))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await producer.start()
    await consumer.start()
    try:
        while not stopped.is_set():
            fetched = await consumer.getmany(timeout_ms=100, max_records=_MOST_RECORDS)
            if fetched:
                await _take(fetched, states, store, producer, given.pseudonym_key)
                await consumer.commit()
    finally:
        await consumer.stop()
        await producer.stop()
        store.close()


async def _take(
    fetched: Mapping[TopicPartition, list[Any]],
    states: States,
    store: PeerStore,
    producer: AIOKafkaProducer,
    key: bytes,
) -> None:
    batch = Batch(states["customers"].get, states["days"].get, key)
    for place, records in fetched.items():
        for record in records:
            batch.take(place.topic, place.partition, record.value)
    await asyncio.to_thread(store.write, batch.calls, batch.hours)
    acknowledged = []
    for topic, name in CHANGELOGS.items():
        changed: dict[str, Any] = getattr(batch, name)
        for state_key, value in changed.items():
            partition = int(state_key.partition("|")[0])
            acknowledged.append(
                await producer.send(topic, orjson.dumps(value), state_key.encode(), partition)
            )
        states[name] |= changed
    await asyncio.gather(*acknowledged)


if __name__ == "__main__":
    uvloop.run(run(arguments()))
