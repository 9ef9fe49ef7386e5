"""What has one meaning is taken, however it is written; what has none says what to send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import InvalidMessage, Routed, decode, decode_inbound, encode
from schemas.events import (
    CallEndedEvent,
)
from tests.contracts.written import (
    CALL,
    CANCELLED,
    MISSING,
    MODELS,
    PAYMENT,
    RECORDED,
    changed,
    json_values,
    parts_left_out,
    quiet,
    refused,
    taken,
    taken_whole,
)


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
    assert routed.event.data.transcript[0].speaker == "unknown"
    assert [part for part, _ in routed.left_out] == ["transcript.speaker"]


@pytest.mark.parametrize("speaker", ["bot", "System", "IVR", "virtual agent", "Voicemail"])
def test_a_machine_s_turn_is_nobody_s_words(speaker: str) -> None:
    routed = taken(changed(CALL, "data.transcript.0.speaker", speaker))
    said = routed.event.data.transcript
    assert [turn.text for turn in said] == ["Salve."]
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
    assert said.transcript[0].text == "Buongiorno."
    if not place.startswith("survey"):
        assert said.survey.rating == 9


def test_of_a_survey_without_a_usable_comment_the_rating_stays() -> None:
    routed = taken(changed(CALL, "data.survey.comment", 5.5))
    assert routed.event.data.survey.rating == 9


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
        assert taken(raw).event.data.transcript[0].text == "5"
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
