"""Events from the future: refused by every part alike, and of no effect on anybody's figures."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from processors.event_time import HOUR_US, to_us
from processors.identity.event_identity import identity_of
from processors.identity.future import FROM_THE_FUTURE, TIME_THAT_COUNTS, time_of
from schemas import rows
from schemas.codec import _INBOUND, InvalidMessage, decode, decode_inbound, encode
from schemas.derived import DeadLetter, Figures, Snapshots
from schemas.topics import AGENCY_METRICS, CALL_ENDED, DEAD_LETTER
from streams.facts.clock_gate import ClockGate
from streams.transport.delivery import Delivery
from streams.transport.fetched import delivery_of
from tests.streams.doubles import BatchStream
from tests.streams.pipeline import BEGIN, World, left, paid, scored
from tests.streams.test_transcribing_agent import Desk, call
from tests.waiting import until

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
NOW = BEGIN + timedelta(days=30)


def payer(number: int) -> str:
    """A customer by a pseudonym in its proper form."""
    return f"p:{number:024d}"


PAYER = payer(0)


class Wall:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return to_us(self.now)


def letters(world: World) -> list[DeadLetter]:
    found = [decode(raw, DeadLetter) for raw in world.broker.values(DEAD_LETTER.name)]
    return [letter for letter in found if isinstance(letter, DeadLetter)]


def test_every_kind_of_event_has_a_time_that_counts() -> None:
    for _, model in _INBOUND.values():
        data: Any = model.model_fields["data"].annotation
        assert TIME_THAT_COUNTS[data] in data.model_fields
    for example in EXAMPLES.glob("*/*.json"):
        routed = decode_inbound(example.read_bytes())
        assert not isinstance(routed, InvalidMessage)
        assert time_of(routed.event).tzinfo is not None


@pytest.mark.parametrize(
    ("ahead", "passes"), [(timedelta(hours=1), True), (timedelta(hours=1, microseconds=1), False)]
)
async def test_what_is_later_than_the_tolerance_reaches_neither_state_nor_journal(
    ahead: timedelta, passes: bool
) -> None:
    world = World(gate=ClockGate(Wall(), HOUR_US))
    at = NOW + ahead
    for message in (
        scored("a", PAYER, NOW - timedelta(days=1)),
        paid("pay", PAYER, at),
        left("end", PAYER, at),
    ):
        world.broker.write(message)
    await world.settle()
    (engagement,) = world.store.rows(rows.ENGAGEMENTS).values()
    assert (engagement["paid"], engagement["cancelled"]) == (passes, passes)
    journaled = {key[-1] for key in world.store.rows(rows.EVENTS)} - {"a"}
    assert journaled == ({"pay", "end"} if passes else set())
    rejected = letters(world)
    assert {(each.error_class, each.event_id, each.client_id) for each in rejected} == (
        set() if passes else {(FROM_THE_FUTURE, name, "acqua") for name in ("pay", "end")}
    )
    assert len(world.store.rows(rows.DEAD_LETTERS)) == len(rejected)


async def test_link_and_journal_agree_whatever_the_clock_does_between_them() -> None:
    wall = Wall()
    world = World(gate=ClockGate(wall, HOUR_US))
    messages = [
        paid(f"pay{number}", payer(number % 3), NOW + timedelta(minutes=number))
        for number in range(50, 110)
    ]
    for customer in range(3):
        world.broker.write(scored(f"call{customer}", payer(customer), NOW - timedelta(days=1)))
    for message in messages:
        world.broker.write(message)
    rng, worker = random.Random(5), world.worker()
    while await worker.step(rng):
        wall.now += timedelta(minutes=1)
    journaled = {key[-1] for key in world.store.rows(rows.EVENTS) if key[-1].startswith("pay")}
    refused = {letter.event_id for letter in letters(world)}
    assert journaled | refused == {f"pay{number}" for number in range(50, 110)}
    assert not journaled & refused
    amounts = [row["amount"] for row in world.store.rows(rows.ENGAGEMENTS).values()]
    assert float(sum(amounts)) == pytest.approx(12.34 * len(journaled))
    assert refused
    assert journaled


def test_what_the_broker_says_decides_whoever_looks_and_whenever() -> None:
    event = decode_inbound(paid("pay", PAYER, NOW).value)
    assert not isinstance(event, InvalidMessage)
    for ahead, passes in ((HOUR_US, True), (HOUR_US + 1, False)):
        appended = to_us(NOW) - ahead
        place = Delivery("payment-received", 0, 7, b"", appended)
        for clock in (NOW - timedelta(days=9), NOW + timedelta(days=9)):
            gate = ClockGate(Wall(clock), HOUR_US)
            assert (gate.refusal(place, event.event) is None) == passes


def test_a_sender_s_clock_is_not_believed() -> None:
    def delivered(kind: int) -> Delivery:
        record = SimpleNamespace(
            offset=0, value=b"x", headers=(), timestamp=12_500, timestamp_type=kind
        )
        return delivery_of(TP("t", 0), record)

    assert delivered(0).appended_us is None
    assert delivered(1).appended_us == 12_500_000


async def test_a_recording_from_the_future_is_not_transcribed() -> None:
    desk, event = Desk(), call("e", "a.ogg")
    wall = Wall(event.data.ended_at - timedelta(hours=2))
    agent = desk.agent()
    agent._ports = replace(agent._ports, gate=ClockGate(wall, HOUR_US))
    await agent.run(BatchStream(CALL_ENDED.name, 2, [encode(event)]))
    assert desk.transcriber.transcribed == []
    (letter,) = desk.letters()
    assert (letter.error_class, letter.event_id) == (FROM_THE_FUTURE, identity_of(b"key", event))
    assert "ended_at" in letter.reason
    wall.now += timedelta(hours=2)
    again = BatchStream(CALL_ENDED.name, 3, [encode(event)])
    await agent.run(again)
    await until(desk.transcribed)
    assert desk.transcriber.transcribed == ["a.ogg"]
    desk.executor.shutdown()


def snapshots(world: World) -> dict[tuple[str, str, str], Figures]:
    """The last snapshot of each agency, window and hour."""
    found = [decode(raw, Snapshots) for raw in world.broker.values(AGENCY_METRICS.name)]
    return {
        (f.agency_id, f.window.value, f.as_of.isoformat()): f
        for snapshots in found
        if isinstance(snapshots, Snapshots)
        for f in snapshots.figures
    }


async def test_no_day_of_an_old_import_is_missing_nor_any_after_now() -> None:
    first = datetime(2001, 1, 1, 9, tzinfo=UTC)
    world = World(today=first + timedelta(days=3 * 365, hours=3))
    world.broker.write(scored("old", payer(1), first))
    await world.settle()
    days = {as_of[:10] for _, window, as_of in snapshots(world) if window == "24h"}
    assert days == {(first + timedelta(days=day)).date().isoformat() for day in range(3 * 365 + 1)}
    assert max(figures.as_of for figures in snapshots(world).values()) <= world.today
    assert snapshots(world)["aurora", "24h", "2001-01-01T23:00:00+00:00"].calls == 1


async def test_a_state_that_holds_a_call_from_the_future_publishes_nothing_after_now() -> None:
    world = World(today=NOW)
    world.broker.write(scored("now", payer(1), NOW - timedelta(days=1)))
    world.broker.write(scored("2098", payer(2), NOW.replace(year=2098), "bora"))
    await world.settle()
    restarted = world.worker()
    await restarted.aggregator.advance()
    await restarted.judge_silences()
    await world.settle()
    assert max(figures.as_of for figures in snapshots(world).values()) <= NOW
    (remaining,) = [
        row
        for row in world.store.rows(rows.AGENCY_METRICS).values()
        if (row["agency_id"], row["window"], row["as_of"].date()) == ("aurora", "7d", NOW.date())
    ]
    assert remaining["calls"] == 1
    assert world.store.rows(rows.ALERTS) == {}


async def test_one_client_s_events_move_no_other_s_windows() -> None:
    world = World()
    world.broker.write(scored("a", payer(1), BEGIN, client="acqua"))
    world.broker.write(scored("b", payer(2), BEGIN + timedelta(days=300), client="luce"))
    await world.settle()
    latest: dict[str, datetime] = {}
    for row in world.store.rows(rows.AGENCY_METRICS).values():
        latest[row["client_id"]] = max(latest.get(row["client_id"], BEGIN), row["as_of"])
    assert latest == {"acqua": BEGIN, "luce": BEGIN + timedelta(days=300)}
