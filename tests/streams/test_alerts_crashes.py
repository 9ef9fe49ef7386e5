"""Alerts of every kind, whatever the order of arrival and wherever the worker dies: the same."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from schemas.derived import AgencyAlert, AlertKind, AlertStatus
from streams.runtime.outbox import Message
from tests.streams.alert_world import AlertWorld, weeks
from tests.streams.doubles import Death, Effects, Failure, Mishap
from tests.streams.pipeline import BEGIN, scored

Standing = dict[str, dict[str, object]]


def call(day: int, minutes: int, level: float, rating: int) -> Message:
    """A rated conversation of bora's."""
    name = f"rated-{day}-{minutes}"
    at = BEGIN + timedelta(days=day, minutes=minutes)
    return scored(name, f"p:{name}", at, "bora", level, rating=rating)


def history() -> list[Message]:
    """Five usual weeks, a rise and a fall, a silence of three days, and usual days again."""
    usual = [
        call(day, 20 * number, 0.1 * (1 + number % 3), (10, 9, 7, 5)[(day + number) % 4])
        for day in (*range(0, 33), *range(44, 47))
        for number in range(2)
        if day % 7 < 5
    ]
    harsh = [call(35, 10 * number, 0.9, number % 5) for number in range(10)]
    return [*usual, *harsh, *weeks(0, 49, "aurora", calls=1)]


def world_with(events: list[Message], effects: Effects | None = None) -> AlertWorld:
    world = AlertWorld(effects or Effects())
    for message in events:
        world.broker.write(message)
    return world


async def conclude(world: AlertWorld, rng: random.Random, *, rewinds: bool = False) -> Standing:
    """Work everything through, and let a quiet interval pass, however often the worker dies."""
    for _ in range(50):
        try:
            await world.settle(rng, rewinds=rewinds)
            await world.hush(world.worker())
            return world.standing()
        except (Death, Failure):
            world.script.dead = False
    raise AssertionError("this never ends")


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Standing, int]:
    """The alerts without mishaps, and how many effects led to them."""
    world = world_with(history())
    standing = asyncio.run(conclude(world, random.Random(0)))
    found = {(row["kind"], row["status"]) for row in standing.values()}
    assert {kind for kind, _ in found} == set(AlertKind)
    assert {status for _, status in found} == {"open", "resolved"}
    return standing, world.script.count


@pytest.mark.parametrize("seed", range(4))
async def test_the_order_of_arrival_does_not_show(
    undisturbed: tuple[Standing, int], seed: int
) -> None:
    rng = random.Random(seed)
    events = history()
    events += rng.sample(events, 20)
    rng.shuffle(events)
    assert await conclude(world_with(events), rng) == undisturbed[0]


@pytest.mark.parametrize("seed", range(8))
async def test_deaths_and_failures_repeat_and_lose_no_alert(
    undisturbed: tuple[Standing, int], seed: int
) -> None:
    standing, effects = undisturbed
    rng = random.Random(seed)
    script = {rng.randrange(1, effects): rng.choice(list(Mishap)) for _ in range(12)}
    world = world_with(history(), Effects(script))
    assert await conclude(world, rng, rewinds=seed % 2 == 1) == standing
    assert world.deaths > 0
    last: dict[str, AgencyAlert] = {alert.alert_id: alert for alert in world.published()}
    published = {key for key, alert in last.items() if alert.status is not AlertStatus.RETRACTED}
    assert published == set(standing)
