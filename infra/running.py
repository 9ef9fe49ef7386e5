"""Who runs on a data directory: told from what running processes leave there."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from infra.status_page import RUN_DIRECTORY
from schemas.errors import AscoltoError

LOCK = "stack.lock"
"""Locked, and holding a process's id, while a stack or a rebuild runs on the directory."""


class DirectoryInUse(AscoltoError):
    """A stack or a rebuild runs on the directory; the message says which process."""


@dataclass(frozen=True)
class Running:
    """A process that runs on a data directory; `page` is its address where it serves one."""

    what: str
    pid: int
    page: str | None

    def __str__(self) -> str:
        page = "" if self.page is None else f", page {self.page}"
        return f"{self.what} (process {self.pid}{page})"


def running(data_dir: Path) -> list[Running]:
    """The stack and the workers that run on `data_dir` by what they noted there."""
    found = []
    holder = lock_holder(data_dir)
    if holder is not None:
        found.append(Running("ascolto", holder, None))
    for file in sorted((data_dir / RUN_DIRECTORY).glob("*.json")):
        try:
            noted = json.loads(file.read_text(encoding="utf-8"))
            worker = Running(f"the {file.stem} worker", int(noted["pid"]), str(noted["url"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if alive(worker.pid):
            found.append(worker)
    return found


def take(data_dir: Path) -> IO[str]:
    """Lock the directory, which must be there, until what is returned is closed.

    Raises:
        DirectoryInUse: another process has it locked.
    """
    lock = (data_dir / LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        who = " and ".join(map(str, running(data_dir))) or "another ascolto"
        raise DirectoryInUse(
            f"another ascolto runs in {data_dir}: {who}; stop it first (Ctrl-C where it runs), "
            "or give another --data-dir"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def lock_holder(data_dir: Path) -> int | None:
    """Id of the process that holds the directory's lock; None where none does."""
    try:
        with (data_dir / LOCK).open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return _number(lock.read())
    except OSError:
        pass
    return None


def alive(pid: int) -> bool:
    """Whether a process of that id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None
