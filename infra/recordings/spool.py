"""The spool: where recordings from elsewhere are until they are transcribed, in a bounded space.

Each process has a directory of its own in it, locked while the process lives; what a process left
that crashed is removed by the next one that starts.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from infra.data_directory.file_lock import is_locked, lock, try_lock
from infra.data_directory.permissions import make_private
from infra.errors import InfraError

log = logging.getLogger(__name__)

_KEPT = "kept"
_LOCK = "lock"


class SpoolClosed(InfraError):
    """Nothing more is fetched."""


class Spool:
    """A directory for recordings; safe to use from several threads and processes.

    `most_bytes` bounds what one process has in it, recordings that are kept included.
    """

    def __init__(
        self,
        directory: Path,
        most_bytes: int,
        keep_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Remove what processes left that have ended.

        `keep_seconds` is how long recordings stay after their transcription; 0: not at all.

        Raises:
            NoDirectory: the directory cannot be made.
        """
        self._most = most_bytes
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._free = threading.Condition()
        self._reserved = 0
        self._closed = False
        make_private(directory)
        self._kept = directory / _KEPT
        with (directory / f".{_LOCK}").open("w") as starting:
            lock(starting)
            _remove_left_overs(directory)
            self._own = Path(tempfile.mkdtemp(prefix="worker-", dir=directory))
            self._lock = _locked(self._own / _LOCK)
        if keep_seconds:
            make_private(self._kept)
        self._remove_old()

    def reserve(self, size: int) -> Reservation:
        """Room for a call's recordings of up to `size` bytes; waits until there is.

        More than the whole spool is reserved when nothing else is in it.

        Raises:
            SpoolClosed: the process is about to end.
        """
        with self._free:
            self._free.wait_for(lambda: self._closed or self._has_room(size))
            if self._closed:
                raise SpoolClosed("the worker stops: the recording is fetched after its next start")
            self._reserved += size
        return Reservation(self, Path(tempfile.mkdtemp(dir=self._own)), size)

    def _has_room(self, size: int) -> bool:
        if not self._reserved or self._reserved + size <= self._most:
            self._remove_kept_beyond(self._most - self._reserved - size)
            return True
        return False

    def give_back(self, size: int) -> None:
        """Let others have bytes that were reserved."""
        with self._free:
            self._reserved -= size
            self._free.notify_all()

    def keep(self, file: Path) -> None:
        """Move a recording to those that stay for a while, if any do."""
        if self._keep_seconds:
            os.utime(file, (self._clock(), self._clock()))
            file.replace(self._kept / file.name)
            self._remove_old()

    def close(self) -> None:
        """Remove what this process has in it; what is kept stays."""
        with self._free:
            self._closed = True
            self._free.notify_all()
        shutil.rmtree(self._own, ignore_errors=True)
        self._lock.close()

    def _remove_old(self) -> None:
        """Remove what was kept long enough; with a setting of 0, all that was ever kept."""
        until = self._clock() - self._keep_seconds
        for file, status in self._files_kept():
            if status.st_mtime <= until:
                file.unlink(missing_ok=True)

    def _remove_kept_beyond(self, most: int) -> None:
        """Remove the oldest kept recordings until all have at most `most` bytes."""
        kept = sorted(self._files_kept(), key=lambda each: each[1].st_mtime)
        size = sum(status.st_size for _, status in kept)
        for file, status in kept:
            if size <= most:
                return
            file.unlink(missing_ok=True)
            size -= status.st_size

    def _files_kept(self) -> Iterator[tuple[Path, os.stat_result]]:
        with suppress(FileNotFoundError):
            for file in list(self._kept.iterdir()):
                with suppress(FileNotFoundError):
                    yield file, file.stat()


class Reservation:
    """A directory of its own in the spool, for the recordings of one call."""

    def __init__(self, spool: Spool, directory: Path, size: int) -> None:
        self._spool = spool
        self._directory = directory
        self._size = size
        self._lock = threading.Lock()

    def path(self, name: str) -> Path:
        """Where a file of that name is to be written."""
        return self._directory / name

    def shrink(self, size: int) -> None:
        """Say how many bytes are needed after all."""
        with self._lock:
            spare, self._size = self._size - size, size
        self._spool.give_back(spare)

    def release(self, *, transcribed: bool) -> None:
        """Remove the recordings, or keep them for a while if they were transcribed."""
        with self._lock:
            size, self._size = self._size, 0
        try:
            if transcribed:
                for file in list(self._directory.iterdir()):
                    self._spool.keep(file)
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._spool.give_back(size)


def _locked(path: Path) -> IO[str]:
    file = path.open("w")
    assert try_lock(file), "a new file"
    return file


def _remove_left_overs(directory: Path) -> None:
    left = [each for each in directory.glob("worker-*") if not is_locked(each / _LOCK)]
    for each in left:
        shutil.rmtree(each, ignore_errors=True)
    if left:
        log.info("removed what %d ended processes left in the spool", len(left))
