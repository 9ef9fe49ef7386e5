"""Scored calls without pydantic: the same fields as with it, and the same refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.engagements.facts import fact_of_call
from processors.identity.claims import claim_of_call, facts_digest, named_call
from schemas.codec import InvalidMessage, decode, encode
from schemas.conversation import (
    CallScore,
    ConductFlag,
    Driver,
    DriverFound,
    Intent,
    IntentFound,
    Reason,
    Rule,
    Speaker,
    SpeakerSource,
    Turn,
    TurnScore,
)
from schemas.derived import Call, CallScored
from schemas.events import Channel, CustomerType, Service, Survey, Touchpoint
from streams.facts.scored_calls import ScoredCall, decode_scored
from tests.streams.pipeline import BEGIN, KEY, scored

TEXTS = st.text(max_size=12)
UNITS = st.none() | st.floats(0, 1)
SECONDS = st.none() | st.floats(0, 1e6)
RATINGS = st.none() | st.integers(0, 10)
INDICES = st.integers(0, 50)
TIMES = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
CALLS = st.builds(
    Call,
    event_id=TEXTS,
    client_id=TEXTS,
    agency_id=TEXTS,
    customer=TEXTS,
    started_at=TIMES,
    ended_at=TIMES,
    service=st.sampled_from(Service),
    touchpoint=st.sampled_from(Touchpoint),
    channel=st.sampled_from(Channel),
    customer_type=st.sampled_from(CustomerType),
    language=TEXTS,
    content=TEXTS,
    older_id=st.none() | TEXTS,
    origin=st.none() | TEXTS,
)
TURNS = st.builds(
    Turn, speaker=st.sampled_from(Speaker), text=TEXTS, start=SECONDS, end=SECONDS, confidence=UNITS
)
REASONS = st.builds(Reason, text=TEXTS, kind=TEXTS, weight=st.floats(-9, 9))
TURN_SCORES = st.builds(
    TurnScore,
    aggression=UNITS,
    empathy=UNITS,
    sentiment=st.none() | st.floats(-1, 1),
    reasons=st.lists(REASONS, max_size=2),
)
SCORES = st.builds(
    CallScore,
    aggression=UNITS,
    empathy=UNITS,
    sentiment=st.none() | st.floats(-1, 1),
    sentiment_change=st.none() | st.floats(-2, 2),
    spoken_rating=RATINGS,
    predicted_rating=RATINGS,
    churn_intent=st.booleans(),
    promise_to_pay=st.booleans(),
    intents=st.lists(
        st.builds(IntentFound, intent=st.sampled_from(Intent), turn=INDICES, quote=TEXTS),
        max_size=2,
    ),
    drivers=st.lists(
        st.builds(DriverFound, driver=st.sampled_from(Driver), turn=INDICES, quote=TEXTS),
        max_size=2,
    ),
    conduct=st.lists(
        st.builds(ConductFlag, rule=st.sampled_from(Rule), turn=st.none() | INDICES, quote=TEXTS),
        max_size=2,
    ),
    turns=st.lists(TURN_SCORES, max_size=3),
    scorer_version=TEXTS,
    why=st.none() | TEXTS,
)
EVENTS = st.builds(
    CallScored,
    call=CALLS,
    turns=st.lists(TURNS, max_size=3),
    score=SCORES,
    survey=st.none()
    | st.builds(Survey, rating=st.integers(0, 10), comment=st.none() | TEXTS.filter(bool)),
    from_audio=st.booleans(),
    speakers=st.none() | st.sampled_from(SpeakerSource),
)


@given(EVENTS)
def test_both_read_the_same_and_the_same_follows(event: CallScored) -> None:
    raw = encode(event)
    read = decode_scored(raw, KEY)
    assert isinstance(read, ScoredCall)
    assert decode(msgspec.json.encode(read), CallScored) == event
    assert fact_of_call(read.as_contract()) == fact_of_call(event)
    assert claim_of_call(KEY, read.as_contract().call) == claim_of_call(KEY, event.call)
    assert facts_digest(KEY, read.as_contract().call) == facts_digest(KEY, event.call)


def _changed(path: str, value: object) -> bytes:
    """A scored call with another value there; `...` leaves it out."""
    message = json.loads(scored("e", "p:c", BEGIN).value)
    *parents, last = path.split(".")
    place = message
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("call.channel", "Voice"),
        ("call.ended_at", 1_800_000_000),
        ("score.aggression", "0.5"),
        ("score.aggression", True),
        ("score.intents", ...),
        ("turns.0.unknown", 1),
        ("speakers", ...),
        ("call.origin", ...),
    ],
)
def test_what_the_contract_reads_is_read(path: str, value: object) -> None:
    raw = _changed(path, value)
    read = decode_scored(raw, KEY)
    assert isinstance(read, ScoredCall)
    assert decode(msgspec.json.encode(read), CallScored) == decode(raw, CallScored)


@pytest.mark.parametrize("path", ["call.content", "call.older_id"])
def test_a_call_of_an_older_version_is_named(path: str) -> None:
    raw = _changed(path, None)
    read, event = decode_scored(raw, KEY), decode(raw, CallScored)
    assert isinstance(read, ScoredCall)
    assert isinstance(event, CallScored)
    named = event.model_copy(update={"call": named_call(KEY, event.call)})
    assert decode(msgspec.json.encode(read), CallScored) == named


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("score.aggression", 1.01),
        ("score.spoken_rating", 11),
        ("score.turns.0.empathy", -0.1),
        ("turns.0.text", "x" * 100_001),
        ("turns.0.start", -1),
        ("call.ended_at", "2026-01-05T09:00:00"),
        ("call.customer", ...),
        ("score.unknown", 1),
        ("survey", {"rating": None}),
    ],
)
def test_what_the_contract_refuses_is_refused_for_its_reason(path: str, value: object) -> None:
    raw = _changed(path, value)
    refused = decode_scored(raw, KEY)
    assert isinstance(refused, InvalidMessage)
    assert refused == decode(raw, CallScored)


@pytest.mark.parametrize("raw", [b"", b"{", b"{}", b"\xff", b"[]"])
def test_what_is_no_call_is_refused_for_its_reason(raw: bytes) -> None:
    assert decode_scored(raw, KEY) == decode(raw, CallScored)
