"""The codec: examples round-trip, all else is an `InvalidMessage` that leaks nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import schemas
from schemas.changes import (
    ChangeBatch,
    Engagement,
    EngagementChange,
    Position,
    PositionedChange,
)
from schemas.codec import InvalidMessage, Routed, decode, decode_inbound, encode
from schemas.derived import Call, CallScored, CallTranscribed, DeadLetter, Figures
from schemas.events import CallEndedEvent
from schemas.topics import TOPICS
from tests.contracts.written import json_values

EXAMPLES = sorted((Path(schemas.__file__).parent / "examples").glob("*/*.json"))
PAYLOADS = {topic.name: topic.payload for topic in TOPICS if not topic.private}
MARKERS = ("Xq7MarioRossiXq7", 918273645546372819, 0.918273645)
quiet = settings(
    derandomize=True,
    deadline=None,
    max_examples=400,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def ids(paths: list[Path]) -> list[str]:
    return [f"{path.parent.name}/{path.stem}" for path in paths]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of every field and element in a JSON value."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*at, index))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """A copy of a JSON value with another value at a path."""
    if not at:
        return new
    copy = deepcopy(value)
    inner = copy
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = new
    return copy


def content(path: Path) -> Any:
    return json.loads(path.read_bytes())


SPOTS = [(path, at) for path in EXAMPLES for at in places(content(path))]


def test_every_public_inbound_topic_has_an_example() -> None:
    assert {path.parent.name for path in EXAMPLES} >= {
        "call-ended",
        "payment-received",
        "contract-cancelled",
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=ids(EXAMPLES))
def test_every_example_decodes_and_comes_back_as_it_was(path: Path) -> None:
    model = PAYLOADS[path.parent.name]
    event = decode(path.read_bytes(), model)
    assert isinstance(event, model), event
    assert decode(encode(event), model) == event
    routed = decode_inbound(path.read_bytes())
    assert isinstance(routed, Routed)
    assert (routed.topic.name, routed.event) == (path.parent.name, event)


@quiet
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    assert isinstance(decode_inbound(raw), InvalidMessage)
    for model in PAYLOADS.values():
        assert isinstance(decode(raw, model), InvalidMessage)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \n",
        b"\x00",
        b"\xff\xfe",
        b"null",
        b"NaN",
        b"[]",
        b"{}",
        b'"it.ascolto.call-ended.v1"',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"1" * 5_000,
        b'{"type": ["it.ascolto.call-ended.v1"]}',
        b'{"type": "it.ascolto.call-ended.v2"}',
        b'{"type": "it.ascolto.call-ended.v1", "id": "\\ud800"}',
        '{"type": "it.ascolto.call-ended.v1"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"type": "it.ascolto.call-ended.v1"}',
    ],
)
def test_the_reason_for_what_is_no_event_says_so(raw: bytes) -> None:
    invalid = decode_inbound(raw)
    assert isinstance(invalid, InvalidMessage)
    assert 0 < len(invalid.reason) < 500
    assert invalid.error_class


def test_a_huge_number_is_not_called_a_wrong_encoding() -> None:
    invalid = decode_inbound(b"1" * 5_000)
    assert isinstance(invalid, InvalidMessage)
    assert "UTF-8" not in invalid.reason


@quiet
@given(st.sampled_from(SPOTS), json_values)
def test_any_value_in_any_field_never_raises_and_what_is_taken_can_be_sent_on(
    spot: tuple[Path, tuple[Any, ...]], value: Any
) -> None:
    path, at = spot
    raw = json.dumps(put(content(path), at, value)).encode()
    routed = decode_inbound(raw)
    if isinstance(routed, Routed):
        again = decode(encode(routed.event), type(routed.event))
        assert again == routed.event
    else:
        assert isinstance(decode(raw, PAYLOADS[path.parent.name]), InvalidMessage | BaseModel)


@quiet
@given(st.sampled_from(SPOTS), st.sampled_from(MARKERS), st.sampled_from(["value", "list", "key"]))
def test_reasons_never_hold_what_was_found(
    spot: tuple[Path, tuple[Any, ...]], marker: str | float, how: str
) -> None:
    path, at = spot
    value = {"value": marker, "list": [marker], "key": {str(marker): marker}}[how]
    invalid = decode_inbound(json.dumps(put(content(path), at, value)).encode())
    if isinstance(invalid, InvalidMessage):
        assert str(marker) not in invalid.reason
        assert str(marker) not in invalid.error_class


def test_a_reason_never_holds_an_unknown_field_s_name() -> None:
    """A name of a field may be a customer's number as well as a value may."""
    invalid = decode(b'{"+39 333 1234567": 1}', Call)
    assert isinstance(invalid, InvalidMessage)
    assert "333" not in invalid.reason


def test_unknown_fields_of_a_turn_are_passed_over() -> None:
    transcript = next(path for path in EXAMPLES if path.stem == "with-transcript")
    event = content(transcript)
    event["data"]["transcript"][0]["channel_gain"] = 1
    assert isinstance(decode_inbound(json.dumps(event).encode()), Routed)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("ended_at", "2026-13-01", "text"),
        ("ended_at", "2026-03-01T10:00:00", "text"),
        ("ended_at", {}, "object"),
        ("agency_id", None, "null"),
        ("agency_id", [1], "list"),
        ("agency_id", "a b", "text"),
        ("service", 7, "number"),
        ("recording", True, "boolean"),
    ],
)
def test_a_reason_names_the_field_and_the_kind_found(field: str, value: Any, kind: str) -> None:
    event = content(EXAMPLES[0])
    event["data"][field] = value
    invalid = decode(json.dumps(event).encode(), CallEndedEvent)
    assert isinstance(invalid, InvalidMessage)
    assert f"data.{field}: " in invalid.reason
    assert f"(found {kind})" in invalid.reason


def test_many_errors_are_counted_not_listed() -> None:
    invalid = decode(b'{"type": "it.ascolto.call-ended.v1", "data": {}}', CallEndedEvent)
    assert isinstance(invalid, InvalidMessage)
    assert invalid.reason.count(": ") == 5
    assert "and " in invalid.reason
    assert invalid.error_class == "missing"


@pytest.mark.parametrize(
    ("time", "good"),
    [
        ("2000-01-01T00:00:00Z", True),
        ("1999-12-31T23:59:59.999999Z", False),
        ("2000-01-01T00:30:00+01:00", False),
        ("2099-12-31T23:59:59.999999Z", True),
        ("2100-01-01T00:00:00Z", False),
        ("2100-01-01T00:30:00+01:00", True),
        ("0001-01-01T00:00:00+10:00", False),
        ("9999-12-31T23:59:59-10:00", False),
    ],
)
def test_times_are_of_2000_to_2099(time: str, good: bool) -> None:
    event = content(next(path for path in EXAMPLES if path.parent.name == "payment-received"))
    event["data"]["received_at"] = time
    assert isinstance(decode_inbound(json.dumps(event).encode()), Routed) is good


def test_times_with_any_offset_become_utc() -> None:
    event = content(EXAMPLES[0])
    event["time"] = "2026-03-01T12:00:00+05:30"
    routed = decode_inbound(json.dumps(event).encode())
    assert isinstance(routed, Routed)
    assert routed.event.time.isoformat() == "2026-03-01T06:30:00+00:00"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_cannot_hold_are_taken_nowhere(number: str) -> None:
    transcript = next(path for path in EXAMPLES if path.stem == "with-transcript")
    event = content(transcript)
    event["data"]["transcript"][0]["end"] = "NUMBER"
    raw = json.dumps(event).replace('"NUMBER"', number).encode()
    routed = decode_inbound(raw)
    assert isinstance(routed, Routed)
    assert routed.event.data.transcript[0].end is None
    assert [part for part, _ in routed.left_out] == ["transcript.end"]
    payment = next(path for path in EXAMPLES if path.parent.name == "payment-received")
    event = content(payment)
    event["data"]["amount"] = "NUMBER"
    raw = json.dumps(event).replace('"NUMBER"', number).encode()
    assert isinstance(decode_inbound(raw), InvalidMessage)


def test_fields_not_known_of_the_envelope_and_the_data_are_passed_over() -> None:
    for path in EXAMPLES:
        event = content(path)
        event["traceparent"] = "00-1"
        event["data"]["extra"] = {"any": [1]}
        assert isinstance(decode_inbound(json.dumps(event).encode()), Routed), path


def test_our_own_events_refuse_fields_that_nobody_knows() -> None:
    for model in (CallTranscribed, CallScored, Figures, DeadLetter):
        invalid = decode(b'{"surprise": 1}', model)
        assert isinstance(invalid, InvalidMessage)


def test_a_batch_of_changes_is_read_as_it_was_written_and_has_the_form_of_older_versions() -> None:
    engagement = Engagement(7, 1, 1, 5000, 0, 0, False, False, True, 9, "a", "b", "c", "d", ())
    change = EngagementChange(
        client_id="acqua",
        agency_id="aurora",
        customer="p:c",
        event_id="e:1",
        version=3,
        horizon_hours=720,
        before=(),
        after=(engagement,),
        conversation=None,
    )
    positioned = PositionedChange(position=Position("call-scored", 2, 2**40), at=7, change=change)
    batch = ChangeBatch(client_id="acqua", agency_id="aurora", changes=(positioned,))
    written = (
        b'{"client_id":"acqua","agency_id":"aurora","changes":[{"position":["call-scored",2,'
        b'1099511627776],"at":7,"change":{"client_id":"acqua","agency_id":"aurora","customer":"p:c",'
        b'"event_id":"e:1","version":3,"horizon_hours":720,"before":[],"after":[[7,1,1,5000,0,0,'
        b'false,false,true,9,"a","b","c","d",[]]],"conversation":null,"rerated":null,'
        b'"excesses":[]}}]}'
    )
    assert encode(batch) == written
    assert decode(written, ChangeBatch) == batch
    for wrong in (b"", b"{}", b"\xff", written.replace(b'"at":7', b'"at":"7"')):
        assert isinstance(decode(wrong, ChangeBatch), InvalidMessage)
