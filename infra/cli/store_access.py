"""The store for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra.cli.options import failure
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@contextmanager
def open_store(settings: Settings) -> Iterator[Client]:
    """The settings' store, its tables in the newest form where it is the embedded one.

    Raises:
        typer.Exit: another process has it open, which is said.
    """
    from infra.clickhouse.client import StoreInUse, open_client
    from infra.clickhouse.migrate import migrate

    try:
        client = open_client(settings)
    except StoreInUse as error:
        raise failure(str(error)) from error
    try:
        if settings.clickhouse_url is None:
            migrate(client)
        yield client
    finally:
        client.close()
