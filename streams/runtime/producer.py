"""What Faust's producer says when it cannot write, put in one form."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faust.exceptions import ProducerSendError
from faust.types import RecordMetadata


async def enqueued(sending: Awaitable[Awaitable[RecordMetadata]]) -> Awaitable[RecordMetadata]:
    """The acknowledgement to wait for.

    What the producer refuses at once (Faust wraps it) comes out of the acknowledgement, too.
    """
    try:
        return await sending
    except ProducerSendError as error:
        refused: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        refused.set_exception(error.__cause__ or error)
        return refused


def may_pass(error: object) -> bool:
    """Whether Kafka may take later what it has not taken; what is too large it never takes."""
    return isinstance(error, KafkaError) and not isinstance(error, MessageSizeTooLargeError)
