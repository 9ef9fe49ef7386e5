"""The keys of the gateway's sources: each for one client company, stored as a hash.

A key holds 256 random bits. No list of likely keys exists that a slow hash would have to protect,
so SHA-256 is enough, and each request is checked at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from infra.atomic_files import replacing
from infra.data_directory.file_lock import try_lock
from infra.errors import InfraError
from schemas.inbound.identifiers import Identifier

FILE_NAME = "gateway-keys.json"
"""In the data directory, unless another file is named."""
EVENT_KINDS = (
    "call-ended",
    "payment-received",
    "contract-cancelled",
    "payment-returned",
    "survey-answered",
)
"""The event types that a key may be limited to, by their topics' names."""

_PREFIX = "ascolto_"
"""Begins every key, so that scanners for secrets in source code can recognise one."""
_LOCK_SECONDS = 10.0

Kind = Literal[
    "call-ended", "payment-received", "contract-cancelled", "payment-returned", "survey-answered"
]
KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class KeyFileError(InfraError):
    """The keys cannot be read or changed; the message says why."""


class Key(BaseModel):
    """A source's key: what it may send, and the hash it is recognised by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: KeyName
    client: Identifier = Field(description="the client company it is for")
    types: tuple[Kind, ...] | None = Field(None, description="event types; None: all")
    sha256: Digest
    created_at: AwareDatetime
    previous_sha256: Digest | None = Field(None, description="of the key before its rotation")
    previous_until: AwareDatetime | None = Field(None, description="until when that one counts")
    mapping: Path | None = Field(None, description="mapping file of its webhooks")
    signature: Literal["twilio", "hmac"] | None = Field(None, description="of its webhooks")
    secret_env: VariableName | None = Field(
        None, description="environment variable that holds the signature's secret"
    )

    def admits(self, kind: str) -> bool:
        """Whether it may send events of a type, given by its topic's name."""
        return self.types is None or kind in self.types

    def hashes(self, now: datetime) -> Iterator[str]:
        """The hashes that count at `now`: its own, and for a while that of the one before."""
        yield self.sha256
        until = self.previous_until
        if self.previous_sha256 is not None and until is not None and now < until:
            yield self.previous_sha256


class _Contents(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: list[Key] = []


def new_token() -> str:
    """A key as its source sends it: 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is stored of a key: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def matching(keys: Sequence[Key], token: str, now: datetime) -> Key | None:
    """The key that `token` is, compared in constant time with every one; None of an unknown one."""
    given = hash_of(token)
    found = None
    for key in keys:
        for stored in key.hashes(now):
            if hmac.compare_digest(stored, given):
                found = key
    return found


class KeyFile:
    """The file of the keys: JSON, readable by its owner alone, always whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Key]:
        """The keys; none where there is no file.

        Raises:
            KeyFileError: the file cannot be read, or is no file of keys.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            return _Contents.model_validate_json(raw).keys
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "it is no JSON"
            raise KeyFileError(f"{self.path} is no file of keys: {where}") from None

    def add(self, key: Key) -> None:
        """Add a key.

        Raises:
            KeyFileError: there is one of that name.
        """
        with self._changing() as keys:
            if any(each.name == key.name for each in keys):
                raise KeyFileError(
                    f"there is a key {key.name}: ascolto keys rotate {key.name} makes a new one"
                )
            keys.append(key)

    def rotate(self, name: str, sha256: str, previous_until: datetime | None) -> Key:
        """Give a key another hash; the old one counts until `previous_until`.

        Raises:
            KeyFileError: there is no such key.
        """
        with self._changing() as keys:
            index = self._index(keys, name)
            keys[index] = keys[index].model_copy(
                update={
                    "sha256": sha256,
                    "previous_sha256": None if previous_until is None else keys[index].sha256,
                    "previous_until": previous_until,
                }
            )
            return keys[index]

    def revoke(self, name: str) -> None:
        """Remove a key.

        Raises:
            KeyFileError: there is no such key.
        """
        with self._changing() as keys:
            del keys[self._index(keys, name)]

    def _index(self, keys: Sequence[Key], name: str) -> int:
        for index, key in enumerate(keys):
            if key.name == name:
                return index
        there = ", ".join(key.name for key in keys) or "none"
        raise KeyFileError(f"there is no key {name} in {self.path}; there are: {there}")

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys to change: they are written when the block ends, one process at a time."""
        if self.path.exists():
            self.read()  # A wrong file is left alone, without a lock beside it.
        lock_file = self.path.with_name(f".{self.path.name}.lock")
        try:
            with lock_file.open("a+") as lock:
                deadline = time.monotonic() + _LOCK_SECONDS
                while not try_lock(lock):
                    if time.monotonic() > deadline:
                        raise KeyFileError(f"another process is changing {self.path}")
                    time.sleep(0.05)
                keys = self.read()
                yield keys
                self._write(keys)
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be written: {error.strerror}") from error

    def _write(self, keys: list[Key]) -> None:
        shown = _Contents(keys=keys).model_dump(mode="json", exclude_none=True)
        with replacing(self.path) as file:
            file.write(json.dumps(shown, ensure_ascii=False, indent=2).encode())


class KeyRing:
    """The keys of a running gateway: read again whenever their file changes."""

    def __init__(self, file: KeyFile) -> None:
        self._file = file
        self._version: tuple[int, ...] | None = (0,)
        self._keys: list[Key] = []

    def keys(self) -> list[Key]:
        """The keys as they are now.

        Raises:
            KeyFileError: they cannot be read.
        """
        version = self._seen()
        if version != self._version:
            self._keys = self._file.read()
            self._version = version
        return self._keys

    def find(self, token: str) -> Key | None:
        """The key that a source has sent; None of an unknown one.

        Raises:
            KeyFileError: the keys cannot be read.
        """
        return matching(self.keys(), token, datetime.now(UTC))

    def named(self, name: str) -> Key | None:
        """The key of a name.

        Raises:
            KeyFileError: the keys cannot be read.
        """
        return next((key for key in self.keys() if key.name == name), None)

    def _seen(self) -> tuple[int, ...] | None:
        try:
            status = self._file.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyFileError(f"{self._file.path} cannot be read: {error.strerror}") from error
        return status.st_mtime_ns, status.st_size, status.st_ino
