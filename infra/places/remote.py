"""A place as the rest of the program sees it: a file is fetched from it, or it is looked into."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.places.access import Access, Accesses
from infra.places.connection import CHECK_SECONDS, Connection, Received
from infra.places.failures import DiskFull, NotThere, PlaceAway
from infra.places.locations import Location

_PROBE_BYTES = 100 << 20


@dataclass(frozen=True)
class Limits:
    """What fetching one file may cost."""

    bytes: int
    seconds: float


def _connect(location: Location, access: Access) -> Connection:
    """Libraries are loaded with the first place that needs them."""
    if location.scheme == "s3":
        from infra.places.s3 import S3Connection

        return S3Connection(location, access)
    if location.scheme == "sftp":
        from infra.places.sftp import SftpConnection

        return SftpConnection(location, access)
    from infra.places.https import HttpsConnection

    return HttpsConnection(location, access)


class RemotePlace:
    """A place that is allowed; may be used from several threads."""

    def __init__(self, location: Location, access: Access) -> None:
        self.location: Final = location
        self._access = access
        self._connecting = threading.Lock()
        self._connection: Connection | None = None

    def serves(self, client_id: str) -> bool:
        """Whether the calls of a client company may name this place's files."""
        return not self._access.clients or client_id in self._access.clients

    def fetch(
        self,
        location: Location,
        to: Path,
        limits: Limits,
        on_size: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Write a file of this place to `to`, whole.

        Args:
            location: the file.
            to: a path on this machine; what is there after an error is to be removed.
            limits: of its bytes and of the time.
            on_size: called with its size when the server has said it.

        Raises:
            NotThere: it is not there, may not be read, or did not come whole or in time.
            TooLarge: it has more bytes than allowed.
            PlaceRefused: the place asks for what is not allowed.
            PlaceAway: the place cannot be used now.
        """
        received = Received(limits.bytes, on_size)
        with self._explaining(received) as connection:
            connection.fetch(location, to, received, limits.seconds)
            received.require_whole()

    def check(self) -> str:
        """Look into the place: reached, credentials taken, listed, a file read.

        Raises:
            PlaceError: what is wrong; its `todo` says how to fix it.
        """
        with self._explaining() as connection:
            seen = connection.look(self.location)
        if self._access.probe is None:
            return seen
        probe = self.location.below(self._access.probe)
        with tempfile.TemporaryDirectory() as temporary:
            try:
                self.fetch(probe, Path(temporary, "probe"), Limits(_PROBE_BYTES, CHECK_SECONDS))
            except NotThere as error:
                raise NotThere(
                    f"its probe: {error}", error.todo or "put the probe there"
                ) from error
        return f"{seen}, its probe read"

    @contextmanager
    def opened(self) -> Iterator[tuple[Any, str]]:
        """The place's fsspec file system, and the place's own path in it.

        Raises:
            PlaceError: the place cannot be used, or what is asked of it in the block fails.
        """
        with self._explaining() as connection:
            files = connection.files
            try:
                yield files, connection.path_of(self.location)
            finally:
                connection.done_with(files)

    @contextmanager
    def _explaining(self, received: Received | None = None) -> Iterator[Connection]:
        """The connection; errors say what is wrong, and of a file that it is only this file."""
        began = False
        try:
            connection = self._connected()
            try:
                yield connection
            except Exception as error:
                began = received is not None and received.began
                explained = connection.explained(error)
                if explained is None:
                    raise
                raise explained from error
        except PlaceAway as error:
            self._forget()
            if began and not isinstance(error, DiskFull):
                raise NotThere(f"it did not arrive whole: {error}", error.todo) from error
            raise PlaceAway(f"{self.location}: {error}", error.todo, str(self.location)) from error

    def _connected(self) -> Connection:
        with self._connecting:
            if self._connection is None:
                self._connection = _connect(self.location, self._access)
            return self._connection

    def _forget(self) -> None:
        """The next use connects again, with credentials read again; other threads go on with what
        they have, which closes when the last of them is done."""
        with self._connecting:
            self._connection = None


def remote_places(locations: Iterable[Location], accesses: Accesses) -> list[RemotePlace]:
    """The places at `locations`."""
    return [RemotePlace(location, accesses.of(location)) for location in locations]
