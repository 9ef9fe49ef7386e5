"""Clients of the store: the same code for the engine in process and for a server."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from infra.backoff import insist
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

log = logging.getLogger(__name__)

STORE_DIRECTORY = "store"


class NoStore(Exception):
    """The embedded store's directory cannot be one."""


class StoreInUse(Exception):
    """Another process holds the embedded store: it serves one process at a time."""


def open_client(settings: Settings) -> Client:
    """A client of the settings' store; waits for a server that is away.

    Raises:
        StoreInUse: the embedded store is open in another process.
    """
    if settings.clickhouse_url is None:
        return open_embedded(settings.data_dir)
    return _open_server(settings.clickhouse_url.get_secret_value())


def open_embedded(data_dir: Path) -> Client:
    """A client of the engine in process, on the store below `data_dir`.

    Raises:
        NoStore: the directory cannot be made, or is a file.
        StoreInUse: the store is open in another process.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ProgrammingError

    path = data_dir / STORE_DIRECTORY
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoStore(f"{path} cannot be a directory: {error.strerror}") from error
    if _locked(path / "status"):
        raise StoreInUse(
            f"another ascolto process has the store in {path} open: stop that one, or give "
            "another --data-dir"
        )
    try:
        return clickhouse_connect.get_client(interface="chdb", path=str(path))
    except ProgrammingError as error:
        raise StoreInUse(
            f"the store in {path} cannot be opened; if no other process has it open, it is "
            "damaged: give another --data-dir"
        ) from error


def _locked(status_file: Path) -> bool:
    """Whether the engine of another process holds its lock.

    Asking the engine itself would have it print to stderr.
    """
    try:
        with status_file.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return not _ours(status_file)
    return False


def _ours(status_file: Path) -> bool:
    try:
        return f"PID: {os.getpid()}" in status_file.read_text(errors="replace").splitlines()
    except OSError:
        return False


def _open_server(url: str) -> Client:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import OperationalError

    return insist(
        lambda: clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False),
        (OperationalError, OSError),
        "ClickHouse",
        log,
    )
