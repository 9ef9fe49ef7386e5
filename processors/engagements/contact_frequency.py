"""Conversations above the number that a code of conduct permits a day and a week.

Only those by phone for credit management and debt collection count, between one agency and one
customer: who calls customer care calls by themselves. The day and the week (from Monday) are those
of the code's time zone. In the order of their ends, each one after the permitted number is one too
many. A call that nobody answered is none of them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import date, timedelta
from typing import Final, NamedTuple

from processors.contact_hours import ConductCode, conduct_code
from processors.engagements.entries import CallEntry
from processors.event_time import to_datetime
from schemas.changes import Excess
from schemas.events import Channel, Service

COUNTED_CHANNEL: Final = Channel.PHONE.value
COUNTED_SERVICES: Final = (Service.CREDIT_MANAGEMENT.value, Service.DEBT_COLLECTION.value)

WEEK_REACH_US: Final = 8 * 24 * 3600 * 1_000_000
"""Longer than any week, with a change of the clock in it: farther apart, no two conversations
count together."""


class _Counted(NamedTuple):
    """A conversation that counts; sorts by time, then id."""

    at: int
    event_id: str
    entry: CallEntry
    day: date
    monday: date
    """Of its week."""


class ContactFrequency:
    """One customer's conversations so far, in whatever order they come.

    What one costs does not grow with those of its week: of the others it can only put the last
    permitted one of its day, and that of its week, above the number.
    """

    def __init__(self, code: ConductCode | None = None) -> None:
        self._code = code or conduct_code()
        self._in_order: dict[tuple[str, str, date], list[_Counted]] = {}
        """By agency, 'day' or 'week', and the day or the Monday."""

    def call(self, entry: CallEntry) -> tuple[Excess, ...]:
        """Take a conversation in: those that are above the number now, or no longer, by time."""
        if entry.channel != COUNTED_CHANNEL or entry.service not in COUNTED_SERVICES:
            return ()
        new = self._counted(entry)
        day = self._in_order.setdefault((entry.agency_id, "day", new.day), [])
        week = self._in_order.setdefault((entry.agency_id, "week", new.monday), [])
        last_permitted = {*day[self._code.per_day - 1 :][:1], *week[self._code.per_week - 1 :][:1]}
        others = sorted(each for each in last_permitted if each > new)
        before = [self._limit(each) for each in others]
        insort(day, new)
        insort(week, new)
        after = [self._limit(each) for each in others]
        own = self._limit(new)
        moved: list[tuple[_Counted, str | None]] = [] if own is None else [(new, own)]
        moved += [
            (each, now) for each, was, now in zip(others, before, after, strict=True) if was != now
        ]
        return tuple(
            Excess(each.event_id, each.at, *each.entry.segment, limit) for each, limit in moved
        )

    def _limit(self, each: _Counted) -> str | None:
        """The limit that a conversation is above: 'day', else 'week'."""
        day = self._in_order[each.entry.agency_id, "day", each.day]
        if bisect_left(day, each) >= self._code.per_day:
            return "day"
        week = self._in_order[each.entry.agency_id, "week", each.monday]
        return "week" if bisect_left(week, each) >= self._code.per_week else None

    def _counted(self, entry: CallEntry) -> _Counted:
        day = to_datetime(entry.at).astimezone(self._code.timezone).date()
        return _Counted(entry.at, entry.event_id, entry, day, day - timedelta(days=day.weekday()))
