"""The workers on a real Kafka, started as production starts them, and their progress."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from infra.data_directory.processes import page_address
from infra.embedded import processes as children
from infra.kafka.cluster import Cluster
from infra.kafka.security import NO_SECURITY, Security
from infra.retry import retry_until_done
from schemas.topics import CALL_ENDED, CALL_TRANSCRIBED, TOPICS
from tests.streams.played import SCORER
from tests.waiting import completed, wait_for

log = logging.getLogger(__name__)

PSEUDONYM_KEY = "a key for tests"
PARTITIONS = 4
SESSION_SECONDS = 6.0
"""The shortest that Kafka allows by default: a killed worker's place is free after that."""

_LATE = "woke up too late"
"""In lines that Faust logs for ever on a machine that is busy."""

Groups = dict[str, tuple[str, ...]]
GROUPS: Groups = {topic.name: ("ascolto-analytics",) for topic in TOPICS} | {
    CALL_ENDED.name: ("ascolto-transcriber",),
    CALL_TRANSCRIBED.name: ("ascolto-scorer", "ascolto-analytics"),
}
"""The groups that read each topic."""
Offsets = dict[tuple[str, int], int]


@dataclass
class Installation:
    """One team's Ascolto: a Kafka, data directories, and the workers that run."""

    bootstrap: str
    folder: Path
    security: Security = NO_SECURITY
    prefix: str = ""
    more: dict[str, str] = field(default_factory=dict)
    """Further settings of commands and workers."""
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    groups: ClassVar[Groups] = GROUPS

    @property
    def cluster(self) -> Cluster:
        """The Kafka."""
        return Cluster(self.bootstrap, self.security, self.prefix)

    @property
    def data_dir(self) -> Path:
        """The analytics worker's directory, with the embedded store."""
        return self.folder / "data"

    def log(self, name: str) -> str:
        """What worker `name` has logged."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def environment(self, name: str = "analytics") -> dict[str, str]:
        """The settings, as a team would set them."""
        data_dir = self.data_dir if name == "analytics" else self.folder / name
        return {
            "ASCOLTO_KAFKA": self.bootstrap,
            "ASCOLTO_PARTITIONS": str(PARTITIONS),
            "ASCOLTO_DATA_DIR": str(data_dir),
            "ASCOLTO_HOME": str(self.folder),
            "ASCOLTO_PSEUDONYM_KEY": PSEUDONYM_KEY,
            "ASCOLTO_SCORER": SCORER,
            "ASCOLTO_SESSION_TIMEOUT": str(SESSION_SECONDS),
            "ASCOLTO_KAFKA_PREFIX": self.prefix,
            **self.more,
        }

    def ascolto(self, *arguments: str | Path, **settings: str) -> tuple[int, str, str]:
        """Run a command to its end; returns exit code, stdout and stderr."""
        done = completed(
            [sys.executable, "-m", "infra.cli.main", *arguments],
            env={**os.environ, **self.environment(), **settings},
        )
        return done.returncode, done.stdout, done.stderr

    def make_topics(self) -> None:
        """`ascolto admin topics`."""
        code, _, messages = self.ascolto("admin", "topics")
        assert code == 0, messages

    def emit(self, file: Path) -> None:
        """`ascolto emit FILE`: every event confirmed."""
        code, _, messages = self.ascolto("emit", file)
        assert code == 0, messages

    def start(self, name: str, *options: str) -> None:
        """Start worker `name`: `analytics`, or a role with anything after it, as `scorer-2`."""
        worker = name.split("-")[0]
        self.workers[name] = children.start(
            [sys.executable, "-m", "infra.cli.main", "run", worker, *options],
            self.folder / f"{name}.log",
            self.environment(name),
        )

    def kill(self, name: str) -> None:
        """End a worker with SIGKILL: it does not leave its group, nothing is flushed."""
        process = self.workers.pop(name)
        assert process.poll() is None, self.log(name)[-3000:]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End the workers in order."""
        for process in self.workers.values():
            process.terminate()
        for process in self.workers.values():
            children.stop(process, patience=20.0)
        self.workers.clear()

    def check_alive(self) -> None:
        """Fail with the log of a worker that has ended."""
        for name, process in self.workers.items():
            assert process.poll() is None, (name, process.returncode, self.log(name)[-3000:])

    def until(self, reached: Callable[[], bool], what: str, still: float = 120) -> float:
        """Wait for `reached`, for as long as the workers move; returns the seconds it took."""

        def done() -> bool:
            self.check_alive()
            return reached()

        def details() -> object:
            logs = {name: self.log(name)[-3000:] for name in self.workers}
            return what, self.lag(), logs

        return wait_for(done, self.moved, still=still, every=0.2, details=details)

    def moved(self) -> object:
        """What changes while the workers work: offsets, and what they have to say meanwhile."""
        said = sum(
            _LATE not in line for name in self.workers for line in self.log(name).splitlines()
        )
        return committed(self.cluster, self.groups), end_offsets(self.cluster), said

    def wait_until_caught_up(self) -> float:
        """Wait until every event and all its effects are in place; returns the seconds."""
        return self.until(self.is_caught_up, "catching up")

    def is_caught_up(self) -> bool:
        """Whether every group has committed everything that is written.

        An offset is committed when all effects of the events before it are in place, so what is
        committed is read first: if nothing more is written after it, nothing was under way.
        """
        return not self.lag()

    def lag(self) -> Offsets:
        """Per topic and partition, how many events are still to be processed."""
        done = committed(self.cluster, self.groups)
        ends = end_offsets(self.cluster)
        return {
            place: end - done.get(place, 0)
            for place, end in ends.items()
            if end > done.get(place, 0)
        }

    def members(self, group: str) -> int:
        """Members of a group that have their partitions; 0 while it is moving them."""
        from kafka.admin import KafkaAdminClient
        from kafka.errors import KafkaError

        admin = KafkaAdminClient(**_options(self.cluster))
        try:
            described = admin.describe_groups([group])[group]
        except KafkaError:
            return 0
        finally:
            admin.close()
        return len(described["members"]) if described["group_state"] == "Stable" else 0

    def written(self, name: str, topic: str) -> int:
        """Partitions of `topic` that worker `name` has written to, as its status page says."""
        url = page_address(Path(self.environment(name)["ASCOLTO_DATA_DIR"]), name.split("-")[0])
        assert url is not None, f"{name} has no page"
        with urllib.request.urlopen(f"{url}/status", timeout=30) as response:
            return sum(place.startswith(f"{topic}/") for place in json.load(response)["written"])

    def done(self, group: str) -> int:
        """Events that a group has committed, in all."""
        return sum(committed(self.cluster, dict.fromkeys(self.groups, (group,))).values())


def _options(of: Cluster | str) -> dict[str, Any]:
    cluster = Cluster(of) if isinstance(of, str) else of
    return {"bootstrap_servers": cluster.servers, **cluster.security.options()}


def committed(of: Cluster | str, groups: Groups) -> Offsets:
    """Per topic and partition, what all of its groups have committed; waits for brokers."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    def ask() -> Offsets:
        prefix = "" if isinstance(of, str) else of.prefix
        admin = KafkaAdminClient(**_options(of))
        try:
            found: dict[tuple[str, int], list[int]] = defaultdict(list)
            for group in sorted({group for its in groups.values() for group in its}):
                for offsets in admin.list_group_offsets(f"{prefix}{group}").values():
                    for place, offset in offsets.items():
                        topic = place.topic.removeprefix(prefix)
                        if group in groups.get(topic, ()):
                            found[topic, place.partition].append(offset.offset)
            return {
                place: min(offsets)
                for place, offsets in found.items()
                if len(offsets) == len(groups[place[0]])
            }
        finally:
            admin.close()

    return retry_until_done(ask, KafkaError, "Kafka", log, sleep=lambda _: time.sleep(0.2))


def partition_of(key: bytes) -> int:
    """The partition that Java clients choose for a key: murmur2, without its sign."""
    return (_murmur2(key) & 0x7FFFFFFF) % PARTITIONS


def _murmur2(key: bytes) -> int:
    from kafka.partitioner.default import murmur2

    return int(murmur2(key))


def records(bootstrap: str, topic: str) -> list[Any]:
    """Everything in a topic."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    try:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        found: list[Any] = []
        while any(consumer.position(place) < end for place, end in ends.items()):
            for batch in consumer.poll(timeout_ms=1000).values():
                found += batch
        return found
    finally:
        consumer.close()


def end_offsets(of: Cluster | str) -> Offsets:
    """Per topic of the catalogue and partition, the offset after the last event."""
    from kafka import KafkaConsumer, TopicPartition

    prefix = "" if isinstance(of, str) else of.prefix
    consumer = KafkaConsumer(**_options(of))
    try:
        names = [f"{prefix}{topic.name}" for topic in TOPICS]
        places = [TopicPartition(name, p) for name in names for p in range(PARTITIONS)]
        ends = consumer.end_offsets(places)
        return {(place.topic.removeprefix(prefix), place.partition): e for place, e in ends.items()}
    finally:
        consumer.close()
