"""SSH servers, through fsspec's SFTP file system: known host keys, and no links out."""

from __future__ import annotations

import itertools
import logging
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from infra.places.access import Access, secret_in
from infra.places.addresses import CONNECT_SECONDS, connect, not_reached
from infra.places.connection import (
    CHECK_SECONDS,
    SILENT_SECONDS,
    Received,
    explained_here,
    refused_credentials,
)
from infra.places.failures import NotThere, PlaceAway, PlaceError, PlaceRefused
from infra.places.locations import Location

logging.getLogger("paramiko").setLevel(logging.CRITICAL)
"""It logs each connection, and what fails with its stack: here errors say it, once."""

_BLOCK = 1 << 18
_REQUESTS = 64
"""Reads that are asked for before the first is answered."""
_AUTHENTICATING_SECONDS = 15.0


class SshFiles(SFTPFileSystem):  # type: ignore[misc]
    """Connects to a checked address, of a server whose key is known."""

    cachable = False

    def __init__(self, location: Location, access: Access) -> None:
        self._location = location
        self._access = access
        super().__init__(location.host)

    def _connect(self) -> None:
        access, location = self._access, self._location
        host = location.host.strip("[]")
        port = location.port or 22
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        _load_host_keys(client, access.known_hosts)
        login = _login(access)
        connection = connect(host, port, access.private)
        try:
            client.connect(
                host,
                port,
                sock=connection,
                timeout=CONNECT_SECONDS,
                banner_timeout=_AUTHENTICATING_SECONDS,
                auth_timeout=_AUTHENTICATING_SECONDS,
                channel_timeout=_AUTHENTICATING_SECONDS,
                allow_agent=False,
                look_for_keys=False,
                **login,
            )
            self.ftp = client.open_sftp()
        except BaseException:
            client.close()
            connection.close()
            raise
        channel = self.ftp.get_channel()
        assert channel is not None
        channel.settimeout(SILENT_SECONDS)
        self.client = client


def _load_host_keys(client: paramiko.SSHClient, known_hosts: Path | None) -> None:
    path = known_hosts or Path("~/.ssh/known_hosts").expanduser()
    try:
        client.load_system_host_keys(str(path))
    except (OSError, paramiko.SSHException, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not in OpenSSH's form"
        raise PlaceAway(
            f"the host keys in {path} cannot be read ({reason})",
            "write the server's key into a file (ssh-keyscan HOST), compare its fingerprint, and "
            "name the file as known_hosts: in the file of ASCOLTO_PLACES",
        ) from error


def _login(access: Access) -> dict[str, Any]:
    if access.user is None or (access.key is None and access.password is None):
        raise PlaceAway(
            "there are no credentials for it",
            "name its user, and the file of its key or password, in the file of ASCOLTO_PLACES",
        )
    login: dict[str, Any] = {"username": access.user}
    if access.password is not None:
        login["password"] = secret_in(access.password, "password")
    if access.key is not None:
        login["pkey"] = _key(access.key, access.passphrase)
    return login


def _key(path: Path, passphrase: Path | None) -> paramiko.PKey:
    secret_in(path, "key")
    known = None if passphrase is None else secret_in(passphrase, "passphrase").encode()
    try:
        return paramiko.PKey.from_path(path, known)  # type: ignore[arg-type]
    except (TypeError, paramiko.PasswordRequiredException) as error:
        problem, fix = "has a passphrase", "name the file of its passphrase as passphrase:"
        raise PlaceAway(f"the key in {path} {problem}", fix) from error
    except Exception as error:  # Of several libraries, by the kind of key.
        raise PlaceAway(
            f"the key in {path} cannot be used: it is no private key, or of another passphrase",
            "name the user's private key in OpenSSH's form, as ssh-keygen writes it",
        ) from error


class SftpConnection:
    """An SSH server; connected again for each file, as servers end idle connections."""

    def __init__(self, location: Location, access: Access) -> None:
        self._location = location
        self._access = access

    @property
    def files(self) -> SshFiles:
        """A connection of its own, which who asks for it closes."""
        return SshFiles(self._location, self._access)

    def done_with(self, files: Any, /) -> None:
        """See `Connection.done_with`."""
        files.client.close()

    def path_of(self, location: Location) -> str:
        """See `Connection.path_of`."""
        return location.path or "/"

    def fetch(self, location: Location, to: Path, received: Received, seconds: float) -> None:
        """See `Connection.fetch`."""
        with self._connected(seconds) as files:
            path = self._inside(files.ftp, location)
            found = files.ftp.stat(path)
            if not stat.S_ISREG(found.st_mode or 0):
                raise NotThere("it is not a file")
            received.set_size(found.st_size)
            with files.ftp.open(path, "rb") as remote, to.open("wb") as local:
                remote.prefetch(found.st_size, max_concurrent_requests=_REQUESTS)
                while block := remote.read(_BLOCK):
                    local.write(block)
                    received.relative_update(len(block))

    def _inside(self, ftp: paramiko.SFTPClient, location: Location) -> str:
        """The file's path without symbolic links, which must not lead out of the place."""
        root = PurePosixPath(ftp.normalize(self.path_of(self._location)))
        path = PurePosixPath(ftp.normalize(location.path))
        if not path.is_relative_to(root):
            raise PlaceRefused("a symbolic link leads out of its place", "allow where it leads")
        return str(path)

    def look(self, location: Location) -> str:
        """See `Connection.look`."""
        with self._connected(CHECK_SECONDS) as files:
            root = self.path_of(location)
            entries = itertools.islice(files.ftp.listdir_iter(root), 100)
            for entry in entries:
                if stat.S_ISREG(entry.st_mode or 0):
                    with files.ftp.open(f"{root.rstrip('/')}/{entry.filename}", "rb") as file:
                        file.read(1)
                    return "listed, and a file of it read"
        return "listed, no file directly in it"

    @contextmanager
    def _connected(self, seconds: float) -> Iterator[SshFiles]:
        """A connection, which is cut when `seconds` have passed, whatever goes on."""
        files = self.files
        timer = threading.Timer(seconds, files.client.close)
        timer.daemon = True
        timer.start()
        try:
            yield files
        finally:
            timer.cancel()
            files.client.close()

    def explained(self, error: BaseException) -> PlaceError | None:
        """See `Connection.explained`."""
        if (known := explained_here(error)) is not None:
            return known
        host, port = self._location.host, self._location.port
        if isinstance(error, paramiko.BadHostKeyException):
            return PlaceAway(
                f"{host} shows another host key than the one known",
                "find out why; only if the server was replaced, correct its known_hosts",
            )
        if isinstance(error, paramiko.AuthenticationException):
            return refused_credentials(type(error).__name__)
        if isinstance(error, paramiko.SSHException) and "known_hosts" in str(error):
            return PlaceAway(
                f"the host key of {host} is not known",
                f"write it into the file of known_hosts (ssh-keyscan -p {port} {host}) after "
                "comparing its fingerprint",
            )
        if isinstance(error, FileNotFoundError):
            return NotThere("it is not (yet) there")
        if isinstance(error, PermissionError):
            return NotThere("it may not be read", "let the user of this place read it")
        if isinstance(error, socket.timeout | EOFError | OSError | paramiko.SSHException):
            return not_reached(host, port, error)
        return None
