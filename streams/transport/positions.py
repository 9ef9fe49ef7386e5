"""How far a worker is with the partitions that it has: fetched, committed, handled."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from faust.types import TP

from schemas.topics import catalogue_name

Offsets = dict[TP, int]


class ConsumerMetrics(NamedTuple):
    """What a consumer says of itself, by the topics' names in the catalogue."""

    lag: Mapping[str, int]
    """Offsets between what is committed and the end, over the partitions that it has."""
    handled: Mapping[str, int]
    """Records whose offsets it has committed since it started."""


class Positions:
    """Offsets under one assignment, and the records handled under all of them."""

    def __init__(self) -> None:
        self.handled: Counter[str] = Counter()
        self.begin(None)

    def begin(self, assignment: Any) -> None:
        """Of this assignment nothing is fetched or committed yet."""
        self.assignment = assignment
        self.committed: Offsets = {}
        self.delivered: Offsets = {}
        """Offsets after what was fetched."""
        self._begun: Offsets = {}
        self._uncommitted: dict[TP, deque[tuple[int, int]]] = defaultdict(deque)

    def fetched(self, place: TP, begin: int, end: int, records: int) -> int | None:
        """So many records lie from `begin` to before `end`.

        Returns:
            The end of what was fetched of the partition before; None: nothing was.
        """
        before = self.delivered.get(place)
        self._begun.setdefault(place, begin)
        self.delivered[place] = end
        self._uncommitted[place].append((end, records))
        return before

    def commit(self, offsets: Offsets) -> None:
        """These offsets are committed: what lies before them is handled."""
        self.committed |= offsets
        for place, offset in offsets.items():
            waiting = self._uncommitted[place]
            while waiting and waiting[0][0] <= offset:
                self.handled[catalogue_name(place.topic)] += waiting.popleft()[1]

    def lag(self, ends: Offsets, positions: Offsets) -> dict[str, int]:
        """Offsets that are not committed, by topic.

        Args:
            ends: of the partitions that the worker has.
            positions: where it fetches next; of a partition of which nothing was fetched under
                this assignment, that is what an earlier one has committed.
        """
        lag: Counter[str] = Counter()
        for place, end in ends.items():
            done = self.committed.get(place, self._begun.get(place, positions.get(place, end)))
            lag[catalogue_name(place.topic)] += max(0, end - done)
        return dict(lag)
