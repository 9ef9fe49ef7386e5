"""Clients of the store: the same code for the engine in process and for a server."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from infra.clickhouse.damage import StoreDamaged, check_parts, unopenable
from infra.data_directory.file_lock import is_locked
from infra.data_directory.permissions import NoDirectory, make_private
from infra.data_directory.processes import running_processes
from infra.errors import InfraError
from infra.retry import retry_until_done
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

log = logging.getLogger(__name__)

STORE_DIRECTORY = "store"


class NoStore(InfraError):
    """The embedded store's directory cannot be one."""


class StoreInUse(InfraError):
    """Another process holds the embedded store: it serves one process at a time."""


def open_client(settings: Settings, *, session: bool = False) -> Client:
    """A client of the settings' store; waits for a server that is away.

    Args:
        settings: which store.
        session: temporary tables last as long as the client, whose queries follow each other.

    Raises:
        NoStore: the embedded store's directory cannot be one.
        StoreInUse: the embedded store is open in another process.
        StoreDamaged: files of the embedded store are damaged.
    """
    if settings.clickhouse_url is None:
        return open_embedded(settings.data_dir)
    return _open_server(settings.clickhouse_url.get_secret_value(), session)


def open_embedded(data_dir: Path, *, damaged: bool = False) -> Client:
    """A client of the engine in process, on the store below `data_dir`.

    Args:
        data_dir: the data directory.
        damaged: open a store with damaged files too, to save what is whole.

    Raises:
        NoStore: the directory cannot be made, or is a file.
        StoreInUse: the store is open in another process.
        StoreDamaged: files of it are damaged.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import DatabaseError, ProgrammingError

    path = data_dir / STORE_DIRECTORY
    try:
        make_private(data_dir)
        path.mkdir(mode=0o700, exist_ok=True)
    except NoDirectory as error:
        raise NoStore(str(error)) from error
    except OSError as error:
        raise NoStore(f"{path} cannot be a directory: {error.strerror}") from error
    if _locked_by_another(path / "status"):
        raise StoreInUse(_in_use(data_dir, path))
    try:
        client = clickhouse_connect.get_client(interface="chdb", path=str(path))
    except (ProgrammingError, DatabaseError) as error:
        if _locked_by_another(path / "status"):
            raise StoreInUse(_in_use(data_dir, path)) from error
        raise StoreDamaged(unopenable(path)) from error
    if not damaged:
        try:
            check_parts(client, path)
        except StoreDamaged:
            client.close()
            raise
    return client


def has_store(data_dir: Path) -> bool:
    """Whether an embedded store is there; asking makes nothing."""
    return (data_dir / STORE_DIRECTORY).is_dir()


def _in_use(data_dir: Path, path: Path) -> str:
    pid = _holder(path / "status")
    pages = {each.pid: each.page for each in running_processes(data_dir) if each.page is not None}
    who = "" if pid is None else f" (process {pid})"
    page = pages.get(pid) if pid is not None else None
    shown = "" if page is None else f"; its page {page} shows the figures meanwhile"
    return (
        f"another ascolto process{who} has the store in {path} open, and it serves one at a "
        f"time{shown}. Stop that one first (Ctrl-C where it runs)"
    )


def _locked_by_another(status_file: Path) -> bool:
    """Whether the engine of another process holds its lock.

    Asking the engine itself would have it print to stderr.
    """
    return is_locked(status_file) and _holder(status_file) != os.getpid()


def _holder(status_file: Path) -> int | None:
    """Id of the process that the engine's lock file names."""
    try:
        lines = status_file.read_text(errors="replace").splitlines()
    except OSError:
        return None
    named = [line.removeprefix("PID: ") for line in lines if line.startswith("PID: ")]
    return int(named[0]) if named and named[0].isdigit() else None


def _open_server(url: str, session: bool) -> Client:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import OperationalError

    return retry_until_done(
        lambda: clickhouse_connect.get_client(dsn=url, autogenerate_session_id=session),
        (OperationalError, OSError),
        "ClickHouse",
        log,
    )
