"""`link`, `aggregate` and the store agents, dying between any two effects: the same end."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from schemas import rows
from schemas.codec import decode
from schemas.derived import DeadLetter
from schemas.topics import CALL_SCORED, DEAD_LETTER
from streams.runtime.outbox import Message
from tests.streams.doubles import Effects, Mishap
from tests.streams.pipeline import BEGIN, DERIVED, World, history

EVENTS = history(seed=5, events=14)
POISON = [b"", b"{", b"\xff", b"[]", b'{"call": 1}']


def world_with(events: list[Message], effects: Effects | None = None) -> World:
    world = World(effects or Effects())
    for message in events:
        world.broker.write(message)
    return world


def end(world: World) -> dict[str, Any]:
    """What the events left behind, apart from when it was written."""
    tables = {table.name: world.store.rows(table) for table in DERIVED}
    hours = tables[rows.AGENCY_HOURS.name]
    tables[rows.AGENCY_HOURS.name] = {
        key: row for key, row in hours.items() if any(row[name] for name in rows.HOUR_SUMS)
    }
    return {"days": days(world), "customers": events_known(world), **tables}


def days(world: World) -> dict[str, Any]:
    """The agencies' days that hold anything, without their marks."""
    table = world.table("agency-days")
    states = {key: table.get(key) or {} for key in table}
    return {
        key: {name: state[name] for name in ("hours", "later", "worst")}
        for key, state in states.items()
        if state["hours"] or state["later"]
    }


def events_known(world: World) -> dict[str, set[str]]:
    """The events of each customer, in its state or archived."""
    table = world.table("customers")
    known = {key: {e[5] for e in state["events"]} for key in table if (state := table.get(key))}
    for key, archived in world.archive.items():
        known.setdefault("|".join(key), set()).update(event_id for _, event_id in archived)
    return known


@pytest.fixture(scope="module")
def undisturbed() -> tuple[dict[str, Any], int]:
    """The end without mishaps, and how many effects led to it."""
    world = world_with(EVENTS)
    asyncio.run(world.settle())
    assert len(world.store.rows(rows.ENGAGEMENTS)) >= 5
    assert len(world.store.rows(rows.CALL_SURVEYS)) >= 2
    assert any(
        hour["known"] > hour["hour"] for hour in world.store.rows(rows.AGENCY_HOURS).values()
    )
    assert world.archive
    return end(world), world.script.count


def test_the_order_of_arrival_across_topics_does_not_show(
    undisturbed: tuple[dict[str, Any], int],
) -> None:
    for seed in range(12):
        events = EVENTS.copy()
        random.Random(seed).shuffle(events)
        world = world_with(events)
        asyncio.run(world.settle(random.Random(seed)))
        assert end(world) == undisturbed[0]


@pytest.mark.parametrize("mishap", [Mishap.DIE_BEFORE, Mishap.DIE_AFTER])
def test_dying_between_any_two_effects_leaves_the_same_end(
    mishap: Mishap, undisturbed: tuple[dict[str, Any], int]
) -> None:
    expected, effects = undisturbed
    for number in range(1, effects + 1, 2):
        world = world_with(EVENTS, Effects({number: mishap}))
        asyncio.run(world.settle(random.Random(number), rewinds=number % 4 == 1))
        assert world.deaths <= 1
        assert end(world) == expected, f"after dying at effect {number}"
        assert world.broker.values(DEAD_LETTER.name) == []


def test_dying_again_and_again_with_replays_from_any_earlier_offset(
    undisturbed: tuple[dict[str, Any], int],
) -> None:
    for seed in range(15):
        rng = random.Random(seed)
        numbers = rng.sample(range(1, undisturbed[1]), 12)
        deaths = {n: rng.choice((Mishap.DIE_BEFORE, Mishap.DIE_AFTER)) for n in numbers}
        world = world_with(EVENTS, Effects(deaths))
        asyncio.run(world.settle(rng, rewinds=True))
        assert world.deaths > 3
        assert end(world) == undisturbed[0], f"seed {seed}"


def test_poison_ends_as_one_dead_letter_each_and_the_rest_goes_on(
    undisturbed: tuple[dict[str, Any], int],
) -> None:
    poison = [Message(CALL_SCORED, b"k", raw) for raw in POISON]
    for seed in range(5):
        events = [*EVENTS]
        rng = random.Random(seed)
        for message in poison:
            events.insert(rng.randrange(len(events)), message)
        deaths = dict.fromkeys(rng.sample(range(1, undisturbed[1]), seed), Mishap.DIE_AFTER)
        world = world_with(events, Effects(deaths))
        asyncio.run(world.settle(rng, rewinds=True))
        assert end(world) == undisturbed[0]
        letters = [decode(raw, DeadLetter) for raw in world.broker.values(DEAD_LETTER.name)]
        assert {letter.topic for letter in letters if isinstance(letter, DeadLetter)} == {
            CALL_SCORED.name
        }
        assert len(world.store.rows(rows.DEAD_LETTERS)) == len(POISON)


def test_an_unexpected_failure_alone_loses_nothing(
    undisturbed: tuple[dict[str, Any], int],
) -> None:
    """A failing batch is done again event by event, so one failure at an effect passes."""
    for number in range(1, undisturbed[1], 7):
        for mishap in (Mishap.FAIL_BEFORE, Mishap.FAIL_AFTER):
            world = world_with(EVENTS, Effects({number: mishap}))
            asyncio.run(world.settle(random.Random(number)))
            assert end(world) == undisturbed[0], f"effect {number}, {mishap}"


def test_snapshots_after_dying_equal_those_without(
    undisturbed: tuple[dict[str, Any], int],
) -> None:
    expected = snapshots(None)
    assert len(expected) > 100
    for number in range(1, undisturbed[1], 12):
        assert snapshots(number) == expected, f"after dying at effect {number}"


def snapshots(dies_at: int | None) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The days' rows where a clock moves the windows on, a day of it between two halves."""
    script = {} if dies_at is None else {dies_at: Mishap.DIE_BEFORE}
    world = World(Effects(script), today=BEGIN + timedelta(days=80))
    half = len(EVENTS) // 2
    for number, messages in enumerate((EVENTS[:half], EVENTS[half:])):
        world.today = BEGIN + timedelta(days=90 + 2 * number)
        for message in messages:
            world.broker.write(message)
        asyncio.run(world.settle(random.Random(3)))
    return world.store.rows(rows.AGENCY_METRICS)
