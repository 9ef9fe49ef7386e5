"""A stack that was killed starts with an empty broker: the journal must lead to the same rows."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

from infra.clickhouse.journal import DERIVED
from schemas import rows
from tests.streams.doubles import Death, Mishap
from tests.streams.pipeline import BEGIN, World, scored

LATE = [
    scored("second", "p:c", BEGIN + timedelta(days=3), aggression=0.9),
    scored("first", "p:c", BEGIN, aggression=0.1),
]
"""The later conversation arrives first: it opens an engagement that the other one moves."""


async def killed_and_started_again(number: int) -> tuple[World, bool]:
    """Die at an effect; then an empty broker, empty tables, and the events by their time."""
    world = World()
    rng = random.Random(number)
    world.broker.write(LATE[0])
    await world.settle(rng)
    world.script.script = {world.script.count + number: Mishap.DIE_AFTER}
    world.broker.write(LATE[1])
    worker = world.worker()
    try:
        while await worker.step(rng):
            pass
        died = False
    except Death:
        died = True
    again = World(generation=2, store=world.store, ticks=world.ticks)
    for table in DERIVED:  # as `ascolto run all` does before it fills the broker again
        again.store.truncate(table)
    for message in reversed(LATE):
        again.broker.write(message)
    await again.settle(rng)
    return again, died


def standing(world: World) -> dict[str, Any]:
    hours = world.store.rows(rows.AGENCY_HOURS)
    return {
        "engagements": set(world.store.rows(rows.ENGAGEMENTS)),
        "hours": {k: v for k, v in hours.items() if any(v[name] for name in rows.HOUR_SUMS)},
    }


def test_no_row_of_a_former_life_stays() -> None:
    straight = World()
    for message in reversed(LATE):
        straight.broker.write(message)
    asyncio.run(straight.settle())
    expected = standing(straight)
    wrong = []
    for number in range(1, 60):
        again, died = asyncio.run(killed_and_started_again(number))
        if standing(again) != expected:
            wrong.append(number)
        if not died:
            break
    assert number > 15
    assert not wrong, "numbers of the effects after which dying left rows behind"
