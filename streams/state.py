"""State of the agents: Faust tables whose writes name their partition and are awaited."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import faust

from infra.backoff import delays
from streams.sending import enqueued, may_pass

log = logging.getLogger(__name__)

State = dict[str, Any]


class StateTable(Protocol):
    """A keyed state that outlives the worker."""

    def get(self, key: str) -> State | None:
        """The value at `key`, or None."""

    def __iter__(self) -> Iterator[str]:
        """All keys of the partitions this worker has."""

    async def put(self, values: Mapping[str, tuple[int | None, State]]) -> None:
        """Keep each key's (partition, value); returns when all of them are durable.

        The partition is that of the events the state follows from; None: the key's own.
        """


class FaustStateTable:
    """A `StateTable` on a Faust table.

    Faust finds a write's partition by the event in hand, which a batch does not have, and does
    not say when the write is durable; so the changelog is written here, by partition, awaited,
    and the value kept only then. Values are JSON, so that integers keep every digit.
    """

    def __init__(self, app: faust.App, name: str, partitions: int) -> None:
        self._table = app.Table(
            name,
            partitions=partitions,
            key_type=bytes,
            value_type=bytes,
        )

    def get(self, key: str) -> State | None:
        """The value at `key`, or None."""
        raw = self._table.data.get(key.encode())
        return None if raw is None else json.loads(raw)

    def __iter__(self) -> Iterator[str]:
        """All keys of the partitions this worker has."""
        return (key.decode() for key in list(self._table.data))

    async def put(self, values: Mapping[str, tuple[int | None, State]]) -> None:
        """Keep each key's (partition, value); returns when all of them are durable."""
        encoded = {
            key.encode(): (partition, json.dumps(value, separators=(",", ":")).encode())
            for key, (partition, value) in values.items()
        }
        left = list(encoded)
        for delay in delays():
            left = await self._try({key: encoded[key] for key in left})
            if not left:
                break
            log.warning("Kafka did not take %d states; again in %.1f s", len(left), delay)
            await asyncio.sleep(delay)
        for key, (_, value) in encoded.items():
            self._table.data[key] = value

    async def _try(self, encoded: Mapping[bytes, tuple[int | None, bytes]]) -> list[bytes]:
        """Write each once to the changelog; returns the keys that were not acknowledged."""
        changelog = self._table.changelog_topic
        acknowledgements = [
            await enqueued(
                changelog.send(
                    key=key,
                    value=value,
                    partition=partition,
                    key_serializer="raw",
                    value_serializer="raw",
                )
            )
            for key, (partition, value) in encoded.items()
        ]
        results = await asyncio.gather(*acknowledgements, return_exceptions=True)
        failed = []
        for key, result in zip(encoded, results, strict=True):
            if may_pass(result):
                failed.append(key)
            elif isinstance(result, BaseException):
                raise result
        return failed


def changelog_topic(app_name: str, table: str) -> str:
    """Name of a table's changelog topic, which the admin step makes."""
    return f"ascolto-{app_name}-{table}-changelog"
