"""Partitions read up to an offset, outside any consumer group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.kafka.cluster import Cluster
from schemas.topics import MOST_STATE_BYTES

Place = tuple[str, int]
"""A topic, without what this Kafka puts in front of it, and a partition."""

_POLL_MS = 500


def read_records(
    cluster: Cluster, ends: Mapping[Place, int], begins: Mapping[Place, int] | None = None
) -> Iterator[tuple[Place, Any]]:
    """The records of each partition before its offset in `ends`, from that in `begins`, else all.

    The ends have to be those that a writer was given: the embedded broker's own may be too low.
    """
    from kafka import KafkaConsumer, TopicPartition

    begins = begins or {}
    left = {
        TopicPartition(cluster.topic(topic), partition): (topic, partition)
        for (topic, partition), end in ends.items()
        if end > begins.get((topic, partition), 0)
    }
    if not left:
        return
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers,
        group_id=None,
        enable_auto_commit=False,
        max_partition_fetch_bytes=MOST_STATE_BYTES,
        **cluster.security.options(),
    )
    try:
        consumer.assign(list(left))
        for at, place in left.items():
            consumer.seek(at, begins.get(place, 0))
        while left:
            for at, records in consumer.poll(timeout_ms=_POLL_MS).items():
                end = ends[left[at]]
                yield from ((left[at], each) for each in records if each.offset < end)
                if records[-1].offset >= end - 1:
                    del left[at]
            if left.keys() != consumer.assignment():
                positions = {at: consumer.position(at) for at in left}
                consumer.assign(list(left))
                for at, position in positions.items():
                    consumer.seek(at, position)
    finally:
        consumer.close(autocommit=False)


def read_compacted(cluster: Cluster, ends: Mapping[Place, int]) -> dict[Place, dict[bytes, bytes]]:
    """Of each partition the last values by key, without those removed; `ends` as above."""
    found: dict[Place, dict[bytes, bytes]] = {place: {} for place in ends}
    for place, record in read_records(cluster, ends):
        if record.value is None:
            found[place].pop(record.key, None)
        else:
            found[place][record.key] = record.value
    return found
