"""Many overlapping turns: the same counts as pair by pair, at less than quadratic cost."""

from __future__ import annotations

import sys
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.transcript.interruptions import TurnTaking, turn_taking
from schemas.conversation import Speaker, Turn

TIMES = st.integers(min_value=0, max_value=40).map(lambda tenths: tenths / 10)
TURNS = st.lists(
    st.tuples(st.sampled_from([Speaker.OPERATOR, Speaker.CUSTOMER]), TIMES, TIMES), max_size=14
)


def turns_of(spoken: list[tuple[Speaker, float, float]]) -> list[Turn]:
    return [Turn(speaker=who, text="x", start=start, end=end) for who, start, end in spoken]


def by_pairs(turns: list[Turn]) -> TurnTaking:
    """The definition, pair by pair."""
    overlaps = interruptions = 0
    for mine in turns:
        for other in turns:
            if (mine.speaker, other.speaker) != (Speaker.OPERATOR, Speaker.CUSTOMER):
                continue
            start, end, since, until = (
                round(1000 * time) for time in (mine.start, mine.end, other.start, other.end)
            )
            lasting = min(end, until) - max(start, since)
            overlaps += lasting > 0
            interruptions += since < start and lasting >= 300
    return TurnTaking(overlaps, interruptions)


@settings(derandomize=True, deadline=None, database=None, max_examples=500)
@given(TURNS)
def test_the_counts_are_those_of_every_pair(spoken: list[tuple[Speaker, float, float]]) -> None:
    turns = turns_of(spoken)
    assert turn_taking(turns) == by_pairs(turns)


def steps(work: Callable[[], object]) -> int:
    """Lines of Python that `work` runs: its cost, whatever else the machine does."""
    count = 0

    def trace(_frame: object, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


def test_thousands_of_overlapping_turns_do_not_cost_quadratic_time() -> None:
    def talking(count: int) -> Callable[[], object]:
        turns = turns_of(
            [
                ((Speaker.OPERATOR, Speaker.CUSTOMER)[n % 2], n / 100, n / 100 + 100)
                for n in range(count)
            ]
        )
        return lambda: turn_taking(turns)

    assert steps(talking(4000)) < 5 * steps(talking(1000))
