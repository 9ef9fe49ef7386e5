"""Rises of aggression: what opens an alert, what keeps it, what ends it, and what never does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.alerts.baseline import RiseSettings
from processors.alerts.cusum import HourScores, Rise, RiseState, fold, rises
from processors.event_time import DAY_US, HOUR_US
from tests.figures.calibrate_rises import SCORES, Change, simulate

DEFAULTS = RiseSettings()
QUICK = RiseSettings(
    threshold=6.0, resolve_threshold=6.0, warmup_calls=20, warmup_days=2, lag_days=1, alert_calls=3
)
"""Settings under which short random histories open and resolve alerts."""


def agency(change: Change, days: int = 200, calls: float = 55, seed: int = 5) -> list[HourScores]:
    rng = np.random.default_rng(seed)
    return simulate(rng, SCORES["low with a tail"], calls, days, change)


def found(hours: list[HourScores], given_settings: RiseSettings = DEFAULTS) -> tuple[Rise, ...]:
    return rises(fold(RiseState(), hours, given_settings))


def at(day: int, hour: int, scores: list[float]) -> HourScores:
    units = [round(10_000 * score) for score in scores]
    start = day * DAY_US + hour * HOUR_US
    return HourScores(start, len(units), sum(units), sum(unit * unit for unit in units))


@st.composite
def histories(draw: st.DrawFn) -> list[HourScores]:
    """Histories in stretches of low and high scores, so that alerts come and go in them."""
    hours = []
    day = 0
    for _ in range(draw(st.integers(1, 5))):
        low, high = draw(st.sampled_from([(0.0, 0.2), (0.1, 0.3), (0.4, 0.9), (0.0, 0.0)]))
        for _ in range(draw(st.integers(1, 6))):
            day += draw(st.integers(1, 3))
            for hour in sorted(draw(st.sets(st.integers(0, 23), max_size=4))):
                scores = draw(st.lists(st.floats(low, high), max_size=8))
                hours.append(at(day, hour, scores))
    return hours


@given(histories(), st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_going_on_from_a_checkpoint_equals_folding_from_the_start(
    hours: list[HourScores], data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(hours)), max_size=4))
    whole = fold(RiseState(), hours, QUICK)
    state = RiseState()
    edges = [0, *sorted(cuts), len(hours)]
    for begin, end in pairwise(edges):
        state = fold(state, hours[begin:end], QUICK)
    assert state == whole


@given(histories())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_empty_hours_make_no_difference(hours: list[HourScores]) -> None:
    assert fold(RiseState(), hours, QUICK) == fold(RiseState(), [h for h in hours if h.n], QUICK)


@given(histories())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_alerts_are_in_order_apart_and_count_the_calls_of_their_hours(
    hours: list[HourScores],
) -> None:
    risen = found(hours, QUICK)
    for rise in risen:
        end = rise.resolved_at or hours[-1].hour + HOUR_US
        within = sum(h.n for h in hours if rise.since <= h.hour < end)
        at_opening = sum(h.n for h in hours if rise.since <= h.hour < rise.opened_at)
        assert rise.since < rise.opened_at
        assert QUICK.alert_calls <= at_opening <= rise.n <= within
        assert rise.n == within or rise.resolved_at is not None
    for earlier, later in pairwise(risen):
        assert earlier.resolved_at is not None
        assert earlier.opened_at < earlier.resolved_at <= later.since


def test_histories_of_the_properties_do_open_and_resolve_alerts() -> None:
    calm = [at(day, hour, [0.1, 0.2, 0.1]) for day in range(10) for hour in (8, 9)]
    harsh = [at(day, 9, [0.9] * 8) for day in range(10, 13)]
    calm_again = [at(day, 9, [0.1, 0.2] * 6) for day in range(13, 40)]
    (rise,) = found([*calm, *harsh, *calm_again], QUICK)
    assert (rise.since // DAY_US, rise.opened_at // DAY_US) == (10, 10)
    assert rise.resolved_at is not None
    assert rise.n == 24
    assert rise.level == pytest.approx(0.9)


def test_a_lasting_rise_opens_one_alert_that_stays() -> None:
    (rise,) = found(agency(Change(0.8, day=90), days=180))
    assert rise.resolved_at is None
    assert 88 <= rise.since // DAY_US <= 91
    assert 90 <= rise.opened_at // DAY_US <= 93
    assert rise.rise_sd == pytest.approx(0.8, abs=0.1)


def test_a_rise_that_ends_resolves_once_and_reports_only_the_rise() -> None:
    hours = agency(Change(0.8, day=90, until=110), days=200)
    (rise,) = found(hours)
    assert rise.resolved_at is not None
    assert 110 <= rise.resolved_at // DAY_US <= 115
    during = sum(h.n for h in hours if 90 <= h.hour // DAY_US < 110)
    assert rise.n == pytest.approx(during, rel=0.05)
    assert rise.rise_sd == pytest.approx(0.8, abs=0.1)


def test_the_baseline_does_not_learn_from_the_rise() -> None:
    before = fold(RiseState(), agency(Change(0.8, day=90), days=90), DEFAULTS)
    after = fold(RiseState(), agency(Change(0.8, day=90), days=180), DEFAULTS)
    assert before.baseline is not None
    assert after.baseline is not None
    assert after.baseline.mean == pytest.approx(before.baseline.mean, abs=0.01)


def test_a_late_event_is_folded_again_from_a_checkpoint_before_its_hour() -> None:
    hours = agency(Change(0.5, day=90), days=110)
    place = next(i for i, h in enumerate(hours) if h.hour >= 91 * DAY_US)
    late = hours[place]._replace(
        n=hours[place].n + 1,
        total=hours[place].total + 9_000,
        squares=hours[place].squares + 9_000**2,
    )
    changed = [*hours[:place], late, *hours[place + 1 :]]
    checkpoint = fold(RiseState(), hours[: place - 7], DEFAULTS)
    again = fold(checkpoint, changed[place - 7 :], DEFAULTS)
    assert again == fold(RiseState(), changed, DEFAULTS)
    assert again != fold(RiseState(), hours, DEFAULTS)


def test_hours_out_of_order_are_refused() -> None:
    state = fold(RiseState(), [at(3, 9, [0.1])], DEFAULTS)
    with pytest.raises(ValueError, match="in order"):
        fold(state, [at(3, 9, [0.2])], DEFAULTS)


def test_no_calls_no_alert() -> None:
    assert found([]) == ()
    assert found([at(day, 9, []) for day in range(400)]) == ()


def test_too_few_calls_give_no_alert_however_high() -> None:
    calm = [at(day, hour, [0.1, 0.2]) for day in range(60) for hour in range(8, 18)]
    few = [at(61 + day, 9, [1.0]) for day in range(DEFAULTS.alert_calls - 1)]
    assert found([*calm, *few]) == ()
    assert len(found([*calm, *few, at(100, 9, [1.0])])) == 1


def test_a_young_baseline_gives_no_alert() -> None:
    young = [at(day, 9, [0.1] * 10) for day in range(12)]
    harsh = [at(day, 9, [0.9] * 10) for day in range(12, 15)]
    assert found([*young, *harsh]) == ()


def test_a_baseline_without_variance_uses_the_floor() -> None:
    constant = [at(day, hour, [0.0] * 3) for day in range(60) for hour in (9, 12, 15)]
    slight = [at(60 + day, 9, [0.005] * 10) for day in range(30)]
    clear = [at(60 + day, 9, [0.2] * 10) for day in range(3)]
    assert found([*constant, *slight]) == ()
    (rise,) = found([*constant, *clear])
    assert rise.sd == DEFAULTS.sd_floor


def test_an_agency_that_pauses_keeps_its_baseline_and_its_open_alert() -> None:
    hours = agency(Change(0.0), days=100)
    high = agency(Change(1.0, day=0), days=20)
    resumed = [h._replace(hour=h.hour + 203 * DAY_US) for h in high]
    (rise,) = found([*hours, *resumed])
    assert rise.since // DAY_US >= 203
    assert rise.resolved_at is None


def test_an_agency_of_three_calls_a_day_is_watched_in_the_end() -> None:
    (rise,) = found(agency(Change(1.0, day=300), days=360, calls=3))
    assert rise.since // DAY_US >= 295
    assert 300 <= rise.opened_at // DAY_US <= 330


def test_a_fall_is_no_alert_and_becomes_the_baseline() -> None:
    fallen = fold(RiseState(), agency(Change(-0.8, "all", day=60), days=180), DEFAULTS)
    usual = fold(RiseState(), agency(Change(0.0), days=180), DEFAULTS)
    assert rises(fallen) == ()
    assert fallen.baseline is not None
    assert usual.baseline is not None
    assert fallen.baseline.mean < usual.baseline.mean - 0.02


def test_odd_days_while_the_baseline_is_young_do_not_blind_the_test() -> None:
    hours = agency(Change(0.8, day=60), days=90, seed=6)
    odd = [
        h._replace(total=h.n * 9_000, squares=h.n * 9_000**2) if 3 <= h.hour // DAY_US < 6 else h
        for h in hours
    ]
    late = [r for r in found(odd) if r.opened_at >= 60 * DAY_US]
    assert [r.since // DAY_US for r in late] == [60]


def test_state_stays_small() -> None:
    state = fold(RiseState(), agency(Change(0.5, day=90), days=700), DEFAULTS)
    assert len(state.settled) + len(state.pending) < 100


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 0.0},
        {"threshold": float("nan")},
        {"sd_floor": 0.0},
        {"alert_calls": 1},
        {"lag_days": -1},
        {"warmup_days": 100},
        {"dispersion_cap": 0.5},
    ],
)
def test_meaningless_settings_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|cannot"):
        replace(DEFAULTS, **changes)
