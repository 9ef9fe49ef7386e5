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
        typer.Exit: another process has it open, or it is half filled; which is said.
    """
    from infra.cli.stack import refilling
    from infra.clickhouse.client import NoStore, StoreInUse, open_client
    from infra.clickhouse.migrate import migrate

    if settings.clickhouse_url is None and refilling(settings.data_dir).exists():
        raise failure(
            "the figures were being made anew when the stack stopped; let it end once: "
            f"ascolto run all --exit --data-dir {settings.data_dir}"
        )
    try:
        client = open_client(settings)
    except (NoStore, StoreInUse) as error:
        raise failure(str(error)) from error
    try:
        if settings.clickhouse_url is None:
            migrate(client)
        yield client
    finally:
        client.close()
