"""Writing through Faust's producer: each message until Kafka has acknowledged it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faust.exceptions import ProducerSendError
from faust.types import RecordMetadata

from infra.retry import delays

log = logging.getLogger(__name__)

Send = Callable[[], Awaitable[Awaitable[RecordMetadata]]]
"""Gives a message to the producer; what that gives back is awaited for the acknowledgement."""


async def deliver(
    sends: Sequence[Send], what: str, acknowledged: Callable[[int, RecordMetadata], object]
) -> None:
    """Send all, and again those that Kafka did not take; returns when all are acknowledged.

    Args:
        sends: the messages; they may be retried out of order among themselves.
        what: what they are, for the log.
        acknowledged: called with the index of each that is acknowledged, and where it lies.

    Raises:
        Exception: one that Kafka will never take, as it is too large.
    """
    left = list(range(len(sends)))
    for delay in delays():
        waiting = [await _enqueued(sends[index]()) for index in left]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        refused = []
        for index, result in zip(left, results, strict=True):
            if _may_pass(result):
                refused.append(index)
            elif isinstance(result, BaseException):
                raise result
            else:
                acknowledged(index, result)
        left = refused
        if not left:
            return
        log.warning("Kafka did not take %d %s; trying again in %.1f s", len(left), what, delay)
        await asyncio.sleep(delay)


async def _enqueued(sending: Awaitable[Awaitable[RecordMetadata]]) -> Awaitable[RecordMetadata]:
    """The acknowledgement to wait for.

    What the producer refuses at once (Faust wraps it) comes out of the acknowledgement, too.
    """
    try:
        return await sending
    except ProducerSendError as error:
        refused: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        refused.set_exception(error.__cause__ or error)
        return refused


def _may_pass(error: object) -> bool:
    """Whether Kafka may take later what it has not taken; what is too large it never takes."""
    return isinstance(error, KafkaError) and not isinstance(error, MessageSizeTooLargeError)
