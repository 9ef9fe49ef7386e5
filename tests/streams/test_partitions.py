"""A stage's partitions: opened before use, all of a batch or nothing, dropped when lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from streams.runtime.dead_letters import DeadLetters
from streams.runtime.progress import Progress
from streams.state.partitions import Partitions, Parts
from streams.state.tables import PartitionTable
from streams.transport.delivery import Delivery
from streams.transport.writers import PartitionLost, Record
from tests.streams.doubles import MemoryBroker, MemoryOutbox
from tests.waiting import until


@dataclass
class Log:
    """One partition's changelog, and who has it."""

    owner: object = None
    committed: dict[str, bytes | None] = field(default_factory=dict)
    opened: int = 0


class FencedWriter:
    """An `OwnWriter` on a `Log`: who opened it last has it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._open: dict[str, bytes | None] = {}
        self.closed = False

    async def open(self) -> None:
        self._log.owner = self
        self._log.opened += 1

    async def write(self, records: Sequence[Record], what: str = "messages") -> None:
        self._check(what)
        self._open |= {record.key.decode(): record.value for record in records}

    async def commit(self) -> None:
        self._check("all")
        self._log.committed |= self._open
        self._open = {}

    async def abort(self) -> None:
        self._open = {}

    async def close(self) -> None:
        self.closed = True

    def _check(self, what: str) -> None:
        if self._log.owner is not self:
            raise PartitionLost(f"{what} of another's")


class Counting:
    """A stage that counts each event by its value; some it cannot handle."""

    def __init__(self, table: PartitionTable) -> None:
        self._table = table
        self.forgotten = 0
        self.handled = 0
        self.between: Callable[[], None] = lambda: None

    async def handle(self, batch: Sequence[Delivery]) -> None:
        self.handled += len(batch)
        for delivery in batch:
            key = delivery.value.decode()
            before = (self._table.get(key) or {"n": 0})["n"]
            await self._table.put({key: {"n": before + 1}})
            if key == "bad":
                raise ValueError("this event")
        self.between()

    def forget(self) -> None:
        self.forgotten += 1


class Worker:
    """A worker's partitions on logs that it shares with others."""

    def __init__(self, logs: dict[int, Log]) -> None:
        self._logs = logs
        self.broker = MemoryBroker()
        self.writers: list[FencedWriter] = []
        letters = DeadLetters(MemoryOutbox(self.broker), Progress())
        self.partitions = Partitions("stage", self._make, self._read_back, letters)

    def _make(self, number: int) -> Parts[Counting]:
        writer = FencedWriter(self._logs.setdefault(number, Log()))
        self.writers.append(writer)
        table = PartitionTable("changelog", number, writer)
        return Parts(writer, [table], Counting(table))

    async def _read_back(self, tables: Sequence[PartitionTable]) -> None:
        for table in tables:
            for key, raw in self._logs[table.partition].committed.items():
                table.restore(key.encode(), raw)

    def counts(self, number: int) -> dict[str, int]:
        (table,) = self.partitions.owned[number].tables
        return {key: (table.get(key) or {})["n"] for key in table}


def events(number: int, *values: str) -> list[Delivery]:
    return [Delivery("t", number, at, value.encode()) for at, value in enumerate(values)]


async def test_each_partition_has_its_own_state() -> None:
    worker = Worker({})
    await worker.partitions.take([*events(0, "a", "a"), *events(3, "a", "b")])
    assert worker.counts(0) == {"a": 2}
    assert worker.counts(3) == {"a": 1, "b": 1}


async def test_an_event_that_fails_leaves_nothing_and_its_batch_is_handled_without_it() -> None:
    worker = Worker({})
    await worker.partitions.take(events(0, "a", "bad", "a"))
    assert worker.counts(0) == {"a": 2}
    assert len(worker.broker.values("dead-letter")) == 1
    assert worker.partitions.owned[0].stage.forgotten == 2, "the batch, and the event alone"


async def test_another_worker_goes_on_where_this_one_was() -> None:
    logs: dict[int, Log] = {}
    first, second = Worker(logs), Worker(logs)
    await first.partitions.take(events(0, "a", "b"))
    await second.partitions.take(events(0, "a"))
    assert second.counts(0) == {"a": 2, "b": 1}


async def test_a_worker_that_was_away_writes_nothing_and_reads_back_what_it_missed() -> None:
    logs: dict[int, Log] = {}
    frozen, other = Worker(logs), Worker(logs)
    await frozen.partitions.take(events(0, "a"))
    await other.partitions.take(events(0, "a"))
    with pytest.raises(PartitionLost):
        await frozen.partitions.take(events(0, "zombie"))
    assert 0 not in frozen.partitions.owned
    assert set(logs[0].committed) == {"a"}
    await frozen.partitions.take(events(0, "a"))
    assert frozen.counts(0) == {"a": 3}
    with pytest.raises(PartitionLost):
        await other.partitions.take(events(0, "a"))


async def test_a_partition_lost_in_the_midst_of_a_batch_takes_none_of_it() -> None:
    logs: dict[int, Log] = {}
    worker = Worker(logs)
    await worker.partitions.take(events(0, "a"))
    worker.partitions.owned[0].stage.between = lambda: setattr(logs[0], "owner", None)
    with pytest.raises(PartitionLost):
        await worker.partitions.take(events(0, "a", "b"))
    assert logs[0].committed == {"a": b'{"n":1}'}


async def test_partitions_given_away_are_closed_and_those_given_are_opened() -> None:
    logs: dict[int, Log] = {}
    worker = Worker(logs)
    worker.partitions.assign([0, 1])
    await worker.partitions.take([*events(0, "a"), *events(1, "a")])
    worker.partitions.assign([1, 2])
    await worker.partitions.take(events(2, "b"))
    assert set(worker.partitions.owned) == {1, 2}
    await until(lambda: worker.writers[0].closed)
    assert [writer.closed for writer in worker.writers] == [True, False, False]
    assert {number: log.opened for number, log in logs.items()} == {0: 1, 1: 1, 2: 1}
    await worker.partitions.close()
    assert all(writer.closed for writer in worker.writers)


async def test_a_partition_is_not_closed_under_a_batch() -> None:
    worker = Worker({})
    worker.partitions.assign([0])
    await worker.partitions.take(events(0, "a"))
    owned = worker.partitions.owned[0]
    done = asyncio.Event()

    async def slow() -> None:
        async with owned.transaction():
            await asyncio.sleep(0)
            assert not worker.writers[0].closed
            done.set()

    slowly = asyncio.create_task(slow())
    await asyncio.sleep(0)
    await worker.partitions.close()
    assert done.is_set()
    assert worker.writers[0].closed
    await slowly


async def test_giving_a_partition_away_waits_for_no_batch() -> None:
    worker = Worker({})
    await worker.partitions.take(events(0, "a"))
    goes_on = asyncio.Event()

    async def stuck() -> None:
        async with worker.partitions.owned[0].transaction():
            await goes_on.wait()

    stuck_in_it = asyncio.create_task(stuck())
    await asyncio.sleep(0)
    worker.partitions.assign([1])
    await worker.partitions.take(events(1, "b"))
    assert not worker.writers[0].closed
    goes_on.set()
    await stuck_in_it
    await worker.partitions.close()
    assert worker.writers[0].closed


async def test_a_lost_partition_that_is_still_assigned_is_opened_when_time_moves_on() -> None:
    logs: dict[int, Log] = {}
    worker = Worker(logs)
    worker.partitions.assign([0])
    await worker.partitions.take(events(0, "a"))
    logs[0].owner = None
    with pytest.raises(PartitionLost):
        await worker.partitions.take(events(0, "a"))
    seen: list[Counting] = []

    async def note(stage: Counting) -> None:
        seen.append(stage)

    await worker.partitions.each(note)
    assert [stage.handled for stage in seen] == [0]
    assert worker.counts(0) == {"a": 1}


async def test_an_opening_that_fails_is_tried_again() -> None:
    worker = Worker({})
    fails = iter([True, False])

    async def read_back(_: Sequence[PartitionTable]) -> None:
        if next(fails):
            raise RuntimeError("nothing there")

    worker.partitions._read_back = read_back
    with pytest.raises(RuntimeError):
        await worker.partitions.take(events(0, "a"))
    await worker.partitions.take(events(0, "a"))
    assert worker.counts(0) == {"a": 1}
