"""The notifier put together: beside the workers on one machine, or as a process of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, say
from infra.cli.options import failure
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.alerting.notifier import Defaults, Notifier
    from infra.clickhouse.store import Store
    from streams.workers import Around


def notifier_of(settings: Settings, store: Store) -> Notifier | None:
    """The notifier of the settings; None where nobody is to be notified.

    Raises:
        WrongTargets: the file of targets cannot be used.
    """
    if settings.notify is None:
        return None
    from infra.alerting.deliveries import Deliveries
    from infra.alerting.notifier import Notifier
    from infra.alerting.sending import AppriseSender
    from infra.alerting.targets_file import read_targets
    from infra.data_directory.refilling import Refilling
    from infra.registry import RegistryFile

    refilling = Refilling(settings.data_dir)
    return Notifier(
        read_targets(settings.notify),
        Deliveries(store),
        AppriseSender(),
        names=RegistryFile(settings.registry).current,
        now=settings.now,
        defaults=defaults_of(settings),
        complete=lambda: not (settings.embedded and refilling.under_way),
    )


def require_targets(settings: Settings) -> None:
    """Refuse to start a stack whose file of targets cannot be used.

    Raises:
        typer.Exit: it cannot; the message says why, in which line.
    """
    if settings.notify is None:
        return
    from infra.alerting.targets_file import WrongTargets, read_targets

    try:
        read_targets(settings.notify)
    except WrongTargets as error:
        raise failure(str(error)) from error


def defaults_of(settings: Settings) -> Defaults:
    """What holds for targets that do not say."""
    from infra.alerting.notifier import Defaults

    return Defaults(settings.language, settings.page_url, settings.time_zone)


def beside_workers(settings: Settings, store: Store) -> list[Around]:
    """The notifier as a part of the embedded analytics worker; none where nobody is to be notified.

    Raises:
        SystemExit: the file of targets cannot be used.
    """
    from infra.alerting.targets_file import WrongTargets
    from streams.workers import Around

    try:
        notifier = notifier_of(settings, store)
    except WrongTargets as error:
        raise SystemExit(str(error)) from error
    if notifier is None:
        return []
    running: list[asyncio.Task[None]] = []

    async def start() -> None:
        running.append(asyncio.create_task(notifier.run()))

    async def end() -> None:
        for task in running:
            await stop(task)

    return [Around(start, end)]


def run_notifier(settings: Settings) -> int:
    """Notify until a signal stops it; returns the exit code."""
    from infra.alerting.targets_file import WrongTargets
    from infra.clickhouse.client import NoStore, open_client
    from infra.clickhouse.store import ClickHouseStore
    from schemas.rows import NOTIFICATIONS

    if settings.notify is None:
        say("nobody is to be notified: set ASCOLTO_NOTIFY to the file of targets")
        return FAILED
    if settings.clickhouse_url is None:
        say(
            "the notifier alone needs a ClickHouse server: set ASCOLTO_CLICKHOUSE_URL. The "
            "embedded store belongs to the analytics worker, which notifies by itself: ascolto "
            "run all, with ASCOLTO_NOTIFY set"
        )
        return FAILED
    store = ClickHouseStore(lambda: open_client(settings))
    try:
        notifier = notifier_of(settings, store)
        client = open_client(settings)
    except (WrongTargets, NoStore) as error:
        say(str(error))
        return FAILED
    try:
        if not client.command(f"EXISTS TABLE {NOTIFICATIONS.name}"):
            say("ClickHouse has no table for notifications yet: ascolto admin migrate")
            return FAILED
    finally:
        client.close()
    assert notifier is not None
    try:
        asyncio.run(_serve(notifier))
    finally:
        store.close()
    return 0


async def _serve(notifier: Notifier) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    running = asyncio.create_task(notifier.run())
    say("notifying of alerts; Ctrl-C stops")
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await stop(running)


async def stop(running: asyncio.Task[None]) -> None:
    """End a notifier's `run`: what is being sent is sent and noted first."""
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
