"""The bench's events: their totals, recounted from the messages, and why they can be compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from infra.lab.benchmarks.pipeline.load import KEY, Load, make_load
from processors.identity.pseudonyms import pseudonym
from schemas.codec import decode
from schemas.derived import CallScored
from schemas.events import ContractCancelledEvent, EndedBy, PaymentReceivedEvent
from tests.kafka.workers import partition_of

HORIZON = timedelta(days=30)
MODELS = {
    "call-scored": CallScored,
    "payment-received": PaymentReceivedEvent,
    "contract-cancelled": ContractCancelledEvent,
}


@pytest.fixture(scope="module")
def load() -> Load:
    return make_load(700)


@pytest.fixture(scope="module")
def events(load: Load) -> list:
    return [decode(message.value.encode(), MODELS[message.topic]) for message in load.messages]


def customer_of(event) -> str:
    if isinstance(event, CallScored):
        return event.call.customer
    return pseudonym(KEY, event.data.client_id, event.data.customer_id)


def time_of(event):
    if isinstance(event, CallScored):
        return event.call.ended_at
    data = event.data
    return data.received_at if isinstance(event, PaymentReceivedEvent) else data.cancelled_at


def test_the_totals_are_those_of_the_messages(load: Load, events: list) -> None:
    agencies = {e.call.customer: e.call.agency_id for e in events if isinstance(e, CallScored)}
    hours, calls = defaultdict(Counter), 0
    paid, left = Counter(), Counter()
    for event in events:
        agency = agencies[customer_of(event)]
        if isinstance(event, CallScored):
            hour = event.call.ended_at.replace(minute=0, second=0)
            place = hours[f"{agency}|{hour.timestamp():.0f}"]
            place["calls"] += 1
            place["aggression"] += round((event.score.aggression or 0) * 10_000)
            calls += 1
        elif isinstance(event, PaymentReceivedEvent):
            paid[agency] += event.data.amount * 10_000
        else:
            left[agency] += event.data.ended_by is EndedBy.CUSTOMER
    assert load.totals.calls == calls
    assert load.totals.payments == sum(isinstance(e, PaymentReceivedEvent) for e in events)
    assert load.totals.hours == {
        hour: [place["calls"], place["aggression"]] for hour, place in hours.items()
    }
    assert load.totals.agencies == {a: [paid[a], left[a]] for a in load.totals.agencies}
    assert sum(place["aggression"] for place in hours.values()) > 0
    assert sum(left.values()) > 0


def test_each_customer_has_one_agency_and_one_engagement(events: list) -> None:
    of_customer = defaultdict(list)
    for event in events:
        of_customer[customer_of(event)].append(event)
    for its_events in of_customer.values():
        first = its_events[0]
        assert isinstance(first, CallScored)
        calls = [e for e in its_events if isinstance(e, CallScored)]
        assert {e.call.agency_id for e in calls} == {first.call.agency_id}
        assert time_of(its_events[-1]) < first.call.ended_at + HORIZON
        cancellations = [e for e in its_events if isinstance(e, ContractCancelledEvent)]
        assert len(cancellations) <= 1


def test_a_customers_events_are_in_one_partition(load: Load, events: list) -> None:
    partitions = defaultdict(set)
    for message, event in zip(load.messages, events, strict=True):
        partitions[customer_of(event)].add(message.partition)
        if message.topic != "call-scored":
            assert message.partition == partition_of(message.key.encode())
    assert all(len(its) == 1 for its in partitions.values())


def test_events_are_in_the_order_of_their_times_and_the_same_each_time(events: list) -> None:
    times = [time_of(event) for event in events]
    assert times == sorted(times)
    assert make_load(100) == make_load(100)
    assert make_load(100) != make_load(100, seed=2)
