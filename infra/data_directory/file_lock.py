"""Locks on files, which the system releases when the process that holds them ends."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


def try_lock(file: IO[str]) -> bool:
    """Lock an open file until it is closed; False where it is locked already."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def lock(file: IO[str]) -> None:
    """Lock an open file until it is closed, when whoever has it locked has closed it."""
    fcntl.flock(file, fcntl.LOCK_EX)


def is_locked(path: Path) -> bool:
    """Whether a file is locked; one that is not there is not, one that cannot be opened is."""
    try:
        with path.open("r+") as file:
            return not try_lock(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
