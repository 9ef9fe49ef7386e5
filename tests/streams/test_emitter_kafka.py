"""What is written to Kafka: the same suite over the doubles and over the embedded broker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2

from infra.embedded.broker import EmbeddedBroker
from infra.kafka.admin import ensure_topics
from infra.kafka.cluster import Cluster
from infra.kafka.emitter import DeliveryFailed, Emitter, read_lines
from infra.settings import Settings
from schemas.codec import decode
from schemas.events import CallEndedEvent
from schemas.topics import (
    AGENCY_ALERT,
    CALL_ENDED,
    CALL_SCORED,
    CONTRACT_CANCELLED,
    ENGAGEMENT_CHANGED,
    changelog_topic,
)
from streams.facts.originals import KafkaOriginals
from streams.runtime.app import build_app
from streams.runtime.outbox import KafkaOutbox, Message, Outbox
from streams.runtime.progress import Progress
from streams.state.changelogs import Changelogs
from streams.state.tables import PartitionTable, StateTable
from streams.transport.writers import SharedWriter
from tests.streams.doubles import PARTITIONS, MemoryBroker, MemoryOutbox, MemoryTable
from tests.streams.played import BROKEN, events_file
from tests.waiting import completed

CHANGELOG = changelog_topic("suite", "states")
KEYS = [f"client|agency{number}".encode() for number in range(8)]


def expected_partition(key: bytes) -> int:
    """Kafka's own choice, by Java's murmur2."""
    return int((murmur2(key) & 0x7FFFFFFF) % PARTITIONS)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker(tmp_path_factory.mktemp("broker") / "broker.log")
    embedded.start()
    ensure_topics(Cluster(embedded.bootstrap), PARTITIONS, [CHANGELOG])
    yield embedded
    embedded.stop()


def consume(bootstrap: str, topic: str) -> list[tuple[int, bytes, bytes]]:
    """Partition, key and value of everything in a topic."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(places)
    found = []
    while any(consumer.position(place) < ends[place] for place in places):
        for records in consumer.poll(timeout_ms=200).values():
            found += [(record.partition, record.key, record.value) for record in records]
    consumer.close()
    return found


@dataclass
class Stand:
    """An outbox and a table, and a look at what they wrote."""

    outbox: Outbox
    table: StateTable
    bootstrap: str | None
    memory: MemoryBroker

    def read(self, topic: str) -> list[tuple[int, bytes, bytes]]:
        """Partition, key and value of what was written to a topic."""
        if self.bootstrap is not None:
            return consume(self.bootstrap, topic)
        return [
            (partition, key, value)
            for (name, partition), log in self.memory.logs.items()
            if name == topic
            for key, value in log
        ]


@pytest.fixture(params=["memory", "kafka"])
async def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    memory = MemoryBroker()
    if request.param == "memory":
        yield Stand(MemoryOutbox(memory), MemoryTable({}), None, memory)
        return
    bootstrap = request.getfixturevalue("broker").bootstrap
    settings = Settings(kafka=bootstrap, partitions=PARTITIONS, embedded=True, data_dir=tmp_path)
    app = build_app("suite", settings)
    app.finalize()
    writer = SharedWriter(app, Progress().written)
    table = PartitionTable(CHANGELOG, 2, writer)
    yield Stand(KafkaOutbox(writer), table, bootstrap, memory)
    await app.producer.stop()


async def test_messages_are_written_where_their_key_or_partition_says(stand: Stand) -> None:
    by_key = [Message(ENGAGEMENT_CHANGED, key, b"v" + key) for key in KEYS]
    await stand.outbox.deliver(by_key)
    fixed = [Message(CALL_SCORED, b"k", str(n).encode(), n % PARTITIONS) for n in range(8)]
    await stand.outbox.deliver(iter(fixed))
    await stand.outbox.deliver([])
    written = stand.read(ENGAGEMENT_CHANGED.name)
    assert sorted(written) == sorted((expected_partition(k), k, b"v" + k) for k in KEYS)
    assert sorted(stand.read(CALL_SCORED.name)) == sorted(
        (n % PARTITIONS, b"k", str(n).encode()) for n in range(8)
    )


async def test_one_call_after_another_keeps_the_order(stand: Stand) -> None:
    for number in range(30):
        await stand.outbox.deliver([Message(AGENCY_ALERT, b"one", str(number).encode())])
    values = [int(value) for _, _, value in stand.read(AGENCY_ALERT.name)]
    assert values == list(range(30))


async def test_a_table_gives_what_was_put_and_none_else(stand: Stand) -> None:
    assert stand.table.get("nothing") is None
    assert list(stand.table) == []
    big = {"sum": 10**40, "text": "è ☎", "list": [1, None, 0.5]}
    await stand.table.put({"a|b|1": big, "a|b|2": {}})
    await stand.table.put({"a|b|2": {"x": 1}, "a|c": {"y": 2}})
    await stand.table.put({})
    assert stand.table.get("a|b|1") == big
    assert stand.table.get("a|b|2") == {"x": 1}
    assert sorted(stand.table) == ["a|b|1", "a|b|2", "a|c"]
    got = stand.table.get("a|c")
    assert got is not None
    got["y"] = 3
    assert stand.table.get("a|c") == {"y": 2}, "what is given is a copy"


async def test_a_table_forgets_what_is_removed(stand: Stand) -> None:
    await stand.table.put({"a": {"x": 1}, "b": {"x": 2}})
    await stand.table.remove(["a", "never there"])
    assert stand.table.get("a") is None
    assert list(stand.table) == ["b"]
    await stand.table.put({"a": {"x": 3}})
    assert stand.table.get("a") == {"x": 3}


@pytest.mark.parametrize("decoded", [False, True])
async def test_a_table_is_read_back_from_its_partition_s_changelog(
    broker: EmbeddedBroker, tmp_path: Path, decoded: bool
) -> None:
    settings = Settings(
        kafka=broker.bootstrap, partitions=PARTITIONS, embedded=True, data_dir=tmp_path
    )
    app = build_app("suite", settings)
    app.finalize()
    partition = int(decoded)
    writer = SharedWriter(app, Progress().written)
    table = PartitionTable(CHANGELOG, partition, writer, decoded)
    await table.put({f"key{n}": {"n": n} for n in range(6)})
    await table.put({"large": {"text": "è" * 5_000}})
    assert table.size().keys == 7
    await table.remove(["key5"])
    await app.producer.stop()
    written = consume(broker.bootstrap, CHANGELOG)
    assert (partition, b"key5", None) in written, "a tombstone, for the broker to compact"
    again = PartitionTable(CHANGELOG, partition, writer, decoded)
    other = PartitionTable(CHANGELOG, partition + 2, writer, decoded)
    await Changelogs(Cluster(broker.bootstrap)).read_back([again, other])
    assert {key: again.get(key) for key in again} == {key: table.get(key) for key in table}
    assert again.size() == table.size()
    assert not {"key1", "large"} & set(other)


async def test_what_is_undone_was_never_there(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = Settings(
        kafka=broker.bootstrap, partitions=PARTITIONS, embedded=True, data_dir=tmp_path
    )
    app = build_app("suite", settings)
    app.finalize()
    table = PartitionTable(CHANGELOG, 3, SharedWriter(app, Progress().written))
    await table.put({"stays": {"n": 1}, "changed": {"n": 1}, "removed": {"n": 1}})
    table.keep()
    size = table.size()
    await table.put({"changed": {"n": 2}, "new": {"n": 2}})
    await table.put({"changed": {"n": 3}})
    await table.remove(["removed", "new"])
    table.undo()
    assert {key: table.get(key) for key in table} == {
        key: {"n": 1} for key in ("stays", "changed", "removed")
    }
    assert table.size() == size
    await app.producer.stop()


def emit(path: Path, bootstrap: str) -> subprocess.CompletedProcess[str]:
    """`ascolto emit`, as a person runs it."""
    return completed([sys.executable, "-m", "infra.cli.main", "emit", path, "--kafka", bootstrap])


def customers(values: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    for value in values:
        event = decode(value, CallEndedEvent)
        assert isinstance(event, CallEndedEvent)
        yield event.data.customer_id, event


def test_emit_sends_the_events_confirms_them_and_refuses_the_rest_by_number(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    events_file(path, seed=3, calls=60, days=20)
    lines = path.read_bytes().splitlines()
    bad = [number for number, line in enumerate(lines, start=1) if line in BROKEN]
    done = emit(path, broker.bootstrap)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{len(lines) - len(bad)} events sent and confirmed, {len(bad)} lines refused" in (
        done.stderr
    )
    for number in bad:
        assert f"events.jsonl:{number}: refused: " in done.stderr
    assert done.stderr.count(": refused: ") == len(bad) == len(BROKEN)
    written = consume(broker.bootstrap, CALL_ENDED.name)
    sent = [line for line in lines if b'"it.ascolto.call-ended.v1"' in line and line not in BROKEN]
    assert sorted(value for _, _, value in written) == sorted(sent), "byte for byte"
    for partition, key, value in written:
        ((customer, _),) = customers([value])
        assert key == customer.encode()
        assert partition == expected_partition(key)


def test_emit_of_good_lines_alone_ends_well(broker: EmbeddedBroker, tmp_path: Path) -> None:
    path = tmp_path / "good.jsonl"
    good = events_file(tmp_path / "all.jsonl", seed=4, calls=10, days=5)
    path.write_bytes(b"\n\n".join(good) + b"\r\n")
    done = emit(path, broker.bootstrap)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{len(good)} events sent and confirmed, 0 lines refused" in done.stderr


def test_an_event_too_large_for_the_broker_is_reported_without_traceback(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    (line, *_) = events_file(tmp_path / "all.jsonl", seed=4, calls=10, days=5)
    event = json.loads(line)
    event["data"]["padding"] = "x" * 3_000_000
    path = tmp_path / "large.jsonl"
    path.write_text(json.dumps(event) + "\n")
    done = emit(path, broker.bootstrap)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "large.jsonl:1" in done.stderr


def test_lines_keep_their_numbers_over_blank_ones() -> None:
    lines = list(read_lines([b"\n", b"{}\n", b"   \n", b"x\r\n"]))
    assert [(line.number, line.raw) for line in lines] == [(2, b"{}"), (4, b"x")]


def test_the_emitter_notes_how_far_each_partition_is_written(broker: EmbeddedBroker) -> None:
    with Emitter(Cluster(broker.bootstrap)) as emitter:
        for number in range(5):
            emitter.write(ENGAGEMENT_CHANGED, b"", str(number).encode(), partition=1)
        emitter.confirm()
        written = emitter.written[f"{ENGAGEMENT_CHANGED.name}/1"]
    found = [p for p, _, _ in consume(broker.bootstrap, ENGAGEMENT_CHANGED.name) if p == 1]
    assert written == len(found)


def test_a_topic_that_is_not_there_is_reported(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kafka import KafkaProducer
    from kafka.errors import KafkaTimeoutError

    def never(*_: object, **__: object) -> None:
        raise KafkaTimeoutError("no metadata")

    monkeypatch.setattr(KafkaProducer, "send", never)
    with (
        pytest.raises(DeliveryFailed, match="KafkaTimeoutError"),
        Emitter(Cluster(broker.bootstrap)) as e,
    ):
        e.write(CALL_ENDED, b"k", b"v")


async def test_originals_are_fetched_by_their_place_and_what_is_not_there_is_left_out(
    broker: EmbeddedBroker,
) -> None:
    sent = {partition: [f"{partition}-{n}".encode() for n in range(5)] for partition in (0, 2)}
    with Emitter(Cluster(broker.bootstrap)) as emitter:
        for partition, values in sent.items():
            for value in values:
                emitter.write(CONTRACT_CANCELLED, b"k", value, partition)
    end = {p: emitter.written[f"contract-cancelled/{p}"] for p in sent}
    wanted = {
        f"contract-cancelled/{p}/{end[p] - 5 + n}": sent[p][n] for p, n in ((0, 4), (2, 0), (0, 1))
    }
    originals = KafkaOriginals(Cluster(broker.bootstrap), wait_seconds=0.5)
    beyond = f"contract-cancelled/0/{end[0] + 99}"
    assert await originals.fetch([*wanted, beyond, *wanted]) == wanted
    assert await originals.fetch([]) == {}
