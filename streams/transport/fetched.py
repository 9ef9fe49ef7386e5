"""What one partition was fetched with, as one message of a Faust stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from faust.types import TP

from schemas.inbound.binary_mode import structured
from schemas.topics import catalogue_name
from streams.transport.delivery import Delivery

_LOG_APPEND_TIME = 1
"""Kafka's number for a timestamp that the broker set, not the producer."""


class Assigned(Protocol):
    """An assignment of partitions to this worker, of which each rebalance makes another."""

    @property
    def active(self) -> bool:
        """Whether no other has taken its place."""


@dataclass(frozen=True)
class Fetched:
    """Records of one partition, in the order of offsets; none where a batch was skipped."""

    place: TP
    records: Sequence[Any]
    """As Kafka's client gives them."""
    assignment: Any
    """The `Assigned` under which they were fetched."""
    begin: int | None
    """The `end` of what was fetched of the partition before; None: nothing was, under it."""
    end: int
    """The offset after them."""

    @property
    def is_current(self) -> bool:
        """Whether the worker has had its partitions without a break since they were fetched."""
        return bool(self.assignment.active)

    @cached_property
    def deliveries(self) -> list[Delivery]:
        """The records as the agents get them: all agents the same."""
        return [delivery_of(self.place, record) for record in self.records]


def delivery_of(place: TP, record: Any) -> Delivery:
    """A record as the agents get it."""
    headers: Iterable[tuple[str, bytes]] = record.headers or ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    by_the_broker = record.timestamp_type == _LOG_APPEND_TIME
    return Delivery(
        catalogue_name(place.topic),
        place.partition,
        record.offset,
        structured(pairs, record.value or b""),
        round(record.timestamp * 1000) if by_the_broker else None,
    )
