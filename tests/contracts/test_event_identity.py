"""What names an event, and what it says: keyed, unambiguous, the same however it was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.identity.event_identity import content_digest, event_identity
from schemas.codec import Routed, decode_inbound
from schemas.events import InboundEvent

KEY = b"a key for tests"
CALL: dict[str, Any] = {
    "client_id": "luce",
    "agency_id": "bora",
    "operator_id": "op-1",
    "customer_id": "cust-1",
    "started_at": "2026-03-02T09:44:02+00:00",
    "ended_at": "2026-03-02T09:47:30+00:00",
    "service": "debt_collection",
    "touchpoint": "reminder",
    "transcript": [{"speaker": "operator", "text": "Buongiorno.", "start": 0, "end": 1.5}],
    "survey": {"rating": 9},
}
PAYMENT: dict[str, Any] = {
    "client_id": "luce",
    "customer_id": "cust-1",
    "amount": "100",
    "received_at": "2026-03-05T08:00:00+00:00",
}
parts = st.lists(st.text(max_size=8), min_size=4, max_size=4)


def read(kind: str, data: dict[str, Any], **envelope: Any) -> InboundEvent:
    """The event as a worker reads it."""
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "//pbx.example",
        "type": f"it.ascolto.{kind}.v1",
        "time": "2026-03-05T08:00:01+00:00",
        "subject": data["customer_id"],
        "data": data,
        **envelope,
    }
    routed = decode_inbound(json.dumps(event).encode())
    assert isinstance(routed, Routed), routed
    return routed.event


def digest(kind: str, data: dict[str, Any], **envelope: Any) -> str:
    return content_digest(KEY, read(kind, data, **envelope))


@given(parts, parts)
def test_events_have_one_identity_only_if_all_that_names_them_is_equal(
    one: list[str], other: list[str]
) -> None:
    same = event_identity(KEY, *one) == event_identity(KEY, *other)
    assert same == (one == other)


def test_where_one_part_ends_and_the_next_begins_matters() -> None:
    kind = "it.ascolto.call-ended.v1"
    assert event_identity(KEY, "luce", kind, "//pbx/a", "1") != event_identity(
        KEY, "luce", kind, "//pbx/", "a1"
    )


def test_an_identity_is_short_hexadecimal_and_follows_from_the_key() -> None:
    named = event_identity(KEY, "luce", "it.ascolto.call-ended.v1", "//pbx", "39061234567")
    assert named.startswith("e:")
    assert len(named) == 34
    assert int(named[2:], 16)
    assert named != event_identity(
        b"another", "luce", "it.ascolto.call-ended.v1", "//pbx", "39061234567"
    )


@pytest.mark.parametrize(
    "said",
    [
        dict(reversed(PAYMENT.items())),
        {**PAYMENT, "currency": "EUR"},
        {**PAYMENT, "amount": "100.00"},
        {**PAYMENT, "amount": 100},
        {**PAYMENT, "received_at": "2026-03-05T09:00:00+01:00"},
        {**PAYMENT, "cashier": "unknown here"},
    ],
)
def test_the_same_payment_written_otherwise_says_the_same(said: dict[str, Any]) -> None:
    assert digest("payment-received", said) == digest("payment-received", PAYMENT)


def test_what_surrounds_the_data_is_no_content() -> None:
    later = digest("payment-received", PAYMENT, time="2026-04-01T00:00:00+00:00", id="2")
    assert later == digest("payment-received", PAYMENT)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "100.01"},
        {"currency": "CHF"},
        {"received_at": "2026-03-05T08:00:01+00:00"},
        {"customer_id": "cust-2"},
        {"client_id": "acqua"},
    ],
)
def test_a_payment_that_says_anything_else_differs(change: dict[str, Any]) -> None:
    assert digest("payment-received", {**PAYMENT, **change}) != digest("payment-received", PAYMENT)


def test_a_stated_default_says_nothing_more() -> None:
    stated = {**CALL, "channel": "phone", "language": "it", "people": [], "recording": None}
    assert digest("call-ended", stated) == digest("call-ended", CALL)


@pytest.mark.parametrize(
    "change",
    [
        {"transcript": [{"speaker": "customer", "text": "Buongiorno.", "start": 0, "end": 1.5}]},
        {"transcript": [{"speaker": "operator", "text": "Buonasera.", "start": 0, "end": 1.5}]},
        {"survey": {"rating": 8}},
        {"survey": {"rating": 9, "comment": "bene"}},
        {"people": ["Mario Rossi"]},
        {"operator_id": "op-2"},
        {"agency_id": "aurora"},
    ],
)
def test_a_call_that_says_anything_else_differs(change: dict[str, Any]) -> None:
    assert digest("call-ended", {**CALL, **change}) != digest("call-ended", CALL)


def test_no_digest_is_an_identity_or_can_be_checked_without_the_key() -> None:
    event = read("payment-received", PAYMENT)
    assert len(content_digest(KEY, event)) == 32
    assert content_digest(KEY, event) != content_digest(b"another", event)
