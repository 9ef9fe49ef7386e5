"""A field that has one meaning is taken, however it is written; else the reason says how."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.written import (
    CALL,
    MISSING,
    PAYMENT,
    changed,
    quiet,
    refused,
    taken,
    taken_whole,
)


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
    assert routed.event.data.language == (read or "und")
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
