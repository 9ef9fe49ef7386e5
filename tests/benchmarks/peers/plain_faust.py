"""The peers' job with Faust as it comes, in batches: `take_events`, two tables, one insert a batch.

A batch is acknowledged after its rows are inserted and its states are set: at least once. A table
finds a change's partition by the event in hand, which a batch does not have; here it is in the
key.
"""

from __future__ import annotations

import asyncio
from typing import Any

import faust
import mode.loop
from faust.tables import Table

from tests.benchmarks.peers.arguments import arguments
from tests.benchmarks.peers.job import TOPICS, Batch
from tests.benchmarks.peers.store import PeerStore

_MOST_EVENTS = 2_000
_WITHIN = 0.1


class PartitionedTable(Table):
    """A table whose keys begin with their partition."""

    def partition_for_key(self, key: Any) -> int:
        """The partition of the changelog that `key` belongs to."""
        return int(key.partition("|")[0])


mode.loop.use("uvloop")
given = arguments()
app = faust.App(
    given.group,
    broker=f"kafka://{given.bootstrap}",
    store="memory://",
    datadir=str(given.data_dir / "faust"),
    topic_partitions=given.partitions,
    topic_disable_leader=True,
    table_standby_replicas=0,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=0.5,
    broker_session_timeout=10.0,
    broker_rebalance_timeout=4.0,
    broker_heartbeat_interval=1.0,
    producer_acks=-1,
    producer_linger=0.02,
    stream_buffer_maxsize=8192,
    stream_wait_empty=False,
    web_enabled=False,
    Table=PartitionedTable,
)
store = PeerStore(given.data_dir)
events = app.topic(
    *TOPICS, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
)
customers = app.Table("customers", partitions=given.partitions)
days = app.Table("days", partitions=given.partitions)


@app.agent(events)
async def work(stream: faust.Stream[Any]) -> None:
    """Take batches in, one after the other."""
    async for taken in stream.take_events(_MOST_EVENTS, within=_WITHIN):
        batch = Batch(customers.get, days.get, given.pseudonym_key)
        for event in taken:
            message = event.message
            batch.take(message.topic, message.partition, message.value)
        await asyncio.to_thread(store.write, batch.calls, batch.hours)
        for key, customer in batch.customers.items():
            customers[key] = customer
        for key, day in batch.days.items():
            days[key] = day


if __name__ == "__main__":
    worker = faust.Worker(app, loglevel="WARNING", redirect_stdouts=False)
    worker.spinner = None  # for it, Faust has every message for debugging made
    worker.execute_from_commandline()
