"""The arbiter of identities, and what becomes of events in conflict on their whole way."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from processors.identity.claims import Claim, Name, Verdict
from schemas import rows
from schemas.codec import decode, encode
from schemas.derived import CallScored, DeadLetter
from schemas.topics import CALL_ENDED, CALL_SCORED, DEAD_LETTER
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import claim_together
from streams.facts.identified import Identified, read_fact
from streams.runtime.outbox import Message
from streams.transport.delivery import Delivery
from tests.streams.claims_suite import CHECKS, Check
from tests.streams.doubles import Effects, MemoryClaims, Mishap
from tests.streams.pipeline import BEGIN, DERIVED, KEY, World, left, paid, scored


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_the_double_does_what_every_arbiter_must(check: Check) -> None:
    durable: dict[Name, str] = {}
    await check(lambda: MemoryClaims(durable))


def test_the_store_does_what_every_arbiter_must(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.streams.claims_suite", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert {check.__name__ for check in CHECKS} < set(outcome)
    assert {name: wrong for name, wrong in outcome.items() if wrong} == {}


def called(customer: str, origin: str, content: str, aggression: float) -> Message:
    """A scored call named 'call', transcribed from the event at `origin`."""
    message = scored("call", customer, BEGIN, content=content, aggression=aggression)
    event = decode(message.value, CallScored)
    assert isinstance(event, CallScored)
    moved = event.call.model_copy(update={"origin": origin})
    return Message(CALL_SCORED, message.key, encode(event.model_copy(update={"call": moved})))


def conflicting(number: int) -> list[Message]:
    """Events of equal identities that do not all say the same, from several customers."""
    rng = random.Random(number)
    messages = [
        scored("before", "p:c0", BEGIN - timedelta(days=1), rating=10),
        scored("before", "p:c1", BEGIN - timedelta(days=1), rating=0, content="other"),
        called("p:c0", "call-ended/0/0", "one", 0.1),
        called("p:c1", "call-ended/1/0", "two", 0.9),
        called("p:c1", "call-ended/9/7", "two", 0.9),
        paid("till", "p:c0", BEGIN + timedelta(days=1), "10"),
        paid("till", "p:c0", BEGIN + timedelta(days=2), "20"),
        paid("till", "p:c1", BEGIN + timedelta(days=1), "30"),
        left("ended", "p:c1", BEGIN + timedelta(days=3)),
        left("ended", "p:c0", BEGIN + timedelta(days=3)),
        paid("till", "p:c0", BEGIN + timedelta(days=1), "10"),
    ]
    rng.shuffle(messages)
    return messages


def world_of(number: int, effects: Effects | None = None) -> World:
    world = World(effects or Effects())
    for partition in (0, 1):
        original = f'{{"id": "call", "source": "pbx {partition}"}}'.encode()
        world.broker.write(Message(CALL_ENDED, b"k", original, partition))
    for message in conflicting(number):
        world.broker.write(message)
    return world


def letters(world: World) -> list[DeadLetter]:
    found = [decode(raw, DeadLetter) for raw in world.broker.values(DEAD_LETTER.name)]
    return list(
        {letter.letter_id: letter for letter in found if isinstance(letter, DeadLetter)}.values()
    )


def place_of(world: World, message: Message) -> tuple[str, int]:
    """Topic and partition in which a message lies."""
    return next(p for p, log in world.broker.logs.items() if (message.key, message.value) in log)


def standing(world: World) -> dict[str, Any]:
    """What the tables hold, and what every part of the system took for the events."""
    return {table.name: world.store.rows(table) for table in (rows.CALLS, *DERIVED)}


def assert_all_agree(world: World) -> None:
    """State, calls, engagements and hours follow from the same events, each identity once."""
    table = world.table("customers")
    states = [state for key in table if (state := table.get(key))]
    known = [(e[1], e[5], s["customer"]) for s in states for e in s["events"]]
    known += [
        (kind, event_id, customer)
        for (_, customer), archived in world.archive.items()
        for kind, event_id in archived
    ]
    known = sorted(set(known))
    names = [(kind, event_id) for kind, event_id, _ in known]
    assert sorted(set(names)) == names, "no identity belongs to two customers"
    calls = {(row["event_id"], row["customer"]) for row in world.store.rows(rows.CALLS).values()}
    assert calls == {(event_id, customer) for kind, event_id, customer in known if kind == "call"}
    hours = world.store.rows(rows.AGENCY_HOURS).values()
    said = sum(row["calls"] for row in hours if row["segment"] == "all")
    assert said == len(calls)
    engaged = world.store.rows(rows.ENGAGEMENTS).values()
    assert sum(row["calls"] for row in engaged) == len(calls)
    journal = {(row["event_id"], row["customer"]) for row in world.store.rows(rows.EVENTS).values()}
    assert journal == {(event_id, customer) for kind, event_id, customer in known if kind != "call"}


@pytest.mark.parametrize("number", range(12))
def test_of_events_in_conflict_one_is_accepted_everywhere_and_the_others_are_dead_letters(
    number: int,
) -> None:
    world = world_of(number)
    asyncio.run(world.settle(random.Random(number)))
    assert_all_agree(world)
    rejected = letters(world)
    assert {letter.error_class for letter in rejected} == {"conflict"}
    assert len({letter.event_id for letter in rejected}) == 4


GATE = ClockGate(lambda: int(BEGIN.timestamp() * 1_000_000), 0)


class CountedClaims(MemoryClaims):
    """How often it was asked for what it had not been asked for before."""

    def __init__(self) -> None:
        super().__init__({})
        self.known: set[Name] = set()
        self.rounds = 0

    async def judge(self, claims: Sequence[Claim]) -> list[Verdict]:
        names = {claim.name for claim in claims}
        self.rounds += not names <= self.known
        self.known |= names
        return await super().judge(claims)


def deliveries(messages: Sequence[Message]) -> list[Delivery]:
    """Each of another partition."""
    return [Delivery(m.topic.name, n, 0, m.value) for n, m in enumerate(messages)]


async def test_of_a_batch_over_several_partitions_the_store_is_asked_once() -> None:
    batch = deliveries([paid(str(n), f"p:c{n}", BEGIN, "10") for n in range(4)])
    batch.insert(2, Delivery(batch[0].topic, 9, 0, b"no event"))
    claims = CountedClaims()
    await claim_together(claims, batch, KEY, GATE)
    assert (claims.rounds, len(claims.known)) == (1, 4)
    for delivery in batch:
        fact = read_fact(delivery, KEY)
        if isinstance(fact, Identified):
            assert await claims.judge([fact.claim]) == [Verdict.ACCEPTED]
    assert claims.rounds == 1


class BrokenClaims(MemoryClaims):
    async def judge(self, claims: Sequence[Claim]) -> list[Verdict]:
        raise RuntimeError(f"Mario Rossi, {len(claims)} claims")


async def test_claims_that_fail_together_are_left_to_the_partitions_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    batch = deliveries([paid("1", "p:c", BEGIN, "10")])
    await claim_together(BrokenClaims({}), batch, KEY, GATE)
    assert caplog.messages == ["claims are asked for by partition, not together: RuntimeError"]


def test_whatever_dies_on_the_way_the_parts_agree() -> None:
    undisturbed = world_of(3)
    asyncio.run(undisturbed.settle(random.Random(3)))
    assert undisturbed.script.count > 40
    wrong = []
    for number in range(1, undisturbed.script.count + 1):
        mishap = Mishap.DIE_AFTER if number % 2 else Mishap.DIE_BEFORE
        world = world_of(3, Effects({number: mishap}))
        # The events are written before anything can happen to a worker.
        asyncio.run(world.settle(random.Random(number), rewinds=True))
        try:
            assert_all_agree(world)
            assert len({letter.event_id for letter in letters(world)}) == 4
        except AssertionError as error:
            wrong.append((number, error))
    assert not wrong


async def test_the_letter_of_a_call_holds_what_was_sent_and_of_one_that_is_gone_what_is_left() -> (
    None
):
    world = World()
    world.broker.write(Message(CALL_ENDED, b"k", b"first", 0))
    world.broker.write(Message(CALL_ENDED, b"k", b"as it was sent", 0))
    lost = called("p:c", "call-ended/0/99", "three", 0.1)
    for message in (
        called("p:c", "call-ended/0/0", "one", 0.1),
        called("p:c", "call-ended/0/1", "two", 0.1),
        lost,
    ):
        world.broker.write(message)
    await world.settle()
    by_topic = {letter.topic: letter for letter in letters(world)}
    assert set(by_topic) == {"call-ended", "call-scored"}
    assert base64.b64decode(by_topic["call-ended"].original) == b"as it was sent"
    assert by_topic["call-ended"].origin == "call-ended/0/1"
    assert base64.b64decode(by_topic["call-scored"].original) == lost.value
    for letter in by_topic.values():
        assert (letter.event_id, letter.client_id) == ("call", "acqua")
        assert "an id of its own" in letter.reason


async def test_conflicts_are_counted_and_one_sent_twice_is_one_letter() -> None:
    world = World()
    worker = world.worker()
    for amount in ("1", "2", "2", "3"):
        world.broker.write(paid("till", "p:c", BEGIN, amount))
    while await worker.step(random.Random(0)):
        pass
    assert len(letters(world)) == 2
    assert worker.progress.report()["counts"]["conflicts"] == 3


async def test_a_duplicate_in_another_partition_is_a_duplicate_also_when_all_was_archived() -> None:
    """An emitter without the right partitioner sends the same call again, much later."""
    world = World()
    first = scored("call", "p:c", BEGIN, aggression=0.4)
    world.broker.write(first)
    await world.settle()
    later = BEGIN + timedelta(days=90)
    for n in range(20):
        world.broker.write(scored(f"later{n}", f"p:l{n}", later + timedelta(hours=n)))
    await world.settle()
    assert world.table("customers").get("acqua|p:c") is None, "it was archived"
    before = standing(world)
    elsewhere = next(p for p in range(4) if ("call-scored", p) != place_of(world, first))
    world.broker.write(replace(first, partition=elsewhere))
    await world.settle()
    assert standing(world) == before
