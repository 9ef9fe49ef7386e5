"""The embedded stack: broker, workers and the store on one machine."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra.cli.run.derivation import derivation_of
from infra.cli.run.future_facts import reject_future_facts
from infra.cli.run.workers import CAUGHT_UP_PATH, PARENT_VARIABLE
from infra.data_directory.permissions import make_private
from infra.data_directory.processes import (
    address_file,
    lock_data_directory,
    page_address,
)
from infra.data_directory.refilling import Refilling
from infra.embedded import processes as children
from infra.embedded.broker import EmbeddedBroker
from infra.errors import InfraError
from infra.kafka.cluster import Cluster
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.embedded.checkpoints import Refill
    from infra.embedded.playback import Known

PARTITIONS = 4
"""Partitions of the embedded broker's topics; fixed, as the journal remembers partitions."""
PREVIEW_PORT = 8765
_READY_SECONDS = 90.0
"""Longest silence of workers that start: a busy machine may take longer in all."""

_WORKERS = ("transcriber", "analytics")
_POLL_SECONDS = 0.25
SENT_AT_ONCE = 500
"""Events sent before the workers are asked how far they are."""
_MOST_BEHIND = 4000
"""Messages, of events and of what follows from them, that may wait for the workers."""
_STOP_SECONDS = 20.0

Say = Callable[[str], None]


class StackFailed(InfraError):
    """A part of the stack did not start, or ended; the message says which and where to look."""


@dataclass
class Stack:
    """Starts the parts, says when all events are processed, and leaves nothing running behind.

    The broker is in memory. A stack that ends with nothing under way leaves a checkpoint in its
    store, from which the next one goes on; what was journaled since then is taken in again.
    """

    settings: Settings
    say: Say
    plays: bool = False
    """Whether events are to be played: then `known` has what the journal holds."""
    url: str = ""
    known: Known | None = None
    refill: Refill | None = None
    _broker: EmbeddedBroker | None = None
    _workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _written: dict[str, int] = field(default_factory=dict)
    _lock: IO[str] | None = None
    _committed: dict[str, int] = field(default_factory=dict)
    _admin: Any = None
    _generation: int = 0

    @property
    def logs(self) -> Path:
        """Where the parts write their logs."""
        return self.settings.data_dir / "logs"

    @property
    def _refilling(self) -> Refilling:
        return Refilling(self.settings.data_dir)

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        assert self._broker is not None
        return self._broker.bootstrap

    @property
    def cluster(self) -> Cluster:
        """The broker; the settings' own Kafka, if one is set, is another one."""
        return Cluster(self.bootstrap)

    def start(self) -> None:
        """Start everything; returns when the page is served. `take_in_journal` has to follow.

        Raises:
            StackFailed: a part does not start.
            InfraError: the directory is another stack's, or not usable; the store is damaged.
        """
        self._lock_directory()
        self.say("starting the broker")
        self._broker = EmbeddedBroker(self.logs / "broker.log")
        self._broker.start()
        self._make_topics()
        self._go_back()
        self.say("starting the workers")
        for name in _WORKERS:
            self._workers[name] = self._start_worker(name)
        self.url = self._wait_for_pages()["analytics"]

    def take_in_journal(self) -> Iterator[tuple[int, int]]:
        """Have the workers take in what was journaled since the checkpoint.

        Yields how many facts are sent, and how many there are. They are sent in the order of
        event time, and no faster than they are taken in: payments would come long before the
        calls of their day, and most of them late.
        """
        from infra.kafka.emitter import Emitter

        assert self.refill is not None, "the stack has started"
        refill = self.refill
        with Emitter(self.cluster) as emitter:
            for sent in refill.send(emitter):
                if sent % SENT_AT_ONCE == 0:
                    emitter.confirm()
                    self.wrote(emitter.written.items())
                    for _ in self.until_close():
                        self._refilling.reached(sent - self.waiting(), refill.facts)
                        yield sent - self.waiting(), refill.facts
        self.wrote(emitter.written.items())
        yield refill.facts - self.waiting(), refill.facts

    def until_close(self) -> Iterator[tuple[int, int]]:
        """Yields the progress at least once, until the workers are not far behind."""
        done, total = self.progress()
        yield done, total
        while total - done > _MOST_BEHIND:
            time.sleep(_POLL_SECONDS)
            done, total = self.progress()
            yield done, total

    def stop(self) -> None:
        """Stop the workers cleanly, make a checkpoint where nothing is under way, then stop the
        broker."""
        running = len(self._workers) == len(_WORKERS)
        for process in self._workers.values():
            process.terminate()
        clean = [children.stop(each, _STOP_SECONDS) == 0 for each in self._workers.values()]
        self._workers.clear()
        try:
            if running and all(clean) and not self._refilling.under_way:
                self._make_checkpoint()
        finally:
            if self._admin is not None:
                self._admin.close()
            if self._broker is not None:
                self._broker.stop()
            if self._lock is not None:
                self._lock.close()

    def wrote(self, written: Iterable[tuple[str, int]]) -> None:
        """Take note of what was written to the broker from this process."""
        for place, offset in written:
            self._written[place] = max(self._written.get(place, 0), offset)

    def wait_until_caught_up(self) -> Iterator[tuple[int, int]]:
        """Yields (events done, events written) until every effect of every event is in place.

        Committed offsets are read first, what was written after: when they agree, nothing was
        under way in between. Then the workers are notified that all is processed, which may open
        alerts on silences, and what follows from that is waited for likewise.
        """
        notified = False
        while True:
            done, total = self.progress()
            yield done, total
            if done == total:
                if notified:
                    self._refilling.end()
                    return
                self._notify_caught_up()
                notified = True
            else:
                time.sleep(_POLL_SECONDS)

    def _notify_caught_up(self) -> None:
        request = urllib.request.Request(f"{self.url}{CAUGHT_UP_PATH}", method="POST")  # noqa: S310
        try:
            urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
        except (urllib.error.URLError, OSError) as error:
            raise StackFailed(f"the analytics worker does not answer; see {self.logs}") from error

    def progress(self) -> tuple[int, int]:
        """How many events are done, all their effects in place, and how many are written.

        Raises:
            StackFailed: a part has ended.
        """
        from infra.kafka.admin import open_admin

        self._check_alive()
        if self._admin is None:
            self._admin = open_admin(self.cluster)
        committed = self._committed = _committed_offsets(self._admin, self.cluster)
        self._note_status()
        done = sum(min(committed.get(place, 0), offset) for place, offset in self._written.items())
        return done, sum(self._written.values())

    def waiting(self) -> int:
        """Events that no stage has linked to a customer yet, as `progress` last saw it.

        Each is on one topic of those that lead to linking: as sent, transcribed or scored.
        """
        from streams.agents import link as linking
        from streams.agents import score as scoring
        from streams.agents import transcribe as transcribing

        names = {topic.name for each in (transcribing, scoring, linking) for topic in each.TOPICS}
        return sum(
            offset - min(self._committed.get(place, 0), offset)
            for place, offset in self._written.items()
            if place.rpartition("/")[0] in names
        )

    def watch(self) -> None:
        """Return only by `StackFailed`, when a part has ended."""
        while True:
            self._check_alive()
            time.sleep(1.0)

    def _lock_directory(self) -> None:
        make_private(self.settings.data_dir)
        self._lock = lock_data_directory(self.settings.data_dir)

    def _make_topics(self) -> None:
        from infra.kafka.admin import ensure_topics
        from streams.analytics import CHANGELOGS

        ensure_topics(self.cluster, PARTITIONS, CHANGELOGS)

    def _go_back(self) -> None:
        """Have store and broker as of the last checkpoint, and the facts since then in a file."""
        from infra.clickhouse.client import STORE_DIRECTORY, open_embedded
        from infra.clickhouse.damage import FACTS, check_tables
        from infra.clickhouse.journal import read_claims, read_names, sealed_with
        from infra.clickhouse.older_events import has_older_events, name_older_events
        from infra.clickhouse.schema import migrate
        from infra.embedded.checkpoints import prepare
        from infra.embedded.playback import Known
        from infra.kafka.emitter import Emitter

        key, data_dir = self.settings.pseudonym_secret(), self.settings.data_dir
        client = open_embedded(data_dir)
        try:
            changed = bool(migrate(client))
            check_tables(client, data_dir / STORE_DIRECTORY, FACTS)
            if not sealed_with(client, key):
                raise StackFailed(
                    f"the events stored in {data_dir} were made pseudonymous with "
                    "another key: set ASCOLTO_PSEUDONYM_KEY to that one, or restore its file "
                    f"{self.settings.key_file}; nothing was changed"
                )
            self._refilling.begin()
            rejected = reject_future_facts(client, self.settings)
            if older := has_older_events(client):
                name_older_events(client, key)
            if self.plays:
                self.known = Known.of(key, read_names(client), read_claims(client))
            with Emitter(self.cluster) as emitter:
                self.refill = prepare(
                    client,
                    emitter,
                    data_dir / "run" / "journal.jsonl",
                    derivation_of(self.settings),
                    usable=not (changed or rejected or older),
                )
        finally:
            client.close()
        self._generation = _next_generation(data_dir, self.refill.generation)
        if rejected:
            self.say(
                f"{rejected} events of the journal lie in the future: they are dead letters now "
                "(ascolto dead-letters list --error-class from_the_future)"
            )

    def _make_checkpoint(self) -> None:
        """Make a checkpoint; without one the next start takes longer, and nothing else."""
        from infra.embedded.checkpoints import make_checkpoint
        from infra.kafka.admin import open_admin
        from streams.analytics import CHANGELOGS

        try:
            if self._admin is None:
                self._admin = open_admin(self.cluster)
            make_checkpoint(
                self.settings.data_dir,
                self.cluster,
                _committed_offsets(self._admin, self.cluster),
                CHANGELOGS,
                PARTITIONS,
                self._generation,
                derivation_of(self.settings),
            )
        except Exception as error:
            self.say(f"no checkpoint is made ({type(error).__name__}): the next start takes longer")

    def _start_worker(self, name: str) -> subprocess.Popen[bytes]:
        settings = self.settings.model_copy(
            update={
                "kafka": self.bootstrap,
                "kafka_security": "PLAINTEXT",
                "kafka_prefix": "",
                "embedded": True,
                "clickhouse_url": None,
                "partitions": PARTITIONS,
                "generation": self._generation,
                "status_port": self.settings.status_port or PREVIEW_PORT,
            }
        )
        environment = {**settings.environment(), PARENT_VARIABLE: str(os.getpid())}
        address_file(settings.data_dir, name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "infra.cli.main", "run", name]
        return children.start(command, self.logs / f"{name}.log", environment)

    def _wait_for_pages(self) -> dict[str, str]:
        grown, moved = self._log_sizes(), time.monotonic()
        found: dict[str, str] = {}
        while len(found) < len(_WORKERS):
            self._check_alive()
            if self._log_sizes() != grown:
                grown, moved = self._log_sizes(), time.monotonic()
            if time.monotonic() > moved + _READY_SECONDS:
                raise StackFailed(f"the workers do not start; see {self.logs}")
            for name in _WORKERS:
                url = page_address(self.settings.data_dir, name)
                if url is not None and _status(url) is not None:
                    found[name] = url
            time.sleep(0.05)
        return found

    def _log_sizes(self) -> list[int]:
        return [file.stat().st_size for file in sorted(self.logs.glob("*.log"))]

    def _check_alive(self) -> None:
        for name, process in self._workers.items():
            if process.poll() is not None:
                raise StackFailed(
                    f"the {name} worker ended (exit code {process.returncode}); see "
                    f"{self.logs / (name + '.log')}; nothing is lost: start again"
                )
        if self._broker is not None and not self._broker.alive():
            raise StackFailed(f"the broker ended; see {self.logs / 'broker.log'}; start again")

    def _note_status(self) -> None:
        for name in _WORKERS:
            url = page_address(self.settings.data_dir, name)
            status = _status(url) if url is not None else None
            if status is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._workers[name].wait(_STOP_SECONDS)
                self._check_alive()
                raise StackFailed(f"the {name} worker does not answer; see {self.logs}")
            self.wrote(status["written"].items())


def _status(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"{url}/status", timeout=30) as response:  # noqa: S310
            status: dict[str, Any] = json.load(response)
            return status
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _committed_offsets(admin: Any, cluster: Cluster) -> dict[str, int]:
    """Per topic and partition, the offset after the last event whose effects are in place."""
    places: dict[str, int] = {}
    for worker in _WORKERS:
        for offsets in admin.list_group_offsets(cluster.group(worker)).values():
            for partition, offset in offsets.items():
                places[f"{partition.topic}/{partition.partition}"] = offset.offset
    return places


def _next_generation(data_dir: Path, checkpoint: int) -> int:
    """Greater than that of any stack on the directory before, and than its checkpoint's."""
    path = data_dir / "generation"
    before = 0
    with contextlib.suppress(FileNotFoundError, ValueError):
        before = int(path.read_text())
    number = max(before, checkpoint) + 1
    path.write_text(str(number))
    return number
