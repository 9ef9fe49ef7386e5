"""Overlaps and interruptions, counted from who spoke when."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.transcript import interruptions
from processors.transcript.interruptions import TurnTaking, turn_taking
from schemas.conversation import Speaker, Turn


def said(speaker, start, end, text="Sì."):
    return Turn(speaker=speaker, text=text, start=start, end=end)


def operator(start, end):
    return said(Speaker.OPERATOR, start, end)


def customer(start, end):
    return said(Speaker.CUSTOMER, start, end)


def test_the_example_in_the_docstring_runs():
    assert doctest.testmod(interruptions).failed == 0


@pytest.mark.parametrize(
    ("turns", "overlaps", "cut_ins"),
    [
        ([customer(0, 5), operator(5, 8)], 0, 0),
        ([customer(0, 5), operator(4, 8)], 1, 1),
        ([customer(0, 5), operator(4.7, 8)], 1, 1),
        ([customer(0, 5), operator(4.701, 8)], 1, 0),
        ([customer(0, 5), operator(2, 2.3), customer(5.1, 6)], 1, 1),
        ([customer(0, 5), operator(2, 2.299)], 1, 0),
        ([operator(0, 5), customer(4, 8)], 1, 0),
        ([operator(0, 5), customer(0, 5)], 1, 0),
        ([customer(0, 9), operator(1, 2), operator(4, 5), operator(8.9, 12)], 3, 2),
        ([customer(0, 5), customer(4, 6)], 0, 0),
        ([], 0, 0),
    ],
    ids=[
        "one after the other", "operator cuts in", "just long enough", "just too short",
        "short word in the middle", "shorter word in the middle", "customer cuts in",
        "both at once", "several times", "one speaker", "nothing said",
    ],
)  # fmt: skip
def test_an_interruption_is_the_operators_beginning_in_the_customers_turn(turns, overlaps, cut_ins):
    assert turn_taking(turns) == TurnTaking(overlaps, cut_ins)


@pytest.mark.parametrize(
    "turn",
    [
        said(Speaker.UNKNOWN, 1, 2),
        Turn(speaker=Speaker.OPERATOR, text="Sì."),
        Turn(speaker=Speaker.CUSTOMER, text="Sì.", start=1.0),
    ],
)
def test_without_speakers_or_times_nothing_is_counted(turn):
    assert turn_taking([customer(0, 5), turn]) is None


times = st.integers(0, 5000).map(lambda tenths: tenths / 10)
turns = st.builds(
    lambda who, start, length: said(who, start, start + length),
    st.sampled_from([Speaker.OPERATOR, Speaker.CUSTOMER]),
    times,
    times,
)


@given(st.lists(turns, max_size=12), st.text(min_size=1, max_size=5))
def test_counts_depend_on_times_and_speakers_alone(found, text):
    counted = turn_taking(found)
    assert 0 <= counted.interruptions <= counted.overlaps
    other = [turn.model_copy(update={"text": text, "confidence": 0.1}) for turn in found]
    assert turn_taking(reversed(other)) == counted
