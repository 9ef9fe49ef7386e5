"""Events keyed by another partitioner, or not at all: they meet their customer all the same."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from processors.identity.pseudonyms import pseudonym
from schemas import rows
from schemas.topics import CONTRACT_CANCELLED, PAYMENT_RECEIVED, Topic
from streams.facts.partitioning import Partitioning
from streams.runtime.outbox import Message
from tests.streams.doubles import PARTITIONS
from tests.streams.pipeline import BEGIN, DERIVED, KEY, World, scored

PARTITIONING = Partitioning(PARTITIONS)
CUSTOMERS = [f"customer-{number}" for number in range(6)]


@given(customer=st.text(min_size=1), partitions=st.integers(1, 1000))
def test_a_customer_s_partition_is_the_one_that_java_s_clients_choose(
    customer: str, partitions: int
) -> None:
    expected = (murmur2(customer.encode()) & 0x7FFFFFFF) % partitions
    assert Partitioning(partitions).of(customer) == expected


def call_of(customer: str, number: int, partition: int) -> Message:
    """A scored call; the transcriber has sent it where its customer belongs."""
    message = scored(
        f"call{number}", pseudonym(KEY, "acqua", customer), BEGIN + timedelta(days=number)
    )
    return Message(message.topic, message.key, message.value, partition)


def sent(topic: Topic, kind: str, customer: str, partition: int, **data: str) -> Message:
    """An event as an emitter sends it, by any partition."""
    event = {
        "specversion": "1.0",
        "id": f"{kind}-{customer}",
        "source": "/crm",
        "type": f"it.ascolto.{kind}.v1",
        "time": "2026-02-01T10:00:00Z",
        "subject": customer,
        "data": {"client_id": "acqua", "customer_id": customer, **data},
    }
    return Message(topic, b"", json.dumps(event).encode(), partition)


def history(rng: random.Random | None) -> list[Message]:
    """Calls, payments and cancellations; by partitions at random if `rng` is given."""

    def by(customer: str) -> int:
        return PARTITIONING.of(customer) if rng is None else rng.randrange(PARTITIONS)

    messages = [call_of(c, n, PARTITIONING.of(c)) for n, c in enumerate(CUSTOMERS)]
    for customer in CUSTOMERS:
        at = "2026-01-20T10:00:00Z"
        paid = {"amount": "12.34", "currency": "EUR", "received_at": at}
        messages.append(sent(PAYMENT_RECEIVED, "payment-received", customer, by(customer), **paid))
    for customer in CUSTOMERS[::2]:
        left = {"contract_id": "c", "cancelled_at": at, "ended_by": "customer"}
        messages.append(
            sent(CONTRACT_CANCELLED, "contract-cancelled", customer, by(customer), **left)
        )
    return messages


async def settled(messages: list[Message], seed: int) -> World:
    world = World(partitioning=PARTITIONING)
    for message in messages:
        world.broker.write(message)
    await world.settle(random.Random(seed), rewinds=True)
    return world


@pytest.mark.parametrize("seed", range(5))
async def test_wherever_they_come_everything_is_as_if_they_had_come_right(seed: int) -> None:
    right = await settled(history(None), seed)
    wrong = await settled(history(random.Random(seed)), seed)
    for table in (*DERIVED, rows.CALLS):
        assert wrong.store.rows(table) == right.store.rows(table)
    assert right.store.rows(rows.ENGAGEMENTS)
    journaled = wrong.store.rows(rows.EVENTS)
    assert len(journaled) == len(history(None)) - len(CUSTOMERS), "calls as they are transcribed"
    assert journaled.keys() == right.store.rows(rows.EVENTS).keys()
    partitions = {row["customer"]: set() for row in journaled.values()}
    for row in journaled.values():
        partitions[row["customer"]].add(row["partition"])
    assert all(len(found) == 1 for found in partitions.values()), "a customer has one partition"


async def test_what_is_sent_on_is_counted() -> None:
    world = World(partitioning=PARTITIONING)
    customer = CUSTOMERS[0]
    elsewhere = (PARTITIONING.of(customer) + 1) % PARTITIONS
    paid = {"amount": "1", "currency": "EUR", "received_at": "2026-01-20T10:00:00Z"}
    world.broker.write(sent(PAYMENT_RECEIVED, "payment-received", customer, elsewhere, **paid))
    worker = world.worker()
    while await worker.step(random.Random(1)):
        pass
    counts = worker.progress.report()["counts"]
    assert counts["repartitioned"] == 1
    assert counts["payment_new"] == 1
    (copy,) = world.broker.logs[PAYMENT_RECEIVED.name, PARTITIONING.of(customer)]
    (original,) = world.broker.logs[PAYMENT_RECEIVED.name, elsewhere]
    assert copy == (customer.encode(), original[1])
