"""Chains of conversations, the horizon's edges, the competing risk, and the three outcomes."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.engagements.facts import (
    Cancellation,
    Fact,
    Payment,
    ScoredCall,
    amount_of,
    fact_of_event,
)
from processors.engagements.history import (
    Outcome,
    engagements_of,
    observe,
    read_state,
    with_identities,
)
from processors.engagements.horizons import matures_at
from processors.event_time import HOUR_US
from processors.identity.event_identity import is_identity, unsourced_identity
from schemas.changes import Engagement, EngagementChange, Position
from schemas.codec import decode, encode
from schemas.conversation import CallScore, Speaker, Turn, TurnScore
from schemas.derived import Call, CallScored
from schemas.events import PaymentReceivedEvent, Survey
from schemas.figures import Segment
from tests.figures import reference
from tests.figures.histories import BEGIN, CLIENT, fact_of

H = 720 * HOUR_US
T0 = 500_000 * HOUR_US + 123
SEGMENT = Segment("debt_collection", "reminder", "phone", "household")


def call(event_id: str, at: int, aggression: int | None = 5000, agency: str = "a") -> ScoredCall:
    return ScoredCall(
        event_id, CLIENT, "c", at, agency, SEGMENT, aggression, 2500, None, None, None, None
    )


def paid(event_id: str, at: int, amount: int = 10_000, currency: str = "EUR") -> Payment:
    return Payment(event_id, CLIENT, "c", at, amount, currency)


def left(event_id: str, at: int, ended_by: str = "customer") -> Cancellation:
    return Cancellation(event_id, CLIENT, "c", at, ended_by)


def only(*facts: Fact) -> Engagement:
    [engagement] = engagements_of(facts)["a"]
    return engagement


def test_the_last_microsecond_of_the_horizon_joins_and_the_next_opens() -> None:
    found = engagements_of([call("1", T0), call("2", T0 + H - 1), call("3", T0 + H)])["a"]
    assert [(e.opened_at, e.calls) for e in found] == [(T0, 2), (T0 + H, 1)]


def test_the_horizon_runs_from_the_first_conversation_not_the_last() -> None:
    times = [T0, T0 + H // 2, T0 + H + H // 4, T0 + 2 * H + H // 8]
    found = engagements_of([call(str(i), at) for i, at in enumerate(times)])["a"]
    assert [(e.opened_at, e.calls) for e in found] == [(times[0], 2), (times[2], 2)]


def test_agencies_have_engagements_of_their_own_and_share_the_customer_s_outcome() -> None:
    found = engagements_of([call("1", T0), call("2", T0 + 5, agency="b"), paid("p", T0 + 9)])
    assert [(e.opened_at, e.paid) for e in found["a"] + found["b"]] == [(T0, True), (T0 + 5, True)]


@pytest.mark.parametrize(("at", "counts"), [(-1, False), (0, True), (H - 1, True), (H, False)])
def test_outcomes_count_within_the_horizon(at: int, counts: bool) -> None:
    engagement = only(call("1", T0), paid("p", T0 + at), left("x", T0 + at))
    assert (engagement.paid, engagement.cancelled) == (counts, counts)
    assert engagement.amount == 10_000 * counts


@pytest.mark.parametrize(
    ("customer_at", "supplier_at", "cancelled", "lost"),
    [
        (5, 9, True, False),
        (9, 5, True, True),
        (5, 5, True, False),
        (-5, 5, False, True),
        (5, -5, True, False),
        (5, H, True, False),
    ],
)
def test_the_first_cancellation_in_the_horizon_decides_the_competing_risk(
    customer_at: int, supplier_at: int, cancelled: bool, lost: bool
) -> None:
    engagement = only(
        left("s", T0 + supplier_at, "supplier"), left("k", T0 + customer_at), call("1", T0)
    )
    assert (engagement.cancelled, engagement.lost_to_supplier) == (cancelled, lost)


def test_scores_that_are_missing_are_left_out_each_for_itself() -> None:
    engagement = only(call("1", T0, None), call("2", T0 + 1, 4000))
    assert (engagement.aggression_n, engagement.aggression_sum) == (1, 4000)
    assert (engagement.empathy_n, engagement.empathy_sum) == (2, 5000)


def test_another_currency_counts_as_paid_but_is_not_added() -> None:
    engagement = only(call("1", T0), paid("p", T0 + 1), paid("q", T0 + 2, 77, "CHF"))
    assert (engagement.paid, engagement.amount) == (True, 10_000)


def test_an_engagement_matures_in_its_first_hour_plus_the_horizon() -> None:
    assert matures_at(only(call("1", T0)), 720) == 500_720 * HOUR_US


EDGES = st.integers(0, 8).map(lambda k: timedelta(hours=12 * k)) | st.integers(0, 6).map(
    lambda k: timedelta(hours=24 * k, microseconds=-1)
)


@given(st.lists(st.tuples(EDGES, st.sampled_from("kkkpcs")), max_size=9), st.randoms())
@settings(derandomize=True, deadline=None, database=None, max_examples=300)
def test_chains_equal_the_reference_in_any_order(
    drawn: list[tuple[timedelta, str]], rng: random.Random
) -> None:
    history: list[reference.Happening] = []
    for number, (after, kind) in enumerate(drawn):
        at, name = BEGIN + after, f"e{number}"
        if kind == "k":
            scores = (None, None, None, None, None, None)
            history.append(reference.Said(name, "c", "a", at, SEGMENT, *scores))
        elif kind == "p":
            history.append(reference.Paid(name, "c", at, Decimal(number + 1)))
        else:
            by = "customer" if kind == "c" else "supplier"
            history.append(reference.Left(name, "c", at, by))
    rng.shuffle(history)
    found = engagements_of([fact_of(event) for event in history], 24).get("a", [])
    expected = reference.episodes(history, "c", "a", timedelta(hours=24))
    assert [
        (e.calls, e.cancelled, e.lost_to_supplier, e.paid, amount_of(e.amount)) for e in found
    ] == [
        (
            len(e.said),
            e.cancelled,
            e.lost_to_supplier,
            bool(e.payments),
            sum(p.amount for p in e.payments),
        )
        for e in expected
    ]


def test_a_late_first_call_moves_the_engagement_s_begin() -> None:
    state = observe(None, call("2", T0 + H - 5), Position("t", 0, 0)).state
    [change] = observe(state, call("1", T0), Position("t", 0, 1)).changes
    assert [e.opened_at for e in change.before] == [T0 + H - 5]
    assert [(e.opened_at, e.calls) for e in change.after] == [(T0, 2)]
    assert [e.opened_at for e in change.removed] == [T0 + H - 5]


def test_a_replay_gives_the_first_change_again_even_after_later_events() -> None:
    first = observe(None, call("1", T0), Position("t", 0, 0))
    second = observe(first.state, paid("p", T0 + 1), Position("u", 0, 0))
    third = observe(second.state, call("2", T0 + 2), Position("t", 0, 1))
    saved = copy.deepcopy(third.state)
    again = observe(third.state, paid("p", T0 + 1), Position("u", 0, 0))
    assert again.outcome is Outcome.REPLAY
    assert again.state == saved
    assert again.changes == second.changes
    assert again.changes[0].version == 2


def test_the_same_event_delivered_elsewhere_changes_nothing() -> None:
    first = observe(None, call("1", T0), Position("t", 0, 0))
    again = observe(first.state, call("1", T0), Position("t", 0, 9))
    assert (again.state, again.changes, again.outcome) == (first.state, (), Outcome.DUPLICATE)


def test_a_payment_and_a_call_may_bear_the_same_id() -> None:
    first = observe(None, call("1", T0), Position("t", 0, 0))
    assert observe(first.state, paid("1", T0 + 1), Position("u", 0, 0)).outcome is Outcome.NEW


def test_a_payment_without_any_call_waits_for_one() -> None:
    first = observe(None, paid("p", T0 + 1), Position("u", 0, 0))
    assert first.changes == ()
    [change] = observe(first.state, call("1", T0), Position("t", 0, 0)).changes
    assert change.after[0].paid


def test_states_and_changes_survive_json() -> None:
    seen = observe(None, call("1", T0), Position("t", 0, 0))
    assert read_state(json.loads(json.dumps(seen.state))) == seen.state
    [change] = seen.changes
    assert decode(encode(change), EngagementChange) == change


def test_another_customer_s_state_is_refused() -> None:
    state = observe(None, call("1", T0), Position("t", 0, 0)).state
    with pytest.raises(ValueError, match="another customer"):
        observe(state, call("2", T0)._replace(customer="d"), Position("t", 0, 1))


def scored_event(**scores: object) -> CallScored:
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    facts = Call(
        event_id="e",
        client_id=CLIENT,
        agency_id="a",
        customer="c",
        started_at=at,
        ended_at=at + timedelta(minutes=3, microseconds=7),
        service="debt_collection",
        touchpoint="reminder",
        channel="phone",
        customer_type="household",
        language="it",
    )
    texts = ("Buongiorno.", "Paghi o le tagliamo la luce!", "Non posso.", "Paghi subito!")
    aggressions = (0.0, 0.9101, None, 0.9101)
    turns = [TurnScore(aggression=a, empathy=None, sentiment=None, reasons=[]) for a in aggressions]
    score = {
        "aggression": 0.6067,
        "empathy": None,
        "sentiment": -0.0001,
        "sentiment_change": None,
        "spoken_rating": 7,
        "predicted_rating": 2,
        "churn_intent": False,
        "promise_to_pay": False,
        "drivers": [],
        "conduct": [],
        "turns": turns,
        "scorer_version": "1",
    }
    return CallScored(
        call=facts,
        turns=[Turn(speaker=Speaker.OPERATOR, text=text) for text in texts],
        score=CallScore.model_validate(score | scores),
        survey=None,
        from_audio=False,
    )


def test_a_scored_call_becomes_whole_numbers_and_its_worst_sentence() -> None:
    fact = fact_of_event(scored_event(), "c")
    assert (fact.aggression, fact.empathy, fact.sentiment) == (6067, None, -1)
    assert fact.at % 1_000_000 == 7
    assert fact.worst == (9101, "e", 1, "Paghi o le tagliamo la luce!")


@pytest.mark.parametrize(
    ("survey", "spoken", "measured", "predicted"),
    [(0, 7, 0, None), (None, 7, 7, None), (None, 0, 0, None), (None, None, None, 2)],
)
def test_a_rating_is_the_survey_s_else_the_spoken_and_only_then_predicted(
    survey: int | None, spoken: int | None, measured: int | None, predicted: int | None
) -> None:
    answered = None if survey is None else Survey(rating=survey)
    event = scored_event(spoken_rating=spoken).model_copy(update={"survey": answered})
    fact = fact_of_event(event, "c")
    assert (fact.measured_rating, fact.predicted_rating) == (measured, predicted)


def test_a_payment_s_amount_is_exact_to_its_last_digit() -> None:
    event = PaymentReceivedEvent.model_validate(
        {
            "id": "p",
            "source": "billing",
            "time": "2026-03-02T10:00:00+01:00",
            "subject": "x",
            "data": {
                "client_id": CLIENT,
                "customer_id": "x",
                "amount": "99999999999999.9999",
                "received_at": "2026-03-02T10:00:00+01:00",
            },
        }
    )
    fact = fact_of_event(event, "pseudonym")
    assert amount_of(fact.amount) == Decimal("99999999999999.9999")
    assert fact.at % (24 * HOUR_US) == 9 * HOUR_US


OLDER_STATE = read_state(
    {
        "client_id": CLIENT,
        "customer": "c",
        "arrived": 3,
        "whole": True,
        "events": [
            [1, "call", "t", 0, 0, "call-1", T0, "a", 5000, 2500, *SEGMENT],
            [2, "payment", "t", 0, 1, "pay-1", T0 + 1, 10_000, "EUR"],
            [3, "cancellation", "t", 0, 2, "end-1", T0 + 2, "customer"],
        ],
    }
)


def older_name(client_id: str, event_type: str, event_id: str) -> str:
    return unsourced_identity(b"key", client_id, event_type, event_id)


def test_what_a_version_before_identities_left_in_a_state_gets_identities() -> None:
    state = with_identities(OLDER_STATE, older_name)
    names = [entry.event_id for entry in state["events"]]
    assert all(is_identity(name) for name in names)
    assert len(set(names)) == 3
    assert [each._replace(event_id="") for each in state["events"]] == [
        each._replace(event_id="") for each in OLDER_STATE["events"]
    ]
    assert with_identities(state, older_name) is state


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (paid("e:1", T0 + 1), Outcome.DUPLICATE),
        (paid("e:1", T0 + 1, 20_000), Outcome.NEW),
        (paid("e:1", T0 + 2), Outcome.NEW),
        (left("e:2", T0 + 2), Outcome.DUPLICATE),
        (left("e:2", T0 + 2, "supplier"), Outcome.NEW),
    ],
)
def test_what_an_older_version_took_in_is_known_by_all_it_says(
    event: Payment | Cancellation, outcome: Outcome
) -> None:
    """Its own id was in it as it is in the event that is sent again."""
    state = with_identities(OLDER_STATE, older_name)
    kind = 1 if isinstance(event, Payment) else 2
    sent = event._replace(older_id=state["events"][kind].event_id)
    assert observe(state, sent, Position("u", 0, 9)).outcome is outcome
    assert observe(state, event, Position("u", 0, 9)).outcome is Outcome.NEW
