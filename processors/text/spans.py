"""Stretches of a text that lie apart from each other, in order however they come."""

from __future__ import annotations

from bisect import bisect_right


class Spans:
    """Half-open stretches [start, end), none empty, none overlapping another.

    Every question costs the logarithm of their number, where looking at all of them would square
    over a long text.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    def add(self, start: int, end: int) -> bool:
        """Take one in, unless it overlaps another; whether it was taken."""
        if self.overlap(start, end):
            return False
        place = bisect_right(self._starts, start)
        self._starts.insert(place, start)
        self._ends.insert(place, end)
        return True

    def overlap(self, start: int, end: int) -> bool:
        """Whether [start, end) shares a character with one of them."""
        place = bisect_right(self._starts, start)
        if place and start < self._ends[place - 1]:
            return True
        return place < len(self._starts) and self._starts[place] < end

    def cover(self, at: int) -> bool:
        """Whether the character at `at` lies in one of them."""
        return self.hold(at, at + 1)

    def hold(self, start: int, end: int) -> bool:
        """Whether [start, end) lies entirely in one of them."""
        place = bisect_right(self._starts, start)
        return bool(place) and end <= self._ends[place - 1]
