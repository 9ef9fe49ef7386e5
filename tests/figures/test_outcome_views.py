"""Quarters, sensitivity to the horizon, and last touch, against plain computations."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engagements.facts import Cancellation, Fact, Payment, ScoredCall
from processors.engagements.horizons import Horizons
from processors.engagements.last_touch import Touches, last_agency, touches
from processors.event_time import DAY_HOURS, HOUR_US, to_us, window_bounds
from processors.metrics.quarters import SMALLEST_N, quarters
from processors.metrics.sensitivity import sensitivity
from schemas.figures import MetricWindow, Segment
from tests.figures import outcome_reference, reference
from tests.figures.histories import AGENCIES, BEGIN, fact_of, random_history
from tests.figures.reference import Happening

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None)
engagements = st.lists(
    st.tuples(st.integers(0, 30).map(lambda x: x / 30), st.booleans()), min_size=30, max_size=90
)


@given(engagements)
@settings(DETERMINISTIC, max_examples=200)
def test_quarters_hold_a_quarter_and_all_that_tie_with_its_last(
    drawn: list[tuple[float, bool]],
) -> None:
    found = quarters(drawn)
    n = len(drawn)
    assert found.n == n
    size = n // 4 + (n % 4 > 0)
    lowest = sorted(drawn, key=lambda each: each[0])[:size]
    highest = sorted(drawn, key=lambda each: -each[0])[:size]
    least = [each for each in drawn if each[0] in {x for x, _ in lowest}]
    most = [each for each in drawn if each[0] in {x for x, _ in highest}]
    if n < SMALLEST_N or set(least) & set(most) or max(least)[0] >= min(most)[0]:
        assert (found.least, found.most, found.least_up_to, found.most_from) == (None,) * 4
        return
    for interval, quarter in ((found.least, least), (found.most, most)):
        assert interval is not None
        expected = reference.rate([left for _, left in quarter])
        assert interval.model_dump() == pytest.approx(expected, abs=1e-6)
        assert interval.n >= n / 4
    assert found.least_up_to == max(x for x, _ in least)
    assert found.most_from == min(x for x, _ in most)


def test_quarters_are_null_below_forty_and_when_all_were_treated_alike() -> None:
    ladder = [(n / 100, n % 2 == 0) for n in range(40)]
    assert quarters(ladder).least is not None
    assert quarters(ladder[:39]).least is None
    assert quarters([(0.0, True)] * 100).most is None
    three_quarters_alike = [(0.0, False)] * 75 + [(0.5, True)] * 25
    found = quarters(three_quarters_alike)
    assert found.least is not None
    assert found.most is not None
    assert (found.least.n, found.least.value, found.most.n, found.most.value) == (75, 0, 25, 1)


def by_customer(history: list[Happening], end: int) -> list[list[Fact]]:
    customers = sorted({event.customer for event in history})
    own = [[fact_of(e) for e in history if e.customer == customer] for customer in customers]
    saved = [[fact for fact in facts if fact.at < end] for facts in own]
    return [facts for facts in saved if facts]


@pytest.mark.parametrize("seed", range(4))
def test_sensitivity_is_the_figures_were_the_horizon_another(seed: int) -> None:
    rng = random.Random(seed)
    horizons = (2, 5, 9)
    history = random_history(rng, 400, 40, timedelta(days=5), timedelta(days=25))
    as_of = BEGIN + timedelta(days=18, hours=rng.randrange(24), minutes=11)
    window = rng.choice((MetricWindow.WEEK, MetricWindow.QUARTER))
    end = window_bounds(window, to_us(as_of))[1]
    found = sensitivity(by_customer(history, end), window, to_us(as_of), horizons)
    assert [(f.agency_id, f.horizon_days) for f in found] == [
        (agency, days) for agency in AGENCIES for days in horizons
    ]
    for each in found:
        expected = reference.figures(
            history,
            each.agency_id,
            "all",
            timedelta(hours=window.hours),
            as_of,
            timedelta(days=each.horizon_days),
        )
        assert each.matured == expected["recovery_rate"]["n"]
        for name in ("churn_rate", "recovery_rate", "churn_correlation", "payment_correlation"):
            reported = getattr(each, name).model_dump()
            assert reported == pytest.approx(expected[name], abs=1e-6), name


@pytest.mark.parametrize("seed", range(6))
def test_touches_are_the_references_in_both_views(seed: int) -> None:
    rng = random.Random(100 + seed)
    horizon = timedelta(days=4)
    history = random_history(rng, 400, 30, horizon, timedelta(days=25))
    as_of: datetime = BEGIN + timedelta(days=20, hours=rng.randrange(24), minutes=11)
    window = rng.choice((MetricWindow.WEEK, MetricWindow.QUARTER))
    begin, end = window_bounds(window, to_us(as_of))
    found = touches(by_customer(history, end), begin, end, Horizons(4 * DAY_HOURS))
    span = timedelta(hours=window.hours)
    expected = outcome_reference.touched(history, span, as_of, horizon)
    assert {each.agency_id for each in found} >= {agency for _, agency in expected}
    for each in found:
        for view, reported in (("every", each.every), ("last", each.last)):
            counted = expected.get((view, each.agency_id), {})
            names = ("cancellations", "payments", "amount")
            assert [getattr(reported, name) for name in names] == [counted.get(n, 0) for n in names]
    once = sum(
        not isinstance(fact, ScoredCall)
        and begin <= fact.at
        and not (isinstance(fact, Cancellation) and fact.ended_by == "supplier")
        for facts in by_customer(history, end)
        for fact in facts
    )
    assert sum(each.last.cancellations + each.last.payments for each in found) == once
    assert sum(each.every.cancellations + each.every.payments for each in found) > once


def call(hours: int, agency: str, event_id: str) -> ScoredCall:
    segment = ("s", "t", "c", "k")
    nothing = (None,) * 6
    return ScoredCall(event_id, "acqua", "c", hours * HOUR_US, agency, Segment(*segment), *nothing)


def test_the_last_agency_is_that_of_the_last_conversation_less_than_h_before() -> None:
    facts = [call(0, "a", "1"), call(5, "b", "3"), call(5, "c", "2")]
    assert last_agency(facts, 4 * HOUR_US, 24) == "a"
    assert last_agency(facts, 5 * HOUR_US, 24) == "b"
    assert last_agency(facts, 29 * HOUR_US - 1, 24) == "b"
    assert last_agency(facts, 29 * HOUR_US, 24) is None
    assert last_agency(facts, -1, 24) is None


def test_an_engagement_may_be_over_while_its_last_conversation_is_recent() -> None:
    paid = Payment("p", "acqua", "c", 30 * HOUR_US, 12_5000, "EUR")
    facts: list[Fact] = [call(0, "a", "1"), call(20, "a", "2"), paid]
    found = {each.agency_id: each for each in touches([facts], 0, 100 * HOUR_US, Horizons(24))}
    assert found["a"].last == Touches(payments=1, amount=125_000)
    assert found["a"].every == Touches()
    assert found[None].every == Touches(payments=1, amount=125_000)


def test_amounts_in_another_currency_are_not_summed() -> None:
    paid = Payment("p", "acqua", "c", 1 * HOUR_US, 10_000, "CHF")
    (found,) = touches([[call(0, "a", "1"), paid]], 0, 100 * HOUR_US, Horizons(24))
    assert found.last == Touches(payments=1, amount=0)
