"""The dimensions by which conversations, and all figures of them, are divided."""

from __future__ import annotations

from typing import NamedTuple

ALL = "all"
"""The segment of everything."""


class Segment(NamedTuple):
    """What a conversation was about and how and by whom it was held."""

    service: str
    touchpoint: str
    channel: str
    customer_type: str

    def names(self) -> tuple[str, ...]:
        """The segments it counts in: `all`, and each dimension's as `dimension=value`."""
        return ALL, *(f"{name}={value}" for name, value in zip(self._fields, self, strict=True))


DIMENSIONS = Segment._fields
"""The dimensions' names, in order."""
