"""Stretches of a text, against looking at all of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.text.spans import Spans

STRETCHES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=12)


@settings(derandomize=True, deadline=None, database=None, max_examples=400)
@given(STRETCHES, st.integers(0, 26), st.integers(1, 8))
def test_they_answer_as_if_all_were_looked_at(
    stretches: list[tuple[int, int]], start: int, length: int
) -> None:
    spans, kept = Spans(), []
    for begin, size in stretches:
        free = not any(a < begin + size and begin < b for a, b in kept)
        assert spans.add(begin, begin + size) == free
        if free:
            kept.append((begin, begin + size))
    end = start + length
    assert spans.overlap(start, end) == any(a < end and start < b for a, b in kept)
    assert spans.hold(start, end) == any(a <= start and end <= b for a, b in kept)
    assert spans.cover(start) == any(a <= start < b for a, b in kept)
    assert bool(spans) == bool(kept)
