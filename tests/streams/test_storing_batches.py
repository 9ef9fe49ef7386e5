"""Batches of rows: what one row that cannot be written costs, and what it does not."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from decimal import Decimal

import pytest

from infra.clickhouse.store import Row, Values
from processors.metrics.from_sums import figures
from schemas import rows
from schemas.codec import decode, encode
from schemas.derived import AlertStatus, DeadLetter, Figures, Snapshots
from schemas.figures import MetricWindow
from schemas.rows import Table
from schemas.topics import (
    AGENCY_ALERT,
    AGENCY_METRICS,
    DEAD_LETTER,
    ENGAGEMENT_CHANGED,
)
from streams.agents.row_writer import RowSettings
from streams.agents.store import TableWriter
from streams.runtime.outbox import Message
from streams.transport.delivery import Delivery
from tests.streams.doubles import MemoryBroker, MemoryStore
from tests.streams.pipeline import BEGIN, KEY, World, scored
from tests.streams.test_storing_rows import (
    NOW_US,
    SINK_OF,
    alert,
    letters,
    rows_of,
)


async def test_of_two_rows_with_one_key_in_a_batch_the_newer_is_written_alone() -> None:
    store = MemoryStore()
    ticks = iter(range(10))
    settings = RowSettings(KEY, 1, lambda: next(ticks))
    writer = TableWriter(SINK_OF["alerts"], store, settings, letters(MemoryBroker()))
    both = [encode(alert()), encode(alert(AlertStatus.RESOLVED))]
    await writer.handle([Delivery(AGENCY_ALERT.name, 0, n, raw) for n, raw in enumerate(both)])
    (row,) = store.rows(rows.ALERTS).values()
    assert row["status"] == "resolved"
    assert row["quotes"] == [("e", 1, "Paghi subito", 0.9)]
    assert store.effects.count == 1


class PickyStore(MemoryStore):
    """Takes no row of some customers; refuses what comes with one, as an engine does."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self._refused = set(refused)

    async def insert(self, table: Table, rows: Sequence[Row | Values]) -> None:
        """Write all rows, or none."""
        if any(dict(row)["customer"] in self._refused for row in rows):
            raise OverflowError("a number is too large for its column")
        await super().insert(table, rows)


async def test_a_row_that_the_store_cannot_hold_costs_no_other_customer_s() -> None:
    world = World()
    for number in range(9):
        world.broker.write(scored(f"e{number}", f"p:c{number}", BEGIN, "aurora"))
    await world.settle()
    values = world.broker.values(ENGAGEMENT_CHANGED.name)
    assert any(value.count(b"p:c") > 2 for value in values), "several customers in a message"
    store, broker = PickyStore("p:c3", "p:c7"), MemoryBroker()
    sink = SINK_OF["engagements"]
    writer = TableWriter(sink, store, RowSettings(KEY, 1, lambda: NOW_US), letters(broker))
    batch = [Delivery(ENGAGEMENT_CHANGED.name, 0, n, value) for n, value in enumerate(values)]
    await writer.handle(batch)
    stored = {row["customer"] for row in store.rows(sink.table).values()}
    assert stored == {f"p:c{number}" for number in range(9)} - {"p:c3", "p:c7"}
    rejected = [decode(raw, DeadLetter) for raw in broker.values(DEAD_LETTER.name)]
    originals = [base64.b64decode(letter.original) for letter in rejected]
    assert {letter.error_class for letter in rejected} == {"row_refused"}
    assert all(b"p:c3" in raw or b"p:c7" in raw for raw in originals)
    assert "too large" not in rejected[0].reason
    assert "engagements" in rejected[0].reason


async def test_when_no_row_can_be_written_the_store_is_at_fault_not_the_rows() -> None:
    store, broker = PickyStore("p:c0", "p:c1"), MemoryBroker()
    world = World()
    for number in range(2):
        world.broker.write(scored(f"e{number}", f"p:c{number}", BEGIN))
    await world.settle()
    values = world.broker.values(ENGAGEMENT_CHANGED.name)
    writer = TableWriter(
        SINK_OF["engagements"], store, RowSettings(KEY, 1, lambda: NOW_US), letters(broker)
    )
    with pytest.raises(OverflowError):
        await writer.handle(
            [Delivery(ENGAGEMENT_CHANGED.name, 0, n, value) for n, value in enumerate(values)]
        )
    assert broker.values(DEAD_LETTER.name) == []


def test_snapshots_are_stored_as_they_are_and_as_an_older_version_wrote_each_alone() -> None:
    windows = tuple(
        figures("acqua", "bora", "all", window, NOW_US, {"calls": 3, "promoters": 2})
        for window in MetricWindow
    )
    table = SINK_OF["agency_metrics"].table
    together = Snapshots(client_id="acqua", agency_id="bora", figures=windows)
    rows = rows_of(table, Message(AGENCY_METRICS, b"", encode(together)))
    assert [row["window"] for row in rows] == [window.value for window in MetricWindow]
    assert rows == [row for window in windows for row in rows_of(table, metrics(window))]


def metrics(window: Figures) -> Message:
    """A message of an older version."""
    return Message(AGENCY_METRICS, b"", encode(window))


def test_sums_of_the_largest_amounts_are_whole_in_every_table() -> None:
    units = 3 * (10**18 - 1)
    window = figures("acqua", "bora", "all", MetricWindow.DAY, NOW_US, {"amount": units})
    (row,) = rows_of(SINK_OF["agency_metrics"].table, metrics(window))
    assert row["amount_recovered"] == Decimal(units).scaleb(-4)
    assert "Decimal(38, 4)" in SINK_OF["agency_metrics"].table.columns["amount_recovered"]
    assert "Decimal(38, 4)" in SINK_OF["engagements"].table.columns["amount"]
