"""Waiting in tests: for as long as something moves. No test fails because a machine is busy.

What moves is what the caller says: offsets, lines of a log, a process's own processor time. The
clock counts only while none of it does, and only together with polls of our own, so that a test
that is starved itself does not take that for standstill.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

STILL = 120.0
"""Seconds without any change after which a wait fails."""

_POLLS = 200
"""Polls without any change that are needed besides."""

_MOST_CPU = 900.0
"""Processor seconds after which a command that should end is taken to be in a loop."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Standstill(AssertionError):
    """What was waited for did not come, and nothing moved any more."""


def wait_for(
    reached: Callable[[], object],
    progress: Callable[[], object] = lambda: None,
    *,
    still: float = STILL,
    every: float = 0.05,
    details: Callable[[], object] = lambda: "",
) -> float:
    """Poll until `reached` is true; returns the seconds it took.

    Args:
        reached: what is waited for.
        progress: whatever changes while it is on its way.
        still: seconds without a change of `progress` after which it is not.
        every: seconds between polls.
        details: what to say in the failure.

    Raises:
        Standstill: nothing moved for `still` seconds.
    """
    started = moved = time.monotonic()
    before, polls = progress(), 0
    while not reached():
        now, polls = progress(), polls + 1
        if now != before:
            before, moved, polls = now, time.monotonic(), 0
        elif time.monotonic() - moved > still and polls >= min(_POLLS, still / every / 2):
            raise Standstill(f"nothing moved for {still:.0f} s, at {before!r}: {details()}")
        time.sleep(every)
    return time.monotonic() - started


async def until(true: Callable[[], object], polls: int = 4000) -> None:
    """Let the event loop turn until it is `true`; fails after so many turns, however long each.

    For what happens in this process: where the machine is busy, each turn takes longer.
    """
    for _ in range(polls):
        if true():
            return
        await asyncio.sleep(0.005)
    raise Standstill(f"not true after {polls} polls")


async def finished(task: asyncio.Task[Any]) -> Any:
    """The result of a task that this process alone works on."""
    await until(task.done)
    return task.result()


def completed(
    command: Sequence[str | Path],
    *,
    given: str | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = False,
) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` for a command that works until it ends: its output, as text."""
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=None if env is None else dict(env),
    )
    out, err = output(process, given=given)
    if check:
        assert process.returncode == 0, err
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def output(
    process: subprocess.Popen[str],
    *,
    given: str | None = None,
    progress: Callable[[], object] | None = None,
    still: float = STILL,
) -> tuple[str, str]:
    """What a process prints until it ends; it is killed when it no longer moves.

    Args:
        process: started with pipes.
        given: text for its standard input.
        progress: what moves while it works; None: its own processor time and its children's.
        still: as for `wait_for`.
    """
    found: list[tuple[str, str]] = []
    reader = threading.Thread(target=lambda: found.append(process.communicate(given)), daemon=True)
    reader.start()
    try:
        wait_for(
            lambda: not reader.is_alive(),
            progress or _working(process.pid),
            still=still,
            every=0.02,
        )
    except Standstill as error:
        process.kill()
        reader.join()
        raise Standstill(f"{error}\n{_last(found)}") from None
    return found[0]


def _last(found: list[tuple[str, str]]) -> str:
    """The end of what a process printed on the pipes it had."""
    return "".join(part or "" for printed in found for part in printed)[-3000:]


def ended(process: subprocess.Popen[Any], still: float = STILL) -> int:
    """The exit code of a process that is about to end."""
    wait_for(lambda: process.poll() is not None, _working(process.pid), still=still, every=0.02)
    return int(process.returncode)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of those below it, as far as they still run."""
    if not sys.platform.startswith("linux"):
        return 0.0
    parents, times = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            parents[int(entry.name)] = int(fields[1])
            times[int(entry.name)] = sum(map(int, fields[11:15])) / _TICKS
    family, more = {pid}, True
    while more:
        more = {child for child, parent in parents.items() if parent in family} - family
        family |= more
    return sum(times.get(each, 0.0) for each in family)


def _working(pid: int) -> Callable[[], object]:
    """Progress of a command: its processor time, so long as that is not absurd."""

    def look() -> object:
        used = cpu_seconds(pid)
        assert used < _MOST_CPU, f"it has used {used:.0f} s of processor time without an end"
        return used

    return look
