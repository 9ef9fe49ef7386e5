"""What each handler of the analytics worker takes an event, without Kafka.

`python -m tests.benchmarks.handlers [EVENTS AT_A_TIME] [--profile]`: the worker's own handlers in
one process, with the engine in process, take the events of the benches in the order in which the
worker has them. Printed are processor milliseconds an event, the engine's threads included, and a
digest of all that is stored: two versions of the code must give the same. What is stored is
compared with what the events add up to, too. The first `AT_A_TIME` events are not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import hashlib
import json
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiokafka.structs import RecordMetadata, TopicPartition

from infra.clickhouse.client import open_client
from infra.clickhouse.schema import migrate
from infra.clickhouse.store import ClickHouseStore
from infra.kafka.cluster import Cluster
from infra.lab.benchmarks.pipeline.load import KEY, PARTITIONS, make_load
from infra.lab.benchmarks.pipeline.totals import read_totals
from infra.settings import Settings
from schemas.rows import SETTLED_EVENTS, TABLES
from streams import analytics as wiring
from streams.runtime.progress import Progress
from streams.state.partitions import Partitions
from streams.transport.delivery import Delivery
from streams.workers import _collect_rarely
from tests.streams.doubles import _MURMUR2

NOW_US = 1_800_000_000_000_000
"""The clock: it moves by one at each look, so that two runs store the same."""
EVENTS, AT_A_TIME = 6_000, 2_000


@dataclass
class Topics:
    """Topics as lists, and the producer that writes to them."""

    logs: dict[tuple[str, int], list[Delivery]] = field(default_factory=lambda: defaultdict(list))
    cluster: Cluster = field(default_factory=lambda: Cluster("nowhere"))

    async def maybe_start_producer(self) -> Any:
        return SimpleNamespace(send=self._send)

    def append(self, topic: str, partition: int, value: bytes) -> int:
        log = self.logs[topic, partition]
        log.append(Delivery(topic, partition, len(log), value))
        return len(log) - 1

    async def _send(
        self, topic: str, key: bytes, value: bytes, partition: int | None, *_: Any
    ) -> asyncio.Future[RecordMetadata]:
        if partition is None:
            everyone = list(range(PARTITIONS))
            partition = _MURMUR2(key, everyone, everyone)
        offset = 0 if value is None else self.append(topic, partition, value)
        place = TopicPartition(topic, partition)
        done: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        done.set_result(RecordMetadata(topic, partition, place, offset, 0, 0, 0))
        return done


@dataclass
class Agent:
    """One agent, and how far it is."""

    name: str
    topics: tuple[str, ...]
    take: Any
    size: int
    reached: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    seconds: float = 0.0
    loop_seconds: float = 0.0

    async def catch_up(self, topics: Topics) -> int:
        """Take all that is there, in parts of `size`."""
        batch: list[Delivery] = []
        for place in [place for place in topics.logs if place[0] in self.topics]:
            batch += topics.logs[place][self.reached[place] :]
            self.reached[place] = len(topics.logs[place])
        began, loop_began = time.process_time(), time.thread_time()
        for first in range(0, len(batch), self.size):
            await self.take(batch[first : first + self.size])
        self.seconds += time.process_time() - began
        self.loop_seconds += time.thread_time() - loop_began
        return len(batch)


def agents_of(topics: Topics, store: ClickHouseStore, settings: Settings) -> list[Agent]:
    """The agents that the worker attaches."""
    agents: list[Agent] = []
    ticks = iter(range(NOW_US, 2 * NOW_US))

    def attach(_: Any, name: str, read: Any, take: Any, size: int, **__: Any) -> None:
        agents.append(Agent(name, tuple(topic.name for topic in read), take, size))

    async def nothing(_: Any) -> None:
        """The changelogs are empty."""

    def partitions(name: str, make: Any, _: Any, letters: Any) -> Any:
        return Partitions(name, make, nothing, letters)

    app: Any = SimpleNamespace(
        cluster=topics.cluster,
        maybe_start_producer=topics.maybe_start_producer,
        on_partitions_assigned=SimpleNamespace(connect=lambda _: None),
    )
    with (
        patch.object(wiring, "attach", attach),
        patch.object(wiring, "Partitions", partitions),
        patch.object(wiring, "reject_unreadable"),
        patch.object(wiring, "_attach_timers"),
    ):
        wiring.attach_analytics(app, settings, store, Progress(), partial(next, ticks))
    return agents


async def measure(
    events: int, at_a_time: int, settings: Settings, profile: cProfile.Profile | None
) -> dict[str, tuple[float, float]]:
    """Processor milliseconds an event, by agent."""
    load = make_load(events)
    client = open_client(settings)
    migrate(client)
    store = ClickHouseStore(partial(open_client, settings))
    topics = Topics()
    agents = agents_of(topics, store, settings)
    _collect_rarely()
    all_began = time.process_time()
    for first in range(0, events, at_a_time):
        if first == at_a_time:  # the first of them fill caches
            for agent in agents:
                agent.seconds = agent.loop_seconds = 0.0
            all_began = time.process_time()
            if profile is not None:
                profile.enable()
        for message in load.messages[first : first + at_a_time]:
            topics.append(message.topic, message.partition, message.value.encode())
        while sum([await agent.catch_up(topics) for agent in agents]):
            pass
    if profile is not None:
        profile.disable()
    took = {agent.name: (agent.seconds, agent.loop_seconds) for agent in agents}
    took["all"] = time.process_time() - all_began, sum(loop for _, loop in took.values())
    if read_totals(client) != load.totals:
        raise SystemExit("something else is stored than the events add up to")
    print("digest", digest(client))
    store.close()
    client.close()
    ms = 1000 / (events - at_a_time)
    return {name: (seconds * ms, loop * ms) for name, (seconds, loop) in took.items()}


def digest(client: Any) -> str:
    """Of all rows as readers see them, whatever their versions and when events were archived."""
    found = []
    for table in TABLES:
        if table is SETTLED_EVENTS:
            continue
        columns = [name for name in table.columns if name not in ("version", "written_at")]
        listed = ", ".join(f"`{name}`" for name in columns)
        sql = f"SELECT count(), sum(cityHash64({listed})) FROM {table.name} FINAL"
        found.append((table.name, *client.query(sql).result_rows[0]))
    return hashlib.sha256(json.dumps(found, default=str).encode()).hexdigest()[:16]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.handlers")
    parser.add_argument("events", nargs="?", type=int, default=EVENTS)
    parser.add_argument("at_a_time", nargs="?", type=int, default=AT_A_TIME)
    parser.add_argument("--profile", action="store_true", help="where the agents' thread spends it")
    given = parser.parse_args(arguments)
    if not 0 < given.at_a_time < given.events:
        parser.error("AT_A_TIME is from 1 to less than EVENTS: the first step is not measured")
    profile = cProfile.Profile(time.thread_time) if given.profile else None
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            data_dir=Path(directory),
            embedded=True,
            partitions=PARTITIONS,
            pseudonym_key=KEY.decode(),
            _env_file=None,
        )
        took = asyncio.run(measure(given.events, given.at_a_time, settings, profile))
    for name, (ms, loop_ms) in took.items():
        print(f"{name:24} {ms:.3f} ms an event, {loop_ms:.3f} of it on the loop's thread")
    if profile is not None:
        pstats.Stats(profile).sort_stats("tottime").print_stats(70)


if __name__ == "__main__":
    main(sys.argv[1:])
