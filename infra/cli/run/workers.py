"""Puts the workers together: settings in, running processes out."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from infra.cli.sign_in import guard_of
from infra.cli.status_reports import reports_of
from infra.embedded.workers import CAUGHT_UP_PATH, PARENT_VARIABLE
from infra.settings import Settings

if TYPE_CHECKING:
    from aiohttp import web
    from clickhouse_connect.driver.client import Client

    from dashboards.preview.calls_page import ReadBacklog
    from dashboards.preview.reading import RunQuery
    from infra.clickhouse.store import Store
    from infra.recordings.fetching import RecordingFetcher
    from infra.recordings.store import RecordingStore
    from infra.status_page import Page
    from streams.runtime.progress import Progress
    from streams.workers import Around

log = logging.getLogger(__name__)


def run_worker(name: str, settings: Settings) -> None:
    """Run worker `name` until it receives a signal to stop; ends the process."""
    from infra.data_directory.permissions import NoDirectory, keep_files_private, make_private
    from infra.log_throttling import throttle

    throttle("aiokafka")
    keep_files_private()
    try:
        make_private(settings.data_dir)
    except NoDirectory as error:
        raise SystemExit(f"{error}: set ASCOLTO_DATA_DIR, or give --data-dir") from error
    workers = {
        "transcriber": run_transcriber,
        "scorer": run_scorer,
        "analytics": run_analytics,
    }
    workers[name](settings)


def run_transcriber(settings: Settings) -> None:
    """Run the transcriber worker."""
    from concurrent.futures import ThreadPoolExecutor

    from infra.places.access import WrongPlaces
    from infra.recordings.store import RecordingStore
    from infra.transcription.packaged_model import ModelMissing
    from infra.transcription.transcriber import transcriber_of
    from streams.agents.transcribe import CallTranscriber, TranscribePorts, TranscribeSettings
    from streams.facts.clock_gate import ClockGate
    from streams.facts.partitioning import Partitioning
    from streams.runtime.app import build_app
    from streams.runtime.dead_letters import DeadLetters
    from streams.runtime.outbox import KafkaOutbox
    from streams.runtime.progress import Progress
    from streams.transport.writers import SharedWriter
    from streams.workers import TRANSCRIBER, attach_transcriber, reject_unreadable, run

    transcriber = transcriber_of(settings)
    try:
        transcriber.load()
    except ModelMissing as error:
        raise SystemExit(f"{error}; ascolto doctor says more") from error
    store = RecordingStore(settings.recording_directories)
    try:
        fetcher, fetching = _fetching(settings, store)
    except WrongPlaces as error:
        raise SystemExit(str(error)) from error
    app = build_app(TRANSCRIBER, settings)
    progress = Progress()
    outbox = KafkaOutbox(SharedWriter(app, progress.written))
    letters = DeadLetters(outbox, progress)
    reject_unreadable(app, letters)
    ports = TranscribePorts(
        recordings=store,
        transcriber=transcriber,
        executor=ThreadPoolExecutor(settings.transcriptions_at_once, thread_name_prefix="listen"),
        outbox=outbox,
        dead_letters=letters,
        progress=progress,
        pseudonym_key=settings.pseudonym_secret(),
        gate=ClockGate(clock_of(settings), settings.future_tolerance_us),
        partitioning=Partitioning(settings.partitions),
        fetcher=fetcher,
    )
    patience = TranscribeSettings(
        settings.recording_attempts,
        settings.recording_backoff,
        settings.transcription_timeout,
        settings.transcriptions_at_once,
        words_of=settings.words_of,
    )
    attach_transcriber(app, CallTranscriber(ports, patience))
    page = _page(settings, TRANSCRIBER, _status_only(progress))
    reports = reports_of(TRANSCRIBER, settings, app, progress)
    run(app, *reports, page, *fetching, *_guard())


def _fetching(
    settings: Settings, store: RecordingStore
) -> tuple[RecordingFetcher | None, list[Around]]:
    """What fetches recordings from elsewhere, and ends with the worker; None without places.

    Raises:
        WrongPlaces: the file of places cannot be used.
    """
    from infra.places.access import read_accesses
    from infra.places.remote import Limits, remote_places
    from infra.recordings.fetching import RecordingFetcher
    from infra.recordings.spool import Spool
    from streams.workers import Around

    accesses = read_accesses(settings.places)
    if not settings.recording_places:
        return None, []
    spool = Spool(
        settings.data_dir / "spool", settings.spool_bytes, settings.spool_keep_hours * 3600
    )
    places = remote_places(settings.recording_places, accesses)
    limits = Limits(settings.recording_bytes, settings.fetch_timeout)

    async def nothing() -> None:
        pass

    async def close() -> None:
        spool.close()

    return RecordingFetcher(store, places, spool, limits), [Around(nothing, close)]


def run_scorer(settings: Settings) -> None:
    """Run the scorer worker."""
    from streams.runtime.app import build_app
    from streams.runtime.progress import Progress
    from streams.workers import SCORER, run

    app = build_app(SCORER, settings)
    progress = Progress()
    scoring = _attach_scoring(app, settings, progress)
    page = _page(settings, SCORER, _status_only(progress))
    run(app, *reports_of(SCORER, settings, app, progress), scoring, page, *_guard())


def _attach_scoring(app: Any, settings: Settings, progress: Progress) -> Around:
    """The scoring agent, and its process: warm before the first call."""
    from infra.scoring.client import ScoringChild, scoring_command
    from streams.workers import Around, attach_scorer

    scoring = ScoringChild(scoring_command(settings.scorer, settings.counting))
    attach_scorer(app, progress, scoring)
    warming: list[asyncio.Task[None]] = []

    async def start() -> None:
        warming.append(asyncio.create_task(scoring.start()))

    async def stop() -> None:
        for task in warming:
            task.cancel()
        await scoring.stop()

    return Around(start, stop)


def _load_for_figures() -> None:
    """Load what the first figures and alerts need, while the worker waits for its partitions.

    The packages take 0.3 s of a core, for which all agents would wait else.
    """
    from datetime import date

    from processors.contact_hours import conduct_code
    from processors.metrics.correlation import SMALLEST_N, correlation

    correlation(SMALLEST_N, x=3, xx=3, y=5, xy=2)
    conduct_code().is_holiday(date(2026, 1, 1))


def run_analytics(settings: Settings) -> None:
    """Run the analytics worker, with the preview on its page; embedded, it scores, too."""
    from dashboards.preview.app import create_preview
    from infra.cli.alerting.running import beside_workers
    from infra.clickhouse.client import open_client
    from infra.clickhouse.store import ClickHouseStore
    from infra.registry import RegistryFile
    from streams.analytics import attach_analytics
    from streams.runtime.app import build_app
    from streams.runtime.progress import Progress
    from streams.workers import ANALYTICS, Around, run

    _prepare_store(settings)
    app = build_app(ANALYTICS, settings)
    progress = Progress()
    store = ClickHouseStore(lambda: open_client(settings))
    analytics = attach_analytics(app, settings, store, progress, clock_of(settings))
    scoring = [_attach_scoring(app, settings, progress)] if settings.embedded else []

    notifying = beside_workers(settings, store) if settings.embedded else []

    async def open_store() -> None:
        await store.query("SELECT 1")
        asyncio.get_running_loop().run_in_executor(None, _load_for_figures)

    async def close() -> None:
        await analytics.close()
        await asyncio.to_thread(store.close)

    preview = create_preview(
        queries_of(store),
        language=settings.language,
        status=lambda: progress.report() | _refilling_of(settings),
        names=RegistryFile(settings.registry),
        read_backlog=backlog_of(settings),
        guard=guard_of(settings),
        insert=store.insert,
        time_zone=settings.time_zone,
        currency=settings.currency,
        now=settings.now,
    )
    if settings.embedded:
        preview.router.add_post(CAUGHT_UP_PATH, _on_request(analytics.judge_all_silences))
    page = _page(settings, ANALYTICS, preview)
    reports = reports_of(ANALYTICS, settings, app, progress)
    run(app, Around(open_store, close), *reports, *scoring, *notifying, page, *_guard())


def _refilling_of(settings: Settings) -> dict[str, object]:
    """How far a stack that was started again is, for the page; nothing when it is done."""
    from infra.data_directory.refilling import Refilling

    progress = Refilling(settings.data_dir).progress if settings.embedded else None
    return {} if progress is None else {"taken_in_again": progress}


def queries_of(store: Store) -> RunQuery:
    """The page's queries, answered by `store`."""
    from dashboards.preview.reading import QueryResult

    async def run_query(sql: str, parameters: Mapping[str, Any]) -> QueryResult:
        columns, rows = await store.query(sql, parameters)
        return QueryResult(columns=columns, rows=rows)

    return run_query


def backlog_of(settings: Settings) -> ReadBacklog:
    """The page's question which calls wait, answered by Kafka."""
    from infra.kafka.backlog import read_backlog, stages

    of = stages(embedded=settings.embedded)
    return lambda: asyncio.to_thread(read_backlog, settings.cluster, of)


def _prepare_store(settings: Settings) -> None:
    """Migrate the embedded store (a server is migrated by an admin step), and check its key.

    Raises:
        SystemExit: the store is another worker's, or damaged; its customers have another key.
    """
    from infra.clickhouse.client import NoStore, StoreInUse, open_client
    from infra.clickhouse.damage import StoreDamaged
    from infra.clickhouse.key_fingerprint import KeyDiffers, check
    from infra.clickhouse.schema import applied, migrate

    try:
        client = open_client(settings)
    except StoreInUse as error:
        raise SystemExit(
            f"{error}. For several analytics workers the store is a ClickHouse server: set "
            "ASCOLTO_CLICKHOUSE_URL"
        ) from error
    except (NoStore, StoreDamaged) as error:
        raise SystemExit(str(error)) from error
    try:
        if settings.clickhouse_url is None:
            migrate(client)
        elif not applied(client):
            raise SystemExit("ClickHouse has no tables yet: make them with ascolto admin migrate")
        check(client, settings.pseudonym_secret())
        _apply_registry(client, settings)
    except KeyDiffers as error:
        raise SystemExit(str(error)) from error
    finally:
        client.close()


def _apply_registry(client: Client, settings: Settings) -> None:
    """Write the registry's names into the store; a registry that is wrong changes nothing."""
    from infra.clickhouse.display_names import write_names
    from infra.registry import RegistryError, load_registry
    from schemas.rows import DISPLAY_NAMES

    if settings.registry is None:
        return
    if not int(client.command(f"EXISTS TABLE {DISPLAY_NAMES.name}")):  # type: ignore[arg-type]
        log.warning("ClickHouse has no table for names yet: ascolto admin migrate")
        return
    try:
        write_names(client, load_registry(settings.registry))
    except RegistryError as error:
        log.warning("ASCOLTO_REGISTRY cannot be used, ids are shown: %s", error)


def _on_request(
    action: Callable[[], Awaitable[None]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    from aiohttp import web

    async def handle(_: web.Request) -> web.StreamResponse:
        await action()
        return web.Response(status=204)

    return handle


def clock_of(settings: Settings) -> Callable[[], int]:
    """The settings' clock, in microseconds since the epoch."""
    if settings.earliest_now is None:
        return lambda: time.time_ns() // 1000
    earliest_us = round(settings.earliest_now.timestamp() * 1e6)
    return lambda: max(time.time_ns() // 1000, earliest_us)


def _status_only(progress: Progress) -> web.Application:
    from aiohttp import web

    from infra.status_page import local_application

    async def status(_: web.Request) -> web.Response:
        return web.json_response(progress.report())

    app = local_application()
    app.router.add_get("/status", status)
    return app


def _page(settings: Settings, worker: str, app: web.Application) -> Any:
    from streams.workers import ANALYTICS, Around

    page = page_of(settings, worker, app, worker == ANALYTICS or not settings.embedded)
    return Around(page.start, page.stop)


def page_of(settings: Settings, name: str, app: web.Application, at_its_port: bool = True) -> Page:
    """The page of a process, at the port of the settings or at a free one."""
    from infra.data_directory.processes import address_file
    from infra.status_page import Page

    port = settings.status_port if at_its_port else 0
    # Where people sign in, a worker that has no sign-in of its own is this machine's only.
    signs_in = settings.sign_in is None or name in ("analytics", "preview")
    host = settings.status_host if signs_in else "127.0.0.1"
    return Page(app, host, port, address_file(settings.data_dir, name))


def _guard() -> list[Any]:
    """Ends the worker when the process that started it has ended."""
    from streams.workers import Around, end_with_parent

    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return []
    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        tasks.append(asyncio.create_task(end_with_parent(int(parent))))

    async def stop() -> None:
        for task in tasks:
            task.cancel()

    return [Around(start, stop)]
