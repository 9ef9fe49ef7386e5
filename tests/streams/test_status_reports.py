"""What workers report of themselves: lag and throughput from offsets, rows at intervals."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rows import WORKER_STATUS
from streams.runtime.counters import DEAD_LETTERS
from streams.runtime.progress import Progress, Size
from streams.runtime.status_reports import REPORT_SECONDS, Reporter, StatusReports
from streams.transport.positions import ConsumerMetrics, Positions

START_US = 1_700_000_000_000_000
REPORTER = Reporter("scorer", "0a1b2c3d", "0.1.0")


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_lag_and_handled_follow_from_offsets_whatever_is_committed_when(
    seed: int, steps: int
) -> None:
    """Against lists of the partitions' offsets, of which transaction markers are no records."""
    chance = random.Random(seed)
    positions, assignment = Positions(), object()
    positions.begin(assignment)
    places = [TP("call-ended", 0), TP("x.call-ended", 1), TP("call-scored", 0)]
    ends = {place: chance.randint(0, 5) for place in places}
    fetched, done = dict(ends), dict(ends)
    records: dict[TP, list[int]] = {place: [] for place in places}
    handled: Counter[str] = Counter()
    for _ in range(steps):
        place = chance.choice(places)
        name = place.topic.removeprefix("x.")
        if chance.random() < 0.5:
            number, markers = chance.randint(1, 4), chance.randint(0, 1)
            first = ends[place]
            positions.fetched(place, first, first + number, number)
            fetched[place] = first + number
            records[place] += range(first, first + number)
            ends[place] = first + number + markers
        elif records[place]:
            whole = fetched[place]
            up_to = chance.choice([whole, ends[place]])
            positions.commit({place: up_to})
            done[place] = up_to
            handled[name] += len(records[place])
            records[place] = []
    assert positions.handled == handled
    expected: Counter[str] = Counter()
    for place in places:
        expected[place.topic.removeprefix("x.")] += ends[place] - done[place]
    assert positions.lag(ends, fetched) == dict(expected)


def test_what_was_fetched_under_an_assignment_that_ended_is_not_handled() -> None:
    positions, place = Positions(), TP("call-ended", 0)
    positions.begin("first")
    positions.fetched(place, 0, 10, 10)
    positions.begin("second")
    assert positions.lag({place: 12}, {place: 4}) == {"call-ended": 8}
    positions.fetched(place, 4, 12, 8)
    positions.commit({place: 12})
    assert positions.handled == {"call-ended": 8}


class Reports:
    """A worker's reports, its clock and its consumer scripted."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.now_us = START_US
        self.handled = 0
        self.away: set[int] = set()
        """Numbers of the rows that the store does not take."""
        self.tried = 0
        self.progress = Progress()
        self.intervals = 0

    async def measure(self) -> ConsumerMetrics:
        if self.handled < 0:
            raise TimeoutError
        return ConsumerMetrics({"call-transcribed": 5}, {"call-transcribed": self.handled})

    async def insert(self, row: dict[str, Any]) -> None:
        self.tried += 1
        if self.tried in self.away:
            raise ConnectionError
        self.rows.append(row)

    async def sleep(self, seconds: float) -> None:
        if not self.intervals:
            await asyncio.Event().wait()
        self.intervals -= 1
        self.now_us += round(seconds * 1e6)

    def made(self, insert: Callable[[Any], Awaitable[object]] | None = None) -> StatusReports:
        return StatusReports(
            REPORTER,
            self.progress,
            self.measure,
            insert or self.insert,
            lambda: self.now_us,
            self.sleep,
        )

    async def run(self, reports: StatusReports, intervals: int) -> None:
        self.intervals = intervals
        await reports.start()
        while self.intervals or not self.tried > intervals:
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_worker_reports_at_its_start_every_interval_and_when_it_stops() -> None:
    world = Reports()
    world.handled = 60
    world.progress.count(DEAD_LETTERS, 2)
    world.progress.watch("customers", lambda: Size(3, 400))
    reports = world.made()
    await world.run(reports, 2)
    await reports.stop()
    assert all(set(row) == set(WORKER_STATUS.columns) for row in world.rows)
    first, second, third, last = world.rows
    assert (first["lag"], first["stopped"], first["progressed_at"]) == ({}, False, None)
    assert second["lag"] == {"call-transcribed": 5}
    assert second["events_per_second"] == {"call-transcribed": 60 / REPORT_SECONDS}
    assert second["progressed_at"] == third["progressed_at"] == second["at"]
    assert third["events_per_second"] == {"call-transcribed": 0.0}
    assert (last["stopped"], last["lag"]) == (True, {"call-transcribed": 5})
    assert last["counts"] == {"dead_letters": 2}
    assert (last["state_keys"], last["state_bytes"]) == ({"customers": 3}, {"customers": 400})
    assert {(row["worker"], row["instance"], row["release"]) for row in world.rows} == {
        ("scorer", "0a1b2c3d", "0.1.0")
    }


async def test_a_store_that_is_away_costs_its_rows_and_no_more() -> None:
    world = Reports()
    world.away = {1, 2}
    reports = world.made()
    await world.run(reports, 3)
    await reports.stop()
    assert [row["stopped"] for row in world.rows] == [False, False, True]


async def test_brokers_that_are_away_leave_the_lag_unknown() -> None:
    world = Reports()
    world.handled = -1
    reports = world.made()
    await world.run(reports, 1)
    await reports.stop()
    assert [row["lag"] for row in world.rows] == [{}, {}, {}]
    assert not any(row["events_per_second"] for row in world.rows)


async def test_a_worker_stops_though_its_store_never_answers(monkeypatch: Any) -> None:
    monkeypatch.setattr("streams.runtime.status_reports._LAST_SECONDS", 0.01)
    world = Reports()

    async def never(_: Any) -> None:
        world.tried += 1
        await asyncio.Event().wait()

    reports = world.made(never)
    await world.run(reports, 0)
    await asyncio.wait_for(reports.stop(), 5)
    assert world.rows == []
