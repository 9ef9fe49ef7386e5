"""State of the agents: tables of one partition each, in memory, with a changelog in Kafka."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from streams.runtime.progress import Size
from streams.transport.writers import Record, Writer

State = dict[str, Any]

WORTH_COMPRESSING = 2_000
"""Bytes of JSON from which a value is compressed: an agency's day is, a customer is not."""


class StateTable(Protocol):
    """A keyed state that outlives the worker."""

    def get(self, key: str) -> State | None:
        """The value at `key`, or None. It is not to be changed: `put` takes a new one."""

    def __iter__(self) -> Iterator[str]:
        """All keys."""

    async def put(self, values: Mapping[str, State]) -> None:
        """Store each key's value; returns when all of them are written."""

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove each key; returns when that is written."""


class PartitionTable:
    """A `StateTable` of one partition, in a compacted topic.

    A value is shown once it is written, and `undo` shows again what was shown at the last `keep`:
    a transaction that fails leaves nothing. Values are JSON, so that integers keep every digit;
    large ones are compressed.
    """

    def __init__(self, topic: str, partition: int, writer: Writer, decoded: bool = False) -> None:
        """
        Args:
            topic: its changelog.
            partition: of the changelog.
            writer: writes to the changelog.
            decoded: whether values stay decoded in memory: for few that are read often.
        """
        self.topic = topic
        self.partition = partition
        self._writer = writer
        self._decoded = decoded
        self._raw: dict[str, bytes] = {}
        self._values: dict[str, State] = {}
        self._before: dict[str, bytes | None] = {}
        self._bytes = 0

    def get(self, key: str) -> State | None:
        """The value at `key`, or None."""
        if key in self._values:
            return self._values[key]
        raw = self._raw.get(key)
        if raw is None:
            return None
        value = unpacked(raw)
        if self._decoded:
            self._values[key] = value
        return value

    def __iter__(self) -> Iterator[str]:
        """All keys."""
        return iter(list(self._raw))

    async def put(self, values: Mapping[str, State]) -> None:
        """Store each key's value; returns when all of them are written."""
        await self._write({key: packed(value) for key, value in values.items()})
        if self._decoded:
            self._values |= values

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove each key; returns when that is written."""
        await self._write(dict.fromkeys(keys))

    def restore(self, key: bytes, raw: bytes | None) -> None:
        """Show what the changelog holds; of one key the last write stays."""
        self._show(key.decode(), raw)

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Each key with its value as the changelog has it."""
        return iter(self._raw.items())

    def keep(self) -> None:
        """What is shown now is durable."""
        self._before.clear()

    def undo(self) -> None:
        """Show again what was durable last."""
        before, self._before = self._before, {}
        for key, raw in before.items():
            self._show(key, raw)

    def size(self) -> Size:
        """How much the table holds."""
        return Size(len(self._raw), self._bytes)

    async def _write(self, encoded: Mapping[str, bytes | None]) -> None:
        await self._writer.write(
            [Record(self.topic, key.encode(), raw, self.partition) for key, raw in encoded.items()],
            "states",
        )
        for key, raw in encoded.items():
            self._before.setdefault(key, self._raw.get(key))
            self._show(key, raw)

    def _show(self, key: str, raw: bytes | None) -> None:
        self._values.pop(key, None)
        self._bytes += _size(key, raw) - _size(key, self._raw.get(key))
        if raw is None:
            self._raw.pop(key, None)
        else:
            self._raw[key] = raw


def _size(key: str, raw: bytes | None) -> int:
    return 0 if raw is None else len(key) + len(raw)


def packed(value: State) -> bytes:
    """A value as it is stored and written: JSON, compressed where that pays."""
    raw = msgspec.json.encode(value)
    return zlib.compress(raw, 1) if len(raw) > WORTH_COMPRESSING else raw


def unpacked(raw: bytes) -> State:
    """The value again; JSON starts with a brace, a compressed one never does."""
    value: State = msgspec.json.decode(raw if raw.startswith(b"{") else zlib.decompress(raw))
    return value
