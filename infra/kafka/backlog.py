"""Calls that wait for a worker: what lies in Kafka behind the offsets that workers committed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from infra.kafka.admin import BOOTSTRAP_MS
from infra.kafka.cluster import Cluster
from processors.call_outcome import Backlog, WaitingCall
from schemas.topics import CALL_ENDED, CALL_SCORED, CALL_TRANSCRIBED, MOST_STATE_BYTES

MOST = 20_000
"""Calls of a stage that are read; where more wait, the count says that it is not complete."""
_POLL_MS = 500
_EMPTY_POLLS = 20
"""Polls in a row without a record after which no more are expected."""

Stage = tuple[str, str]
"""A topic, and the worker that consumes it."""


def stages(*, embedded: bool) -> tuple[Stage, ...]:
    """The stages that a call passes; on one machine the analytics worker scores, too."""
    scorer = "analytics" if embedded else "scorer"
    return (
        (CALL_ENDED.name, "transcriber"),
        (CALL_TRANSCRIBED.name, scorer),
        (CALL_SCORED.name, "analytics"),
    )


def read_backlog(cluster: Cluster, of: Sequence[Stage], most: int = MOST) -> Backlog | None:
    """The calls that wait for a worker; None where Kafka cannot be asked.

    Messages that are no calls are left out: a worker makes dead letters of them. A call whose
    recording takes long holds back the offset of its partition, so calls after it that are done
    already count as waiting until it is done. The embedded broker may not name its newest batch.

    Args:
        cluster: the brokers.
        of: the stages (`stages`).
        most: how many calls of a stage are read.
    """
    from kafka.errors import KafkaError

    calls: list[WaitingCall] = []
    complete = True
    try:
        for topic, worker in of:
            read, whole = _read(cluster, topic, worker, most)
            calls += read
            complete &= whole
    except KafkaError:
        return None
    return Backlog(tuple(calls), complete)


def _read(cluster: Cluster, topic: str, worker: str, most: int) -> tuple[list[WaitingCall], bool]:
    from kafka import KafkaConsumer, TopicPartition

    name = cluster.topic(topic)
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers,
        bootstrap_timeout_ms=BOOTSTRAP_MS,
        group_id=cluster.group(worker),
        enable_auto_commit=False,
        max_partition_fetch_bytes=MOST_STATE_BYTES,
        **cluster.security.options(),
    )
    try:
        places = [TopicPartition(name, each) for each in consumer.partitions_for_topic(name) or ()]
        begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        done = {place: max(begins[place], consumer.committed(place) or 0) for place in places}
        behind = [place for place in places if done[place] < ends[place]]
        consumer.assign(behind)
        for place in behind:
            consumer.seek(place, done[place])
        values = _values(consumer, {place: ends[place] for place in behind})
        read = list(islice(values, most + 1))
        return [call for call in map(_call, read[:most]) if call], len(read) <= most
    finally:
        consumer.close(autocommit=False)


def _values(consumer: Any, ends: dict[Any, int]) -> Iterator[bytes]:
    """What lies before each partition's end."""
    empty = 0
    while empty < _EMPTY_POLLS and any(consumer.position(at) < end for at, end in ends.items()):
        polled = consumer.poll(timeout_ms=_POLL_MS)
        empty = 0 if polled else empty + 1
        for place, records in polled.items():
            yield from (each.value for each in records if each.offset < ends[place])


def _call(value: bytes) -> WaitingCall | None:
    """The call of a message of any stage; None where it is none."""
    try:
        message = json.loads(value)
        call = message.get("data") or message["call"]
        ended = datetime.fromisoformat(call["ended_at"])
        return WaitingCall(str(call["client_id"]), ended.astimezone(UTC))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
