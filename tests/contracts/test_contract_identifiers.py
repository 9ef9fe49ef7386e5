"""Identifiers: what real systems use is taken, what is markup or unseen is refused."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import Any

import jsonschema
import pytest

from schemas.codec import InvalidMessage, Routed, decode_inbound
from schemas.events import CallEndedEvent
from schemas.inbound.identifiers import PATTERN
from tests.contracts.written import CALL, CANCELLED, PAYMENT, changed

PLACES = [
    (CALL, "id"),
    (CALL, "data.client_id"),
    (CALL, "data.agency_id"),
    (CALL, "data.operator_id"),
    (CALL, "data.customer_id"),
    (CANCELLED, "data.contract_id"),
    (PAYMENT, "data.customer_id"),
]
REAL = [
    "1",
    "cust-48211",
    "IT001E12345678",
    "RSSMRA85T10A562S",
    "+393331234567",
    "0039-055/1234",
    "mario.rossi@bora.example",
    "a84b4c76e66710@pc33.example",
    "1612345678.123",
    "{6F9619FF-8B86-D011-B42D-00C04FC964FF}",
    "urn:uuid:6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "https://crm.example/c/1?x=2#3",
    "Rossi&Figli",
    "D'Angelo(Roma)",
    "Müller",
    "Città-di-Forlì",
    "Ελλάδα",
    "Żółw",
    "Иванов",
    "日本支店",
    "e:0123456789abcdef",
    "aGVsbG8gd29ybGQ=",
    "50%~a!b*c$",
    "x" * 128,
]
HOSTILE = [
    "",
    " ",
    "a b",
    "a\tb",
    "a\nb",
    "a|b",
    "[/x]",
    "[red]a",
    "<script>alert(1)</script>",
    "a>b",
    'a"b',
    "a`b",
    "a^b",
    "\x1b[31m",
    "a\x00b",
    "a\x7fb",
    "a\x9bb",
    "a\u00a0b",
    "a\u00adb",
    "a\u200bb",
    "a\u200db",
    "a\u202eb",
    "a\u2066b",
    "a\ufeffb",
    "a\u2028b",
    "a\u3164b",
    "a\u034fb",
    "a\ufe0fb",
    "\U0001f600",
    "a\U000e0041b",
    "\ud800",
    "x" * 129,
]


def schema() -> dict[str, Any]:
    return CallEndedEvent.model_json_schema()["$defs"]["Identifier"]


@pytest.mark.parametrize("identifier", REAL)
@pytest.mark.parametrize(("event", "place"), PLACES, ids=lambda each: str(each)[:20])
def test_what_real_systems_use_is_taken(event: dict[str, Any], place: str, identifier: str) -> None:
    assert isinstance(decode_inbound(changed(event, place, identifier)), Routed)
    jsonschema.validate(identifier, schema())


@pytest.mark.parametrize("identifier", HOSTILE)
@pytest.mark.parametrize(("event", "place"), PLACES, ids=lambda each: str(each)[:20])
def test_what_is_markup_or_unseen_is_refused_with_the_alphabet(
    event: dict[str, Any], place: str, identifier: str
) -> None:
    invalid = decode_inbound(changed(event, place, identifier))
    assert isinstance(invalid, InvalidMessage)
    assert f"{place}: 1 to 128 letters, digits or signs of . _ -" in invalid.reason
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(identifier.replace("\ud800", "\ufffd"), schema())


def test_a_backslash_is_a_login_s_only() -> None:
    """In a dashboard's query it would end the quotation around a name."""
    assert isinstance(decode_inbound(changed(CALL, "data.operator_id", "BORA\\rossi")), Routed)
    for event, place in PLACES:
        if place != "data.operator_id":
            assert isinstance(decode_inbound(changed(event, place, "a\\")), InvalidMessage)


def test_no_character_that_is_unseen_or_a_symbol_of_typography_is_in_the_alphabet() -> None:
    alphabet = re.compile(PATTERN)
    letters = 0
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        taken = alphabet.match(character) is not None
        if category in ("Cc", "Cf", "Cs", "Co", "Zs", "Zl", "Zp"):
            assert not taken, hex(code)
        if category.startswith("L") and code < 0x530:
            assert taken, hex(code)
        letters += taken
    assert letters > 50_000


def test_blanks_around_an_identifier_go() -> None:
    routed = decode_inbound(changed(CALL, "data.customer_id", " k1\n"))
    assert isinstance(routed, Routed)
    assert routed.event.data.customer_id == "k1"


def test_events_of_the_journal_keep_the_names_that_older_versions_took() -> None:
    """They hold customers by pseudonym; no sender's event does."""
    own = json.loads(changed(CANCELLED, "data.customer_id", "p:" + "0" * 24))
    for place in ("id", "data.client_id", "data.contract_id"):
        assert isinstance(decode_inbound(changed(own, place, "[/x]<b>\\")), Routed)
        assert isinstance(decode_inbound(changed(CANCELLED, place, "[/x]")), InvalidMessage)


@pytest.mark.parametrize("source", ["//pbx.example", "urn:x:1", "PBX Milano", "http://[::1]/a|b"])
def test_sources_are_uri_references_and_what_is_written_for_them(source: str) -> None:
    assert isinstance(decode_inbound(changed(CALL, "source", source)), Routed)


@pytest.mark.parametrize("source", ["", " ", "\x1b[31m", "a\nb", "<b>", "a\u202eb", "x" * 513, 5])
def test_a_source_with_markup_or_unseen_characters_is_refused(source: Any) -> None:
    assert isinstance(decode_inbound(changed(CALL, "source", source)), InvalidMessage)
