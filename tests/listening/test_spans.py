"""Stretches of a text, compared with a search of all of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.text.spans import Spans

STRETCHES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=12)


@settings(derandomize=True, deadline=None, database=None, max_examples=400)
@given(STRETCHES, st.integers(0, 26), st.integers(1, 8))
def test_they_answer_as_if_all_had_been_searched(
    stretches: list[tuple[int, int]], start: int, length: int
) -> None:
    spans, added = Spans(), []
    for first, size in stretches:
        free = not any(a < first + size and first < b for a, b in added)
        assert spans.add(first, first + size) == free
        if free:
            added.append((first, first + size))
    end = start + length
    assert spans.overlap(start, end) == any(a < end and start < b for a, b in added)
    assert spans.hold(start, end) == any(a <= start and end <= b for a, b in added)
    assert spans.cover(start) == any(a <= start < b for a, b in added)
    assert bool(spans) == bool(added)
