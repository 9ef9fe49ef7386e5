"""The partitions that a worker has of a stage: each with its state, in one worker at a time.

A partition is opened before anything is done for it: its writer is taken away from whoever had
it, then its tables are read back. What a batch writes for it, states and messages, is one
transaction. If another worker opens it, that transaction fails, everything here is dropped, and
the events come again to whoever has the partition then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake
from streams.runtime.progress import Size
from streams.state.tables import PartitionTable
from streams.transport.delivery import Delivery
from streams.transport.writers import OwnWriter, PartitionLost

log = logging.getLogger(__name__)


class Stage(Protocol):
    """What is done for one partition."""

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Take a batch in; safe to repeat."""

    def forget(self) -> None:
        """Drop what is remembered beside the tables: they show an older state again."""


StageT = TypeVar("StageT", bound=Stage)
ReadBack = Callable[[Sequence[PartitionTable]], Awaitable[None]]
"""Fills tables from their changelogs."""


@dataclass(frozen=True)
class Parts(Generic[StageT]):
    """What a partition is made of."""

    writer: OwnWriter
    tables: Sequence[PartitionTable]
    stage: StageT


class Owned(Generic[StageT]):
    """One partition that this worker has opened."""

    def __init__(self, parts: Parts[StageT], dead_letters: DeadLetters) -> None:
        self.stage = parts.stage
        self.tables = parts.tables
        self._writer = parts.writer
        self._intake = Intake(self._handle, dead_letters)
        self._turn = asyncio.Lock()

    async def open(self, read_back: ReadBack) -> None:
        """Take the partition, and read its tables back."""
        await self._writer.open()
        await read_back(self.tables)

    async def take(self, batch: Sequence[Delivery]) -> None:
        """Handle a batch as `Intake` does.

        Raises:
            PartitionLost: nothing of it was done; the partition is to be closed.
            TooManyFailures: the worker has to stop.
        """
        await self._intake.take(batch)

    async def _handle(self, batch: Sequence[Delivery]) -> None:
        async with self.transaction():
            await self.stage.handle(batch)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """What is written within is written wholly or not at all; one after another.

        Raises:
            PartitionLost: not at all; the partition is to be closed.
        """
        async with self._turn:
            try:
                yield
                await self._writer.commit()
            except PartitionLost:
                raise
            except BaseException:
                for table in self.tables:
                    table.undo()
                self.stage.forget()
                await self._writer.abort()
                raise
            for table in self.tables:
                table.keep()

    async def close(self) -> None:
        """Release the partition."""
        async with self._turn:
            await self._writer.close()


class Partitions(Generic[StageT]):
    """All partitions of a stage that this worker has."""

    def __init__(
        self,
        name: str,
        make: Callable[[int], Parts[StageT]],
        read_back: ReadBack,
        dead_letters: DeadLetters,
    ) -> None:
        """
        Args:
            name: of the stage, for the log.
            make: what a partition is made of, by its number.
            read_back: fills a partition's tables.
            dead_letters: where what cannot be handled goes.
        """
        self._name = name
        self._make = make
        self._read_back = read_back
        self._dead_letters = dead_letters
        self._opening: dict[int, asyncio.Task[Owned[StageT]]] = {}
        self._assigned: set[int] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def owned(self) -> dict[int, Owned[StageT]]:
        """The partitions that are open, by their numbers."""
        return {
            number: task.result()
            for number, task in sorted(self._opening.items())
            if task.done() and not task.cancelled() and task.exception() is None
        }

    def assign(self, numbers: Collection[int]) -> None:
        """Open these partitions and close all others, in the background: a batch may be in hand."""
        self._assigned = set(numbers)
        for number in self._opening.keys() - self._assigned:
            self._release(number)
        for number in numbers:
            self._open(number)

    async def take(self, batch: Sequence[Delivery]) -> None:
        """Handle a batch, each partition's events for themselves.

        Raises:
            PartitionLost: a part of it was not handled; all of it may be taken again.
            TooManyFailures: the worker has to stop.
        """
        for number in dict.fromkeys(delivery.partition for delivery in batch):
            own = [delivery for delivery in batch if delivery.partition == number]
            async with self._using(number) as owned:
                await owned.take(own)

    async def each(self, action: Callable[[StageT], Awaitable[None]]) -> None:
        """Do something for each partition that is this worker's, in a transaction of its own."""
        for number in sorted(self._assigned | self._opening.keys()):
            try:
                async with self._using(number) as owned, owned.transaction():
                    await action(owned.stage)
            except PartitionLost as error:
                log.warning("%s", error)

    def size(self, table: int) -> Size:
        """How much the tables of that place hold together."""
        sizes = [owned.tables[table].size() for owned in self.owned.values()]
        return Size(sum(size.keys for size in sizes), sum(size.bytes for size in sizes))

    async def close(self) -> None:
        """Close all partitions, when the batches in hand are done."""
        self.assign(())
        await asyncio.gather(*self._closing)

    @asynccontextmanager
    async def _using(self, number: int) -> AsyncIterator[Owned[StageT]]:
        owned = await asyncio.shield(self._open(number))
        try:
            yield owned
        except PartitionLost:
            self._release(number)
            raise

    def _open(self, number: int) -> asyncio.Task[Owned[StageT]]:
        task = self._opening.get(number)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._opening[number] = asyncio.create_task(self._opened(number))
        return task

    async def _opened(self, number: int) -> Owned[StageT]:
        owned = Owned(self._make(number), self._dead_letters)
        try:
            await owned.open(self._read_back)
        except BaseException:
            await owned.close()
            raise
        keys = sum(table.size().keys for table in owned.tables)
        log.info("%s/%d: open, %d states read back", self._name, number, keys)
        return owned

    def _release(self, number: int) -> None:
        """Have a partition no more; what it holds of this process is closed in the background."""
        opening = self._opening.pop(number, None)
        if opening is not None:
            closing = asyncio.create_task(self._close(number, opening))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _close(self, number: int, opening: asyncio.Task[Owned[StageT]]) -> None:
        if not opening.done():
            opening.cancel()
        try:
            owned = await opening
        except (asyncio.CancelledError, Exception):
            return
        await owned.close()
        log.info("%s/%d: closed", self._name, number)
