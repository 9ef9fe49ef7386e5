"""Alerts as `aggregate` tells them: opened once, kept over a restart, taken back when undone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from processors.rise_baseline import RiseSettings
from schemas import rows
from schemas.codec import decode
from schemas.derived import AgencyAlert, AlertStatus
from schemas.topics import AGENCY_ALERT, DEAD_LETTER
from streams.outbox import Message
from tests.streams.pipeline import BEGIN, Worker, World, scored

QUICK = RiseSettings(
    threshold=4.0,
    resolve_threshold=4.0,
    warmup_calls=20,
    warmup_days=3,
    alert_calls=4,
    lag_days=0,
)
RISE = BEGIN + timedelta(days=6)


def calls(first: datetime, hours: int, levels: tuple[float, ...], name: str) -> Iterator[Message]:
    """Two conversations an hour of the agency bora, each with a customer of its own."""
    for number in range(2 * hours):
        at = first + timedelta(minutes=30 * number)
        level = levels[number % len(levels)]
        yield scored(f"{name}{number}", f"p:{name}{number}", at, "bora", level)


def usual() -> list[Message]:
    return [
        message
        for day in range(6)
        for message in calls(BEGIN + timedelta(days=day), 5, (0.2, 0.3, 0.1), f"usual{day}-")
    ]


def rise() -> list[Message]:
    return list(calls(RISE, 4, (0.9, 0.8), "rise"))


def elsewhere(at: datetime) -> Message:
    """A conversation of another agency: it moves the client's time on."""
    return scored(f"elsewhere{at:%d%H%M}", "p:elsewhere", at, "aurora", 0.2)


@pytest.fixture
def world() -> World:
    return World(rises=QUICK)


async def play(world: World, worker: Worker, messages: list[Message]) -> None:
    for message in messages:
        world.broker.write(message)
    rng = random.Random(1)
    while await worker.step(rng):
        pass


def told(world: World) -> list[AgencyAlert]:
    found = [decode(raw, AgencyAlert) for raw in world.broker.values(AGENCY_ALERT.name)]
    return [alert for alert in found if isinstance(alert, AgencyAlert)]


async def test_an_alert_opens_once_and_is_told_again_only_when_it_differs(world: World) -> None:
    worker = world.worker()
    await play(world, worker, [*usual(), *rise(), elsewhere(RISE + timedelta(hours=6))])
    opened = told(world)
    assert {alert.alert_id for alert in opened} == {opened[0].alert_id}
    assert opened[-1].status is AlertStatus.OPEN
    assert opened[-1].n == 8
    assert opened[-1].quotes[0].text.startswith("frase di rise")
    assert opened[-1].since == RISE
    await play(world, worker, [elsewhere(RISE + timedelta(hours=9))])
    assert told(world) == opened
    assert len(world.store.rows(rows.ALERTS)) == 1


async def test_it_keeps_its_id_after_a_restart_and_is_not_told_twice(world: World) -> None:
    await play(world, world.worker(), [*usual(), *rise(), elsewhere(RISE + timedelta(hours=6))])
    before = told(world)
    restarted = world.worker()
    await play(world, restarted, [elsewhere(RISE + timedelta(hours=7))])
    assert told(world) == before
    more = list(calls(RISE + timedelta(hours=8), 2, (0.9,), "more"))
    await play(world, restarted, [*more, elsewhere(RISE + timedelta(hours=12))])
    last = told(world)[-1]
    assert (last.alert_id, last.status, last.n) == (before[0].alert_id, AlertStatus.OPEN, 12)


async def test_it_is_told_when_the_time_moves_on_without_the_agency_after_a_restart(
    world: World,
) -> None:
    await play(world, world.worker(), [*usual(), *rise()[:4]])
    assert told(world) == []
    await play(world, world.worker(), [elsewhere(RISE + timedelta(hours=6))])
    assert [alert.status for alert in told(world)] == [AlertStatus.OPEN]
    assert world.broker.values(DEAD_LETTER.name) == []


async def test_a_late_event_that_undoes_it_retracts_it(world: World) -> None:
    worker = world.worker()
    await play(world, worker, [*usual(), *rise()[:4], elsewhere(RISE + timedelta(hours=6))])
    opened = told(world)
    calm = [
        scored(f"calm{n}", f"p:calm{n}", RISE + timedelta(minutes=n), "bora", 0.0)
        for n in range(50)
    ]
    await play(world, worker, calm)
    assert told(world)[-1].status is AlertStatus.RETRACTED
    assert told(world)[-1].alert_id == opened[0].alert_id
    (row,) = world.store.rows(rows.ALERTS).values()
    assert row["status"] == "retracted"
    await play(world, world.worker(), [elsewhere(RISE + timedelta(hours=7))])
    assert told(world)[-1].status is AlertStatus.RETRACTED
