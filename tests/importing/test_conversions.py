"""Times, amounts, durations and telephone numbers as people export them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.mapping.conversions import (
    CannotConvert,
    amount,
    boolean,
    instants,
    phone,
    seconds,
)

ROME = ZoneInfo("Europe/Rome")
FORM = "%d/%m/%Y %H:%M:%S"
WHOLE_SECONDS = st.integers(1_104_537_600, 2_114_380_800).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


@given(WHOLE_SECONDS)
def test_a_time_on_the_clock_means_the_time_it_was_shown(time: datetime) -> None:
    meant = instants(time.astimezone(ROME).strftime(FORM), [FORM], "Europe/Rome")
    assert time in meant
    assert len(meant) == 1 or meant[1] - meant[0] == timedelta(hours=1)


@given(WHOLE_SECONDS)
def test_a_time_with_an_offset_means_one_instant(time: datetime) -> None:
    assert instants(time.astimezone(ROME).isoformat(), ["iso"], "UTC") == (time,)
    assert instants(str(time.timestamp()), [FORM, "unix"], "UTC") == (time,)
    assert instants(str(round(time.timestamp() * 1000)), ["unix_ms"], "UTC") == (time,)


def test_the_hour_that_clocks_go_through_twice_has_two_meanings() -> None:
    assert instants("25/10/2026 02:30:00", [FORM], "Europe/Rome") == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )
    with pytest.raises(CannotConvert, match="clocks in Europe/Rome skip"):
        instants("29/03/2026 02:30:00", [FORM], "Europe/Rome")


AMOUNTS = st.decimals(0, 10**9, places=2, allow_nan=False)


@given(AMOUNTS, st.booleans(), st.sampled_from(["{}", "{} €", "€ {}", "EUR{}", " {}\u00a0"]))
def test_an_amount_is_read_as_it_was_written(value: Decimal, grouped: bool, around: str) -> None:
    english = f"{value:,.2f}" if grouped else f"{value:.2f}"
    italian = english.translate(str.maketrans(",.", ".,"))
    assert amount(around.format(english), ".") == value
    assert amount(around.format(italian), ",") == value


@pytest.mark.parametrize("text", ["49.90", "1.23,4.5", "1,2,3", "", "€", "12,3O", "1.2345,00", "∞"])
def test_an_amount_that_may_mean_another_one_is_refused(text: str) -> None:
    with pytest.raises(CannotConvert) as refused:
        amount(text, ",")
    assert text not in str(refused.value) or not text


def test_durations() -> None:
    assert [seconds(text) for text in ("90", "1.5", "00:01:30", "1.02:00:00")] == [
        90,
        1.5,
        90,
        93600,
    ]
    with pytest.raises(CannotConvert):
        seconds("-1")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("055 1234567", "+390551234567"),
        ("+39 055/1234567", "+390551234567"),
        ("0039 055 123 45 67", "+390551234567"),
        ("333.111.2222", "+393331112222"),
        ("201", "201"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_one_number_however_it_is_written(written: str, number: str) -> None:
    assert phone(written, "IT") == number


def test_yes_and_no() -> None:
    assert [boolean(text) for text in ("Sì", "no", "1", "FALSE")] == [True, False, True, False]
    with pytest.raises(CannotConvert):
        boolean("forse")
