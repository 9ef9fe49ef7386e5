"""The store of recordings: which directories they may be in, and what may be wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from infra.errors import InfraError
from infra.recordings.source import Source
from schemas.events import Recording

_BLOCK = 1 << 20


class RecordingError(InfraError):
    """A recording cannot be used; the message never holds its name, which may hold a number."""


class RecordingMissing(RecordingError):
    """The recording is not there, holds nothing, or cannot be read, yet: worth trying again."""


class RecordingRefused(RecordingError):
    """The recording is outside the allowed directories, or its checksum differs: permanent."""


class RecordingBroken(RecordingError):
    """The recording is not sound that can be decoded, or not yet: it may still be being written."""


class RecordingExcessive(RecordingRefused):
    """The recording asks for more time, memory or channels than is allowed: permanent."""


class LanguageUnknown(RecordingRefused):
    """The transcriber does not know the recording's language: permanent."""


class RecordingStore:
    """Finds recordings, in its allowed directories only.

    An emitter should write a recording under another name and rename it when complete: one
    that is still growing fails its checksum, or is transcribed as far as it goes.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = [directory.expanduser().absolute() for directory in directories]

    def resolve(self, recording: Recording) -> Source:
        """The recording's files, free of symbolic links, their checksums verified where given.

        Raises:
            RecordingMissing: it is not there yet.
            RecordingRefused: it is outside the directories, or differs from its checksum.
            RecordingBroken: it is not a file.
        """
        return source_of(recording, self.find)

    def find(self, uri: str, sha256: str | None) -> Path:
        """One file, as `resolve` finds it; raises as it does."""
        name = name_of(uri)
        found = self._find(_requested(uri, name), name)
        if not found.is_file():
            raise RecordingBroken(f"{name} is not a file; let its uri name one")
        if not found.stat().st_size:
            raise RecordingMissing(f"{name} holds nothing (yet)")
        if sha256 is not None:
            verify(found, sha256, name)
        return found

    def _find(self, requested: Path, name: str) -> Path:
        if not self._directories:
            raise RecordingRefused("no recordings directory is allowed; name one in the settings")
        roots = [directory.resolve() for directory in self._directories]
        escaped = False
        for candidate in self._candidates(requested):
            try:
                found = candidate.resolve(strict=True)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except PermissionError as error:
                raise RecordingMissing(_unreadable(name)) from error
            except (OSError, RuntimeError) as error:
                raise RecordingBroken(f"{name} cannot be followed to a file") from error
            if any(found.is_relative_to(root) for root in roots):
                return found
            escaped = True
        if escaped:
            raise RecordingRefused(f"{name} leads outside the directories allowed: {self._where()}")
        raise RecordingMissing(
            f"{name} is not (yet) in {self._where()}; put it there, or fix its uri"
        )

    def _candidates(self, requested: Path) -> list[Path]:
        if not requested.is_absolute():
            return [directory / requested for directory in self._directories]
        resolved = [directory.resolve() for directory in self._directories]
        if any(requested.is_relative_to(root) for root in [*self._directories, *resolved]):
            return [requested]
        raise RecordingRefused(
            f"{name_of(requested.as_uri())} is outside the directories allowed: {self._where()}"
        )

    def _where(self) -> str:
        return ", ".join(str(directory) for directory in self._directories)


def source_of(recording: Recording, find: Callable[[str, str | None], Path]) -> Source:
    """The recording's files, each found by its uri and checksum."""
    if recording.uri is not None and recording.layout is not None:
        path = find(recording.uri, recording.sha256)
        return Source(path, recording.layout, format=recording.format)
    assert recording.operator_uri is not None, "checked with the event"
    assert recording.customer_uri is not None, "checked with the event"
    return Source(
        find(recording.operator_uri, recording.operator_sha256),
        "separate",
        find(recording.customer_uri, recording.customer_sha256),
        recording.format,
    )


def name_of(uri: str) -> str:
    """What messages call a recording, as its uri may hold a telephone number."""
    return f"the recording with uri #{hashlib.sha256(uri.encode()).hexdigest()[:12]} (its sha256)"


def _requested(uri: str, name: str) -> Path:
    """The path a uri asks for: relative, or absolute where it was a file: URI."""
    if "\0" in uri or "%00" in uri:
        raise RecordingRefused(f"{name} holds a null character")
    scheme, separator, _ = uri.partition(":")
    if separator and "/" not in scheme:
        path = Path(_path_of_file_uri(uri, name))
        if not path.is_absolute():
            raise RecordingRefused(f"{name} is a file: URI without an absolute path")
    else:
        path = Path(uri)
        if path.is_absolute():
            raise RecordingRefused(
                f"{name} is an absolute path; give one relative to a recordings directory, "
                "or a file: URI"
            )
    if ".." in path.parts:
        raise RecordingRefused(f"{name} climbs with '..'; give the path without")
    return path


def _path_of_file_uri(uri: str, name: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise RecordingRefused(f"{name} is not a well-formed URI") from error
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost"):
        raise RecordingRefused(
            f"{name} is in no place that is allowed; name its place in ASCOLTO_RECORDINGS"
        )
    if parts.query or parts.fragment:
        raise RecordingRefused(f"{name} has '?' or '#' in it; write them as %3F and %23")
    return unquote(parts.path)


def verify(path: Path, expected: str, name: str) -> None:
    """Compare a file with its checksum.

    Raises:
        RecordingRefused: it differs.
        RecordingMissing: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError as error:
        raise RecordingMissing(f"{name} went away while it was read") from error
    except PermissionError as error:
        raise RecordingMissing(_unreadable(name)) from error
    except OSError as error:
        raise RecordingMissing(f"{name} could not be read to its end; see its disk") from error
    if digest.hexdigest() != expected:
        raise RecordingRefused(
            f"{name} differs from the sha256 in its event; send the event again with the "
            "checksum of the complete file"
        )


def _unreadable(name: str) -> str:
    return f"{name} may not be read by this process; give it permission"
