"""Recordings that are sent: each written below its client company's folder, whole or not at all."""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from anyio import to_thread

from infra.gateway.refusals import RequestRefused

MOST_NAME = 200
MOST_FOLDERS = 4
"""Slashes that a name may have."""

_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
NAME = rf"^{_PART}(?:/{_PART}){{0,{MOST_FOLDERS}}}$"
"""What names are made of: folders and a file, none of which begins with a dot."""
_NAME = re.compile(NAME.removesuffix("$") + r"\Z")
_LONGEST_FOLDER = 120
_UNFINISHED = ".upload-"
_UNFINISHED_SECONDS = 24 * 3600
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """A recording that is in its place."""

    uri: str
    """What an event names it by."""
    sha256: str
    is_new: bool


def folder_of(client: str) -> str:
    """The folder of a client company: its id, percent-encoded where a file's name cannot be it."""
    name = quote(client, safe="")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if len(name) > _LONGEST_FOLDER:
        name = f"client-{hashlib.sha256(client.encode()).hexdigest()[:32]}"
    return name


def expected_digest(header: str | None) -> bytes | None:
    """The SHA-256 in a `Content-Digest` header (RFC 9530); None where there is no header.

    Raises:
        RequestRefused: 400, it holds none that can be read.
    """
    if header is None:
        return None
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "sha-256" and len(value) > 2 and value[0] == value[-1] == ":":
            with contextlib.suppress(binascii.Error, ValueError):
                digest = base64.b64decode(value[1:-1], validate=True)
                if len(digest) == hashlib.sha256().digest_size:
                    return digest
    raise RequestRefused(400, "Content-Digest: sha-256=:BASE64: is needed (RFC 9530)")


class ReceivedFiles:
    """Writes recordings below the first directory that recordings may be in.

    A file is written under a temporary name, checked, and linked to its own name, which fails
    where there is a file already: none is ever replaced.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def remove_unfinished(self) -> None:
        """Remove what interrupted requests have left, if it is older than a day."""
        if self._directory is None:
            return
        before = time.time() - _UNFINISHED_SECONDS
        for path in self._directory.glob(f"*/{_UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    async def store(
        self, client: str, name: str, chunks: AsyncIterator[bytes], digest: bytes | None
    ) -> Stored:
        """Write a recording.

        Raises:
            RequestRefused: 400, its name or digest is wrong or it is empty; 409, there is another
                file of that name; 503, there is no directory, or the file cannot be written;
                507, the disk is full.
        """
        if len(name) > MOST_NAME or not _NAME.match(name):
            raise RequestRefused(
                400,
                f"name: at most {MOST_NAME} of A-Z a-z 0-9 . _ - with at most {MOST_FOLDERS} "
                "slashes, no part of which begins with a dot",
            )
        if self._directory is None:
            raise RequestRefused(
                503, "this gateway takes no recordings: ASCOLTO_RECORDINGS names no directory"
            )
        folder = self._directory / folder_of(client)
        temporary = folder / f"{_UNFINISHED}{secrets.token_hex(16)}"
        try:
            file = await to_thread.run_sync(_open_new, temporary)
            try:
                with file:
                    found = await self._write(file, chunks)
                if digest is not None and found.digest() != digest:
                    raise RequestRefused(400, "Content-Digest: the body's SHA-256 is another")
                is_new = await to_thread.run_sync(
                    _put_in_place, temporary, folder / name, found.digest()
                )
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise RequestRefused(507, "there is no space left for recordings") from None
            raise RequestRefused(
                503, f"the recording cannot be written ({errno.errorcode.get(error.errno or 0)})"
            ) from None
        return Stored(f"{folder_of(client)}/{name}", found.hexdigest(), is_new)

    async def _write(self, file: BinaryIO, chunks: AsyncIterator[bytes]) -> hashlib._Hash:
        found = hashlib.sha256()
        size = 0
        block = bytearray()
        async for chunk in chunks:
            size += len(chunk)
            block += chunk
            if len(block) >= _BLOCK:
                await to_thread.run_sync(_write_block, file, found, bytes(block))
                block.clear()
        if not size:
            raise RequestRefused(400, "the recording is empty")
        await to_thread.run_sync(_write_last, file, found, bytes(block))
        return found


def _open_new(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def _write_block(file: BinaryIO, found: hashlib._Hash, block: bytes) -> None:
    found.update(block)
    file.write(block)


def _write_last(file: BinaryIO, found: hashlib._Hash, block: bytes) -> None:
    _write_block(file, found, block)
    file.flush()
    os.fsync(file.fileno())


def _put_in_place(temporary: Path, target: Path, digest: bytes) -> bool:
    """Give a complete file its name; False where it is there already.

    Raises:
        RequestRefused: 409, there is something else of that name.
    """
    taken = RequestRefused(409, "there is another file or folder of this name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(temporary, target)
    except (FileExistsError, NotADirectoryError):
        if target.is_symlink() or not target.is_file():
            raise taken from None
        with target.open("rb") as file:
            if hashlib.file_digest(file, "sha256").digest() != digest:
                raise taken from None
        return False
    return True
