"""How agents take events in: in batches, acknowledged only when their effects are in place."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import faust

from infra.retry import delays
from schemas.codec import InvalidMessage
from schemas.errors import AscoltoError
from streams.runtime.dead_letters import DeadLetters
from streams.transport.delivery import Delivery
from streams.transport.fetched import Fetched
from streams.transport.writers import PartitionLost

if TYPE_CHECKING:
    from streams.transport.consumer import Consumer

log = logging.getLogger(__name__)

MOST_UNEXPECTED = 50
"""Unexpected failures in a row after which a worker stops, rather than reject a whole topic."""

Handler = Callable[[Sequence[Delivery]], Awaitable[None]]


_ASKED_SECONDS = 0.05
"""How often a pause asks whether another agent is still busy."""


class TooManyFailures(AscoltoError):
    """Events fail one after the other: something is broken here, not in them."""


class Intake:
    """Gives batches to a handler whose effects may happen twice; rejects what it cannot handle."""

    def __init__(self, handler: Handler, dead_letters: DeadLetters) -> None:
        self._handler = handler
        self._dead_letters = dead_letters
        self._failures = 0

    async def take(self, batch: Sequence[Delivery]) -> None:
        """Handle `batch`; if that fails, each event alone, so that one cannot hold up the rest.

        Raises:
            TooManyFailures: the worker has to stop, nothing of the batch acknowledged.
            PartitionLost: another worker may have the partition.
        """
        try:
            await self._handler(batch)
            self._failures = 0
        except (asyncio.CancelledError, PartitionLost):
            raise
        except Exception:
            log.exception("a batch of %d events failed; handling each alone", len(batch))
            for delivery in batch:
                await self._take_alone(delivery)

    async def _take_alone(self, delivery: Delivery) -> None:
        try:
            await self._handler([delivery])
            self._failures = 0
        except (asyncio.CancelledError, PartitionLost):
            raise
        except Exception as error:
            self._failures += 1
            if self._failures > MOST_UNEXPECTED:
                raise TooManyFailures(
                    f"{self._failures} events in a row failed, the last at {delivery.origin} "
                    f"({type(error).__name__}); see the log, fix the cause, start again"
                ) from error
            log.exception("event at %s failed", delivery.origin)
            reason = f"unexpected {type(error).__name__} while it was handled; see the log"
            await self._dead_letters.reject(delivery, InvalidMessage(reason, "unexpected"))


Take = Callable[[Sequence[Delivery]], Awaitable[None]]


class Pause:
    """The least time from one batch to the next, where a batch costs more than its events do.

    It counts from the beginning of a batch: after one that took longer, the next is taken at once,
    as enough has come meanwhile. It goes on while another agent is busy making more.
    """

    def __init__(
        self,
        seconds: float,
        busy: Callable[[], bool] = lambda: False,
        longest: float = 0.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """
        Args:
            seconds: the least time.
            busy: whether more is being made; asked every 50 ms.
            longest: how many seconds it lasts for that at most.
            now: in seconds, from any beginning.
            sleep: waits so many seconds.
        """
        self._seconds = seconds
        self._busy = busy
        self._longest = longest
        self._now = now
        self._sleep = sleep
        self._began = now() - max(seconds, longest)

    def begin(self) -> None:
        """A batch begins."""
        self._began = self._now()

    async def wait(self) -> None:
        """Wait for what is left of it."""
        left = self._began + self._seconds - self._now()
        if left > 0:
            await self._sleep(left)
        while self._busy() and self._now() < self._began + self._longest:
            await self._sleep(_ASKED_SECONDS)


async def consume(
    stream: faust.Stream[Any], agent: str, take: Take, size: int, pause: Pause | None = None
) -> None:
    """Feed `stream` to `take`: all that is there, up to `size` events at a time.

    A batch closes when nothing more is there and the pause after the one before is over. What was
    fetched under an assignment that has ended is neither handled nor acknowledged: its events come
    again, here or to another worker. What `take` raises stops the worker: Faust alone would go on
    without this agent.
    """
    queue = cast("faust.Topic", stream.channel).queue
    consumer = cast("Consumer", stream.app.consumer)
    pause = pause or Pause(0)
    waiting: list[faust.EventT[Fetched]] = []
    async for event in stream.noack().events():
        waiting.append(event)
        if _records(waiting) < size and queue.empty():
            await pause.wait()
        if _records(waiting) < size and not queue.empty():
            continue
        events, waiting = waiting, []
        pause.begin()
        try:
            with consumer.in_hand:
                await _take_fetched([_fetched(each) for each in events], take, size)
                for each in events:
                    consumer.done(agent, _fetched(each), _fetched(each).end)
        except Exception as error:
            log.critical("stopping the worker: %s", error)
            await stream.app.crash(error)
            raise


def _records(events: Sequence[faust.EventT[Fetched]]) -> int:
    return sum(len(_fetched(each).records) for each in events)


def _fetched(event: faust.EventT[Fetched]) -> Fetched:
    return cast("Fetched", event.value)


async def _take_fetched(fetched: Sequence[Fetched], take: Take, size: int) -> None:
    """Handle what was fetched, in parts of `size`, as long as it is this worker's."""
    left = [each for each in fetched if each.is_current]
    deliveries = [delivery for each in left for delivery in each.deliveries]
    waits = delays()
    while deliveries and all(each.is_current for each in left):
        try:
            await take(deliveries[:size])
        except PartitionLost as error:
            delay = next(waits)
            log.warning("%s; trying again in %.1f s, if it is still ours", error, delay)
            await asyncio.sleep(delay)
        else:
            del deliveries[:size]
