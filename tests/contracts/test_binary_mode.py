"""CloudEvents in Kafka's binary mode are read as the same events in structured mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import InvalidMessage, decode_inbound
from schemas.inbound.binary_mode import structured
from schemas.topics import TOPICS

INBOUND = [topic.name for topic in TOPICS if topic.inbound]
EXAMPLES = sorted(
    path for name in INBOUND for path in Path("schemas/examples", name).glob("*.json")
)


def binary(event: dict[str, Any]) -> tuple[list[tuple[str, bytes]], bytes]:
    """An event as a client sends it in binary mode."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    media = str(attributes.pop("datacontenttype", "application/json"))
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    return [*headers, ("content-type", media.encode())], json.dumps(event["data"]).encode()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_event_is_the_same_in_both_modes(example: Path) -> None:
    raw = example.read_bytes()
    event = json.loads(raw)
    one, other = decode_inbound(raw), decode_inbound(structured(*binary(event)))
    assert not isinstance(one, InvalidMessage)
    assert not isinstance(other, InvalidMessage)
    assert one.event == other.event


def test_a_message_in_structured_mode_stays_as_it_is_whatever_its_headers() -> None:
    raw = EXAMPLES[0].read_bytes()
    for headers in ([], [("traceparent", b"00-1-2-01")], [("ce_id", b"x"), ("ce_type", b"y")]):
        assert structured(headers, raw) == raw


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{} {}", b'{}, "source": "x"', b"\xff", b"{"])
def test_a_body_that_is_no_object_stays_as_it_is(body: bytes) -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"1")]
    assert structured(headers, body) == body


@pytest.mark.parametrize(
    "more", [[("ce_id", b"2")], [("ce_source", b"\xff")], [("ce_source", None)]]
)
def test_a_header_that_is_there_twice_or_no_text_is_refused(more: list[Any]) -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"1"), *more]
    found = decode_inbound(structured(headers, b"{}"))
    assert isinstance(found, InvalidMessage)
    assert "each once, as UTF-8" in found.reason


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_specversion", "ce_id", "ce_data", "ce_type", "ce_", "x", "ce_Id"]),
        st.one_of(st.none(), st.binary(max_size=20), st.just(b"1.0")),
    ),
    max_size=6,
)


@given(HEADERS, st.one_of(st.binary(max_size=40), st.just(b'{"a": 1}')))
def test_whatever_the_headers_hold_nothing_raises_and_the_data_is_the_body(
    headers: list[tuple[str, bytes | None]], body: bytes
) -> None:
    made = structured(headers, body)
    if made != body:
        assert json.loads(made)["data"] == json.loads(body)
    decode_inbound(made)
