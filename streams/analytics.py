"""The analytics worker: link, aggregate, and one agent a table of the store."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any, cast

import faust
from faust.types import TP

from infra.clickhouse.store import Store
from infra.settings import Settings
from processors.alerts.settings import read_alert_settings
from processors.identity.event_identity import unsourced_identity
from schemas.topics import (
    AGGREGATE_TABLES,
    CHANGELOGS,
    LINK_TABLES,
    catalogue_name,
    changelog_topic,
)
from streams.agents import aggregate as aggregating
from streams.agents import link as linking
from streams.agents.aggregate import Aggregator
from streams.agents.alerts import AlertWatch
from streams.agents.clocks import ClientClocks
from streams.agents.link import Linker, LinkSettings
from streams.agents.row_writer import RowSettings
from streams.agents.store import OFFSETS_A_GENERATION, SINKS, TableWriter
from streams.agents.store_facts import FACT_SINKS, SCORES, FactWriter
from streams.facts.claims import StoreClaims
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import Conflicts, WithoutConflicts, claim_together
from streams.facts.customers import Customers, StoreArchive
from streams.facts.last_calls import last_calls
from streams.facts.originals import KafkaOriginals
from streams.facts.partitioning import Partitioning
from streams.runtime.app import App
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake, Pause
from streams.runtime.outbox import KafkaOutbox
from streams.runtime.progress import Progress
from streams.state.changelogs import Changelogs
from streams.state.partitions import Partitions, Parts
from streams.state.tables import PartitionTable
from streams.transport.delivery import Delivery
from streams.transport.writers import OwnWriter, SharedWriter, TransactionalWriter
from streams.workers import ANALYTICS, attach, reject_unreadable

_MINUTE = 60.0
_QUIET_SECONDS = 60 * _MINUTE
"""After so long without events all have arrived, even those of a slow transcriber."""
_EMBEDDED_QUIET_SECONDS = _MINUTE
_APART_SECONDS = 1.0
"""Between two batches of changes: the snapshots of a day cost as much for one event as for many."""
_MOST_APART_SECONDS = 4.0
"""The same while `link` has a backlog, of which each batch would write most days again."""
_BACKLOG = 500
"""Events that `link` has at once where there is one."""
_FETCHED_SECONDS = 0.3
"""In which their changes are fetched, all of them."""
_STATES_CHECKED_TOGETHER = 2_000
_FACTS_APART_SECONDS = 0.2
_ROWS_APART_SECONDS = 0.5
"""Between two inserts into a table of facts, or of what follows from them: an insert of one row
takes as much of the engine as one of some hundred."""


class Analytics:
    """The stages of the analytics worker, each with the partitions that it has."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        store: Store,
        progress: Progress,
        now_us: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._store = store
        self._progress = progress
        self._now_us = now_us
        self._shared = SharedWriter(app, self._written)
        self.letters = DeadLetters(KafkaOutbox(self._shared), progress)
        self.gate = ClockGate(now_us, settings.future_tolerance_us)
        self.claims = StoreClaims(store, now_us)
        originals = KafkaOriginals(settings.cluster)
        self.conflicts = Conflicts(self.claims, originals, self.letters, progress)
        self.partitioning = Partitioning(settings.partitions)
        self.clocks = ClientClocks(None if settings.embedded else now_us, now_us)
        self._latest: dict[str, int] = {}
        self._linking = 0
        self._fetched_by = 0.0
        read_back = Changelogs(settings.cluster).read_back
        self.link = Partitions("link", self._linker, read_back, self.letters)
        self.aggregate = Partitions("aggregate", self._aggregator, read_back, self.letters)
        for stage, names in ((self.link, LINK_TABLES), (self.aggregate, AGGREGATE_TABLES)):
            for place, name in enumerate(names):
                progress.watch(name, partial(stage.size, place))

    async def take_facts(self, batch: Sequence[Delivery]) -> None:
        """Link a batch, the claims of all its partitions asked for together.

        Each partition's are then remembered. The store takes as long for a hundred as for a
        thousand.
        """
        of_backlog = len(batch) >= _BACKLOG
        self._linking += of_backlog
        try:
            await claim_together(self.claims, batch, self._settings.pseudonym_secret(), self.gate)
            await self.link.take(batch)
        finally:
            self._linking -= of_backlog
        if of_backlog:
            self._fetched_by = time.monotonic() + _FETCHED_SECONDS

    def is_linking(self) -> bool:
        """Whether a backlog's changes are being made or fetched."""
        return self._linking > 0 or time.monotonic() < self._fetched_by

    async def take_changes(self, batch: Sequence[Delivery]) -> None:
        """Aggregate a batch; if events alone move time, let the clients' other agencies follow."""
        await self.aggregate.take(batch)
        if not self.clocks.run_alone:
            await self.aggregate.each(Aggregator.advance)

    async def assigned(self, _: Any, assigned: Collection[TP], *__: Any, **___: Any) -> None:
        """Open the partitions that the worker has now, and close the others."""
        self.clocks.forget()
        for stage, topics in ((self.link, linking.TOPICS), (self.aggregate, aggregating.TOPICS)):
            names = {topic.name for topic in topics}
            stage.assign({tp.partition for tp in assigned if catalogue_name(tp.topic) in names})

    async def advance(self) -> None:
        """Let time move on for agencies without events."""
        await self.aggregate.each(Aggregator.advance)

    async def judge_silences(self) -> None:
        """Judge which agencies are silent, by what has arrived on any worker."""
        self.clocks.judge(self._clients(), await last_calls(self._store))
        await self.aggregate.each(Aggregator.publish_silences)

    async def judge_all_silences(self) -> None:
        """Judge which agencies are silent as of the last call, once nothing is on its way."""
        self.clocks.all_arrived(self._clients())
        await self.aggregate.each(Aggregator.publish_silences)

    async def close(self) -> None:
        """Release all partitions."""
        await self.link.close()
        await self.aggregate.close()

    def _written(self, topic: str, partition: int, offset: int) -> None:
        """Nobody processes what is written to changelogs."""
        if topic not in CHANGELOGS:
            self._progress.written(topic, partition, offset)

    def _clients(self) -> set[str]:
        owned = self.aggregate.owned.values()
        return {client for each in owned for client in each.stage.clients}

    def _linker(self, number: int) -> Parts[Linker]:
        settings = self._settings
        key = settings.pseudonym_secret()
        writer = self._writer("link", number)
        tables = _tables(LINK_TABLES, number, writer)
        customers = Customers(
            *tables,
            StoreArchive(self._store),
            horizons=settings.horizons,
            grace_hours=settings.grace_days * 24,
            now_us=self._now_us,
            latest=self._latest,
            older_name=partial(unsourced_identity, key),
        )
        linker = Linker(
            customers,
            self.conflicts,
            KafkaOutbox(writer),
            self.letters,
            self._progress,
            LinkSettings(
                key,
                settings.horizons,
                settings.currency,
                _first_offset(settings),
                _STATES_CHECKED_TOGETHER,
            ),
            self.gate,
            self.partitioning,
        )
        return Parts(writer, tables, linker)

    def _aggregator(self, number: int) -> Parts[Aggregator]:
        writer = self._writer("aggregate", number)
        tables = _tables(AGGREGATE_TABLES, number, writer, decoded=True)
        days, alerts = tables
        watch = AlertWatch(
            alerts, read_alert_settings(self._settings.alerts), ceiling_us=self._now_us
        )
        aggregator = Aggregator(days, watch, KafkaOutbox(writer), self.letters, self.clocks)
        return Parts(writer, tables, aggregator)

    def _writer(self, stage: str, number: int) -> OwnWriter:
        """The embedded broker has no transactions, and one analytics worker alone."""
        if self._settings.embedded:
            return self._shared
        name = f"ascolto-{ANALYTICS}-{stage}-{number}"
        return TransactionalWriter(self._settings.cluster, name, self._written)


def _first_offset(settings: Settings) -> int:
    """What the offsets of this broker count from, in the states of the workers.

    The embedded broker is another one at each start, and the states are those of the one before:
    its offsets must not pass for what they have of that one.
    """
    return settings.generation * OFFSETS_A_GENERATION if settings.embedded else 0


def _tables(
    names: tuple[str, str], number: int, writer: OwnWriter, decoded: bool = False
) -> tuple[PartitionTable, PartitionTable]:
    first, second = (
        PartitionTable(changelog_topic(ANALYTICS, name), number, writer, decoded) for name in names
    )
    return first, second


def attach_analytics(
    app: App,
    settings: Settings,
    store: Store,
    progress: Progress,
    now_us: Callable[[], int],
) -> Analytics:
    """The analytics worker's agents: link, aggregate, and one a table of the store."""
    analytics = Analytics(app, settings, store, progress, now_us)
    letters = analytics.letters
    reject_unreadable(app, letters)
    attach(app, "link", linking.TOPICS, analytics.take_facts, size=2_000)
    pause = Pause(_APART_SECONDS, analytics.is_linking, _MOST_APART_SECONDS)
    attach(app, "aggregate", aggregating.TOPICS, analytics.take_changes, size=300, pause=pause)
    rows = RowSettings(settings.pseudonym_secret(), settings.generation, now_us)
    without_conflicts = WithoutConflicts(analytics.claims)
    for fact_sink in (*FACT_SINKS, SCORES) if settings.embedded else FACT_SINKS:
        arbiter = analytics.conflicts if fact_sink.rejects_conflicts else without_conflicts
        facts = FactWriter(
            fact_sink, store, rows, letters, arbiter, analytics.gate, analytics.partitioning
        )
        name = f"store-{fact_sink.table.name}"
        take = Intake(facts.handle, letters).take
        attach(app, name, fact_sink.topics, take, size=1000, pause=Pause(_FACTS_APART_SECONDS))
    for sink in SINKS:
        writer = TableWriter(sink, store, rows, letters)
        name = f"store-{sink.table.name}"
        take = Intake(writer.handle, letters).take
        attach(app, name, sink.topics, take, size=1000, pause=Pause(_ROWS_APART_SECONDS))
    app.on_partitions_assigned.connect(cast(Any, analytics.assigned))
    _attach_timers(app, settings, analytics)
    return analytics


def _attach_timers(app: faust.App, settings: Settings, analytics: Analytics) -> None:
    def settled(action: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def when_settled() -> None:
            if not app.rebalancing:
                await action()

        return when_settled

    quiet = _EMBEDDED_QUIET_SECONDS if settings.embedded else _QUIET_SECONDS
    app.timer(interval=quiet, on_leader=False)(settled(analytics.judge_silences))
    if not settings.embedded:
        app.timer(interval=_MINUTE, on_leader=False)(settled(analytics.advance))
