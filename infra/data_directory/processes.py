"""Which processes use a data directory: its lock, and the addresses that they leave in it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from infra.data_directory.file_lock import is_locked, try_lock
from infra.errors import InfraError

RUN_DIRECTORY = "run"
"""Below the data directory: a file for each worker that serves a page."""

LOCK = "stack.lock"
"""Locked, and holding a process's id, while a stack or a rebuild runs on the directory."""


class DirectoryInUse(InfraError):
    """A stack or a rebuild runs on the directory; the message says which process."""


@dataclass(frozen=True)
class RunningProcess:
    """A process that uses a data directory; `page` is its address where it serves one."""

    name: str
    pid: int
    page: str | None

    def __str__(self) -> str:
        page = "" if self.page is None else f", page {self.page}"
        return f"{self.name} (process {self.pid}{page})"


def running_processes(data_dir: Path) -> list[RunningProcess]:
    """The stack and the workers that use `data_dir`."""
    found = []
    holder = lock_holder(data_dir)
    if holder is not None:
        found.append(RunningProcess("ascolto", holder, None))
    for file in sorted((data_dir / RUN_DIRECTORY).glob("*.json")):
        try:
            noted = json.loads(file.read_text(encoding="utf-8"))
            worker = RunningProcess(f"the {file.stem} worker", int(noted["pid"]), str(noted["url"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if is_alive(worker.pid):
            found.append(worker)
    return found


def lock_data_directory(data_dir: Path) -> IO[str]:
    """Lock the directory, which must exist, until what is returned is closed.

    Raises:
        DirectoryInUse: another process has it locked.
    """
    lock = (data_dir / LOCK).open("a+")
    if not try_lock(lock):
        lock.close()
        who = " and ".join(map(str, running_processes(data_dir))) or "another ascolto"
        raise DirectoryInUse(
            f"another ascolto runs in {data_dir}: {who}; stop it first (Ctrl-C where it runs), "
            "or give another --data-dir"
        )
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def lock_holder(data_dir: Path) -> int | None:
    """Id of the process that holds the directory's lock; None where none does."""
    if not is_locked(data_dir / LOCK):
        return None
    try:
        text = (data_dir / LOCK).read_text()
    except OSError:
        return None
    return int(text) if text.strip().isdigit() else None


def address_file(data_dir: Path, worker: str) -> Path:
    """Where a worker writes the address of its page."""
    return data_dir / RUN_DIRECTORY / f"{worker}.json"


def page_address(data_dir: Path, worker: str) -> str | None:
    """The address of a worker's page, or None while it serves none."""
    try:
        return str(json.loads(address_file(data_dir, worker).read_text(encoding="utf-8"))["url"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def page_headers(data_dir: Path, worker: str) -> dict[str, str]:
    """Headers by which a worker's page knows a request of who may read the data directory."""
    try:
        noted = json.loads(address_file(data_dir, worker).read_text(encoding="utf-8"))
        return {"Authorization": f"Bearer {noted['token']}"}
    except (OSError, ValueError, KeyError):
        return {}


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
