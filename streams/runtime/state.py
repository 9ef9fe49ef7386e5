"""State of the agents: Faust tables whose writes name their partition and are awaited."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol, cast

import faust
from faust.stores import memory

from streams.runtime.producer import Send, deliver

State = dict[str, Any]

WORTH_COMPRESSING = 2_000
"""Bytes of JSON from which a value is compressed: an agency's day is, a customer is not."""


class Size(NamedTuple):
    """How much a table holds: keys, and bytes of keys and values."""

    keys: int
    bytes: int


class StateTable(Protocol):
    """A keyed state that outlives the worker."""

    def get(self, key: str) -> State | None:
        """The value at `key`, or None."""

    def __iter__(self) -> Iterator[str]:
        """All keys of the partitions this worker has."""

    async def put(self, values: Mapping[str, tuple[int | None, State]]) -> None:
        """Store each key's (partition, value); returns when all of them are durable.

        The partition is that of the events the state follows from; None: the key's own.
        """

    async def remove(self, keys: Mapping[str, int | None]) -> None:
        """Remove each key, given with its partition as for `put`; returns when that is durable."""


class FaustStateTable:
    """A `StateTable` on a Faust table.

    Faust finds a write's partition by the event in hand, which a batch does not have, and does
    not say when the write is durable; so the changelog is written here, by partition, awaited,
    and the value shown only then. Values are JSON, so that integers keep every digit; large ones
    are compressed.
    """

    def __init__(self, app: faust.App, name: str, partitions: int) -> None:
        self._table = app.Table(
            name,
            partitions=partitions,
            key_type=bytes,
            value_type=bytes,
        )
        self._bytes: int | None = None

    def get(self, key: str) -> State | None:
        """The value at `key`, or None."""
        raw = self._table.data.get(key.encode())
        return None if raw is None else unpacked(raw)

    def __iter__(self) -> Iterator[str]:
        """All keys of the partitions this worker has."""
        return (key.decode() for key in list(self._table.data))

    async def put(self, values: Mapping[str, tuple[int | None, State]]) -> None:
        """Store each key's (partition, value); returns when all of them are durable."""
        encoded = {
            key.encode(): (partition, packed(value)) for key, (partition, value) in values.items()
        }
        await self._write(encoded)

    async def remove(self, keys: Mapping[str, int | None]) -> None:
        """Remove each key; returns when that is durable."""
        await self._write({key.encode(): (partition, None) for key, partition in keys.items()})

    def size(self) -> Size:
        """How much the table holds."""
        if self._bytes is None:
            self._bytes = sum(len(key) + len(raw) for key, raw in self._table.data.items())
        return Size(len(self._table.data), self._bytes)

    def forget_size(self) -> None:
        """Count again: Faust has read keys back, or dropped those of partitions that moved."""
        self._bytes = None

    async def _write(self, encoded: Mapping[bytes, tuple[int | None, bytes | None]]) -> None:
        """Write all to the changelog, then show them; what is seen is always durable."""
        keys = list(encoded)
        partitions: dict[bytes, int] = {}
        await deliver(
            [self._send(key, *encoded[key]) for key in keys],
            "states",
            lambda index, at: partitions.__setitem__(keys[index], at.partition),
        )
        for key, (_, raw) in encoded.items():
            self._show(key, raw, partitions[key])

    def _show(self, key: bytes, raw: bytes | None, partition: int) -> None:
        """Show a durable value; Faust needs its partition, to drop it when that moves away."""
        store = cast("memory.Store[bytes, bytes]", self._table.data)
        before = store.data.pop(key, None)
        if raw is None:
            store._key_partition.pop(key, None)
        else:
            store.data[key] = raw
            store._key_partition[key] = partition
        if self._bytes is not None:
            self._bytes += _size(key, raw) - _size(key, before)

    def _send(self, key: bytes, partition: int | None, value: bytes | None) -> Send:
        return partial(
            self._table.changelog_topic.send,
            key=key,
            value=value,
            partition=partition,
            key_serializer="raw",
            value_serializer="raw",
        )


def _size(key: bytes, raw: bytes | None) -> int:
    return 0 if raw is None else len(key) + len(raw)


def packed(value: State) -> bytes:
    """A value as it is stored and written: JSON, compressed where that pays."""
    raw = json.dumps(value, separators=(",", ":")).encode()
    return zlib.compress(raw, 1) if len(raw) > WORTH_COMPRESSING else raw


def unpacked(raw: bytes) -> State:
    """The value again; JSON starts with a brace, a compressed one never does."""
    value: State = json.loads(raw if raw.startswith(b"{") else zlib.decompress(raw))
    return value


def changelog_topic(app_name: str, table: str) -> str:
    """Name of a table's changelog topic, which the admin step makes."""
    return f"ascolto-{app_name}-{table}-changelog"
