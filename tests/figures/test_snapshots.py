"""Which days' rows a change rewrites, windows' edges, and the examples in the documentation."""

from __future__ import annotations

import doctest
import importlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.event_time import (
    DAY_US,
    HOUR_US,
    date_of,
    day_of,
    day_of_date,
    day_start,
    hour_of,
    to_datetime,
    to_us,
    window_bounds,
)
from processors.metrics.from_sums import figures, snapshot_days
from processors.metrics.hourly_sums import (
    Cell,
    Effects,
    apply,
    cell_sums,
    hours_with_calls,
    worst_quotes,
)
from processors.metrics.windows import AgencyDays
from schemas.changes import Conversation, EngagementChange, Position, WorstQuote
from schemas.figures import MetricWindow
from schemas.rows import HOUR_SUMS

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None)
TODAY = 20_000
DOCS = Path(__file__).parents[2] / "docs"


def test_a_boundary_belongs_to_the_hour_it_begins() -> None:
    on_the_hour = 5 * HOUR_US
    assert window_bounds(MetricWindow.DAY, on_the_hour) == (-18 * HOUR_US, 6 * HOUR_US)
    assert window_bounds(MetricWindow.DAY, on_the_hour - 1) == (-19 * HOUR_US, 5 * HOUR_US)


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))))
@settings(DETERMINISTIC, max_examples=100)
def test_times_go_to_microseconds_and_back(moment: datetime) -> None:
    us = to_us(moment)
    assert to_datetime(us) == moment
    utc = moment.astimezone(UTC)
    assert to_datetime(hour_of(us)) == utc.replace(minute=0, second=0, microsecond=0)
    assert date_of(day_of(us)) == utc.date()
    assert day_of_date(utc.date()) == day_of(us)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(TypeError):
        to_us(datetime(2026, 1, 1))  # noqa: DTZ001


hours_near = st.integers(-100 * 24, 40 * 24).map(lambda h: day_start(TODAY) + h * HOUR_US)


later_by = st.sampled_from((0, 0, 0, 1, 26, 24 * 89, 24 * 90)).map(lambda h: h * HOUR_US)
cells_near = st.tuples(hours_near, later_by).map(lambda cell: (cell[0], sum(cell)))


@given(st.sets(cells_near, max_size=3), st.integers(0, DAY_US - 1), st.integers(0, 3 * DAY_US))
@settings(DETERMINISTIC, max_examples=200)
def test_due_are_just_the_days_whose_windows_hold_a_touched_hour_or_that_passed(
    touched: set[tuple[int, int]], into_today: int, since: int
) -> None:
    watermark = day_start(TODAY) + into_today
    previous = watermark - since
    expected = {}
    for day in range(TODAY - 110, TODAY + 1):
        as_of = min(day_start(day + 1) - HOUR_US, hour_of(watermark))
        held = any(
            begin <= hour < end and known < end
            for hour, known in touched
            for begin, end in (window_bounds(window, as_of) for window in MetricWindow)
        )
        last_written_as_of = hour_of(previous) if day == day_of(previous) else None
        passed = day > day_of(previous) or last_written_as_of not in (None, as_of)
        if held or passed or day_of(previous) == day < TODAY:
            expected[day] = as_of
    assert snapshot_days(touched, watermark, previous) == expected


def test_the_first_snapshot_is_of_today() -> None:
    watermark = day_start(TODAY) + 5 * HOUR_US + 7
    assert snapshot_days([], watermark) == {TODAY: day_start(TODAY) + 5 * HOUR_US}


def said(at: int, event_id: str, aggression: int) -> EngagementChange:
    worst = WorstQuote(aggression, event_id, 1, "Paghi subito")
    conversation = Conversation(at, "s", "t", "c", "k", aggression, None, -5, 9, None, worst)
    return EngagementChange(
        client_id="acqua",
        agency_id="a",
        customer="c",
        event_id=event_id,
        version=1,
        horizon_hours=720,
        before=(),
        after=(),
        conversation=conversation,
    )


def test_a_conversation_counts_in_the_hour_of_its_end_and_in_five_segments() -> None:
    at = day_start(TODAY) + 3 * HOUR_US
    change = said(at, "e", 2000)
    effects = Effects(change)
    assert effects.days == {TODAY}
    state = apply(None, TODAY, effects, Position("t", 0, 0))
    assert set(state["hours"]) == {
        "all",
        "service=s",
        "touchpoint=t",
        "channel=c",
        "customer_type=k",
    }
    sums = cell_sums(state, Cell("channel=c", at, at))
    assert tuple(sums) == HOUR_SUMS
    assert {name: value for name, value in sums.items() if value} == {
        "calls": 1,
        "promoters": 1,
        "aggression_n": 1,
        "aggression_sum": 2000,
        "aggression_sq": 4_000_000,
        "sentiment_n": 1,
        "sentiment_sum": -5,
    }
    assert not any(cell_sums(state, Cell("all", at - HOUR_US, at - HOUR_US)).values())
    assert hours_with_calls(state) == [3]
    assert AgencyDays.of("acqua", "a", {TODAY: state}).days == [TODAY]


def test_a_source_position_is_applied_once_and_states_are_not_mutated() -> None:
    effects = Effects(said(day_start(TODAY), "e", 2000))
    state = apply(None, TODAY, effects, Position("t", 0, 4))
    saved = json.dumps(state)
    assert apply(state, TODAY, effects, Position("t", 0, 4)) is state
    assert apply(state, TODAY, effects, Position("t", 0, 3)) is state
    other = apply(state, TODAY, effects, Position("t", 1, 3))
    assert other["version"] == state["version"] + 1
    assert json.dumps(state) == saved


def test_the_three_worst_quotes_are_stored_whatever_the_order() -> None:
    at = day_start(TODAY)
    changes = [said(at, f"e{n}", aggression) for n, aggression in enumerate((5, 9, 7, 9, 1))]
    states = []
    for order in (changes, changes[::-1]):
        state = None
        for offset, change in enumerate(order):
            state = apply(state, TODAY, Effects(change), Position("t", 0, offset))
        assert state is not None
        states.append(state)
    found = [(q.aggression, q.event_id) for q in worst_quotes(states[:1])]
    assert found == [(9, "e1"), (9, "e3"), (7, "e2")]
    assert states[0]["worst"] == states[1]["worst"]


@given(values=st.lists(st.integers(-4, 12), min_size=len(HOUR_SUMS), max_size=len(HOUR_SUMS)))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_sums_that_are_of_no_events_have_no_figures_and_break_nothing(values: list[int]) -> None:
    sums = dict(zip(HOUR_SUMS, values, strict=True))
    made = figures("acqua", "bora", "all", MetricWindow.DAY, 0, sums)
    assert made.calls == max(0, sums["calls"])
    rate_n = sums["matured"] - sums["supplier_lost"]
    assert (made.churn_rate.value is None) == (rate_n == 0 or not 0 <= sums["cancelled"] <= rate_n)
    counts = [sums[name] for name in ("promoters", "passives", "detractors")]
    assert (made.nps.value is None) == (min(counts) < 0 or sum(counts) == 0)
    for figure in (made.nps, made.churn_rate, made.recovery_rate, made.churn_correlation):
        assert figure.n >= 0
        assert (figure.low is None) == (figure.high is None) == (figure.value is None)


def test_a_day_s_calendar_date() -> None:
    assert date_of(0) == date(1970, 1, 1)
    assert day_of(-1) == -1


@pytest.mark.parametrize(
    "name",
    [
        "engagements.facts",
        "event_time",
        "metrics.correlation",
        "metrics.hourly_sums",
        "metrics.nps",
        "metrics.rates",
    ],
)
def test_examples_in_docstrings_hold(name: str) -> None:
    module = importlib.import_module(f"processors.{name}")
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
    assert result.attempted > 0 or name == "metrics.correlation"


def test_the_worked_example_in_the_documentation_holds() -> None:
    result = doctest.testfile(
        str(DOCS / "figures.md"), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert result.attempted > 5
    assert result.failed == 0
