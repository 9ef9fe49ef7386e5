"""What is remembered within a batch saves work and changes nothing; its cost does not square."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engagements.facts import (
    Cancellation,
    Fact,
    Payment,
    PaymentReturn,
    ScoredCall,
    SurveyAnswer,
)
from processors.engagements.history import CustomerState, Memory, Observed, engagements_of, observe
from processors.event_time import HOUR_US
from schemas.changes import Position
from schemas.figures import Segment

HORIZON_HOURS = 30
BEGIN = 1_780_000_000_000_000
SEGMENTS = (
    ("debt_collection", "reminder", "phone", "household"),
    ("customer_care", "dispute", "email", "public_body"),
)


def facts(rng: random.Random, count: int) -> list[Fact]:
    """One customer's facts, crowded around the horizon's edges and at equal times."""
    made: list[Fact] = []
    for number in range(count):
        at = BEGIN + rng.randrange(12) * 10 * HOUR_US + rng.randrange(-1, 2)
        name = f"e{rng.randrange(1000)}-{number}"
        kind = rng.random()
        if kind < 0.6:
            agency, segment = rng.choice("ab"), rng.choice(SEGMENTS)
            scores = rng.choice((None, 0, 5000)), rng.choice((None, 3000))
            made.append(
                ScoredCall(
                    name,
                    "acqua",
                    "c",
                    at,
                    agency,
                    Segment(*segment),
                    *scores,
                    None,
                    None,
                    None,
                    None,
                )
            )
        elif kind < 0.8:
            currency = rng.choice(("EUR", "EUR", "CHF"))
            made.append(Payment(name, "acqua", "c", at, rng.randrange(1, 50_000), currency))
        elif kind < 0.9:
            by = rng.choice(("customer", "supplier"))
            made.append(Cancellation(name, "acqua", "c", at, by))
        else:
            made.append(correction(rng, name, at, made))
    return made


def correction(rng: random.Random, name: str, at: int, made: list[Fact]) -> Fact:
    """A return or an answer, mostly of one of the facts made."""
    at += rng.choice((0, 1, 20, 60)) * HOUR_US
    named = rng.choice(made[-9:]).event_id if made else "nothing"
    if rng.random() < 0.5:
        amount = rng.choice((None, rng.randrange(1, 30_000)))
        return PaymentReturn(name, "acqua", "c", at, named, amount)
    return SurveyAnswer(name, "acqua", "c", at, named, rng.choice((None, 2, 7, 10)))


def position_of(fact: Fact, offset: int) -> Position:
    return Position(type(fact).__name__, 0, offset)


def observed(arrivals: list[tuple[Fact, Position]], memory: Callable[[], Memory]) -> list[Observed]:
    """What each arrival yields, with the memory given for it."""
    state: CustomerState | None = None
    found = []
    for fact, position in arrivals:
        found.append(observe(state, fact, position, horizon_hours=HORIZON_HOURS, memory=memory()))
        state = found[-1].state
    return found


@settings(derandomize=True, deadline=None, database=None, max_examples=150)
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_a_batch_s_memory_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    arrivals = [(fact, position_of(fact, at)) for at, fact in enumerate(facts(rng, 30))]
    arrivals += rng.sample(arrivals, 10)  # replays, in any order
    arrivals += [(fact, at._replace(offset=at.offset + 99)) for fact, at in arrivals[:5]]
    shared = Memory()
    assert observed(arrivals, lambda: shared) == observed(arrivals, Memory)


@settings(derandomize=True, deadline=None, database=None, max_examples=150)
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_changes_add_up_to_the_engagements_of_all_facts(seed: int) -> None:
    rng = random.Random(seed)
    own = facts(rng, 30)
    shared = Memory()
    current: dict[str, set[object]] = {}
    for each in observed([(f, position_of(f, n)) for n, f in enumerate(own)], lambda: shared):
        for change in each.changes:
            engagements = current.setdefault(change.agency_id, set())
            assert engagements >= set(change.before)
            assert not set(change.before) & set(change.after)
            engagements -= set(change.before)
            engagements |= set(change.after)
    assert current == {
        agency: set(engagements)
        for agency, engagements in engagements_of(own, HORIZON_HOURS).items()
    }


def steps(work: Callable[[], object]) -> int:
    """Calls of Python functions that `work` makes: its cost, whatever else the machine does."""
    count = 0

    def count_one(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(count_one)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("order", ["oldest first", "newest first", "any order"])
def test_a_customer_of_many_facts_costs_no_square(order: str) -> None:
    def batch(count: int) -> Callable[[], object]:
        rng = random.Random(count)
        own = sorted(facts(rng, count), key=lambda fact: fact.at, reverse=order == "newest first")
        if order == "any order":
            rng.shuffle(own)
        shared = Memory()
        return lambda: observed([(f, position_of(f, n)) for n, f in enumerate(own)], lambda: shared)

    assert steps(batch(1600)) < 5 * steps(batch(400))
