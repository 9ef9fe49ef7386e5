"""From one broker to the next: a checkpoint at the end, and what the next one is filled from."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from infra.clickhouse.checkpoint import (
    State,
    drop_checkpoints,
    go_back,
    latest_checkpoint,
    read_states,
    take_checkpoint,
)
from infra.clickhouse.client import open_embedded
from infra.clickhouse.journal import (
    export_journal,
    moved_customers,
    read_exported,
    truncate_derived,
)
from infra.embedded.playback import NamedTopic, restore, restore_states
from infra.kafka.emitter import Emitter
from infra.kafka.reading import Place, read_compacted, read_records
from schemas.rows import EVENTS
from schemas.topics import TOPICS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from infra.kafka.cluster import Cluster


@dataclass
class Refill:
    """What a broker that starts empty is filled with, once its workers run."""

    file: Path
    facts: int
    """Facts that have to be taken in: those journaled since the checkpoint."""
    moved: Mapping[tuple[str, str], int]
    generation: int
    """Of the checkpoint; 0: there is none, all facts are taken in."""

    def send(self, emitter: Emitter) -> Iterator[int]:
        """Send the facts, in the order of event time; yields how many are sent."""
        yield from restore(read_exported(self.file), emitter, self.moved)
        self.file.unlink()


def prepare(
    client: Client, emitter: Emitter, file: Path, derivation: str, *, usable: bool
) -> Refill:
    """Have the store and the broker as of the last checkpoint.

    Args:
        client: the store; nothing else may use it.
        emitter: into the broker, whose changelogs get the workers' states.
        file: where the facts are put that are to be taken in again.
        derivation: only a checkpoint made with the same can be used.
        usable: whether a checkpoint may be used: not where facts were changed.
    """
    checkpoint = latest_checkpoint(client, derivation) if usable else None
    drop_checkpoints(client, checkpoint)
    if checkpoint is None:
        truncate_derived(client)
        taken = None
    else:
        go_back(client, checkpoint)
        restore_states(read_states(client, checkpoint), emitter)
        taken = f"{checkpoint.database}.{EVENTS.name}"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    facts = export_journal(client, file, taken)
    generation = 0 if checkpoint is None else checkpoint.generation
    return Refill(file, facts, moved_customers(client), generation)


def make_checkpoint(
    data_dir: Path,
    cluster: Cluster,
    committed: Mapping[str, int],
    changelogs: Collection[str],
    partitions: int,
    generation: int,
    derivation: str,
) -> bool:
    """Make a checkpoint, if nothing is left in the broker; call it when the workers have ended.

    The broker is of no use afterwards: where its topics end is found by writing to them.

    Args:
        data_dir: of the store.
        cluster: the broker.
        committed: by topic/partition, the offset after the last record whose effects are in place.
        changelogs: the topics of the workers' states.
        partitions: of every topic.
        generation: of this broker.
        derivation: what the tables were derived with.

    Returns:
        Whether it was made; if not, the one before stays.
    """
    ends = _ends(cluster, (*(topic.name for topic in TOPICS), *changelogs), partitions)
    states = {place: end for place, end in ends.items() if place[0] in changelogs}
    if any(
        committed.get(f"{name}/{partition}", 0) != end
        for (name, partition), end in ends.items()
        if name not in changelogs
    ):
        return False
    with contextlib.closing(open_embedded(data_dir)) as client:
        take_checkpoint(client, generation, derivation, _states(cluster, states))
    return True


class Unread(NamedTuple):
    """An event that was accepted, and that the workers did not come to."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


def read_unread(cluster: Cluster, committed: Mapping[str, int], partitions: int) -> list[Unread]:
    """The events of others that are not processed wholly; call it when the workers have ended.

    Some may be processed in part: taken in again, they are known, or lead to the same.
    """
    ends = _ends(cluster, (topic.name for topic in TOPICS if topic.inbound), partitions)
    begins = {(name, each): committed.get(f"{name}/{each}", 0) for name, each in ends}
    return [
        Unread(*place, record.key or b"", record.value, record.headers)
        for place, record in read_records(cluster, ends, begins)
        if record.value  # An empty one is where a checkpoint looked for the end.
    ]


def send_unread(events: Iterable[Unread], emitter: Emitter) -> None:
    """Put events into another broker, as they came."""
    for each in events:
        topic = NamedTopic(each.topic)
        emitter.write(topic, each.key, each.value, each.partition, each.headers)
    emitter.confirm()


def _states(cluster: Cluster, ends: Mapping[Place, int]) -> Iterator[State]:
    for place, table in read_compacted(cluster, ends).items():
        for key, value in table.items():
            yield State(*place, key.decode(), value)


def _ends(cluster: Cluster, names: Iterable[str], partitions: int) -> dict[Place, int]:
    """The offset after the last record of each topic and partition, and an empty one after it."""
    places = [(name, partition) for name in names for partition in range(partitions)]
    with Emitter(cluster) as emitter:
        for name, partition in places:
            emitter.write(NamedTopic(name), b"", b"", partition)
        emitter.confirm()
    return {(name, each): emitter.written[f"{name}/{each}"] - 1 for name, each in places}


def committed_offsets(admin: Any, cluster: Cluster, workers: Iterable[str]) -> dict[str, int]:
    """Per topic and partition, the offset after the last event whose effects are in place."""
    places: dict[str, int] = {}
    for worker in workers:
        for offsets in admin.list_group_offsets(cluster.group(worker)).values():
            for partition, offset in offsets.items():
                places[f"{partition.topic}/{partition.partition}"] = offset.offset
    return places


def next_generation(data_dir: Path, checkpoint: int) -> int:
    """Greater than that of any stack on the directory before, and than its checkpoint's."""
    path = data_dir / "generation"
    before = 0
    with contextlib.suppress(FileNotFoundError, ValueError):
        before = int(path.read_text())
    number = max(before, checkpoint) + 1
    path.write_text(str(number))
    return number
