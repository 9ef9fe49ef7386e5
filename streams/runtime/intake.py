"""How agents take events in: in batches, acknowledged only when their effects are in place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust

from schemas.codec import InvalidMessage
from schemas.errors import AscoltoError
from schemas.inbound.binary_mode import structured
from schemas.topics import catalogue_name
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.delivery import Delivery

log = logging.getLogger(__name__)

MOST_UNEXPECTED = 50
"""Unexpected failures in a row after which a worker stops, rather than reject a whole topic."""


_LOG_APPEND_TIME = 1
"""Kafka's number for a timestamp that the broker set, not the producer."""

Handler = Callable[[Sequence[Delivery]], Awaitable[None]]


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
        """
        try:
            await self._handler(batch)
            self._failures = 0
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a batch of %d events failed; handling each alone", len(batch))
            for delivery in batch:
                await self._take_alone(delivery)

    async def _take_alone(self, delivery: Delivery) -> None:
        try:
            await self._handler([delivery])
            self._failures = 0
        except asyncio.CancelledError:
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


async def consume(stream: faust.Stream[Any], intake: Intake, size: int, within: float) -> None:
    """Feed `stream` to `intake`, up to `size` events or `within` seconds at a time.

    Too many failures stop the worker: Faust alone would go on without this agent.

    Events are acknowledged here, after the handler: Faust's own `take` acknowledges a batch
    even when its agent is cancelled in the midst of it. Events from before a rebalance are
    neither handled nor acknowledged: the tables are being read back meanwhile, and the events
    come again.
    """
    async for taken in stream.noack_take(size, within=within):
        events = current(stream, taken)
        if not events:
            continue
        try:
            await intake.take([delivery_of(event) for event in events])
        except TooManyFailures as error:
            log.critical("stopping the worker: %s", error)
            await stream.app.crash(error)
            raise
        for event in current(stream, events):
            await stream.ack(event)


def current(
    stream: faust.Stream[Any], events: Sequence[faust.EventT[Any]]
) -> Sequence[faust.EventT[Any]]:
    """Those of `events` that came since the worker was last given its partitions."""
    generation = stream.app.consumer_generation_id
    return [event for event in events if event.message.generation_id == generation]


def delivery_of(event: faust.EventT[Any]) -> Delivery:
    """The message behind a Faust event."""
    message = event.message
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    by_the_broker = getattr(message, "timestamp_type", None) == _LOG_APPEND_TIME
    return Delivery(
        catalogue_name(message.topic),
        message.partition,
        message.offset,
        structured(pairs, message.value or b""),
        round(message.timestamp * 1e6) if by_the_broker else None,
    )
