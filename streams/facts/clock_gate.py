"""The gate that events from the future do not pass: decided once, and the same for every agent."""

from __future__ import annotations

from collections.abc import Callable

from cachetools import FIFOCache

from processors.event_time import to_datetime, to_us
from processors.identity.future import FROM_THE_FUTURE, is_from_the_future, time_of, why_refused
from schemas.codec import InvalidMessage
from schemas.events import InboundEvent
from streams.transport.delivery import Delivery

REMEMBERED = 100_000
"""Decisions in memory; only those on events ahead of the clock are needed."""


class ClockGate:
    """Holds the events of one worker against the clock.

    Two agents read the same payments and cancellations, one after the other, and must agree: an
    event is held against the time at which the broker appended it, which never changes. Where
    the broker does not say (it passes on what the sender's clock said, which cannot be trusted),
    it is held against this worker's clock, and the first decision holds.
    """

    def __init__(self, now_us: Callable[[], int], tolerance_us: int) -> None:
        self._now_us = now_us
        self._tolerance_us = tolerance_us
        self._refused: FIFOCache[tuple[str, int, int], InvalidMessage | None] = FIFOCache(
            REMEMBERED
        )

    def refusal(self, delivery: Delivery, event: InboundEvent) -> InvalidMessage | None:
        """Why `event`, delivered there, is refused; None where it may pass."""
        at_us = to_us(time_of(event))
        if delivery.appended_us is not None:
            return self._judged(event, at_us, delivery.appended_us)
        now_us = self._now_us()
        if at_us <= now_us:
            return None
        if delivery.position not in self._refused:
            self._refused[delivery.position] = self._judged(event, at_us, now_us)
        return self._refused[delivery.position]

    def past(self, at_us: int) -> int:
        """`at_us`, or now where it is later: no clock that is shown is ahead of this one."""
        return min(at_us, self._now_us())

    def _judged(self, event: InboundEvent, at_us: int, clock_us: int) -> InvalidMessage | None:
        if not is_from_the_future(at_us, clock_us, self._tolerance_us):
            return None
        return InvalidMessage(
            why_refused(event, to_datetime(clock_us)),
            FROM_THE_FUTURE,
            client_id=event.data.client_id,
        )
