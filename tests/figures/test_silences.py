"""Silences: what an agency's week is, when an alert opens, what ends it, and what never alarms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from processors.alerts.silences import (
    GIVES_UP,
    CallDay,
    Silence,
    SilenceSettings,
    SilenceState,
    add_day,
    silences,
)
from processors.event_time import DAY_US, HOUR_US, day_of_date, day_start
from tests.figures.calibrate_silences import false_alarms, watched

TWO = SilenceSettings(days=2)
FIRST = date(2026, 1, 12)
"""A Monday; 5 April is Easter, 25 April (a Saturday), 1 May and 2 June are holidays."""
WEEKDAYS = range(5)


def on(day: date, calls: int = 30) -> CallDay:
    begin = day_start(day_of_date(day))
    return CallDay(day_of_date(day), begin + 8 * HOUR_US, begin + 17 * HOUR_US, calls)


def days(first: date, last: date, weekdays: Iterable[int] = WEEKDAYS) -> list[CallDay]:
    count = (last - first).days + 1
    every = [first + timedelta(days=n) for n in range(count)]
    return [on(day) for day in every if day.weekday() in weekdays]


def state_after(calls: list[CallDay], settings: SilenceSettings = TWO) -> SilenceState:
    state = SilenceState()
    for day in calls:
        state = add_day(state, day, settings)
    return state


def silences_on(
    calls: list[CallDay], today: date, settings: SilenceSettings = TWO
) -> tuple[Silence, ...]:
    """The silences as of the beginning of `today`."""
    return silences(state_after(calls, settings), day_of_date(today), settings)


def end_of(day: date) -> int:
    return day_start(day_of_date(day) + 1)


def test_it_opens_after_the_second_day_on_which_it_would_have_called() -> None:
    calls = days(FIRST, date(2026, 3, 6))
    assert silences_on(calls, date(2026, 3, 10)) == ()
    (silence,) = silences_on(calls, date(2026, 3, 11))
    assert silence.since == calls[-1].last
    assert silence.opened_at == end_of(date(2026, 3, 10))
    assert (silence.resolved_at, silence.usual, silence.missed) == (None, 30, 2)
    (later,) = silences_on(calls, date(2026, 3, 16))
    assert (later.opened_at, later.missed) == (silence.opened_at, 5)


def test_sundays_and_free_saturdays_are_no_silence() -> None:
    calls = days(FIRST, date(2026, 3, 6))
    assert silences_on(calls, date(2026, 3, 9), SilenceSettings(days=1)) == ()
    six_days = days(FIRST, date(2026, 3, 6), range(6))
    (silence,) = silences_on(six_days, date(2026, 3, 10))
    assert silence.opened_at == end_of(date(2026, 3, 9))


def test_public_holidays_are_no_silence() -> None:
    calls = days(FIRST, date(2026, 4, 3))
    assert silences_on(calls, date(2026, 4, 7), SilenceSettings(days=1)) == ()
    (silence,) = silences_on(calls, date(2026, 4, 8), SilenceSettings(days=1))
    assert silence.opened_at == end_of(date(2026, 4, 7))


def test_an_agency_that_calls_three_days_a_week_is_missed_on_those() -> None:
    calls = days(FIRST, date(2026, 3, 6), (0, 2, 4))
    assert silences_on(calls, date(2026, 3, 11)) == ()
    (silence,) = silences_on(calls, date(2026, 3, 12))
    assert silence.missed == 2


def test_it_resolves_with_the_first_call() -> None:
    calls = days(FIRST, date(2026, 3, 6))
    back = on(date(2026, 3, 12))
    (silence,) = silences_on([*calls, back], date(2026, 3, 13))
    assert silence.resolved_at == back.first
    assert (silence.opened_at, silence.missed) == (end_of(date(2026, 3, 10)), 3)
    assert (
        silences_on([*calls, *days(date(2026, 3, 10), date(2026, 3, 12))], date(2026, 3, 13)) == ()
    )


def test_the_days_of_a_silence_are_not_learnt_but_a_single_missed_day_is() -> None:
    calls = days(FIRST, date(2026, 3, 6))
    after = add_day(state_after(calls), on(date(2026, 3, 16)), TWO)
    assert [known.calls for known in after.remembered].count(0) == [
        known.calls for known in state_after(calls).remembered
    ].count(0)
    missing = add_day(state_after(calls), on(date(2026, 3, 10)), TWO)
    assert missing.found == ()
    assert [known.calls for known in missing.remembered][-4:] == [0, 0, 0, 30]


def test_the_first_four_weeks_only_teach() -> None:
    assert silences_on(days(FIRST, date(2026, 2, 1)), date(2026, 2, 20)) == ()
    assert len(silences_on(days(FIRST, date(2026, 2, 6)), date(2026, 2, 20))) == 1


def test_an_agency_that_calls_now_and_then_is_not_watched() -> None:
    now_and_then = [day for n, day in enumerate(days(FIRST, date(2026, 4, 3))) if n % 7]
    assert silences_on(now_and_then, date(2026, 6, 1)) == ()


def test_after_a_month_it_counts_as_one_that_no_longer_calls() -> None:
    calls = days(FIRST, date(2026, 3, 6))
    (silence,) = silences_on(calls, date(2027, 3, 6))
    assert silence.missed == GIVES_UP
    assert silence.resolved_at == end_of(date(2026, 4, 3))
    again = days(date(2026, 9, 7), date(2026, 9, 18))
    assert silences_on([*calls, *again], date(2026, 9, 30)) == (silence,)
    longer = days(date(2026, 9, 7), date(2026, 10, 9))
    assert len(silences_on([*calls, *longer], date(2026, 10, 30))) == 2


def test_calls_on_a_holiday_count_but_teach_nothing() -> None:
    calls = days(FIRST, date(2026, 4, 3))
    easter_monday = on(date(2026, 4, 6))
    state = state_after([*calls, easter_monday])
    assert state.last == easter_monday
    assert state.remembered[-1].calls == 0


def test_days_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        add_day(state_after([on(FIRST)]), on(FIRST), TWO)


@pytest.mark.parametrize("number", [0, -1, GIVES_UP])
def test_meaningless_settings_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="silence"):
        SilenceSettings(days=number)


@given(st.sets(st.integers(0, 150)), st.integers(0, 200), st.integers(1, 5))
def test_silences_are_apart_and_hold_no_call(called: set[int], over: int, needed: int) -> None:
    settings = SilenceSettings(days=needed)
    calls = [on(FIRST + timedelta(days=n)) for n in sorted({*range(40), *called}) if n < over]
    today = FIRST + timedelta(days=over)
    found = silences_on(calls, today, settings)
    for silence in found:
        end = silence.resolved_at or end_of(today)
        assert silence.since < silence.opened_at < end
        assert silence.missed >= needed
        assert not any(silence.since < day.first < end for day in calls)
        assert silence.opened_at - silence.since >= needed * DAY_US
    assert all(silence.resolved_at for silence in found[:-1])


@pytest.mark.parametrize(("calls_a_day", "least"), [(200, 1.0), (20, 1.0), (5, 0.7)])
def test_false_alarms_are_rarer_than_one_in_180_days_and_stops_are_noticed(
    calls_a_day: int, least: float
) -> None:
    """Days differ by half of their mean, and one in a hundred is a holiday of its own."""
    replicas = 40
    counts = false_alarms(calls_a_day, replicas, 3, TWO, closed=0.01, varying=0.5)
    assert stats.chi2.ppf(0.95, 2 * (sum(counts) + 1)) / 2 / replicas < 1
    assert watched(calls_a_day, replicas, 4, TWO, varying=0.5) >= least
    assert np.max(counts) <= 2
