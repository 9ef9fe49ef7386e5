"""The workers' reports of themselves, written to the store."""

from __future__ import annotations

import secrets
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from streams.runtime.app import App
    from streams.runtime.progress import Progress
    from streams.transport.consumer import Consumer
    from streams.workers import Around


def reports_of(worker: str, settings: Settings, app: App, progress: Progress) -> list[Around]:
    """What writes a worker's reports beside it; none where the worker has no store.

    The embedded store is the analytics worker's alone.
    """
    from streams.runtime.status_reports import Reporter, StatusReports
    from streams.workers import ANALYTICS, Around

    if settings.clickhouse_url is None and worker != ANALYTICS:
        return []
    inserting = _Inserting(settings)
    reports = StatusReports(
        Reporter(worker, secrets.token_hex(4), version("ascolto")),
        progress,
        lambda: cast("Consumer", app.consumer).metrics(),
        inserting.insert,
        lambda: time.time_ns() // 1000,
    )
    return [Around(reports.start, reports.stop)]


class _Inserting:
    """Inserts by a client and in a thread of its own, which nothing waits for at the end."""

    def __init__(self, settings: Settings) -> None:
        from streams.runtime.daemon_threads import DaemonThreads

        self._settings = settings
        self._threads = DaemonThreads(1, "status")
        self._client: Client | None = None

    async def insert(self, row: dict[str, Any]) -> None:
        """Write the row.

        Raises:
            DatabaseError: the store does not take it, or has not been migrated.
            OperationalError: the store is away.
        """
        await self._threads.run(lambda: self._insert(row))

    def _insert(self, row: dict[str, Any]) -> None:
        from infra.clickhouse.client import open_client
        from schemas.rows import WORKER_STATUS

        if self._client is None:
            self._client = open_client(self._settings)
        names = list(WORKER_STATUS.columns)
        self._client.insert(WORKER_STATUS.name, [[row[name] for name in names]], column_names=names)
