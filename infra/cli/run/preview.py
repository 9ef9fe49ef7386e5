"""`ascolto run preview`: the page alone, for as many people as look, beside the workers."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, say
from infra.cli.run.workers import backlog_of, page_of, queries_of
from infra.cli.sign_in import guard_of
from infra.settings import Settings

if TYPE_CHECKING:
    from dashboards.sign_in.guard import Guard

QUERIES_AT_ONCE = 4
"""Of the page, on a ClickHouse server: one that is slow does not hold up all others."""


def run_preview(settings: Settings) -> int:
    """Serve the page until a signal stops it; returns the exit code."""
    from infra.clickhouse.client import NoStore, open_client
    from infra.data_directory.permissions import NoDirectory, make_private

    try:
        make_private(settings.data_dir)
    except NoDirectory as error:
        say(str(error))
        return FAILED
    if settings.clickhouse_url is None:
        say(
            "the page alone needs a ClickHouse server: set ASCOLTO_CLICKHOUSE_URL. The embedded "
            "store belongs to the analytics worker, which serves the page itself"
        )
        return FAILED
    guard = guard_of(settings)
    try:
        open_client(settings).close()
    except NoStore as error:
        say(str(error))
        return FAILED
    asyncio.run(_serve(settings, guard))
    return 0


async def _serve(settings: Settings, guard: Guard | None) -> None:
    from dashboards.preview.app import create_preview
    from infra.clickhouse.client import open_client
    from infra.clickhouse.store import ClickHouseStore
    from infra.registry import RegistryFile

    store = ClickHouseStore(lambda: open_client(settings), readers=QUERIES_AT_ONCE)
    preview = create_preview(
        queries_of(store),
        language=settings.language,
        names=RegistryFile(settings.registry),
        read_backlog=backlog_of(settings),
        guard=guard,
        at_once=QUERIES_AT_ONCE,
        insert=store.insert,
        time_zone=settings.time_zone,
        currency=settings.currency,
        now=settings.now,
    )
    page = page_of(settings, "preview", preview)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    say(f"the page is at {await page.start()}; Ctrl-C stops")
    try:
        await stopped.wait()
    finally:
        await page.stop()
        await asyncio.to_thread(store.close)
