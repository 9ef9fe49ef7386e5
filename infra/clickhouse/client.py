"""Clients of the store: the same code for the engine in process and for a server."""

from __future__ import annotations

import logging
import os
import ssl
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.clickhouse.damage import StoreDamaged, check_parts, unopenable
from infra.data_directory.file_lock import is_locked
from infra.data_directory.permissions import NoDirectory, make_private
from infra.data_directory.processes import running_processes
from infra.errors import InfraError
from infra.retry import retry_until_done
from infra.settings import Settings
from processors.text.unused_packages import without_packages

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
        NoStore: the embedded store's directory cannot be one; a certificate cannot be used.
        StoreInUse: the embedded store is open in another process.
        StoreDamaged: files of the embedded store are damaged.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import OperationalError

    if settings.clickhouse_url is None:
        return open_embedded(settings.data_dir)
    options = server_options(settings)
    return retry_until_done(
        lambda: clickhouse_connect.get_client(**options, autogenerate_session_id=session),
        (OperationalError, OSError),
        "ClickHouse",
        log,
    )


def open_as(settings: Settings, user: str, password: str) -> Client:
    """A client of the settings' server as another user; does not wait.

    Raises:
        NoStore: a certificate cannot be used; the server does not let the user sign in.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import DatabaseError

    options = server_options(settings) | {"username": user, "password": password}
    if "tls_mode" in options:
        options["tls_mode"] = "strict"
    try:
        return clickhouse_connect.get_client(**options)
    except DatabaseError as error:
        said = str(error).strip().partition("\n")[0][:200]
        raise NoStore(f"ClickHouse does not let {user} sign in: {said}") from error


def server_options(settings: Settings) -> dict[str, Any]:
    """Arguments of a client of the settings' server: where it is, and the certificates.

    Where ClickHouse asks for a certificate, it shows who we are if the URL has no password
    (ClickHouse's own authentication by certificate); with a password both are checked.

    Raises:
        NoStore: a certificate or key cannot be used.
    """
    assert settings.clickhouse_url is not None
    url = settings.clickhouse_url.get_secret_value()
    options: dict[str, Any] = {"dsn": url}
    if url.startswith("https:"):
        # The client itself takes a DSN for http unless its port is 443 or 8443.
        options["interface"] = "https"
    files = {
        "ASCOLTO_CLICKHOUSE_CA": settings.clickhouse_ca,
        "ASCOLTO_CLICKHOUSE_CERTIFICATE": settings.clickhouse_certificate,
        "ASCOLTO_CLICKHOUSE_KEY": settings.clickhouse_key,
    }
    given = {name: path for name, path in files.items() if path is not None}
    if given and not url.startswith("https:"):
        raise NoStore(f"{', '.join(given)}: ASCOLTO_CLICKHOUSE_URL must begin with https://")
    _check_files(settings)
    if given:
        options["pool_mgr"] = _connections(
            settings.clickhouse_ca, settings.clickhouse_certificate, settings.clickhouse_key
        )
    if settings.clickhouse_certificate is not None:
        options["client_cert"] = str(settings.clickhouse_certificate)
        options["tls_mode"] = "strict" if urlsplit(url).password else "mutual"
    return options


@cache
def _connections(ca: Path | None, certificate: Path | None, key: Path | None) -> Any:
    """The connections of all clients with these files.

    One that a client makes for itself cannot be closed where urllib3-future takes urllib3's place,
    as Grafana's client has it: closing raises AttributeError.
    """
    from clickhouse_connect.driver.httputil import get_pool_manager

    names = {"ca_cert": ca, "client_cert": certificate, "client_cert_key": key}
    options: dict[str, Any] = {name: str(path) for name, path in names.items() if path is not None}
    return get_pool_manager(**options)


def _check_files(settings: Settings) -> None:
    """Raise NoStore for certificates that cannot be used: the client's own error names no file."""
    try:
        context = ssl.create_default_context(cafile=settings.clickhouse_ca)
    except OSError as error:
        raise NoStore(
            f"ASCOLTO_CLICKHOUSE_CA: {settings.clickhouse_ca} holds no certificate that can be "
            f"read: {error}"
        ) from error
    if settings.clickhouse_certificate is not None:
        certificate, key = settings.clickhouse_certificate, settings.clickhouse_key
        try:
            context.load_cert_chain(certificate, key)
        except OSError as error:
            raise NoStore(
                f"ASCOLTO_CLICKHOUSE_CERTIFICATE, ASCOLTO_CLICKHOUSE_KEY: {certificate} and "
                f"{key or 'no key file'} are no certificate with its key: {error}"
            ) from error


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

    _do_without_data_frames()
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


def _do_without_data_frames() -> None:
    """Import the engine and its client without the packages for data frames.

    They would be asked whether the rows of an insert are a data frame, which ours never are: 0.3 s
    of processor time in every process that writes.
    """
    with without_packages("pandas", "pyarrow"):
        import chdb.state.sqlitelike  # noqa: F401 - imported for the first time here
        from clickhouse_connect.driver import options

        _ = options.pd, options.arrow


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
