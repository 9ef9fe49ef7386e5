"""Who does the job: Ascolto's own analytics worker, and the peers; each on a broker of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.data_directory.processes import page_address
from infra.embedded import processes as children
from infra.embedded.broker import EmbeddedBroker
from infra.errors import InfraError
from infra.kafka.admin import ensure_topics, open_admin
from infra.kafka.cluster import Cluster
from infra.lab.benchmarks.pipeline.load import KEY, PARTITIONS, Message
from infra.lab.benchmarks.pipeline.peers import IMPORTS, MODULES, peer_command
from infra.lab.benchmarks.pipeline.process_tree import cpu_seconds, processes

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

ASCOLTO = "ascolto"
NAMES = (ASCOLTO, *MODULES)
_POLL_SECONDS = 0.1
_STILL_SECONDS = 120.0
"""So long without progress, a contender has failed."""
_STOP_SECONDS = 20.0

Places = Mapping[tuple[str, int], int]
"""By topic and partition."""


class ContenderFailed(InfraError):
    """A contender ended, or makes no progress; the message quotes its log."""


@dataclass
class Contender:
    """One contender, started on an empty broker and an empty store below `folder`."""

    name: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further environment variables of the workers."""
    command: Sequence[str] = ()
    """What is run as a worker; empty: what is usual for the contender."""
    bootstrap: str = ""
    _written: Counter[tuple[str, int]] = field(default_factory=Counter)
    _workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _admin: KafkaAdminClient | None = None

    @property
    def data_dir(self) -> Path:
        """The directory of the first worker, with the store."""
        return self.folder / "data-0"

    @property
    def store(self) -> str:
        """Where the rows are: a directory, or a server's address."""
        return self.settings.get("ASCOLTO_CLICKHOUSE_URL", str(self.data_dir))

    @property
    def pids(self) -> list[int]:
        """The workers' processes, with their children."""
        return [pid for worker in self._workers for pid in processes(worker.pid)]

    def start(self, bootstrap: str, workers: int = 1) -> None:
        """Make the topics, and start the workers."""
        self.bootstrap = bootstrap
        self._make_topics()
        for number in range(workers):
            self._workers.append(self._start_worker(number))
        self._admin = open_admin(Cluster(bootstrap))

    def stop(self) -> None:
        """End the workers in order."""
        for worker in self._workers:
            children.stop(worker, _STOP_SECONDS)
        if self._admin is not None:
            self._admin.close()

    def wrote(self, messages: Sequence[Message]) -> None:
        """Take note of what was written to the broker."""
        self._written.update((message.topic, message.partition) for message in messages)

    def wait(self) -> float:
        """Wait until all that was written is done; returns the seconds.

        An event is done when its offset is committed: its rows are readable by then, and its
        states are durable. Committed offsets are read first, what was written after: when they
        agree, nothing was under way in between.

        Raises:
            ContenderFailed: the contender has ended, or is stuck.
        """
        began = moved = time.monotonic()
        before: Places = {}
        while True:
            committed = self._committed()
            # The workers are asked only when it matters: answering costs them time.
            if _covers(committed, self._written) and self._done_inside(committed):
                return time.monotonic() - began
            now = time.monotonic()
            if committed != before:
                before, moved = committed, now
            if now - moved > _STILL_SECONDS or any(
                each.poll() is not None for each in self._workers
            ):
                raise ContenderFailed(f"{self.name} does not go on: {self._log()[-3000:]}")
            time.sleep(_POLL_SECONDS)

    def cpu_seconds(self) -> float | None:
        """Processor seconds of all workers so far, with their children."""
        used = [cpu_seconds(worker.pid) for worker in self._workers]
        return None if None in used else sum(each for each in used if each is not None)

    def status(self, number: int = 0) -> dict[str, Any] | None:
        """The status page of one of Ascolto's workers; None while it is not served."""
        url = page_address(self.folder / f"data-{number}", "analytics")
        if url is None:
            return None
        try:
            with urllib.request.urlopen(f"{url}/status", timeout=30) as answer:  # noqa: S310
                status: dict[str, Any] = json.load(answer)
        except OSError:
            return None
        return status

    def _make_topics(self) -> None:
        if self.name == ASCOLTO:
            command = [sys.executable, "-m", "infra.cli.main", "admin", "topics"]
            child = children.start(command, self.folder / "log", self._environment(0))
            if child.wait():
                raise ContenderFailed(f"the topics were not made: {self._log()[-3000:]}")
        else:
            changelogs = ("peer-customers-changelog", "peer-days-changelog")
            ensure_topics(Cluster(self.bootstrap), PARTITIONS, changelogs)

    def _start_worker(self, number: int) -> subprocess.Popen[bytes]:
        if self.command:
            command = list(self.command)
        elif self.name == ASCOLTO:
            command = [sys.executable, "-m", "infra.cli.main", "run", "analytics"]
        else:
            command = peer_command(MODULES[self.name], self.bootstrap, str(self.data_dir))
        return children.start(command, self.folder / "log", self._environment(number))

    def _environment(self, number: int) -> dict[str, str]:
        data_dir = self.folder / f"data-{number}"
        return {**IMPORTS, **embedded_settings(self.bootstrap, data_dir), **self.settings}

    def _committed(self) -> Places:
        from kafka.errors import KafkaError

        assert self._admin is not None, "started"
        group = "ascolto-analytics" if self.name == ASCOLTO else "peer"
        try:
            offsets = self._admin.list_group_offsets(group)
        except KafkaError:  # the group is only being made
            return {}
        return {
            (place.topic, place.partition): offset.offset
            for each in offsets.values()
            for place, offset in each.items()
        }

    def _done_inside(self, committed: Places) -> bool:
        """Whether what Ascolto's workers have written to each other is done, too."""
        written: Counter[tuple[str, int]] = Counter()
        for number in range(len(self._workers) if self.name == ASCOLTO else 0):
            status = self.status(number)
            if status is None:
                return False
            for place, offset in status["written"].items():
                topic, _, partition = place.rpartition("/")
                key = topic, int(partition)
                written[key] = max(written[key], offset)
        return _covers(committed, written)

    def _log(self) -> str:
        return (self.folder / "log").read_text("utf-8", errors="replace")


def _covers(committed: Places, written: Places) -> bool:
    return all(committed.get(place, 0) >= n for place, n in written.items())


def embedded_settings(bootstrap: str, data_dir: Path) -> dict[str, str]:
    """The settings of a worker of the embedded stack, as environment variables."""
    return {
        "ASCOLTO_KAFKA": bootstrap,
        "ASCOLTO_PARTITIONS": str(PARTITIONS),
        "ASCOLTO_PSEUDONYM_KEY": KEY.decode(),
        "ASCOLTO_DATA_DIR": str(data_dir),
        "ASCOLTO_EMBEDDED": "1",
    }


@contextlib.contextmanager
def started(contender: Contender, workers: int = 1) -> Iterator[Contender]:
    """`contender` at work on a new broker; both end with the context."""
    contender.folder.mkdir(parents=True)
    broker = EmbeddedBroker(contender.folder / "broker.log")
    broker.start()
    try:
        contender.start(broker.bootstrap, workers)
        yield contender
    finally:
        contender.stop()
        broker.stop()
