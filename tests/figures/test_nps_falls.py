"""Falls of the NPS: what opens an alert, what it says, what ends it, and what never does."""

from __future__ import annotations

import numpy as np
import pytest

from processors.alerts.cusum import HourScores, Rise, RiseState, fold, rises
from processors.alerts.nps_falls import FALL_SETTINGS, displeasure, nps
from processors.event_time import DAY_US, HOUR_US
from tests.figures.calibrate_falls import NONE, Fall, simulate


def agency(fall: Fall, days: int = 200, usual: float = 30, rate: float = 45) -> list[HourScores]:
    return simulate(np.random.default_rng(7), usual, rate, days, fall)


def found(hours: list[HourScores]) -> tuple[Rise, ...]:
    return rises(fold(RiseState(), hours, FALL_SETTINGS))


def hour(at: int, promoters: int = 0, passives: int = 0, detractors: int = 0) -> HourScores:
    sums = {"promoters": promoters, "passives": passives, "detractors": detractors}
    return displeasure(at * HOUR_US, sums)


def test_the_mean_displeasure_is_the_nps_turned_round() -> None:
    scores = hour(5, promoters=6, passives=1, detractors=3)
    assert (scores.hour, scores.n) == (5 * HOUR_US, 10)
    assert nps(scores.total / scores.n / 10_000) == pytest.approx(30)
    assert scores.squares == 9 * 10_000**2
    assert str(nps(0.0)) == "0.0"


def test_predicted_ratings_do_not_count() -> None:
    sums = {"promoters": 1, "passives": 0, "detractors": 0, "predicted_detractors": 9}
    assert displeasure(0, sums).n == 1


def test_a_lasting_fall_opens_one_alert_that_says_by_how_much() -> None:
    (fall,) = found(agency(Fall(40, hour=90 * 24)))
    assert fall.resolved_at is None
    assert 88 <= fall.since // DAY_US <= 91
    assert 90 <= fall.opened_at // DAY_US <= 95
    assert nps(fall.mean) == pytest.approx(30, abs=6)
    assert nps(fall.level) == pytest.approx(-10, abs=6)


def test_a_fall_that_ends_resolves_once() -> None:
    (fall,) = found(agency(Fall(40, hour=90 * 24, until=120 * 24)))
    assert fall.resolved_at is not None
    assert 120 <= fall.resolved_at // DAY_US <= 128
    assert nps(fall.level) == pytest.approx(-10, abs=6)


def test_the_baseline_does_not_learn_from_the_fall() -> None:
    before = fold(RiseState(), agency(Fall(40, hour=90 * 24), days=90), FALL_SETTINGS)
    after = fold(RiseState(), agency(Fall(40, hour=90 * 24), days=200), FALL_SETTINGS)
    assert before.baseline is not None
    assert after.baseline is not None
    assert nps(after.baseline.mean) == pytest.approx(nps(before.baseline.mean), abs=2)


def test_a_better_nps_is_no_alert() -> None:
    assert found(agency(Fall(-40, hour=90 * 24))) == ()
    assert found(agency(NONE)) == ()


def test_where_all_are_promoters_a_few_detractors_do_not_alarm() -> None:
    loved = [hour(day * 24 + at, promoters=4) for day in range(40) for at in (9, 12, 15)]
    blamed = [hour(day * 24 + 9, promoters=3, detractors=1) for day in range(40, 44)]
    assert found([*loved, *blamed]) == ()
    lost = [hour(day * 24 + 9, passives=4, detractors=8) for day in range(40, 44)]
    assert len(found([*loved, *lost])) == 1


def test_too_few_ratings_give_no_alert() -> None:
    usual = [hour(day * 24 + 9, promoters=9, detractors=1) for day in range(40)]
    few = [hour(day * 24 + 9, detractors=1) for day in range(40, 59)]
    assert found([*usual, *few]) == ()
    assert len(found([*usual, *few, hour(59 * 24 + 9, detractors=1)])) == 1
