"""`POST /v1/webhooks/{preset}`: signed by the vendor's scheme, read by the key's mapping file.

Payloads after: Twilio's voice status callbacks and its page on request validation, Genesys
Cloud's conversation details, 3CX's CDR socket. What is in them is invented.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from infra.gateway.webhooks.signatures import twilio_is_valid
from schemas.topics import CALL_ENDED, DEAD_LETTER, PAYMENT_RECEIVED
from tests.gateway.served import Served, as_json, reasons, serve

EXPORTS = Path(__file__).parent.parent / "importing" / "exports"
FORM = "application/x-www-form-urlencoded"
SECRET = "12345"
GENERIC = """
event: payment-received
input: {format: json}
source: {value: "urn:shop"}
id: {column: receipt}
data:
  client_id: {value: luce}
  customer_id: {column: customer.code}
  amount: {column: total, as: amount}
  received_at: {column: paid, as: time}
"""
RECEIPT = {"receipt": "R-1", "customer": {"code": "C-9"}, "total": "7.50", "paid": "2026-03-02"}
RECEIPT["paid"] = "2026-03-02T10:00:00"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A gateway with a key for each kind of webhook."""
    served = serve(tmp_path)
    mapping = tmp_path / "generic.yaml"
    mapping.write_text(GENERIC)
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    secret: dict[str, Any] = {"secret_env": "SHOP_SECRET"}
    served.key("shop", mapping=mapping, signature="hmac", **secret)
    served.key("voice", mapping=EXPORTS / "calls.yaml", signature="twilio", **secret)
    served.key("unset", mapping=mapping, signature="hmac", secret_env="NOT_SET_ANYWHERE")
    return served


def bearer(served: Served, name: str, mapping: Path | None) -> dict[str, str]:
    return {"authorization": f"Bearer {served.key(name, mapping=mapping)}"}


def hmac_headers(body: bytes, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()
    return {"x_timestamp": stamp, "x_signature": f"sha256={digest}"}


def topics(served: Served) -> list[str]:
    return [message.topic for message in served.delivery.messages]


async def generic(served: Served, body: bytes, **headers: str) -> httpx.Response:
    return await served.post(
        body, "application/json", "/v1/webhooks/generic?key=shop", authorization="", **headers
    )


async def test_a_signed_webhook_becomes_an_event(shop: Served) -> None:
    body = as_json(RECEIPT)
    answer = await generic(shop, body, **hmac_headers(body))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text
    (message,) = shop.delivery.messages
    assert (message.topic, message.key) == (PAYMENT_RECEIVED.name, b"C-9")
    event = json.loads(message.value)
    assert (event["id"], event["source"], event["data"]["amount"]) == ("R-1", "urn:shop", "7.50")


async def test_a_correction_that_a_vendor_sends_is_left_to_the_workers(shop: Served) -> None:
    for total in ("7.50", "8.00"):
        body = as_json({**RECEIPT, "total": total})
        assert (await generic(shop, body, **hmac_headers(body))).status_code == 202
    assert topics(shop) == [PAYMENT_RECEIVED.name] * 2


async def test_forged_and_recorded_webhooks_are_refused(shop: Served) -> None:
    body = as_json(RECEIPT)
    good = hmac_headers(body)
    wrong: list[dict[str, str]] = [
        {},
        {**good, "x_signature": "sha256=" + "0" * 64},
        {**good, "x_signature": ""},
        {**good, "x_timestamp": "²"},
        {**good, "x_timestamp": str(int(good["x_timestamp"]) + 1)},
        hmac_headers(body, secret="other"),
        hmac_headers(body, at=time.time() - 301),
        hmac_headers(body, at=time.time() + 302),
        hmac_headers(body + b" "),
    ]
    for headers in wrong:
        encoded = {name: value.encode() for name, value in headers.items()}
        answer = await generic(shop, body, **encoded)
        assert answer.status_code == 401, headers
    assert not shop.sent
    within = await generic(shop, body, **hmac_headers(body, at=time.time() - 290))
    assert within.status_code == 202


@pytest.mark.parametrize("query", ["?key=nobody", "?key=switchboard", "?key=shop&key=shop", ""])
async def test_a_signed_webhook_names_its_own_key(shop: Served, query: str) -> None:
    body = as_json(RECEIPT)
    answer = await shop.post(
        body,
        "application/json",
        f"/v1/webhooks/generic{query}",
        authorization="",
        **hmac_headers(body),
    )
    assert answer.status_code == 401


async def test_a_key_with_a_signature_is_not_enough_by_itself(shop: Served, tmp_path: Path) -> None:
    more = {"mapping": tmp_path / "generic.yaml", "secret_env": "SHOP_SECRET"}
    token = shop.key("both", signature="hmac", **more)
    answer = await shop.post(
        as_json(RECEIPT),
        "application/json",
        "/v1/webhooks/generic",
        authorization=f"Bearer {token}",
    )
    assert answer.status_code == 401


async def test_a_secret_that_is_not_set_is_no_secret(shop: Served) -> None:
    body = as_json(RECEIPT)
    answer = await shop.post(
        body,
        "application/json",
        "/v1/webhooks/generic?key=unset",
        **hmac_headers(body, secret=""),
    )
    assert answer.status_code == 503


def twilio_signature(url: str, form: list[tuple[str, str]]) -> str:
    """As Twilio's page describes it, written apart from ours."""
    text = url + "".join(name + value for name, value in sorted(form))
    return base64.b64encode(
        hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest()
    ).decode()


def test_twilios_own_example_is_valid() -> None:
    """The values of the tests of Twilio's library for Python."""
    token, url = "1c892n40nd03kdnc0112slzkl3091j20", "http://www.postbin.org/1ed898x"
    form = [
        ("AccountSid", "AC9a9f9392lad99kla0sklakjs90j092j3"),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", "CAd800bb12c0426a7ea4230e492fef2a4f"),
        ("CallStatus", "ringing"),
        ("Called", "+15306384866"),
        ("CalledCity", "OAKLAND"),
        ("CalledCountry", "US"),
        ("CalledState", "CA"),
        ("CalledZip", "94612"),
        ("Caller", "+15306666666"),
        ("CallerCity", "SOUTH LAKE TAHOE"),
        ("CallerCountry", "US"),
        ("CallerName", "CA Wireless Call"),
        ("CallerState", "CA"),
        ("CallerZip", "89449"),
        ("Direction", "inbound"),
        ("From", "+15306666666"),
        ("FromCity", "SOUTH LAKE TAHOE"),
        ("FromCountry", "US"),
        ("FromState", "CA"),
        ("FromZip", "89449"),
        ("To", "+15306384866"),
        ("ToCity", "OAKLAND"),
        ("ToCountry", "US"),
        ("ToState", "CA"),
        ("ToZip", "94612"),
    ]
    signature = "fF+xx6dTinOaCdZ0aIeNkHr/ZAA="
    assert twilio_is_valid(token, signature, url, "", form, b"")
    assert not twilio_is_valid(token, signature, url, "", form[1:], b"")
    assert not twilio_is_valid(token, signature, url + "?", "", form, b"")
    assert not twilio_is_valid(token, "é", url, "", form, b"")


CALLBACK = [
    ("CallSid", "CA0000000000000000000000000000000a"),
    ("AccountSid", "AC0"),
    ("From", "client:anna"),
    ("To", "+390551234567"),
    ("CallStatus", "completed"),
    ("Direction", "outbound-dial"),
    ("Timestamp", "Mon, 02 Mar 2026 09:15:30 +0000"),
    ("CallDuration", "210"),
]


async def call_back(served: Served, form: list[tuple[str, str]], base: str) -> httpx.Response:
    path = "/v1/webhooks/twilio?key=voice"
    signature = twilio_signature(base + path, form)
    body = urlencode(form).encode()
    return await served.post(body, FORM, path, authorization="", x_twilio_signature=signature)


async def test_a_call_of_twilio_becomes_an_event(shop: Served) -> None:
    answer = await call_back(shop, CALLBACK, "http://gateway.test")
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text
    event = json.loads(shop.sent[0])
    assert topics(shop) == [CALL_ENDED.name]
    assert event["id"] == CALLBACK[0][1]
    data = event["data"]
    assert (data["customer_id"], data["operator_id"]) == ("C-1", "anna")
    assert data["started_at"] == "2026-03-02T09:12:00+00:00"
    assert data["ended_at"] == "2026-03-02T09:15:30+00:00"


async def test_a_call_that_goes_on_is_passed_over(shop: Served) -> None:
    ringing = [*CALLBACK[:4], ("CallStatus", "ringing"), *CALLBACK[5:7]]
    answer = await call_back(shop, ringing, "http://gateway.test")
    assert answer.json() == {"accepted": 0, "passed_over": 1, "dead_letters": 0}


async def test_twilio_signs_the_address_that_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    served = serve(tmp_path, public_url="https://voce.example/in")
    mapping = EXPORTS / "calls.yaml"
    served.key("voice", mapping=mapping, signature="twilio", secret_env="SHOP_SECRET")
    assert (await call_back(served, CALLBACK, "https://voce.example/in")).status_code == 202
    assert (await call_back(served, CALLBACK, "http://gateway.test")).status_code == 401


async def test_a_body_of_twilio_that_is_no_form_is_covered_by_its_digest(shop: Served) -> None:
    body = as_json({"sid": "CA1"})
    for given, status in ((body, 202), (body + b" ", 401)):
        path = f"/v1/webhooks/twilio?key=voice&bodySHA256={hashlib.sha256(body).hexdigest()}"
        answer = await shop.post(
            given,
            "application/json",
            path,
            x_twilio_signature=twilio_signature("http://gateway.test" + path, []),
        )
        assert answer.status_code == status


async def test_a_customer_that_no_table_knows_becomes_a_dead_letter(shop: Served) -> None:
    form = [(name, "+390000000000" if name == "To" else value) for name, value in CALLBACK]
    answer = await call_back(shop, form, "http://gateway.test")
    assert answer.status_code == 202
    assert answer.json()["dead_letters"] == 1
    assert reasons(answer) == [(0, "customer_id is not in the table customers")]
    assert topics(shop) == [DEAD_LETTER.name]
    letter = json.loads(shop.sent[0])
    assert (letter["origin"], letter["error_class"]) == ("webhook-voice:1", "unknown_customer")
    original = json.loads(base64.b64decode(letter["original"]))
    assert original["preset"] == "twilio"
    assert original["rows"][0]["to"] == "+390000000000"


async def test_conversations_of_genesys_whole_or_one_by_one(shop: Served) -> None:
    whole = json.loads((EXPORTS / "genesys.json").read_text())
    headers = bearer(shop, "genesys", EXPORTS / "calls.yaml")
    path = "/v1/webhooks/genesys"
    answer = await shop.post(as_json(whole), "application/json", path, **headers)
    assert answer.json()["accepted"] == 2, answer.text
    sent = shop.sent
    shop.delivery.messages.clear()
    for conversation in whole["conversations"]:
        answer = await shop.post(as_json(conversation), "application/json", path, **headers)
        assert answer.status_code == 202
    assert shop.sent == sent
    listed = await shop.post(as_json(whole["conversations"]), "application/json", path, **headers)
    assert listed.json()["accepted"] == 2


async def test_lines_of_3cx_as_csv_and_as_json(shop: Served) -> None:
    lines = (EXPORTS / "3cx.csv").read_bytes()
    headers = bearer(shop, "3cx", EXPORTS / "calls.yaml")
    answer = await shop.post(lines, "text/csv", "/v1/webhooks/3cx", **headers)
    assert answer.json()["accepted"] == 2, answer.text
    row = {
        "historyid": "36",
        "callid": "0000018B_02",
        "time-start": "2026/03/02 09:20:00",
        "time-answered": "",
        "time-end": "2026/03/02 09:20:31",
        "from-no": "3479998888",
        "to-no": "Ext.204",
        "dial-no": "",
    }
    answer = await shop.post(as_json(row), "application/json", "/v1/webhooks/3cx", **headers)
    assert answer.json()["accepted"] == 1, answer.text
    assert json.loads(shop.sent[-1]) == json.loads(shop.sent[1])


async def test_events_of_another_company_are_refused(shop: Served) -> None:
    mapping = EXPORTS / "calls.yaml"
    token = shop.key("theirs", client="acqua", mapping=mapping)
    answer = await shop.post(
        (EXPORTS / "genesys.json").read_bytes(),
        "application/json",
        "/v1/webhooks/genesys",
        authorization=f"Bearer {token}",
    )
    assert answer.status_code == 403
    assert not shop.sent


@pytest.mark.parametrize("body", [b"", b"[1]", b"1", b"{", b"\xff", b"[" * 100_000, b'"x"'])
async def test_bodies_that_are_no_records_are_refused(shop: Served, body: bytes) -> None:
    answer = await generic(shop, body, **hmac_headers(body))
    assert answer.status_code == 400


async def test_forms_that_are_none_are_refused(shop: Served) -> None:
    headers = bearer(shop, "forms", EXPORTS / "calls.yaml")
    for body in (b"\xff=1", b"a=%ff", b"&".join([b"a=1"] * 2000)):
        answer = await shop.post(body, FORM, "/v1/webhooks/twilio", **headers)
        assert answer.status_code == 400
    answer = await shop.post(b"<x/>", "application/xml", "/v1/webhooks/twilio", **headers)
    assert answer.status_code == 415
    answer = await shop.post(b"{}", "application/json", "/v1/webhooks/other", **headers)
    assert answer.status_code == 404


async def test_a_mapping_is_read_again_when_it_changes(shop: Served, tmp_path: Path) -> None:
    mapping = tmp_path / "mine.yaml"
    headers = bearer(shop, "mine", mapping)
    body = as_json(RECEIPT)

    async def status() -> int:
        answer = await shop.post(body, "application/json", "/v1/webhooks/generic", **headers)
        return answer.status_code

    assert await status() == 503
    mapping.write_text(GENERIC)
    assert await status() == 202
    mapping.write_text(GENERIC.replace("receipt", "no receipt at all]"))
    assert await status() == 503
    mapping.write_text(GENERIC.replace("urn:shop", "urn:shop:milano"))
    assert await status() == 202
    assert json.loads(shop.sent[-1])["source"] == "urn:shop:milano"


@pytest.mark.parametrize("preset", ["genesys", "generic"])
async def test_a_key_without_a_mapping_is_not_for_webhooks(shop: Served, preset: str) -> None:
    answer = await shop.post(as_json(RECEIPT), "application/json", f"/v1/webhooks/{preset}")
    assert answer.status_code == 403
    assert "mapping" in reasons(answer)[0][1]
