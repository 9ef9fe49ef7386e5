"""What waits for a worker on a real Kafka: counted by client company, in part where it is much."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infra.kafka.backlog import read_backlog, stages
from infra.kafka.cluster import Cluster
from processors.call_outcome import WaitingCall
from schemas.topics import CALL_ENDED, CALL_SCORED
from tests.kafka.workers import Installation
from tests.streams.codecs import event, send

pytestmark = pytest.mark.kafka
SPLIT = stages(embedded=False)


def commit(bootstrap: str, topic: str, group: str, done: int) -> None:
    """Commit in each partition that has records that the first `done` of them are done."""
    from kafka import KafkaConsumer, TopicPartition
    from kafka.structs import OffsetAndMetadata

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    places = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic)]
    consumer.assign(places)
    ends = consumer.end_offsets(places)
    consumer.commit({at: OffsetAndMetadata(min(done, ends[at]), "", -1) for at in places})
    consumer.close(autocommit=False)


def test_what_no_worker_has_done_is_counted_at_every_stage(installed: Installation) -> None:
    cluster = Cluster(installed.bootstrap)
    empty = read_backlog(cluster, SPLIT)
    assert empty is not None
    assert (empty.calls, empty.complete) == ((), True)

    calls = [event(CALL_ENDED, f"waits-{number}") for number in range(6)]
    send(installed.bootstrap, CALL_ENDED, "lz4", [*calls, b"no call", b'{"call": []}'])
    scored = {"call": {"client_id": "acqua", "ended_at": "2026-03-02T09:00:00+01:00"}}
    send(installed.bootstrap, CALL_SCORED, "gzip", [json.dumps(scored).encode()])
    backlog = read_backlog(cluster, SPLIT)
    assert backlog is not None
    assert backlog.complete
    assert len(backlog.calls) == 7
    assert backlog.calls[-1] == WaitingCall("acqua", datetime(2026, 3, 2, 8, tzinfo=UTC))
    said = json.loads(calls[0])["data"]
    assert {call.client_id for call in backlog.calls[:-1]} == {said["client_id"]}

    some = read_backlog(cluster, SPLIT, most=2)
    assert some is not None
    assert not some.complete
    assert len(some.calls) <= 3

    commit(installed.bootstrap, CALL_ENDED.name, "ascolto-transcriber", 10_000)
    rest = read_backlog(cluster, SPLIT)
    assert rest is not None
    assert rest.calls == backlog.calls[-1:]


def test_a_kafka_that_is_away_is_no_empty_one(installed: Installation) -> None:
    away = replace(Cluster(installed.bootstrap), bootstrap="127.0.0.1:1")
    assert read_backlog(away, SPLIT) is None
