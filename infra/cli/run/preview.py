"""`ascolto run preview`: the page alone, for as many people as look, beside the workers."""

from __future__ import annotations

import asyncio
import signal

from infra.cli.failures import FAILED, say
from infra.cli.run.workers import backlog_of, page_of, queries_of
from infra.settings import Settings


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
    try:
        open_client(settings).close()
    except NoStore as error:
        say(str(error))
        return FAILED
    asyncio.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    from dashboards.preview.app import create_preview
    from infra.clickhouse.client import open_client
    from infra.clickhouse.store import ClickHouseStore
    from infra.registry import RegistryFile

    store = ClickHouseStore(lambda: open_client(settings))
    preview = create_preview(
        queries_of(store),
        language=settings.language,
        names=RegistryFile(settings.registry),
        read_backlog=backlog_of(settings),
        insert=store.insert,
        time_zone=settings.time_zone,
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
