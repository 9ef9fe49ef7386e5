"""Threads for work that may hang: the process does not wait for them when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

ResultT = TypeVar("ResultT")


class DaemonThreads:
    """Runs blocking work, so much at a time; an executor's threads would be waited for."""

    def __init__(self, at_once: int, name: str) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._name = name

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """What `work` returns or raises."""
        async with self._free:
            loop = asyncio.get_running_loop()
            result: asyncio.Future[ResultT] = loop.create_future()

            def settle(settling: Callable[[], None]) -> None:
                if not result.done():
                    settling()

            def run() -> None:
                try:
                    value = work()
                except BaseException as error:
                    settling = partial(result.set_exception, error)
                else:
                    settling = partial(result.set_result, value)
                with suppress(RuntimeError):  # The loop is closed: nobody waits.
                    loop.call_soon_threadsafe(settle, settling)

            threading.Thread(target=run, name=self._name, daemon=True).start()
            return await result
