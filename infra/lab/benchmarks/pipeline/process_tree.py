"""A process with its descendants: what processor time they have used, and holding them still."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

_PROC = Path("/proc")


def processes(root: int) -> list[int]:
    """The ids of `root` and its descendants; only `root`'s where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            children.setdefault(int(_fields(stat)[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float | None:
    """Processor seconds of `root` and its descendants, ended ones too; None without /proc."""
    if not _PROC.is_dir():
        return None
    ticks = 0
    for pid in processes(root):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, _fields(_PROC / str(pid) / "stat")[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def held_still(pids: Sequence[int]) -> Iterator[None]:
    """These processes do nothing meanwhile."""
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _fields(stat: Path) -> list[str]:
    """The fields after the command, which may hold anything: state, parent, ..."""
    return stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()
