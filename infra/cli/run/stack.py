"""The embedded stack: broker, workers and the store on one machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra.cli.run.derivation import derivation_of
from infra.cli.run.future_facts import reject_future_facts
from infra.data_directory.permissions import make_private
from infra.data_directory.processes import lock_data_directory
from infra.data_directory.refilling import Refilling
from infra.embedded.broker import BrokerProxy, EmbeddedBroker
from infra.embedded.workers import PARTITIONS, WORKERS, StackFailed, WorkerProcesses
from infra.kafka.cluster import Cluster
from infra.settings import Settings
from schemas.topics import BEFORE_LINKING, CHANGELOGS

if TYPE_CHECKING:
    from infra.embedded.checkpoints import Refill, Unread
    from infra.embedded.playback import Known


_POLL_SECONDS = 0.25
SENT_AT_ONCE = 500
"""Events sent before the workers are asked how far they are."""
_MOST_BEHIND = 4000
"""Messages, of events and of what follows from them, that may wait for the workers."""
_MOST_WAITING = 500
"""Events that may wait to be linked: those of one partition would be days ahead of the others'."""
_STILL_SECONDS = 3.0
"""Time without anything moving after which nothing is on its way."""

Say = Callable[[str], None]


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
    known: Known | None = None
    refill: Refill | None = None
    _broker: EmbeddedBroker | None = None
    _proxy: BrokerProxy | None = None
    _written: dict[str, int] = field(default_factory=dict)
    _lock: IO[str] | None = None
    _committed: dict[str, int] = field(default_factory=dict)
    _admin: Any = None
    _generation: int = 0
    _resident_at_start: int = 0
    _journal_sent: bool = False
    _carried: Sequence[Unread] = ()

    def __post_init__(self) -> None:
        self._workers = WorkerProcesses(self.settings)

    @property
    def url(self) -> str:
        """Of the page."""
        return self._workers.url

    @property
    def logs(self) -> Path:
        """Where the parts write their logs."""
        return self.settings.data_dir / "logs"

    @property
    def _refilling(self) -> Refilling:
        return Refilling(self.settings.data_dir)

    @property
    def bootstrap(self) -> str:
        """The address at which others reach the broker, once it is opened to them."""
        assert self._proxy is not None
        return self._proxy.bootstrap

    @property
    def cluster(self) -> Cluster:
        """The broker; the settings' own Kafka, if one is set, is another one."""
        assert self._broker is not None
        return Cluster(self._broker.bootstrap)

    def start(self) -> None:
        """Start everything; returns when the page is served. `take_in_journal` has to follow.

        Raises:
            StackFailed: a part does not start.
            InfraError: the directory is another stack's, or not usable; the store is damaged.
        """
        self._lock_directory()
        self.say("starting the broker")
        self._broker = EmbeddedBroker(self.logs / "broker.log")
        self._proxy = BrokerProxy(self.logs / "broker.log")
        self._fill_broker()
        self.say("starting the workers")
        self._workers.start(self.cluster.bootstrap, self._generation)

    def open(self) -> None:
        """Let others send events."""
        assert self._broker is not None
        assert self._proxy is not None
        self._proxy.start(self._broker)

    @property
    def is_full(self) -> bool:
        """Whether the broker, which never forgets, has grown by as much as it may."""
        return self.grown_bytes > self.settings.broker_megabytes * 1_000_000

    @property
    def grown_bytes(self) -> int:
        """Memory by which the broker has grown since its workers were started."""
        assert self._broker is not None
        return self._broker.resident_bytes() - self._resident_at_start

    def renew(self, *, midway: bool = False) -> Iterator[tuple[int, int]]:
        """Go on with an empty broker, the page away for some seconds; yields the progress.

        Nobody's event is accepted meanwhile, and none is lost: those that the workers did not
        come to are put into the new broker after the journal's. `midway` there are more events to
        be played.
        """
        assert self._broker is not None
        assert self._proxy is not None
        opened = self._proxy.alive()
        self._proxy.stop()
        yield from self.drained()
        self._workers.end()
        if not self._make_checkpoint():
            self._carried = self._unread()
        self._close_admin()
        self._broker.stop()
        self._written.clear()
        self._fill_broker()
        self._workers.start(self.cluster.bootstrap, self._generation)
        yield from self.take_in_journal()
        if not midway:
            yield from self.wait_until_caught_up()
        if opened:
            self._proxy.start(self._broker)

    def drained(self) -> Iterator[tuple[int, int]]:
        """Yields the progress until all is processed and nothing moves any more."""
        before, since = None, time.monotonic()
        while time.monotonic() < since + _STILL_SECONDS:
            done, total = self.progress()
            yield done, total
            now = (self._committed, total)
            if done < total or now != before:
                before, since = now, time.monotonic()
            time.sleep(_POLL_SECONDS)

    def _fill_broker(self) -> None:
        """Start the broker, and have it and the store as of the last checkpoint."""
        assert self._broker is not None
        self._broker.start()
        self._make_topics()
        self._go_back()
        self._resident_at_start = self._broker.resident_bytes()

    def take_in_journal(self) -> Iterator[tuple[int, int]]:
        """Have the workers take in what was journaled since the checkpoint.

        Yields how many facts are sent, and how many there are. They are sent in the order of
        event time, and no faster than they are taken in: payments would come long before the
        calls of their day, and most of them late.
        """
        from infra.embedded.checkpoints import send_unread
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
            send_unread(self._carried, emitter)
        self.wrote(emitter.written.items())
        self._carried, self._journal_sent = (), True
        yield refill.facts - self.waiting(), refill.facts

    def until_close(self) -> Iterator[tuple[int, int]]:
        """Yields the progress at least once, until the workers are not far behind.

        Events that wait for a recording are not waited for: those after them count as waiting.
        """
        least, moved = sys.maxsize, time.monotonic()
        while True:
            done, total = self.progress()
            yield done, total
            waiting = self.waiting()
            if waiting < least:
                least, moved = waiting, time.monotonic()
            held_up = time.monotonic() > moved + _STILL_SECONDS
            if total - done <= _MOST_BEHIND and (waiting <= _MOST_WAITING or held_up):
                return
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop everything cleanly; leave a checkpoint where nothing is under way."""
        try:
            if self._proxy is not None:
                self._proxy.stop()
            self._workers.end()
            if self._broker is not None and self._broker.alive():
                self._make_checkpoint()
        finally:
            self._close_admin()
            if self._broker is not None:
                self._broker.stop()
            if self._lock is not None:
                self._lock.close()

    def _close_admin(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None

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
                self._workers.notify_caught_up()
                notified = True
            else:
                time.sleep(_POLL_SECONDS)

    def progress(self) -> tuple[int, int]:
        """How many events are done, all their effects in place, and how many are written.

        Raises:
            StackFailed: a part has ended.
        """
        self._check_alive()
        committed = self._committed = self._read_committed()
        self.wrote(self._workers.written())
        done = sum(min(committed.get(place, 0), offset) for place, offset in self._written.items())
        return done, sum(self._written.values())

    def waiting(self) -> int:
        """Events that no stage has linked to a customer yet, as `progress` last saw it."""
        names = {topic.name for topic in BEFORE_LINKING}
        return sum(
            offset - min(self._committed.get(place, 0), offset)
            for place, offset in self._written.items()
            if place.rpartition("/")[0] in names
        )

    def watch(self) -> None:
        """Keep the broker small; returns only by `StackFailed`, when a part has ended."""
        while True:
            self._check_alive()
            if self.is_full:
                self.say("the broker is full: going on with an empty one, back in a few seconds")
                for _ in self.renew():
                    pass
                self.say(f"the page is back: {self.url}")
            time.sleep(1.0)

    def _lock_directory(self) -> None:
        make_private(self.settings.data_dir)
        self._lock = lock_data_directory(self.settings.data_dir)

    def _make_topics(self) -> None:
        from infra.kafka.admin import ensure_topics

        ensure_topics(self.cluster, PARTITIONS, CHANGELOGS)

    def _go_back(self) -> None:
        """Have store and broker as of the last checkpoint, and the facts since then in a file."""
        from infra.clickhouse.client import STORE_DIRECTORY, open_embedded
        from infra.clickhouse.damage import FACTS, check_tables
        from infra.clickhouse.journal import read_claims, read_names, sealed_with
        from infra.clickhouse.older_events import has_older_events, name_older_events
        from infra.clickhouse.schema import migrate
        from infra.embedded.checkpoints import next_generation, prepare
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
            self._journal_sent = False
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
        self._generation = next_generation(data_dir, self.refill.generation)
        if rejected:
            self.say(
                f"{rejected} events of the journal lie in the future: they are dead letters now "
                "(ascolto dead-letters list --error-class from_the_future)"
            )

    def _make_checkpoint(self) -> bool:
        """Make a checkpoint; without one the next start takes longer, and nothing else."""
        from infra.embedded.checkpoints import make_checkpoint

        if not self._journal_sent:
            return False
        try:
            return make_checkpoint(
                self.settings.data_dir,
                self.cluster,
                self._read_committed(),
                CHANGELOGS,
                PARTITIONS,
                self._generation,
                derivation_of(self.settings),
            )
        except Exception as error:
            self.say(f"no checkpoint is made ({type(error).__name__}): the next start takes longer")
            return False

    def _unread(self) -> list[Unread]:
        from infra.embedded.checkpoints import read_unread

        return read_unread(self.cluster, self._read_committed(), PARTITIONS)

    def _read_committed(self) -> dict[str, int]:
        from infra.embedded.checkpoints import committed_offsets
        from infra.kafka.admin import open_admin

        if self._admin is None:
            self._admin = open_admin(self.cluster)
        return committed_offsets(self._admin, self.cluster, WORKERS)

    def _check_alive(self) -> None:
        self._workers.check_alive()
        if self._broker is not None and not self._broker.alive():
            raise StackFailed(f"the broker ended; see {self.logs / 'broker.log'}; start again")
