"""Events to write in many ways, and what the codec must make of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from schemas.codec import InvalidMessage, Routed, decode, decode_inbound, encode
from schemas.events import (
    CallEndedEvent,
    ContractCancelledEvent,
    InboundEvent,
    PaymentReceivedEvent,
)

CALL: dict[str, Any] = {
    "specversion": "1.0",
    "id": "c1",
    "source": "//pbx.bora.example",
    "type": "it.ascolto.call-ended.v1",
    "time": "2026-03-02T09:47:31+00:00",
    "subject": "k1",
    "datacontenttype": "application/json",
    "data": {
        "client_id": "luce",
        "agency_id": "bora",
        "operator_id": "op-1",
        "customer_id": "k1",
        "started_at": "2026-03-02T09:44:02+00:00",
        "ended_at": "2026-03-02T09:47:30+00:00",
        "service": "debt_collection",
        "touchpoint": "reminder",
        "transcript": [
            {"speaker": "operator", "text": "Buongiorno.", "start": 0.5, "end": 1.5},
            {"speaker": "customer", "text": "Salve.", "start": 2, "end": 3, "confidence": 0.9},
        ],
        "survey": {"rating": 9, "comment": "Gentili."},
    },
}
RECORDED: dict[str, Any] = {
    **CALL,
    "data": {
        **{name: value for name, value in CALL["data"].items() if name != "transcript"},
        "recording": {"uri": "a.wav", "layout": "stereo", "sha256": "0" * 64},
    },
}
PAYMENT: dict[str, Any] = {
    **CALL,
    "type": "it.ascolto.payment-received.v1",
    "data": {
        "client_id": "luce",
        "customer_id": "k1",
        "amount": "61.20",
        "received_at": "2026-03-06T08:00:00+00:00",
    },
}
CANCELLED: dict[str, Any] = {
    **CALL,
    "type": "it.ascolto.contract-cancelled.v1",
    "data": {
        "client_id": "luce",
        "customer_id": "k1",
        "contract_id": "pod-1",
        "cancelled_at": "2026-03-06T08:00:00+00:00",
        "ended_by": "customer",
    },
}
MODELS: dict[str, type[InboundEvent]] = {
    CALL["type"]: CallEndedEvent,
    PAYMENT["type"]: PaymentReceivedEvent,
    CANCELLED["type"]: ContractCancelledEvent,
}
quiet = settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [-1, 0, 11, 1e308, "", " ", "it", "2026-01-01T00:00:00Z", "\ud800", "p:", "a|b"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
MISSING = object()


def changed(event: dict[str, Any], place: str, value: Any) -> bytes:
    """The event with another value at a place such as `data.survey.rating`."""
    copy = deepcopy(event)
    inner: Any = copy
    *steps, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in steps:
        inner = inner[step]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(copy).encode()


def taken(raw: bytes) -> Routed:
    routed = decode_inbound(raw)
    assert isinstance(routed, Routed), routed
    assert decode(raw, type(routed.event)) == routed.event
    assert decode(encode(routed.event), type(routed.event)) == routed.event
    return routed


def taken_whole(raw: bytes) -> Any:
    routed = taken(raw)
    assert routed.left_out == ()
    return routed.event


def parts_left_out(raw: bytes) -> list[str]:
    return [part for part, _ in taken(raw).left_out]


def refused(raw: bytes) -> str:
    """Why it is refused, which the workers' reading says as well."""
    invalid = decode_inbound(raw)
    assert isinstance(invalid, InvalidMessage), invalid
    for model in MODELS.values():
        assert isinstance(decode(raw, model), InvalidMessage)
    return invalid.reason
