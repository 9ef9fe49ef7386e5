"""Compacted topics read to their end: of each key the last value."""

from __future__ import annotations

from collections.abc import Mapping

from infra.kafka.cluster import Cluster
from schemas.topics import MOST_STATE_BYTES

Place = tuple[str, int]
"""A topic, without what this Kafka puts in front of it, and a partition."""

_POLL_MS = 500


def read_compacted(cluster: Cluster, ends: Mapping[Place, int]) -> dict[Place, dict[bytes, bytes]]:
    """The values that are not removed, by key, of each partition up to the offset in `ends`.

    That offset has to be known from who wrote there: the embedded broker's own may be too low.
    """
    from kafka import KafkaConsumer, TopicPartition

    found: dict[Place, dict[bytes, bytes]] = {place: {} for place in ends}
    left = {
        TopicPartition(cluster.topic(topic), partition): (topic, partition)
        for (topic, partition), end in ends.items()
        if end > 0
    }
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers,
        group_id=None,
        enable_auto_commit=False,
        max_partition_fetch_bytes=MOST_STATE_BYTES,
        **cluster.security.options(),
    )
    try:
        consumer.assign(list(left))
        consumer.seek_to_beginning(*left)
        while left:
            for at, records in consumer.poll(timeout_ms=_POLL_MS).items():
                if at not in left:
                    continue
                place = left[at]
                for record in records:
                    if record.offset >= ends[place]:
                        break
                    if record.value is None:
                        found[place].pop(record.key, None)
                    else:
                        found[place][record.key] = record.value
                if records[-1].offset + 1 >= ends[place]:
                    del left[at]
                    consumer.pause(at)
    finally:
        consumer.close(autocommit=False)
    return found
