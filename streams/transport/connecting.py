"""Connecting to Kafka: brokers that are away are waited for, at the start as at any other time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from infra.kafka.tokens import TokenSource
from infra.retry import delays

log = logging.getLogger(__name__)


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens for OAUTHBEARER as aiokafka's clients take them.

    The source's waiting for the token server holds nothing else up.
    """

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def token(self) -> str:
        """A token that is still valid for a while.

        Raises:
            NoToken: the token server gives none.
        """
        return await asyncio.to_thread(self._source.token)


class _Client(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


ClientT = TypeVar("ClientT", bound=_Client)


async def connected(
    make: Callable[[], ClientT], what: str, stopping: Callable[[], bool] = lambda: False
) -> ClientT | None:
    """A client of aiokafka's that has started; None if the worker stops before.

    Args:
        make: makes one; one that could not start cannot be started again.
        what: what connects, for the log.
        stopping: whether the worker is to stop.

    Raises:
        KafkaError: one that waiting does not change.
    """
    for delay in delays():
        client = make()
        try:
            await client.start()
        except (KafkaError, OSError) as error:
            await client.stop()
            if isinstance(error, KafkaError) and not error.retriable:
                raise
            if stopping():
                return None
            log.warning("%s: Kafka is away (%s); trying again in %.1f s", what, error, delay)
            await asyncio.sleep(delay)
        else:
            return client
    raise AssertionError("delays never end")
