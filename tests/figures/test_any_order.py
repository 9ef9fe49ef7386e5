"""In any order, with duplicates and crashes: the figures of a recomputation from all events."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engagements.facts import Fact
from processors.engagements.history import engagements_of, observe
from processors.event_time import to_us
from processors.metrics.from_sums import figures, window_sums
from processors.metrics.hourly_sums import DayState, Effects, apply
from processors.metrics.windows import AgencyDays
from schemas.changes import Position
from schemas.derived import Figures
from schemas.figures import MetricWindow
from tests.figures import reference
from tests.figures.crashing import Model
from tests.figures.histories import (
    AGENCIES,
    BEGIN,
    CLIENT,
    fact_of,
    random_corrections,
    random_history,
)

SEGMENTS = ("all", "service=debt_collection", "channel=phone", "customer_type=public_body")
DETERMINISTIC = settings(derandomize=True, deadline=None, database=None)
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


def assert_figures(got: Figures, expected: dict[str, Any]) -> None:
    """Counts exactly, the rest to 1e-9 (Wilson to 2e-8: scipy's z has more digits)."""
    for name, value in expected.items():
        found = getattr(got, name)
        if not isinstance(value, dict):
            assert found == pytest.approx(value, rel=1e-12, abs=0), name
            continue
        tolerance = 2e-8 if name.endswith("_rate") else 1e-9
        for part, number in value.items():
            if number is None or part in ("n", "n_inferred"):
                assert getattr(found, part) == number, (name, part)
            else:
                where = f"{name}.{part}"
                assert getattr(found, part) == pytest.approx(number, abs=tolerance), where


def delivered(
    rng: random.Random, facts: list[Fact], horizon_hours: int, crash_rate: float
) -> Model:
    """Facts delivered in a random order with duplicates, worked on with crashes and rewinds."""
    arrivals = facts + rng.sample(facts, len(facts) // 5)
    rng.shuffle(arrivals)
    model = Model(rng, horizon_hours, crash_rate)
    third = len(arrivals) // 3
    for part in (arrivals[:third], arrivals[third : 2 * third], arrivals[2 * third :]):
        for fact in part:
            model.deliver(fact)
        model.run()
        model.rewind()
    model.run()
    return model


def in_order(facts: list[Fact], horizon_hours: int) -> dict[str, dict[int, DayState]]:
    """Days of every agency when each fact comes once, by event time, without a crash."""
    customers: dict[str, Any] = {}
    days: dict[str, dict[int, DayState]] = {}
    for offset, fact in enumerate(sorted(facts, key=lambda f: (f.at, f.event_id))):
        position = Position("all", 0, offset)
        seen = observe(customers.get(fact.customer), fact, position, horizon_hours=horizon_hours)
        customers[fact.customer] = seen.state
        for change in seen.changes:
            own = days.setdefault(change.agency_id, {})
            effects = Effects(change)
            for day in effects.days:
                own[day] = apply(own.get(day), day, effects, position)
    return days


def contents(days: dict[int, DayState]) -> dict[int, tuple[Any, ...]]:
    """What days hold, without the marks of delivery; days that hold nothing left out."""
    saved = {d: (s["hours"], s.get("later", {}), s["worst"]) for d, s in days.items()}
    return {day: parts for day, parts in saved.items() if any(parts)}


@given(seed=SEEDS, horizon_hours=st.sampled_from((24, 36, 720)))
@settings(DETERMINISTIC, max_examples=30)
def test_figures_equal_a_recomputation_from_all_events(seed: int, horizon_hours: int) -> None:
    rng = random.Random(seed)
    horizon = timedelta(hours=horizon_hours)
    span = 4 * horizon
    history = random_history(rng, rng.randint(1, 160), rng.randint(1, 30), horizon, span)
    history += random_corrections(rng, history, rng.randint(0, 60), horizon)
    model = delivered(rng, [fact_of(e) for e in history], horizon_hours, rng.choice((0.0, 0.05)))
    for agency in AGENCIES:
        days = AgencyDays.of(CLIENT, agency, model.days(agency))
        for _ in range(2):
            as_of = BEGIN + rng.random() * (span + horizon)
            as_of = rng.choice((as_of, reference.whole_hour(as_of)))
            segment = rng.choice(SEGMENTS)
            for got in days.snapshot(to_us(as_of), segment):
                width = timedelta(hours=got.window.hours)
                expected = reference.figures(history, agency, segment, width, as_of, horizon)
                assert_figures(got, expected)


@given(seed=SEEDS)
@settings(DETERMINISTIC, max_examples=30)
def test_days_and_rows_do_not_show_the_order_nor_the_crashes(seed: int) -> None:
    rng = random.Random(seed)
    horizon = timedelta(hours=36)
    history = random_history(rng, rng.randint(1, 120), rng.randint(1, 10), horizon, 6 * horizon)
    history += random_corrections(rng, history, rng.randint(0, 60), horizon)
    facts = [fact_of(event) for event in history]
    model = delivered(rng, facts, 36, 0.1)
    undisturbed = in_order(facts, 36)

    for agency in AGENCIES:
        assert contents(model.days(agency)) == contents(undisturbed.get(agency, {}))
        days = AgencyDays.of(CLIENT, agency, model.days(agency))
        as_of = to_us(BEGIN + rng.random() * 8 * horizon)
        rows = {
            (hour, known): sums
            for (a, s, hour, known), (_, sums) in model.hour_rows.items()
            if (a, s) == (agency, "all")
        }
        for window in MetricWindow:
            assert window_sums(rows, window, as_of) == days.window_sums("all", window, as_of)

    for customer in {fact.customer for fact in facts}:
        own = [fact for fact in facts if fact.customer == customer]
        for agency in AGENCIES:
            stored = [
                engagement
                for (a, c, _), (_, engagement) in sorted(model.engagement_rows.items())
                if (a, c) == (agency, customer) and engagement is not None
            ]
            assert stored == engagements_of(own, 36).get(agency, [])


def test_the_model_really_crashes_replays_and_duplicates() -> None:
    rng = random.Random(7)
    horizon = timedelta(hours=36)
    history = random_history(rng, 150, 10, horizon, 6 * horizon)
    history += random_corrections(rng, history, 60, horizon)
    model = delivered(rng, [fact_of(event) for event in history], 36, 0.1)
    assert model.crashes > 20
    assert model.outcomes == {"new", "replay", "duplicate"}


def test_figures_as_of_a_time_ignore_what_comes_after_its_hour() -> None:
    rng = random.Random(3)
    horizon = timedelta(hours=24)
    history = random_history(rng, 200, 20, horizon, 5 * horizon)
    history += random_corrections(rng, history, 60, horizon)
    as_of = BEGIN + timedelta(hours=60, minutes=30)
    end = to_us(BEGIN + timedelta(hours=61))
    facts = [fact_of(event) for event in history]
    known_then = [fact for fact in facts if fact.at < end]
    assert len(known_then) < len(facts)
    for agency in AGENCIES:
        then = AgencyDays.of(CLIENT, agency, in_order(known_then, 24)[agency])
        now = AgencyDays.of(CLIENT, agency, in_order(facts, 24)[agency])
        assert then.snapshot(to_us(as_of)) == now.snapshot(to_us(as_of))


def test_days_put_in_any_order_and_again_give_the_same_sums() -> None:
    rng = random.Random(11)
    horizon = timedelta(hours=36)
    history = random_history(rng, 150, 10, horizon, 8 * horizon)
    history += random_corrections(rng, history, 60, horizon)
    days = in_order([fact_of(event) for event in history], 36)["gentile"]
    saved: dict[int, DayState] = {}
    cache = AgencyDays(CLIENT, "gentile", saved.get)
    order = list(days)
    rng.shuffle(order)
    for day in order:
        saved[day] = days[day]
        cache.put(day, days[day])
        as_of = to_us(BEGIN + rng.random() * 10 * horizon)
        so_far = AgencyDays.of(
            CLIENT, "gentile", {d: days[d] for d in order[: order.index(day) + 1]}
        )
        assert cache.snapshot(as_of) == so_far.snapshot(as_of)
        assert cache.version == so_far.version
    emptied = DayState(version=days[order[0]]["version"] + 1, applied={}, hours={}, worst=[])
    saved[order[0]] = emptied
    cache.put(order[0], emptied)
    left = AgencyDays.of(CLIENT, "gentile", {**days, order[0]: emptied})
    assert cache.snapshot(as_of) == left.snapshot(as_of)


def test_a_window_without_anything_has_no_figures_but_counts() -> None:
    got = figures(CLIENT, "gentile", "all", MetricWindow.DAY, to_us(BEGIN), {})
    expected = reference.figures([], "gentile", "all", timedelta(days=1), BEGIN, timedelta(days=30))
    assert_figures(got, expected)
    assert got.churn_rate.value is None
    assert got.nps.value is None
    assert got.aggression.value is None
