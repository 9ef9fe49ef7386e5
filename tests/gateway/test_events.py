"""`POST /v1/events`: what is taken, what is refused, and that a batch is taken whole or not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.gateway import access, event_requests
from infra.gateway.limits import Memory
from schemas.codec import Routed, decode_inbound
from schemas.topics import MOST_EVENT_BYTES, PAYMENT_RECEIVED
from tests.gateway.served import BATCH, STRUCTURED, Served, as_json, payment, reasons, serve

BINARY = {
    "ce_specversion": "1.0",
    "ce_id": "pay-1",
    "ce_source": "urn:billing",
    "ce_type": "it.ascolto.payment-received.v1",
}


@pytest.mark.parametrize(
    "media_type", [STRUCTURED, "application/json", f"{STRUCTURED}; charset=UTF-8"]
)
async def test_a_structured_event_reaches_kafka_byte_for_byte(
    served: Served, media_type: str
) -> None:
    body = json.dumps(payment(amount="12.50"), indent=2).encode()
    answer = await served.post(body, media_type)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    (message,) = served.delivery.messages
    assert (message.topic, message.key, message.value) == (PAYMENT_RECEIVED.name, b"C-1", body)


async def test_a_batch_is_taken_as_its_elements_are_written(served: Served) -> None:
    elements = [json.dumps(payment(n), indent=n).encode() for n in range(3)]
    elements[1] = elements[1].replace(b'"12.50"', b"12.500")
    answer = await served.post(b" [ " + b" ,\n".join(elements) + b" ]\n", BATCH)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 3})
    assert served.sent == elements


async def test_an_empty_batch_is_taken(served: Served) -> None:
    answer = await served.post(b"[ ]", BATCH)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 0})


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", ""])
async def test_a_binary_event_is_its_headers_and_its_body(served: Served, media_type: str) -> None:
    data = b'\xef\xbb\xbf{"client_id": "luce", "customer_id": "C-1", "amount": 12.50, "x": [1],'
    data += b' "received_at": "2026-03-02T10:00:00Z"}'
    headers = {"Content-Type": media_type} if media_type else {}
    more = {name.replace("_", "-"): value for name, value in BINARY.items()}
    answer = await served.client.post(
        "/v1/events", content=data, headers={**headers, **more, "ce-subject": "caff%C3%A8"}
    )
    assert answer.status_code == 202, answer.text
    routed = decode_inbound(served.sent[0])
    assert isinstance(routed, Routed)
    assert (routed.event.id, routed.event.source) == ("pay-1", "urn:billing")
    assert routed.event.subject == "caffè"
    assert b'"amount": 12.50' in served.sent[0]


@pytest.mark.parametrize(
    ("data", "headers", "part"),
    [
        (b"{}, {}", {}, "data: not JSON: more follows"),
        (b'{}, "id": "other"', {}, "data: not JSON: more follows"),
        (b"[]", {}, "data: it is a list"),
        (b"", {}, "data: the message is empty"),
        (b"{}", {"ce_data": "x"}, "a ce- header names no attribute"),
        (b"{}", {"ce_with-dash": "x"}, "a ce- header names no attribute"),
        (b"{}", {"ce_subject": "%FF"}, "not UTF-8"),
    ],
)
async def test_a_binary_event_that_is_none_is_refused(
    served: Served, data: bytes, headers: dict[str, str], part: str
) -> None:
    answer = await served.post(data, "application/json", **BINARY, **headers)
    assert answer.status_code == 400
    ((index, reason),) = reasons(answer)
    assert index == 0
    assert part in reason
    assert not served.sent


@pytest.mark.parametrize("convert", [to_structured_event, to_binary_event])
async def test_the_cloudevents_library_is_understood(served: Served, convert: Any) -> None:
    given = payment()
    attributes = {name: given[name] for name in ("id", "source", "type")}
    attributes |= {"specversion": "1.0", "datacontenttype": "application/json"}
    message = convert(CloudEvent(attributes, given["data"]))
    answer = await served.client.post("/v1/events", content=message.body, headers=message.headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1}), answer.text
    routed = decode_inbound(served.sent[0])
    assert isinstance(routed, Routed)
    assert routed.event.id == "pay-1"


async def test_one_wrong_event_and_nothing_of_the_batch_is_sent(served: Served) -> None:
    batch = [payment(1), payment(2, amount="a lot"), payment(3), {"id": "x"}]
    answer = await served.post(as_json(batch), BATCH)
    assert answer.status_code == 400
    found = reasons(answer)
    assert [index for index, _ in found] == [1, 3]
    assert "amount" in found[0][1]
    assert "a lot" not in answer.text
    assert not served.sent


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (as_json(payment()), "a JSON list"),
        (b"", "a JSON list"),
        (b"[", "not JSON"),
        (b"[{}", "neither , nor ]"),
        (b"[{},]", "not JSON"),
        (b"[] []", "something follows"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff[]", "not UTF-8"),
        (b"[1" + b"0" * 10_000 + b"]", "not JSON"),
    ],
)
async def test_what_is_no_batch_is_refused(served: Served, body: bytes, part: str) -> None:
    answer = await served.post(body, BATCH)
    assert answer.status_code == 400
    assert part in reasons(answer)[0][1]


async def test_reasons_are_a_hundred_at_most(served: Served) -> None:
    answer = await served.post(as_json([1] * 500), BATCH)
    assert answer.status_code == 400
    assert len(reasons(answer)) == 101
    assert reasons(answer)[-1] == (None, "and 400 more")


async def test_a_list_says_how_batches_are_sent(served: Served) -> None:
    answer = await served.post(as_json([payment()]), "application/json")
    assert answer.status_code == 400
    assert "batch mode" in reasons(answer)[0][1]


async def test_without_a_known_key_nobody_is_answered(served: Served) -> None:
    body = as_json(payment())
    for header in ("", "Bearer", "Bearer x", "Basic x", "Bearer \u00e9"):
        answer = await served.client.post(
            "/v1/events", content=body, headers={"Authorization": header.encode("latin-1")}
        )
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not served.sent


async def test_a_key_sends_for_its_company_and_its_types_alone(served: Served) -> None:
    other = await served.post(as_json([payment(1), payment(2, client_id="acqua")]), BATCH)
    assert other.status_code == 403
    assert reasons(other) == [(1, "data.client_id: the key is for another client company")]
    token = served.key("calls", types=["call-ended"])
    answer = await served.post(as_json(payment()), authorization=f"Bearer {token}")
    assert answer.status_code == 403
    assert reasons(answer) == [(0, "type: the key is not for payment-received")]
    assert not served.sent


async def test_the_same_id_with_other_content_is_a_conflict(served: Served) -> None:
    assert (await served.post(as_json(payment()))).status_code == 202
    again = payment(received_at="2026-03-02T09:00:00Z", amount=12.5)
    assert (await served.post(as_json(again))).status_code == 202, "it says the same"
    answer = await served.post(as_json([payment(2), payment(amount="13")]), BATCH)
    assert answer.status_code == 409
    assert [index for index, _ in reasons(answer)] == [1]
    twice = await served.post(as_json([payment(3), payment(3, amount="1")]), BATCH)
    assert twice.status_code == 409
    assert len(served.sent) == 2
    assert (await served.post(as_json(payment(3)))).status_code == 202, "nothing was noted"


async def test_kafka_away_is_said_and_the_same_may_be_sent_again(served: Served) -> None:
    served.delivery.away = True
    answer = await served.post(as_json(payment()))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert (await served.client.get("/healthz")).status_code == 503
    served.delivery.away = False
    assert (await served.post(as_json(payment(amount="99")))).status_code == 202
    assert (await served.client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("media_type", "headers"),
    [
        ("text/plain", {}),
        ("application/xml", {}),
        ("application/cloudevents+xml", {}),
        ("application/json; charset=utf-16", {}),
        ("application/json", {"content_encoding": "gzip"}),
        ("", {}),
    ],
)
async def test_other_media_types_are_refused(
    served: Served, media_type: str, headers: dict[str, str]
) -> None:
    answer = await served.post(as_json(payment()), media_type, **headers)
    assert answer.status_code == 415


async def test_a_large_event_is_refused_and_a_large_one_in_a_batch_named(served: Served) -> None:
    large = payment(2, note="x" * MOST_EVENT_BYTES)
    assert (await served.post(as_json(large))).status_code == 413
    answer = await served.post(as_json([payment(1), large]), BATCH)
    assert answer.status_code == 413
    assert reasons(answer)[0][0] == 1
    assert not served.sent


async def test_no_more_is_read_than_is_taken(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MOST_DROPPED_BYTES", 500_000)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    answer = await served.client.post(
        "/v1/events", content=endless(), headers={"Content-Type": BATCH}
    )
    assert answer.status_code == 413
    assert answer.headers["Connection"] == "close"
    assert sent < event_requests.MOST_BODY_BYTES + 1_000_000


async def test_too_many_events_are_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_requests, "MOST_EVENTS", 2)
    answer = await served.post(as_json([payment(n) for n in range(3)]), BATCH)
    assert answer.status_code == 413


async def test_a_body_of_which_nothing_comes_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.gateway.limits.CHUNK_SECONDS", 0.05)
    monkeypatch.setattr(access, "DROP_SECONDS", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    answer = await served.client.post(
        "/v1/events", content=stalling(), headers={"Content-Type": STRUCTURED}
    )
    assert answer.status_code == 408


async def test_bodies_of_all_requests_share_a_limit(tmp_path: Path) -> None:
    served = serve(tmp_path, memory=Memory(1000))
    answer = await served.post(b" " * 2000)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert served.ports.memory.held == 0
    assert (await served.post(as_json(payment()))).status_code == 202


async def test_a_key_that_sends_too_often_waits(tmp_path: Path) -> None:
    served = serve(tmp_path, rate=2)
    answers = [await served.post(as_json(payment())) for _ in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [202] * 4
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "1"
    token = served.key("another")
    answer = await served.post(as_json(payment()), authorization=f"Bearer {token}")
    assert answer.status_code == 202


async def test_paths_and_methods_that_there_are_not(served: Served) -> None:
    assert (await served.client.get("/")).status_code == 404
    assert (await served.client.post("/v1/events/")).status_code == 404
    answer = await served.client.get("/v1/events")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_log_holds_nothing_of_a_request(
    served: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    marked = payment(77, customer_id="zq9zq9")
    await served.post(as_json(marked), x_secret="zq9zq9")
    await served.post(as_json(payment(78, customer_id="zq9zq9", amount="zq9zq9")))
    await served.client.put("/v1/recordings/zq9zq9.wav", content=b"zq9zq9")
    await served.client.get("/zq9zq9?zq9zq9=1")

    def failing(*_: object) -> None:
        raise ValueError("zq9zq9")

    monkeypatch.setattr("infra.gateway.application.read_events", failing)
    answer = await served.post(as_json(marked))
    assert answer.status_code == 500
    assert "zq9zq9" not in answer.text
    ours = [record for record in caplog.records if record.name.startswith("infra.")]
    text = "\n".join(record.getMessage() + str(record.exc_info) for record in ours)
    assert "zq9zq9" not in text
    assert "pay-77" not in text
    assert "POST /v1/events 202" in text
    assert "PUT /v1/recordings/{name} 201" in text
    assert "GET (no such path) 404" in text
    assert "ValueError in failing" in text
    assert text.count(" switchboard") == 4


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NAMES = ("specversion", "id", "source", "type", "data", "client_id", "amount", "data_base64")
NEAR = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)).map(
    lambda changes: {**payment(), **changes}
)
BODIES = st.binary() | VALUES.map(as_json) | NEAR.map(as_json) | st.lists(NEAR).map(as_json)
TYPES = st.sampled_from([STRUCTURED, BATCH, "application/json", "text/plain"])
HEADERS = st.dictionaries(
    st.from_regex(r"(ce-)?[a-z0-9-]{1,12}", fullmatch=True).filter(
        lambda name: name not in ("content-length", "content-type", "authorization", "host")
    ),
    st.from_regex(r"[ -~]{0,20}", fullmatch=True),
    max_size=4,
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(BODIES, TYPES, HEADERS)
async def test_whatever_is_sent_is_answered(
    served: Served, body: bytes, media_type: str, headers: dict[str, str]
) -> None:
    answer: httpx.Response = await served.client.post(
        "/v1/events", content=body, headers={**headers, "Content-Type": media_type}
    )
    assert answer.status_code in (202, 400, 403, 409, 413, 415)
    if answer.status_code != 202:
        assert answer.json()["errors"]
