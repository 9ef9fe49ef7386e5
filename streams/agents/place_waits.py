"""Calls whose recordings' place is away: one at a time tries again, the others wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from infra.places.failures import PlaceAway
from infra.retry import delays

log = logging.getLogger(__name__)

MOST_SECONDS = 60.0
"""Between two tries at a place that is away."""


@dataclass
class _Away:
    """A place that is away: since when, and who waits for it, in the order they are to try."""

    since: float
    waits: Iterator[float]
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class PlaceWaits:
    """Who waits for which place. Each place that goes away, and comes back, is logged once."""

    def __init__(
        self,
        first_delay: float,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first_delay = first_delay
        self._sleep = sleep
        self._clock = clock
        self._away: dict[str, _Away] = {}

    def is_away(self, place: str) -> bool:
        """Whether a place was away at the last try."""
        return place in self._away

    def went_away(self, error: PlaceAway) -> None:
        """Take note that a place could not be used."""
        if error.place in self._away:
            return
        away = _Away(self._clock(), delays(self._first_delay, MOST_SECONDS))
        self._away[error.place] = away
        todo = f"; {error.todo}" if error.todo else ""
        log.warning("%s%s; its recordings wait, others go on", error, todo)
        away.task = asyncio.create_task(self._let_try(away))

    def came_back(self, place: str) -> None:
        """Take note that a place could be used: all that wait for it go on."""
        away = self._away.pop(place, None)
        if away is None:
            return
        assert away.task is not None
        away.task.cancel()
        waiting = [each for each in away.waiting if not each.done()]
        for each in waiting:
            each.set_result(None)
        log.info(
            "%s is back after %.0f s; %d recordings go on",
            place,
            self._clock() - away.since,
            len(waiting) + 1,
        )

    async def turn(self, place: str) -> None:
        """Wait until the place is to be tried; at once where it is not away."""
        away = self._away.get(place)
        if away is None:
            return
        waiting = asyncio.get_running_loop().create_future()
        away.waiting.append(waiting)
        await waiting

    async def _let_try(self, away: _Away) -> None:
        """Let one after another try, ever more rarely: none of them can hold up the others."""
        for delay in away.waits:
            await self._sleep(delay)
            while away.waiting:
                first = away.waiting.popleft()
                if not first.done():
                    first.set_result(None)
                    break
