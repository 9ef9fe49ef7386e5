"""What has one meaning is taken, however it is written; what has none says what to send."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
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
    | st.sampled_from([-1, 0, 11, 1e308, "", " ", "it", "2026-01-01T00:00:00Z", "\ud800", "a|b"]),
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


@pytest.mark.parametrize(
    "written",
    [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.pbx+json",
        "application/cloudevents+json;charset=UTF-8",
        "text/json",
        None,
        MISSING,
    ],
)
def test_every_way_to_say_json_is_taken(written: Any) -> None:
    assert taken_whole(changed(CALL, "datacontenttype", written)) == taken_whole(
        json.dumps(CALL).encode()
    )


@pytest.mark.parametrize("written", ["application/xml", "text/plain", "json", "", 5, True])
def test_data_of_another_kind_is_refused_and_the_reason_asks_for_json(written: Any) -> None:
    assert "application/json" in refused(changed(CALL, "datacontenttype", written))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("0.30000000000000004", "0.3"),
        ("49.900000000000006", "49.9"),
        ("110.00000000000001", "110"),
        ("19.99", "19.99"),
        ("49", "49"),
        ("1e2", "100"),
        ('"49.90"', "49.9"),
        ('" 49.9 "', "49.9"),
        ("0.00005", None),
        ("0.00015", "0.0002"),
        ("0.00025", "0.0002"),
        ("0.000250000000000000000000000000000001", "0.0003"),
        ("99999999999999.99994999999999999999999999999", "99999999999999.9999"),
        ("99999999999999.99996", None),
        ("0", None),
        ("1e999", None),
        ("NaN", None),
        ("true", None),
        ('"true"', None),
        ('"1_000"', None),
        ('"NaN"', None),
        ("null", None),
        ("[1]", None),
        ("{}", None),
    ],
)
def test_amounts_are_rounded_to_four_decimals_half_to_even(
    written: str, amount: str | None
) -> None:
    raw = changed(PAYMENT, "data.amount", "HERE").replace(b'"HERE"', written.encode())
    if amount is None:
        assert "data.amount" in refused(raw)
    else:
        assert taken_whole(raw).data.amount == Decimal(amount)


@quiet
@given(st.floats(min_value=0.0001, max_value=1e13), st.floats(min_value=0, max_value=1e6))
def test_sums_of_floats_are_the_nearest_amount(one: float, other: float) -> None:
    written = json.dumps(one + other)
    with localcontext(prec=60):
        exact = Fraction(Decimal(written)) * 10_000
        nearest = Decimal(round(exact)) / 10_000
    read = taken_whole(changed(PAYMENT, "data.amount", one + other)).data.amount
    assert read == nearest
    assert read == Decimal(written).quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)


@pytest.mark.parametrize("written", ["49,90", "1.234,56", "1,234.56"])
def test_the_reason_for_an_amount_with_a_comma_asks_for_a_point(written: str) -> None:
    assert "decimal point" in refused(changed(PAYMENT, "data.amount", written))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("it-IT", "it"),
        ("IT", "it"),
        ("ita", "it"),
        ("it_IT.UTF-8", "it"),
        ("Italian", "it"),
        ("inglese", "en"),
        ("en-GB", "en"),
        ("zh-Hant-TW", "zh"),
        ("fur", "fur"),
        (None, "it"),
        ("Elbonian", None),
        (5, None),
        ("", None),
    ],
)
def test_a_language_is_its_first_part_and_unknown_where_it_is_none(
    written: Any, read: str | None
) -> None:
    routed = taken(changed(CALL, "data.language", written))
    assert routed.event.data.language == (read or "und")  # type: ignore[union-attr]
    assert [part for part, _ in routed.left_out] == ([] if read else ["language"])


@pytest.mark.parametrize(
    ("place", "written", "read"),
    [
        ("data.service", "Debt Collection", "debt_collection"),
        ("data.touchpoint", "PAYMENT-PLAN", "payment_plan"),
        ("data.channel", "Voice", "phone"),
        ("data.channel", "E-Mail", "email"),
        ("data.channel", None, "phone"),
        ("data.customer_type", "SMALL_BUSINESS", "small_business"),
    ],
)
def test_words_of_lists_are_known_in_any_case(place: str, written: Any, read: str) -> None:
    event = taken_whole(changed(CALL, place, written))
    assert getattr(event.data, place.removeprefix("data.")) == read


@pytest.mark.parametrize(
    ("place", "written"),
    [
        ("data.service", "sales"),
        ("data.channel", "fax"),
        ("data.customer_type", "nobody"),
        ("data.touchpoint", True),
        ("data.service", None),
    ],
)
def test_a_word_that_is_not_of_its_list_is_refused_with_the_list(place: str, written: Any) -> None:
    """A default in its place would be a claim nobody made."""
    reason = refused(changed(CALL, place, written))
    assert place in reason
    assert " or '" in reason


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T09:47:30Z",
        "2026-03-02T10:47:30+01:00",
        "2026-03-02T10:47:30+0100",
        "2026-03-02T10:47:30+01",
        "2026-03-02t09:47:30z",
        "2026-03-02 09:47:30 UTC",
        "2026-03-02T09:47:30.000000000Z",
        "2026-03-02T10:47:30+01:00[Europe/Rome]",
        " 2026-03-02T09:47:30Z ",
    ],
)
def test_a_time_may_have_any_offset_and_precision(written: str) -> None:
    event = taken_whole(changed(CALL, "data.ended_at", written))
    assert event.data.ended_at.isoformat() == "2026-03-02T09:47:30+00:00"


def test_digits_beyond_microseconds_are_cut_off() -> None:
    event = taken_whole(changed(CALL, "data.ended_at", "2026-03-02T09:47:30.123456999Z"))
    assert event.data.ended_at.microsecond == 123456


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("2026-03-02T09:47:30", "offset"),
        ("2026-03-02", "offset"),
        (1772444850, "unit"),
        (1772444850.5, "unit"),
        ("1772444850", "offset"),
        (True, "unit"),
        ("2026-13-02T09:47:30Z", "month"),
        ("ieri", "offset"),
        (None, "data.ended_at"),
    ],
)
def test_the_reason_for_an_ambiguous_time_says_how_to_write_it(written: Any, says: str) -> None:
    reason = refused(changed(CALL, "data.ended_at", written))
    assert "data.ended_at" in reason
    assert says in reason


@pytest.mark.parametrize("place", ["time", "subject", "specversion"])
@pytest.mark.parametrize("written", [None, MISSING])
def test_what_the_data_says_as_well_may_be_absent(place: str, written: Any) -> None:
    for event in (CALL, PAYMENT, CANCELLED):
        taken_whole(changed(event, place, written))


def test_a_time_of_sending_that_cannot_be_used_is_left_out() -> None:
    assert parts_left_out(changed(PAYMENT, "time", 1772444850)) == ["time"]


@pytest.mark.parametrize(
    ("speaker", "read"),
    [
        ("Operator", "operator"),
        ("AGENT", "operator"),
        ("Live-Agent", "operator"),
        ("operatrice", "operator"),
        ("Cliente", "customer"),
        ("external", "customer"),
        ("unknown", "unknown"),
        (None, "unknown"),
    ],
)
def test_speakers_have_several_names(speaker: Any, read: str) -> None:
    event = taken_whole(changed(CALL, "data.transcript.0.speaker", speaker))
    assert event.data.transcript[0].speaker == read


@pytest.mark.parametrize("speaker", ["Mario Rossi", "caller", "user", "assistant", 7, ["x"]])
def test_a_speaker_nobody_knows_is_unknown_and_counted(speaker: Any) -> None:
    routed = taken(changed(CALL, "data.transcript.0.speaker", speaker))
    assert routed.event.data.transcript[0].speaker == "unknown"  # type: ignore[union-attr,index]
    assert [part for part, _ in routed.left_out] == ["transcript.speaker"]


@pytest.mark.parametrize("speaker", ["bot", "System", "IVR", "virtual agent", "Voicemail"])
def test_a_machine_s_turn_is_nobody_s_words(speaker: str) -> None:
    routed = taken(changed(CALL, "data.transcript.0.speaker", speaker))
    said = routed.event.data.transcript  # type: ignore[union-attr]
    assert [turn.text for turn in said] == ["Salve."]  # type: ignore[union-attr]
    assert [part for part, _ in routed.left_out] == ["transcript.machine_turn"]


@pytest.mark.parametrize(
    ("place", "written", "part"),
    [
        ("transcript.1.start", -1, "transcript.start"),
        ("transcript.1.end", 1, "transcript.end"),
        ("transcript.1.end", "NaN", "transcript.end"),
        ("transcript.1.end", True, "transcript.end"),
        ("transcript.1.confidence", 87, "transcript.confidence"),
        ("transcript.1.confidence", True, "transcript.confidence"),
        ("transcript.1.text", None, "transcript.text"),
        ("transcript.1.text", ["Salve"], "transcript.text"),
        ("transcript.1", 7.5, None),
        ("transcript.1", [], "transcript.turn"),
        ("survey.rating", 11, "survey.rating"),
        ("survey.rating", 7.5, "survey.rating"),
        ("survey.rating", True, "survey.rating"),
        ("survey.rating", None, "survey.rating"),
        ("survey.comment", {"text": "x"}, "survey.comment"),
        ("survey", "nove", "survey"),
        ("people", 5, "people"),
        ("people", ["Mario Rossi", 5], "people"),
    ],
)
def test_an_optional_part_that_cannot_be_used_costs_no_call(
    place: str, written: Any, part: str | None
) -> None:
    routed = taken(changed(CALL, f"data.{place}", written))
    assert {name for name, _ in routed.left_out} >= ({part} if part else set())
    said = routed.event.data
    assert said.transcript[0].text == "Buongiorno."  # type: ignore[union-attr,index]
    if not place.startswith("survey"):
        assert said.survey.rating == 9  # type: ignore[union-attr]


def test_of_a_survey_without_a_usable_comment_the_rating_stays() -> None:
    routed = taken(changed(CALL, "data.survey.comment", 5.5))
    assert routed.event.data.survey.rating == 9  # type: ignore[union-attr]


def test_a_checksum_is_hex_in_any_case_and_else_left_out() -> None:
    upper = taken_whole(changed(RECORDED, "data.recording.sha256", "SHA256:" + "AB" * 32))
    assert upper.data.recording.sha256 == "ab" * 32
    assert parts_left_out(changed(RECORDED, "data.recording.sha256", "AB12")) == [
        "recording.sha256"
    ]
    assert taken_whole(changed(RECORDED, "data.recording.layout", "Stereo"))
    assert "data.recording.layout" in refused(changed(RECORDED, "data.recording.layout", "5.1"))


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (CALL, "data.survey"),
        (CALL, "data.survey.comment"),
        (CALL, "data.people"),
        (CALL, "data.recording"),
        (CALL, "data.transcript.0.start"),
        (CALL, "data.transcript.1.confidence"),
        (RECORDED, "data.transcript"),
        (RECORDED, "data.recording.sha256"),
        (PAYMENT, "data.currency"),
    ],
)
def test_null_means_absent_in_every_optional_field(event: dict[str, Any], place: str) -> None:
    taken_whole(changed(event, place, None) if place != "data.people" else with_people(None))


def with_people(value: Any) -> bytes:
    return json.dumps({**CALL, "data": {**CALL["data"], "people": value}}).encode()


def test_objects_of_nulls_are_absent() -> None:
    survey = changed(CALL, "data.survey", {"rating": None, "comment": None})
    assert taken_whole(survey).data.survey is None


def test_one_name_alone_is_a_list_of_one() -> None:
    assert taken_whole(with_people("Mario Rossi")).data.people == ["Mario Rossi"]


def test_a_call_with_nothing_left_says_what_could_not_be_used() -> None:
    bare = json.loads(changed(CALL, "data.transcript", MISSING))
    reason = refused(changed(bare, "data.survey.rating", 11))
    assert "a recording, a transcript or a survey is needed" in reason
    assert "survey.rating cannot be used" in reason


@pytest.mark.parametrize("transcript", ["testo", {"speaker": "operator"}, [5, {}], [[]]])
def test_a_transcript_of_which_nothing_can_be_used_is_refused(transcript: Any) -> None:
    """Its words are what the call is about: they can be sent again, written right."""
    raw = changed(CALL, "data.transcript", transcript)
    if transcript == [5, {}]:
        assert taken(raw).event.data.transcript[0].text == "5"  # type: ignore[union-attr,index]
    else:
        assert "data.transcript" in refused(raw)


def test_a_byte_order_mark_and_line_ends_are_passed_over() -> None:
    raw = json.dumps(CALL).encode()
    assert taken_whole(b"\xef\xbb\xbf" + raw + b"\r\n") == taken_whole(raw)


@pytest.mark.parametrize("text", ["\ud83d", "a\ude00b", "\ude00\ud83d", "x\ud800" * 3])
def test_halves_of_characters_are_replaced_so_that_all_can_be_written(text: str) -> None:
    event = taken_whole(changed(CALL, "data.transcript.0.text", text))
    said = event.data.transcript[0].text
    assert "\ufffd" in said
    said.encode()
    assert encode(event).decode()


def test_whole_characters_written_as_halves_stay() -> None:
    event = taken_whole(changed(CALL, "data.transcript.0.text", "va bene \U0001f600"))
    assert event.data.transcript[0].text == "va bene \U0001f600"


@pytest.mark.parametrize("place", ["id", "data.customer_id", "data.agency_id"])
def test_a_whole_number_is_an_identifier_by_its_digits(place: str) -> None:
    event = taken_whole(changed(CALL, place, 4711))
    assert "4711" in (event.id, event.data.customer_id, event.data.agency_id)
    for other in (1.5, True, None, [1]):
        assert place in refused(changed(CALL, place, other))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (json.dumps(CALL["data"]).encode(), "binary mode"),
        (b"{}", "binary mode"),
        (json.dumps([CALL]).encode(), "batch mode"),
        (b"[]", "batch mode"),
        (json.dumps(json.dumps(CALL)).encode(), "encoded twice"),
        (json.dumps({**CALL, "data": json.dumps(CALL["data"])}).encode(), "encoded twice"),
        (json.dumps({**CALL, "data": None, "data_base64": "e30="}).encode(), "data_base64"),
        (json.dumps({"schema": {}, "payload": CALL}).encode(), "schemas.enable=false"),
        (b"\x00\x00\x00\x00\x05" + json.dumps(CALL).encode(), "schema registry"),
        (b"Obj\x01\x04", "Avro"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (json.dumps(CALL).encode("utf-16"), "UTF-8"),
        (json.dumps({**CALL, "id": "è"}, ensure_ascii=False).encode("latin-1"), "UTF-8"),
        (json.dumps(CALL).encode() * 2, "one event"),
        (b"null", "found null"),
        (b"NaN", "found NaN"),
        (b"\xef\xbb\xbf", "empty"),
    ],
)
def test_the_reason_of_a_refusal_says_what_to_send(raw: bytes, says: str) -> None:
    assert says in refused(raw)


def test_the_reason_for_an_event_of_another_topic_names_its_own() -> None:
    invalid = decode(json.dumps(PAYMENT).encode(), CallEndedEvent)
    assert isinstance(invalid, InvalidMessage)
    assert "payment-received" in invalid.reason


def test_the_type_is_needed_at_every_door() -> None:
    assert "type: missing" in refused(changed(CALL, "type", MISSING))


OPTIONAL = [
    "time",
    "subject",
    "data.language",
    "data.survey",
    "data.survey.rating",
    "data.survey.comment",
    "data.people",
    *(
        f"data.transcript.1{field}"
        for field in ("", ".speaker", ".text", ".start", ".end", ".confidence")
    ),
]


@quiet
@given(st.sampled_from(OPTIONAL), json_values)
def test_nothing_in_an_optional_part_costs_the_call_or_is_invented(place: str, value: Any) -> None:
    base = json.loads(with_people([]))
    routed = taken(changed(base, place, value))
    data: Any = routed.event.data
    assert data.transcript[0].text == "Buongiorno."
    assert data.survey is None or data.survey.rating in range(11)
    encode(routed.event).decode()
    for part, why in routed.left_out:
        assert part.split(".")[0] in (
            "time",
            "subject",
            "language",
            "survey",
            "people",
            "transcript",
        )
        assert len(why) < 200


@quiet
@given(st.sampled_from([CALL, RECORDED, PAYMENT, CANCELLED]), st.data())
def test_both_doors_take_and_refuse_the_same(event: dict[str, Any], data: st.DataObject) -> None:
    place = data.draw(
        st.sampled_from([*event, *(f"data.{name}" for name in event["data"])]), label="place"
    )
    raw = changed(event, place, data.draw(json_values, label="value"))
    routed = decode_inbound(raw)
    if isinstance(routed, Routed):
        assert decode(raw, type(routed.event)) == routed.event
    else:
        assert all(isinstance(decode(raw, model), InvalidMessage) for model in MODELS.values())
