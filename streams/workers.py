"""The two workers: Faust apps with their agents attached, run until they are stopped."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import faust
from mode import Service

from infra.clickhouse.store import Store
from infra.settings import Settings
from processors.alerts.settings import read_alert_settings
from processors.identity.event_identity import unsourced_identity
from schemas.derived import DeadLetter
from schemas.topics import Topic
from streams.agents import aggregate as aggregating
from streams.agents import link as linking
from streams.agents import score as scoring
from streams.agents import transcribe as transcribing
from streams.agents.aggregate import Aggregator
from streams.agents.alerts import AlertWatch
from streams.agents.link import Linker, LinkSettings
from streams.agents.row_writer import RowSettings
from streams.agents.score import Scorer, Scoring
from streams.agents.store import SINKS, TableWriter
from streams.agents.store_facts import FACT_SINKS, FactWriter
from streams.agents.transcribe import CallTranscriber
from streams.facts.claims import StoreClaims
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import Conflicts, WithoutConflicts
from streams.facts.customers import Customers, StoreArchive
from streams.facts.originals import KafkaOriginals
from streams.runtime.app import raw_topic
from streams.runtime.consumer import Transport
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake, consume
from streams.runtime.outbox import KafkaOutbox
from streams.runtime.progress import Progress
from streams.runtime.state import FaustStateTable, changelog_topic

log = logging.getLogger(__name__)

TRANSCRIBER = "transcriber"
ANALYTICS = "analytics"
_CUSTOMERS = "customers"
_SETTLED = "settled"
_DAYS = "agency-days"
_ALERTS = "agency-alerts"
_TABLES = (_CUSTOMERS, _SETTLED, _DAYS, _ALERTS)
CHANGELOGS = tuple(changelog_topic(ANALYTICS, table) for table in _TABLES)
_MINUTE = 60.0
_QUIET_SECONDS = 60 * _MINUTE
"""After so long without events all have arrived, even those of a slow transcriber."""
_EMBEDDED_QUIET_SECONDS = _MINUTE


def reject_unreadable(app: faust.App, letters: DeadLetters) -> None:
    """Have the batches that are skipped written to the dead letters.

    The consumer has a thread of its own, the dead letters belong to the app's.
    """

    async def reject(letter: DeadLetter) -> None:
        writing = asyncio.run_coroutine_threadsafe(letters.write(letter), app.loop)
        await asyncio.wrap_future(writing)

    cast(Transport, app.transport).unreadable.reject = reject


def attach_transcriber(app: faust.App, transcriber: CallTranscriber) -> None:
    """The transcriber worker's one agent."""

    async def transcribe(stream: faust.StreamT[Any]) -> None:
        await transcriber.run(cast("faust.Stream[Any]", stream))

    app.agent(raw_topic(app, *transcribing.TOPICS), name="transcribe")(transcribe)


def attach_analytics(
    app: faust.App,
    settings: Settings,
    store: Store,
    progress: Progress,
    now_us: Callable[[], int],
    scored_by: Scoring,
) -> Callable[[], Awaitable[None]]:
    """The analytics worker's agents: score, link, aggregate, and one a table of the store.

    Returns:
        To be called once nothing more is on its way: silences are then judged as of the last
        call.
    """
    outbox = KafkaOutbox(app, progress)
    letters = DeadLetters(outbox, progress)
    reject_unreadable(app, letters)
    gate = ClockGate(now_us, settings.future_tolerance_us)
    key = settings.pseudonym_secret()
    tables = {name: FaustStateTable(app, name, settings.partitions) for name in _TABLES}
    for name, table in tables.items():
        progress.watch(name, table.size)
    aggregator = Aggregator(
        tables[_DAYS],
        AlertWatch(tables[_ALERTS], read_alert_settings(settings.alerts), ceiling_us=now_us),
        outbox,
        letters,
        progress,
        None if settings.embedded else now_us,
        ceiling_us=now_us,
    )
    customers = Customers(
        tables[_CUSTOMERS],
        tables[_SETTLED],
        StoreArchive(store),
        horizons=settings.horizons,
        grace_hours=settings.grace_days * 24,
        now_us=now_us,
        older_name=partial(unsourced_identity, key),
    )
    claims = StoreClaims(store, now_us)
    conflicts = Conflicts(claims, KafkaOriginals(settings.cluster), letters, progress)
    linker = Linker(
        customers,
        conflicts,
        outbox,
        letters,
        progress,
        LinkSettings(key, settings.horizons, settings.currency),
        gate,
    )
    scorer = Scorer(outbox, letters, progress, scored_by)
    _attach(app, "score", scoring.TOPICS, Intake(scorer.handle, letters), size=200, within=0.1)
    _attach(app, "link", linking.TOPICS, Intake(linker.handle, letters), size=500, within=0.2)
    _attach(
        app, "aggregate", aggregating.TOPICS, Intake(aggregator.handle, letters), 100, within=0.5
    )
    rows = RowSettings(key, settings.generation, now_us)
    without_conflicts = WithoutConflicts(claims)
    for fact_sink in FACT_SINKS:
        arbiter = conflicts if fact_sink.rejects_conflicts else without_conflicts
        facts = FactWriter(fact_sink, store, rows, letters, arbiter, gate)
        name = f"store-{fact_sink.table.name}"
        _attach(app, name, fact_sink.topics, Intake(facts.handle, letters), size=1000, within=0.5)
    for sink in SINKS:
        writer = TableWriter(sink, store, rows, letters)
        name = f"store-{sink.table.name}"
        _attach(app, name, sink.topics, Intake(writer.handle, letters), size=1000, within=0.5)

    async def forget(*_: object, **__: object) -> None:
        aggregator.forget()
        customers.forget()
        for table in tables.values():
            table.forget_size()

    app.on_partitions_assigned.connect(forget)
    app.on_rebalance_complete.connect(forget)

    async def advance() -> None:
        if not (app.rebalancing or app.in_recovery):
            await aggregator.advance()

    async def judge_silences() -> None:
        if not (app.rebalancing or app.in_recovery):
            await aggregator.judge_silences()

    quiet = _EMBEDDED_QUIET_SECONDS if settings.embedded else _QUIET_SECONDS
    app.timer(interval=quiet, on_leader=False)(judge_silences)
    if not settings.embedded:
        app.timer(interval=_MINUTE, on_leader=False)(advance)
    return aggregator.judge_all_silences


def _attach(
    app: faust.App, name: str, topics: tuple[Topic, ...], intake: Intake, size: int, within: float
) -> None:
    async def agent(stream: faust.StreamT[Any]) -> None:
        await consume(cast("faust.Stream[Any]", stream), intake, size, within)

    app.agent(raw_topic(app, *topics), name=name)(agent)


class Around(Service):
    """Something that starts before a worker's agents and stops after them."""

    def __init__(
        self,
        start: Callable[[], Awaitable[object]],
        stop: Callable[[], Awaitable[object]],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._start = start
        self._stop = stop

    async def on_start(self) -> None:
        """Start it."""
        await self._start()

    async def on_stop(self) -> None:
        """Stop it."""
        await self._stop()


async def end_with_parent(parent: int, seconds: float = 1.0) -> None:
    """End this process when its parent has ended, where the kernel does not do it."""
    while os.getppid() == parent:
        await asyncio.sleep(seconds)
    log.error("the parent process has ended; so does this worker")
    os._exit(1)


def run(app: faust.App, *around: Around, log_level: str = "INFO") -> None:
    """Run `app` until it is stopped (SIGINT, SIGTERM); ends the process.

    On asyncio's own loop: with uvloop, a write to a connection that has just broken raises
    RuntimeError, which aiokafka does not expect. The task that looks for the brokers ends, and
    the worker waits for ever.
    """
    worker = faust.Worker(app, *around, loglevel=log_level, redirect_stdouts=False)
    worker.execute_from_commandline()
