"""What each kind of place offers, and what they have in common in failing."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fsspec.callbacks import Callback

from infra.places.failures import DiskFull, NotThere, PlaceAway, PlaceError, TooLarge
from infra.places.locations import Location

SILENT_SECONDS = 30.0
"""Seconds for which a server may send nothing."""
CHECK_SECONDS = 30.0
"""Seconds that looking into a place may take."""

ErrorT = TypeVar("ErrorT", bound=BaseException)


class Received(Callback):  # type: ignore[misc]
    """Counts what arrives of a file, and ends it where that is too much.

    `on_size` is called once with the bytes that the server says the file has, where it does.
    """

    def __init__(self, most_bytes: int, on_size: Callable[[int], None] = lambda _: None) -> None:
        super().__init__()
        self._most = most_bytes
        self._on_size = on_size
        self.began = False
        """Whether the server has answered with the file."""
        self.stated: int | None = None
        self.received = 0

    def set_size(self, size: int | None) -> None:
        """Take what the server says of the size."""
        self.began = True
        if size is None:
            return
        self.stated = size
        self._require(size)
        self._on_size(size)

    def relative_update(self, inc: int = 1) -> None:
        """Take note of bytes that have arrived."""
        self.received += inc
        self._require(self.received)

    def require_whole(self) -> None:
        """Raise `NotThere` where less arrived than the server said."""
        if self.stated is not None and self.received != self.stated:
            raise NotThere(f"{self.received} bytes of it arrived, {self.stated} were stated")

    def _require(self, size: int) -> None:
        if size > self._most:
            raise TooLarge(
                f"it has more than the {self._most} bytes allowed",
                "raise ASCOLTO_RECORDING_BYTES if recordings are that large",
            )


class Connection(Protocol):
    """A place that can be read; safe to use from several threads."""

    @property
    def files(self) -> Any:
        """Its fsspec file system."""
        ...

    def done_with(self, files: Any, /) -> None:
        """Close what `files` opened for one use of it."""
        ...

    def path_of(self, location: Location) -> str:
        """A file's path as `files` wants it."""
        ...

    def fetch(self, location: Location, to: Path, received: Received, seconds: float) -> None:
        """Write a file to this machine; errors are those of the library."""
        ...

    def look(self, location: Location) -> str:
        """List the place and read of its first file where it has one; what was seen."""
        ...

    def explained(self, error: BaseException) -> PlaceError | None:
        """What an error of `fetch` or `look` means; None where it is none of the place's."""
        ...


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it came of."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def cause(error: BaseException, kind: type[ErrorT]) -> ErrorT | None:
    """The first error of a kind among an error and what it came of."""
    return next((each for each in causes(error) if isinstance(each, kind)), None)


def explained_here(error: BaseException) -> PlaceError | None:
    """What an error means that has nothing to do with the kind of place."""
    ours = cause(error, PlaceError)
    if ours is not None:
        return ours
    unverified = cause(error, ssl.SSLCertVerificationError)
    if unverified is not None:
        inner = next((each for each in causes(error) if hasattr(each, "verify_message")), None)
        reason = getattr(inner, "verify_message", "see its chain")
        return PlaceAway(
            f"its certificate cannot be verified ({reason})",
            "correct the certificate, or name its authority's PEM file as ca: in the file of "
            "ASCOLTO_PLACES",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("the disk of ASCOLTO_DATA_DIR is full", "make room on it")
    return None


def refused_credentials(said: str) -> PlaceAway:
    """A server that does not take our credentials."""
    return PlaceAway(
        f"it refuses our credentials ({said})",
        "correct the files of credentials that ASCOLTO_PLACES names, or renew them",
    )
