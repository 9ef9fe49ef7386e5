"""Events from the future: dated later than the clock, by more than a tolerance."""

from __future__ import annotations

from datetime import datetime

from schemas.events import (
    CallEnded,
    ContractCancelled,
    InboundEvent,
    PaymentReceived,
    PaymentReturned,
    SurveyAnswered,
)

FROM_THE_FUTURE = "from_the_future"
"""Error class of their dead letters."""

TIME_THAT_COUNTS: dict[type, str] = {
    CallEnded: "ended_at",
    PaymentReceived: "received_at",
    ContractCancelled: "cancelled_at",
    PaymentReturned: "returned_at",
    SurveyAnswered: "answered_at",
}
"""By the kind of an event's data, the field by which it counts in figures.

The other times of an event have no effect: `started_at` is never later than `ended_at`, and the
envelope's `time` is when it was written.
"""


def time_of(event: InboundEvent) -> datetime:
    """The time at which an event counts."""
    time: datetime = getattr(event.data, TIME_THAT_COUNTS[type(event.data)])
    return time


def is_from_the_future(at_us: int, clock_us: int, tolerance_us: int) -> bool:
    """Whether an event at `at_us` is later than the clock by more than the tolerance; all in us.

    >>> is_from_the_future(at_us=3_600_000_000, clock_us=0, tolerance_us=3_600_000_000)
    False
    """
    return at_us > clock_us + tolerance_us


def why_refused(event: InboundEvent, clock: datetime) -> str:
    """What a dead letter says of such an event."""
    field = TIME_THAT_COUNTS[type(event.data)]
    return (
        f"{field} is {time_of(event).isoformat(timespec='seconds')}, but the clock said "
        f"{clock.isoformat(timespec='seconds')}: correct the sender's clock and send the event "
        "again; if the time is right, replay this letter when it has come"
    )
