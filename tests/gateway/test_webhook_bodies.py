"""Whatever webhooks hold, they are answered, and never by a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.served import Served, as_json

EXPORTS = Path(__file__).parent.parent / "importing" / "exports"
FORM = "application/x-www-form-urlencoded"
GENERIC = """
event: payment-received
input: {format: json, records: "items || @"}
source: {column: source, optional: true}
id: {column: id, optional: true}
data:
  client_id: {value: luce}
  customer_id: {column: [customer, "nested.list[0].customer"]}
  amount: {column: amount, as: amount}
  currency: {column: currency, optional: true}
  received_at: {column: paid, as: time, formats: [iso, rfc2822, unix, unix_ms, "%d/%m/%Y"]}
filters:
  - {column: amount, at_least: 0}
"""
PAID = {"source": "s", "id": "1", "customer": "C-1", "amount": "1", "paid": "2026-03-02T10:00:00Z"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def near(record: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Records like one that is known, with other values in some places."""
    changes = st.dictionaries(st.sampled_from(sorted(record)), VALUES, max_size=3)
    return changes.map(lambda changed: {**record, **changed})


CONVERSATIONS = json.loads((EXPORTS / "genesys.json").read_text())["conversations"]
ROW_OF_3CX = {
    "historyid": "36",
    "callid": "1",
    "time-start": "2026/03/02 09:20:00",
    "time-answered": "",
    "time-end": "2026/03/02 09:20:31",
    "from-no": "3479998888",
    "to-no": "Ext.204",
    "dial-no": "",
}
CALLBACK = {
    "CallSid": "CA1",
    "From": "client:anna",
    "To": "+390551234567",
    "CallStatus": "completed",
    "Direction": "outbound-dial",
    "Timestamp": "Mon, 02 Mar 2026 09:15:30 +0000",
    "CallDuration": "210",
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
FORMS = st.dictionaries(st.sampled_from(sorted(CALLBACK)) | TEXTS, TEXTS, max_size=4).map(
    lambda changed: urlencode({**CALLBACK, **changed}).encode()
)
BODIES: dict[str, st.SearchStrategy[tuple[bytes, str]]] = {
    "generic": st.tuples((near(PAID) | VALUES).map(as_json), st.just("application/json")),
    "genesys": st.tuples(
        (near(CONVERSATIONS[0]) | VALUES).map(as_json), st.just("application/json")
    ),
    "twilio": st.tuples(FORMS | st.binary(), st.just(FORM)),
    "3cx": st.tuples((near(ROW_OF_3CX) | VALUES).map(as_json), st.just("application/json"))
    | st.tuples(st.binary() | TEXTS.map(str.encode), st.sampled_from(["text/csv", FORM])),
}


@pytest.mark.parametrize("preset", sorted(BODIES))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_whatever_is_sent_is_answered(
    served: Served, preset: str, data: st.DataObject
) -> None:
    if preset not in served.client.headers:
        mapping = EXPORTS / "calls.yaml"
        if preset == "generic":
            mapping = served.keys.path.with_name("generic.yaml")
            mapping.write_text(GENERIC)
        served.client.headers[preset] = served.key(preset, mapping=mapping)
    body, media_type = data.draw(BODIES[preset])
    answer = await served.post(
        body,
        media_type,
        f"/v1/webhooks/{preset}",
        authorization=f"Bearer {served.client.headers[preset]}",
    )
    assert answer.status_code in (202, 400, 403, 413, 415), answer.text


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("customer", "C\ud83d", 202),  # half of a surrogate pair, which UTF-8 has no bytes for
        ("id", "\ud83d", 202),
        ("amount", "\ud83d", 202),
        ("more", json.loads("[" * 180 + "]" * 180), 202),
        ("more", json.loads("[" * 700 + "]" * 700), 400),
    ],
)
async def test_what_cannot_be_written_as_it_came_is_a_dead_letter_or_refused(
    served: Served, field: str, value: Any, status: int
) -> None:
    mapping = served.keys.path.with_name("generic.yaml")
    mapping.write_text(GENERIC)
    key = served.key("hook", mapping=mapping)
    body = json.dumps({**PAID, "amount": "1", field: value}).encode()
    path, authorization = "/v1/webhooks/generic", f"Bearer {key}"
    answer = await served.post(body, "application/json", path, authorization=authorization)
    assert answer.status_code == status, answer.text


async def test_legs_in_one_body_are_one_call(served: Served) -> None:
    rung = (EXPORTS / "3cx.csv").read_text().splitlines()[1]
    taken = rung.replace("_02,", "_03,").replace("09:20:00,,", "09:20:00,2026/03/02 09:20:20,")
    answer = await served.post(
        f"{rung}\n{taken}\n".encode(),
        "text/csv",
        "/v1/webhooks/3cx",
        authorization=f"Bearer {served.key('pbx', mapping=EXPORTS / 'calls.yaml')}",
    )
    assert answer.json() == {"accepted": 1, "passed_over": 0, "dead_letters": 0}
    assert json.loads(served.sent[-1])["id"] == "36/0000018B_03"
