"""Kaplan-Meier and log-rank against a computation by hand; who is watched, and how long."""

from __future__ import annotations

import doctest
import random
import subprocess
import sys
from datetime import timedelta
from types import ModuleType

import pytest

import processors.engagements.kaplan_meier
import processors.engagements.survival
from processors.engagements.facts import Cancellation, Fact, ScoredCall
from processors.engagements.kaplan_meier import kaplan_meier, log_rank
from processors.engagements.survival import (
    GroupKind,
    Stay,
    stays_of,
    survival,
    tercile_cuts,
)
from processors.event_time import to_us, window_bounds
from schemas.figures import MetricWindow, Segment
from tests.figures import outcome_reference
from tests.figures.histories import BEGIN, fact_of, random_history

HORIZON = timedelta(days=5)
HOURS = 120
DAY = timedelta(days=1)
FAR = BEGIN + timedelta(days=100)


def drawn(seed: int, n: int) -> tuple[list[float], list[bool], list[str]]:
    """Times with ties, at whole days and in between, some of them 0."""
    rng = random.Random(seed)
    days = [
        rng.choice((rng.randrange(12), rng.random() * 12, rng.randrange(24) / 2)) for _ in range(n)
    ]
    left = [rng.random() < rng.choice((0.2, 0.8)) for _ in range(n)]
    return [float(d) for d in days], left, [rng.choice("abc") for _ in range(n)]


@pytest.mark.parametrize("seed", range(25))
def test_curves_are_kaplan_and_meiers_with_greenwoods_interval(seed: int) -> None:
    days, left, _ = drawn(seed, n=random.Random(seed).choice((1, 2, 7, 60, 150)))
    curve = kaplan_meier(days, left)
    assert [point.day for point in curve] == list(range(len(curve)))
    for point in curve:
        share, low, high = outcome_reference.staying(days, left, point.day)
        assert point.staying == pytest.approx(share, abs=1e-12)
        assert point.at_risk == sum(t >= point.day for t in days)
        if low != low:
            assert (point.low, point.high) == (None, None)
        else:
            assert (point.low, point.high) == pytest.approx((low, high), abs=1e-9)
    nobody_watched_after = max(days) < len(curve)
    assert nobody_watched_after
    assert curve[-1].at_risk > 0 or curve[-1].staying == 0


@pytest.mark.parametrize("seed", range(25))
def test_the_log_rank_test_is_mantels(seed: int) -> None:
    days, left, groups = drawn(seed, n=40 + seed)
    statistic, p = outcome_reference.log_rank(days, groups, left)
    found = log_rank(days, groups, left)
    assert found is not None
    assert (found.statistic, found.p) == pytest.approx((statistic, p), rel=1e-8)


def test_an_undefined_test_is_null() -> None:
    assert log_rank([1, 2, 3], ["a", "a", "a"], [True, True, True]) is None
    assert log_rank([1, 2, 3], ["a", "b", "b"], [False, False, False]) is None
    assert log_rank([1, 2, 3], ["a", "b", "b"], [False, False, True]) is None
    assert log_rank([2, 2, 2], ["a", "b", "b"], [True, True, True]) is None
    assert log_rank([], [], []) is None
    assert kaplan_meier([], []) == ()


def test_a_group_watched_only_before_the_first_one_left_says_nothing() -> None:
    days, left, groups = drawn(3, 50)
    days = [day + 1 for day in days]
    alone = log_rank(days, groups, left)
    assert log_rank([*days, 0.5, 0.2], [*groups, "new", "new"], [*left, False, False]) == alone


def test_where_nobody_left_the_curve_stays_at_one_without_an_interval() -> None:
    curve = kaplan_meier([3.0, 2.5], [False, False])
    assert [(p.day, p.staying, p.low, p.high, p.at_risk) for p in curve] == [
        (0, 1.0, None, None, 2),
        (1, 1.0, None, None, 2),
        (2, 1.0, None, None, 2),
        (3, 1.0, None, None, 1),
    ]


def test_a_curve_that_comes_to_zero_says_so() -> None:
    curve = kaplan_meier([1.5, 1.5], [True, True])
    assert [(p.day, p.staying, p.at_risk) for p in curve] == [(0, 1.0, 2), (1, 1.0, 2), (2, 0.0, 0)]


def call(days: float, agency: str = "a", aggression: int | None = 5000) -> ScoredCall:
    at = to_us(BEGIN + days * DAY)
    segment = ("s", "t", "c", "k")
    return ScoredCall(
        f"call-{agency}-{days}", "acqua", "c", at, agency, Segment(*segment),
        aggression, None, None, None, None, None,
    )  # fmt: skip


def ended(days: float, by: str) -> Cancellation:
    at = to_us(BEGIN + days * DAY)
    return Cancellation(f"end-{by}-{days}", "acqua", "c", at, by)


def stays(*facts: Fact, end: float = 100.0) -> list[tuple[float, bool]]:
    until = to_us(BEGIN + end * DAY)
    return [(stay.days, stay.left) for stay in stays_of(facts, 0, until, HOURS)]


def test_staying_is_watched_until_the_horizon_or_the_end_of_the_data() -> None:
    assert stays(call(0)) == [(5.0, False)]
    assert stays(call(0), end=3.0) == [(3.0, False)]
    assert stays(call(0), call(6), end=8.0) == [(5.0, False), (2.0, False)]


def test_leaving_is_the_customers_first_cancellation_within_the_horizon() -> None:
    assert stays(call(0), ended(2, "customer")) == [(2.0, True)]
    assert stays(call(0), ended(4, "customer"), ended(2, "customer")) == [(2.0, True)]
    assert stays(call(0), ended(0, "customer")) == [(0.0, True)]
    assert stays(call(0), ended(5, "customer")) == [(5.0, False)]
    assert stays(call(1), ended(0.5, "customer")) == [(5.0, False)]


def test_the_suppliers_cancellation_ends_the_watching_and_is_no_leaving() -> None:
    assert stays(call(0), ended(2, "supplier")) == [(2.0, False)]
    assert stays(call(0), ended(2, "supplier"), ended(3, "customer")) == [(2.0, False)]
    assert stays(call(0), ended(3, "supplier"), ended(2, "customer")) == [(2.0, True)]
    assert stays(call(0), ended(2, "supplier"), ended(2, "customer")) == [(2.0, True)]


def test_a_cancellation_counts_for_every_agency_that_was_at_it() -> None:
    assert stays(call(0, "a"), call(1, "b"), ended(3, "customer")) == [(3.0, True), (2.0, True)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("window", [MetricWindow.WEEK, MetricWindow.QUARTER])
def test_random_histories_give_the_reference_s_stays_curves_and_tests(
    seed: int, window: MetricWindow
) -> None:
    rng = random.Random(seed)
    span = timedelta(days=30)
    history = random_history(rng, 300, customers=40, horizon=HORIZON, span=span)
    as_of = BEGIN + timedelta(days=20, hours=rng.randrange(24), minutes=30)
    begin, end = window_bounds(window, to_us(as_of))
    found: list[Stay] = []
    for customer in sorted({event.customer for event in history}):
        facts = [fact_of(event) for event in history if event.customer == customer]
        rng.shuffle(facts)
        before = [fact for fact in facts if fact.at < end]
        if before:
            found += stays_of(before, begin, end, HOURS)
    expected = outcome_reference.watched(history, timedelta(hours=window.hours), as_of, HORIZON)
    reported = sorted((s.agency_id, s.days, s.left, s.aggression or -1.0) for s in found)
    assert reported == sorted(
        (w.agency, w.days, w.left, -1.0 if not w.tone else float(w.tone)) for w in expected
    )
    seen = survival(found)
    days, left = [w.days for w in expected], [w.left for w in expected]
    agencies = [w.agency for w in expected]
    test = next(t for t in seen.logrank if t.group_kind is GroupKind.AGENCY)
    assert (test.statistic, test.p) == pytest.approx(
        outcome_reference.log_rank(days, agencies, left), rel=1e-8
    )
    curves = {g.group: g for g in seen.groups if g.group_kind is GroupKind.AGENCY}
    assert set(curves) == set(agencies)
    for agency, group in curves.items():
        own = [w for w in expected if w.agency == agency]
        assert (group.n, group.events) == (len(own), sum(w.left for w in own))
        last = group.curve[-1]
        share, _, _ = outcome_reference.staying(
            [w.days for w in own], [w.left for w in own], last.day
        )
        assert last.staying == pytest.approx(share, abs=1e-12)


def many(scores: list[float | None], left: bool = False) -> list[Stay]:
    return [Stay("acqua", "a", score, 5.0, left) for score in scores]


def terciles(stays: list[Stay]) -> dict[str, int]:
    kind = GroupKind.AGGRESSION_TERCILE
    return {g.group: g.n for g in survival(stays).groups if g.group_kind is kind}


def test_thirds_are_of_all_scored_engagements_and_never_part_equal_scores() -> None:
    assert terciles(many([n / 10 for n in range(9)])) == {"low": 3, "middle": 3, "high": 3}
    assert terciles(many([0.1, 0.2, 0.2, 0.2, 0.3, None])) == {"low": 4, "high": 1}
    assert terciles(many([0.5] * 7)) == {"low": 7}
    assert terciles(many([None])) == {}
    assert tercile_cuts([]) == (0.0, 0.0)


def test_clients_are_apart() -> None:
    other = [stay._replace(client_id="gas") for stay in many([0.1], left=True)]
    found = survival([*many([0.2]), *other])
    assert [(g.client_id, g.n, g.events) for g in found.groups] == [
        ("acqua", 1, 0),
        ("acqua", 1, 0),
        ("gas", 1, 1),
        ("gas", 1, 1),
    ]


def test_lifelines_is_loaded_only_when_a_curve_is_asked_for() -> None:
    code = "import processors.engagements.survival, sys; print('lifelines' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "module", [processors.engagements.kaplan_meier, processors.engagements.survival]
)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted) == (0, 1)
