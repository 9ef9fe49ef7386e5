"""A worker's progress, for its status page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.runtime.counters import Counter


class Size(NamedTuple):
    """How much a table holds: keys, and bytes of keys and values."""

    keys: int
    bytes: int


class Reported(NamedTuple):
    """What a worker has counted, seen and holds."""

    counts: Mapping[str, int]
    event_time_us: int
    """0 before the first event."""
    state: Mapping[str, Size]


class Progress:
    """What a worker has written, counted and seen.

    `written` is, per topic and partition, the offset after the last event the broker has
    acknowledged. Together with the consumer groups' committed offsets it shows when all is
    processed: an offset is committed only when all effects of the events before it are in place.
    """

    def __init__(self) -> None:
        self._written: dict[str, int] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self._event_time_us = 0
        self._sizes: dict[str, Callable[[], Size]] = {}

    def written(self, topic: str, partition: int, offset: int) -> None:
        """The event at this offset is acknowledged by the broker."""
        key = f"{topic}/{partition}"
        self._written[key] = max(self._written.get(key, 0), offset + 1)

    def count(self, counter: Counter, by: int = 1) -> None:
        """Add to a counter of the status page."""
        self._counts[counter.name] += by

    def saw(self, event_time_us: int) -> None:
        """The event-time clock moves on, never back."""
        self._event_time_us = max(self._event_time_us, event_time_us)

    def watch(self, table: str, size: Callable[[], Size]) -> None:
        """Report a table's size whenever the status is asked for."""
        self._sizes[table] = size

    def snapshot(self) -> Reported:
        """What is counted, seen and held now."""
        state = {table: size() for table, size in self._sizes.items()}
        return Reported(dict(self._counts), self._event_time_us, state)

    def report(self) -> dict[str, object]:
        """Everything, ready for JSON; `event_time_us` is 0 before the first event."""
        now = self.snapshot()
        return {
            "written": dict(self._written),
            "counts": now.counts,
            "event_time_us": now.event_time_us,
            "state": {table: size._asdict() for table, size in now.state.items()},
        }
