"""Events that correct others: what they must name, and where a negative payment is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import schemas
from schemas.codec import InvalidMessage, Routed, decode_inbound
from schemas.topics import PAYMENT_RETURNED, SURVEY_ANSWERED

EXAMPLES = Path(schemas.__file__).parent / "examples"


def example(name: str, **changed: Any) -> bytes:
    """An example with other data."""
    event = json.loads((EXAMPLES / f"{name}.json").read_bytes())
    event["data"] |= changed
    return json.dumps(event).encode()


@pytest.mark.parametrize("amount", ["-61.20", -61.2, "0", 0])
def test_a_payment_that_is_none_is_refused_with_what_to_send_instead(amount: object) -> None:
    found = decode_inbound(example("payment-received/payment", amount=amount))
    assert isinstance(found, InvalidMessage)
    assert found.reason.startswith("data.amount: ")
    assert "it.ascolto.payment-returned.v1" in found.reason
    assert "61" not in found.reason


def test_returns_and_answers_go_to_topics_of_their_own() -> None:
    for name, topic in (
        ("payment-returned/direct-debit", PAYMENT_RETURNED),
        ("payment-returned/in-part", PAYMENT_RETURNED),
        ("survey-answered/by-sms", SURVEY_ANSWERED),
    ):
        routed = decode_inbound(example(name))
        assert isinstance(routed, Routed)
        assert routed.topic is topic


@pytest.mark.parametrize(
    ("name", "changed", "where"),
    [
        ("payment-returned/in-part", {"payment": "pay-1"}, "data.payment"),
        ("payment-returned/in-part", {"payment": {"id": "pay-1"}}, "data.payment.source"),
        ("payment-returned/in-part", {"payment": {"source": "/b"}}, "data.payment.id"),
        ("payment-returned/in-part", {"amount": -1}, "data.amount"),
        ("payment-returned/in-part", {"amount": "0"}, "data.amount"),
        ("payment-returned/in-part", {"amount": True}, "data.amount"),
        ("payment-returned/in-part", {"returned_at": "2026-03-13"}, "data.returned_at"),
        ("survey-answered/by-sms", {"call": None}, "data.call"),
        ("survey-answered/by-sms", {"rating": None, "comment": None}, "data"),
        ("survey-answered/by-sms", {"rating": 11, "comment": None}, "data"),
        ("survey-answered/by-sms", {"answered_at": None}, "data.answered_at"),
    ],
)
def test_what_a_correction_lacks_is_named(name: str, changed: dict[str, Any], where: str) -> None:
    found = decode_inbound(example(name, **changed))
    assert isinstance(found, InvalidMessage)
    assert found.reason.startswith(f"{where}: ")


@pytest.mark.parametrize("changed", [{"comment": None}, {"rating": None}])
def test_a_rating_or_a_comment_is_an_answer(changed: dict[str, Any]) -> None:
    assert isinstance(decode_inbound(example("survey-answered/by-sms", **changed)), Routed)
