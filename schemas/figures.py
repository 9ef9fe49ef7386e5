"""By what figures are divided, and in which units they are summed; loads without pydantic."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

ALL = "all"
"""The segment of everything."""

SCORE_UNIT = 10_000
"""Parts of a score of 1, and of one unit of currency: sums of them are exact."""


class MetricWindow(StrEnum):
    """The rolling windows of event time."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def hours(self) -> int:
        """Length in whole hours."""
        return {"24h": 24, "7d": 168, "30d": 720, "90d": 2160}[self.value]


class Dimension(StrEnum):
    """The dimensions of segments."""

    SERVICE = "service"
    TOUCHPOINT = "touchpoint"
    CHANNEL = "channel"
    CUSTOMER_TYPE = "customer_type"


class Segment(NamedTuple):
    """What a conversation was about and how and by whom it was held: a value a dimension."""

    service: str
    touchpoint: str
    channel: str
    customer_type: str

    def names(self) -> tuple[str, ...]:
        """The segments it counts in: `all`, and each dimension's as `dimension=value`."""
        return _names(self)


@lru_cache(maxsize=4_096)
def _names(segment: Segment) -> tuple[str, ...]:
    return ALL, *(f"{name}={value}" for name, value in zip(Dimension, segment, strict=True))
