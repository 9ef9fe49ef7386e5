"""Payments that come back and surveys answered later: what counts, and from when."""

from __future__ import annotations

import doctest
from collections.abc import Sequence

import pytest

from processors.engagements import corrections
from processors.engagements.archiving import needs_recall, settle
from processors.engagements.facts import Fact, PaymentReturn, ScoredCall, SurveyAnswer
from processors.engagements.history import CustomerState, Outcome, observe, read_state
from processors.engagements.horizons import Horizons
from processors.engagements.last_touch import touches
from processors.event_time import DAY_US, HOUR_US, hour_of
from processors.metrics import hourly_sums
from processors.metrics.hourly_sums import DayState
from processors.metrics.windows import AgencyDays
from processors.transcript import comments
from schemas.changes import Position, Recovered
from schemas.derived import Figures
from tests.figures.histories import CLIENT
from tests.figures.test_engagements import SEGMENT, T0, H, call, left, only, paid

MATURES = hour_of(T0) + H


def back(event_id: str, at: int, amount: int | None = None, payment: str = "p") -> PaymentReturn:
    return PaymentReturn(event_id, CLIENT, "c", at, payment, amount)


def answer(event_id: str, at: int, rating: int | None = 0, named: str = "1") -> SurveyAnswer:
    return SurveyAnswer(event_id, CLIENT, "c", at, named, rating)


def rated(
    spoken: int | None, predicted: int | None = None, surveyed: bool = False, at: int = T0
) -> ScoredCall:
    scores = 5000, 2500, None, spoken, predicted, None, surveyed
    return ScoredCall("1", CLIENT, "c", at, "a", SEGMENT, *scores)


def as_of(at: int, *facts: Fact) -> Figures:
    """The figures of 90 days as of `at`, once the facts have come in this order."""
    state: CustomerState | None = None
    days: dict[int, DayState] = {}
    for offset, fact in enumerate(facts):
        position = Position("t", 0, offset)
        seen = observe(state, fact, position)
        state = seen.state
        for change in seen.changes:
            effects = hourly_sums.Effects(change)
            for day in effects.days:
                days[day] = hourly_sums.apply(days.get(day), day, effects, position)
    return AgencyDays.of(CLIENT, "a", days).snapshot(at)[-1]


def money(at: int, *facts: Fact) -> tuple[float | None, float]:
    found = as_of(at, *facts)
    return found.recovery_rate.value, found.amount_recovered


@pytest.mark.parametrize(
    ("returns", "amount"),
    [
        ([None], 0),
        ([10_000], 0),
        ([4_000], 6_000),
        ([4_000, 4_000], 2_000),
        ([4_000, 4_000, 4_000], 0),
        ([12_000], 0),
        ([1, None], 0),
        ([], 10_000),
    ],
)
def test_a_payment_counts_with_what_is_left_of_it(returns: list[int | None], amount: int) -> None:
    facts: list[Fact] = [call("1", T0), paid("p", T0 + 5)]
    facts += [back(str(n), T0 + 9 + n, each) for n, each in enumerate(returns)]
    for order in (facts, facts[::-1], [*facts[2:], *facts[:2]]):
        engagement = only(*order)
        assert (engagement.paid, engagement.amount) == (amount > 0, amount)


def test_another_payment_still_pays_when_one_came_back() -> None:
    engagement = only(call("1", T0), paid("p", T0 + 5), paid("q", T0 + 6, 300), back("r", T0 + 7))
    assert (engagement.paid, engagement.amount) == (True, 300)


def test_a_payment_in_another_currency_comes_back_wholly_or_is_still_paid() -> None:
    other = paid("p", T0 + 5, 10_000, "CHF")
    assert only(call("1", T0), other, back("r", T0 + 7, 9_999)).paid
    assert only(call("1", T0), other, back("r", T0 + 7, 9_999)).amount == 0
    assert not only(call("1", T0), other, back("r", T0 + 7, 10_000)).paid


def test_what_comes_back_after_the_maturing_counts_from_then_on() -> None:
    facts = [call("1", T0), paid("p", T0 + 5), back("r", MATURES + 9 * DAY_US, 4_000)]
    facts += [back("s", MATURES + 20 * DAY_US)]
    engagement = only(*facts)
    assert (engagement.paid, engagement.amount) == (True, 10_000)
    assert engagement.later == (
        Recovered(MATURES + 9 * DAY_US, True, 6_000),
        Recovered(MATURES + 20 * DAY_US, False, 0),
    )
    assert engagement.latest() == (False, 0)
    for order in (facts, facts[::-1]):
        assert money(MATURES, *order) == (1.0, 1.0)
        assert money(MATURES + 9 * DAY_US - 1, *order) == (1.0, 1.0)
        assert money(MATURES + 9 * DAY_US, *order) == (1.0, 0.6)
        assert money(MATURES + 20 * DAY_US, *order) == (0.0, 0.0)
        assert money(MATURES - HOUR_US, *order) == (None, 0.0)


def test_what_comes_back_in_the_maturing_hour_is_known_in_it() -> None:
    facts = [call("1", T0), paid("p", T0 + 5), back("r", MATURES + HOUR_US - 1)]
    assert only(*facts).later == ()
    assert money(MATURES, *facts) == (0.0, 0.0)


@pytest.mark.parametrize("named", ["nothing", "1"])
def test_a_return_of_nothing_has_no_effect(named: str) -> None:
    facts = [call("1", T0), paid("p", T0 + 5)]
    assert only(*facts, back("r", T0 + 9, payment=named)) == only(*facts)


def test_a_return_dated_before_its_payment_counts_with_it_unless_a_year_lies_between() -> None:
    facts = [call("1", T0), paid("p", T0 + 5)]
    assert not only(*facts, back("r", T0 + 4)).paid
    year = corrections.REACH_US
    assert not only(*facts, back("r", T0 + 6 - year)).paid
    assert only(*facts, back("r", T0 + 5 - year)).paid


def test_last_touch_leaves_out_a_payment_that_came_back() -> None:
    facts: Sequence[Fact] = [
        call("1", T0), paid("p", T0 + 5), paid("q", T0 + 6), back("r", T0 + 7),
        back("s", T0 + 7, 4_000, "q"), left("x", T0 + 8),
    ]  # fmt: skip
    (own,) = touches([facts], T0, T0 + H, Horizons())
    assert (own.last.payments, own.last.amount, own.last.cancellations) == (1, 6_000, 1)
    assert own.every == own.last


def nps(at: int, *facts: Fact) -> tuple[float | None, int, int]:
    found = as_of(at, *facts)
    return found.nps.value, found.nps.n, found.nps_predicted.n


def test_a_survey_answered_later_replaces_the_spoken_rating_from_then_on() -> None:
    facts: list[Fact] = [rated(spoken=9), answer("sms", T0 + DAY_US, 2)]
    for order in (facts, facts[::-1]):
        assert nps(T0, *order) == (100.0, 1, 0)
        assert nps(T0 + DAY_US - HOUR_US, *order) == (100.0, 1, 0)
        assert nps(T0 + DAY_US, *order) == (-100.0, 1, 0)


def test_a_survey_answered_later_takes_the_place_of_the_predicted_rating() -> None:
    facts: list[Fact] = [rated(None, predicted=3), answer("sms", T0 + DAY_US, 10)]
    for order in (facts, facts[::-1]):
        assert nps(T0, *order) == (None, 0, 1)
        assert nps(T0 + DAY_US, *order) == (100.0, 1, 0)


def test_the_first_answer_with_a_rating_counts_in_whatever_order_they_come() -> None:
    facts: list[Fact] = [
        rated(spoken=9),
        answer("comment", T0 + HOUR_US, None),
        answer("first", T0 + DAY_US, 2),
        answer("second", T0 + 2 * DAY_US, 10),
    ]
    for order in (facts, facts[::-1], facts[2:] + facts[:2], facts[1:] + facts[:1]):
        assert nps(T0 + HOUR_US, *order) == (100.0, 1, 0)
        assert nps(T0 + 3 * DAY_US, *order) == (-100.0, 1, 0)


def test_of_answers_at_one_time_that_with_the_smaller_id_is_the_first() -> None:
    facts: list[Fact] = [rated(None), answer("b", T0 + 1, 10), answer("a", T0 + 1, 0)]
    for order in (facts, facts[::-1]):
        assert nps(T0, *order) == (-100.0, 1, 0)


def test_a_survey_within_the_call_s_own_event_is_the_first() -> None:
    assert nps(T0 + DAY_US, rated(9, surveyed=True), answer("sms", T0 + HOUR_US, 2))[0] == 100.0
    assert nps(T0 + DAY_US, answer("sms", T0 - HOUR_US, 2), rated(9, surveyed=True))[0] == 100.0


def test_an_answer_dated_before_the_end_of_its_call_is_known_with_the_call() -> None:
    early: list[Fact] = [rated(spoken=9), answer("ivr", T0 - 5 * DAY_US, 2)]
    assert nps(T0, *early) == (-100.0, 1, 0)
    assert nps(T0 - HOUR_US, *early) == (None, 0, 0)
    too_early = answer("ivr", T0 - corrections.REACH_US, 2)
    assert nps(T0 + DAY_US, rated(spoken=9), too_early) == (100.0, 1, 0)


def test_a_correction_that_comes_twice_counts_once() -> None:
    state, changes = None, 0
    facts: list[Fact] = [call("1", T0), paid("p", T0 + 5), back("r", T0 + 6, 4_000)]
    facts += [answer("sms", T0 + 7, 3)]
    for number, fact in enumerate([*facts, *facts[2:]]):
        seen = observe(state, fact, Position("t", 0, number))
        state, changes = seen.state, changes + len(seen.changes)
        assert seen.outcome is (Outcome.NEW if number < len(facts) else Outcome.DUPLICATE)
    assert changes == 4


def test_a_call_that_an_older_version_stored_without_ratings_takes_no_other_rating() -> None:
    state = observe(None, rated(spoken=9), Position("t", 0, 0)).state
    older = read_state({**state, "events": [entry[:14] for entry in state["events"]]})
    assert observe(older, answer("sms", T0 + 5, 0), Position("t", 1, 0)).changes == ()


def test_a_return_finds_the_payment_that_an_older_version_knew_by_its_id_alone() -> None:
    state = None
    named = back("r", T0 + 7, payment="e:by-source")._replace(older_payment_id="e:by-id")
    for number, fact in enumerate([call("1", T0), paid("e:by-id", T0 + 5), named]):
        seen = observe(state, fact, Position("t", 0, number))
        state = seen.state
    assert [each.paid for each in seen.changes[0].after] == [False]


def state_of(*facts: Fact) -> CustomerState:
    state = None
    for number, fact in enumerate(facts):
        state = observe(state, fact, Position("t", 0, number)).state
    assert state is not None
    return state


def test_corrections_are_settled_with_what_they_correct() -> None:
    state = state_of(
        call("1", T0), paid("p", T0 + 5), back("r", T0 + H + 9), answer("sms", T0 + H + 9)
    )
    assert settle(state, T0 + H - 1, 720).archived == []
    assert settle(state, T0 + H, 720).remaining is None
    beside = state_of(call("2", T0 + H), paid("p", T0 + 5), back("r", T0 + 9), paid("q", T0 + H))
    remaining = settle(beside, T0 + H, 720).remaining
    assert remaining is not None
    assert [entry.event_id for entry in remaining["events"]] == ["2", "q"]


def test_a_correction_of_what_never_comes_waits_a_year_and_no_longer() -> None:
    state = state_of(back("r", T0), answer("sms", T0))
    year = corrections.REACH_US
    assert settle(state, T0 + year - 1, 720).archived == []
    assert settle(state, T0 + year, 720).remaining is None


def test_what_a_correction_in_time_names_is_recalled_if_it_was_archived() -> None:
    whole = state_of(call("1", T0), paid("p", T0 + 5), paid("q", T0 + H), call("2", T0 + H))
    remaining = settle(whole, T0 + H, 720).remaining
    late, before = T0 + H + 9, T0 + H
    here = Position("u", 0, 0)
    assert remaining is not None
    assert needs_recall(remaining, back("r", late), here, before)
    assert needs_recall(remaining, answer("s", late), here, before)
    assert not needs_recall(remaining, back("r", late, payment="q"), here, before)
    assert not needs_recall(whole, back("r", late, payment="nothing"), here, before)
    assert needs_recall(None, back("r", late), here, before)
    assert not needs_recall(None, back("r", late), here, 0)


def test_an_hour_as_alerts_see_it_is_whole_from_whenever_it_is_known() -> None:
    said, sms = rated(spoken=9), answer("sms", T0 + DAY_US, 2)
    state, day = None, None
    for offset, fact in enumerate((said, sms)):
        seen = observe(state, fact, Position("t", 0, offset))
        state = seen.state
        day = hourly_sums.apply(
            day,
            T0 // DAY_US,
            hourly_sums.Effects(seen.changes[0]),
            Position("t", 0, offset),
        )
    assert day is not None
    hour = hour_of(T0)
    whole = hourly_sums.hour_sums(day, "all", hour)
    assert (whole["calls"], whole["promoters"], whole["detractors"]) == (1, 0, 1)
    first = hourly_sums.cell_sums(day, hourly_sums.Cell("all", hour, hour))
    assert (first["calls"], first["promoters"], first["detractors"]) == (1, 1, 0)


@pytest.mark.parametrize("module", [corrections, comments])
def test_examples_in_docstrings_hold(module: object) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
