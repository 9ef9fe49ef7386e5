"""Event time as whole microseconds since the epoch (UTC), its hours, days and rolling windows.

Integers keep times exact in every state and make 'exactly t0 + H' exact.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from schemas.figures import MetricWindow

HOUR_US = 3_600_000_000
"""Microseconds of an hour."""

DAY_HOURS = 24
DAY_US = DAY_HOURS * HOUR_US
"""Microseconds of a UTC day."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime, exactly.

    Raises:
        TypeError: `moment` has no offset.
    """
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(us: int) -> datetime:
    """The UTC datetime of `us` microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=us)


def hour_of(us: int) -> int:
    """Start (us) of the UTC hour that contains `us`; a boundary belongs to the hour it starts."""
    return us - us % HOUR_US


def day_of(us: int) -> int:
    """UTC day that contains `us`, counted from 1970-01-01 as day 0."""
    return us // DAY_US


def day_start(day: int) -> int:
    """Start (us) of a UTC day."""
    return day * DAY_US


def date_of(day: int) -> date:
    """Calendar date of a UTC day."""
    return date.fromordinal(_EPOCH_ORDINAL + day)


def day_of_date(calendar_date: date) -> int:
    """UTC day of a calendar date; inverse of `date_of`."""
    return calendar_date.toordinal() - _EPOCH_ORDINAL


def window_bounds(window: MetricWindow, as_of: int) -> tuple[int, int]:
    """The window as of T: [E - W, E) in us, where E is the end of T's hour.

    >>> window_bounds(MetricWindow.DAY, 5 * HOUR_US) == (-18 * HOUR_US, 6 * HOUR_US)
    True
    """
    end = hour_of(as_of) + HOUR_US
    return end - window.hours * HOUR_US, end
