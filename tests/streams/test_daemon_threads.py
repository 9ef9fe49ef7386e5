"""Threads that the process does not wait for."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from streams.runtime.daemon_threads import DaemonThreads
from tests.waiting import completed, until


async def test_work_returns_or_raises_what_it_does() -> None:
    threads = DaemonThreads(2, "test")
    assert await threads.run(lambda: 7) == 7

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await threads.run(fail)


async def test_no_more_runs_than_allowed_at_a_time() -> None:
    threads = DaemonThreads(2, "test")
    go = threading.Event()
    running: list[int] = []

    def work(number: int) -> int:
        running.append(number)
        go.wait()
        return number

    tasks = [asyncio.create_task(threads.run(lambda n=n: work(n))) for n in range(5)]
    await until(lambda: len(running) == 2)
    await asyncio.sleep(0.05)
    assert sorted(running) == [0, 1]
    go.set()
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]


_HANGS = """
import asyncio, threading
from streams.runtime.daemon_threads import DaemonThreads

async def main():
    started = threading.Event()
    def hang():
        started.set()
        threading.Event().wait()
    task = asyncio.create_task(DaemonThreads(1, "test").run(hang))
    await asyncio.to_thread(started.wait)
    task.cancel()

asyncio.run(main())
print("ended")
"""


def test_a_process_ends_though_its_work_hangs() -> None:
    assert completed([sys.executable, "-c", _HANGS], check=True).stdout == "ended\n"
