"""Two workers that both believe a partition is theirs: what the older one writes never counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest

from infra.kafka.cluster import Cluster
from streams.state.changelogs import Changelogs
from streams.state.tables import PartitionTable
from streams.transport.writers import PartitionLost, Record, TransactionalWriter
from tests.kafka.workers import Installation

pytestmark = pytest.mark.kafka
CHANGELOG = "ascolto-analytics-customers-changelog"
DERIVED = "engagement-changed"


class Worker:
    """One of the workers: a writer for a partition, and the table behind it."""

    def __init__(self, bootstrap: str, partition: int) -> None:
        self.written: list[tuple[str, int, int]] = []
        self.writer = TransactionalWriter(
            Cluster(bootstrap),
            f"ascolto-test-{partition}",
            lambda *place: self.written.append(place),
        )
        self.table = PartitionTable(CHANGELOG, partition, self.writer)
        self._changelogs = Changelogs(Cluster(bootstrap))

    async def open(self) -> dict[str, int]:
        """Take the partition; returns what was read back."""
        await self.writer.open()
        await self._changelogs.read_back([self.table])
        return self.states()

    async def put(self, **numbers: int) -> None:
        """Write states, and a message that follows from them."""
        await self.table.put({key: {"n": n} for key, n in numbers.items()})
        await self.writer.write([Record(DERIVED, b"agency", b"{}", 0)])

    def states(self) -> dict[str, int]:
        """The states that are shown."""
        return {key: (self.table.get(key) or {})["n"] for key in self.table}


_partitions = count()
"""Each test has a partition of its own."""


@pytest.fixture
async def workers(installed: Installation) -> AsyncIterator[list[Worker]]:
    partition = next(_partitions)
    made = [Worker(installed.bootstrap, partition) for _ in range(3)]
    yield made
    for worker in made:
        await worker.writer.close()


async def test_what_is_committed_is_read_back_and_nothing_else(workers: list[Worker]) -> None:
    first, second, third = workers
    assert await first.open() == {}
    await first.put(a=1, b=1)
    await first.writer.commit()
    await first.put(a=2, c=2)
    await first.writer.abort()
    await first.table.put({"b": {"n": 3}})
    await first.writer.commit()
    assert await second.open() == {"a": 1, "b": 3}
    await second.table.remove(["a"])
    await second.writer.commit()
    assert await third.open() == {"b": 3}
    assert [topic for topic, *_ in first.written] == [CHANGELOG, CHANGELOG, DERIVED, CHANGELOG]


async def test_the_older_writer_s_open_transaction_is_taken_back(workers: list[Worker]) -> None:
    first, second, third = workers
    await first.open()
    await first.put(x=1)
    await first.writer.commit()
    await first.put(x=2, y=2)
    assert await second.open() == {"x": 1}
    with pytest.raises(PartitionLost):
        await first.writer.commit()
    await second.put(x=3)
    await second.writer.commit()
    assert await third.open() == {"x": 3}


async def test_the_older_writer_cannot_begin_another(workers: list[Worker]) -> None:
    first, second, third = workers
    await first.open()
    await second.open()
    await second.put(z=1)
    await second.writer.commit()

    async def write() -> None:
        await first.put(z=9)
        await first.writer.commit()

    with pytest.raises(PartitionLost):
        await write()
    assert await third.open() == {"z": 1}


async def test_a_worker_that_dies_in_a_transaction_holds_nobody_up(workers: list[Worker]) -> None:
    first, second, _ = workers
    await first.open()
    await first.put(w=1)
    assert await second.open() == {}
    await second.put(w=2)
    await second.writer.commit()
    assert second.states() == {"w": 2}
