"""Whether other processes run, and waiting until something has happened to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

_LOOK_EVERY = 0.01


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] not in ("Z", "X")


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look again and again until it is `true`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(_LOOK_EVERY)
