"""When agencies call: working days and hours in Italy, holidays, and the breaches of them."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from processors.contact_hours import is_holiday

ROME = ZoneInfo("Europe/Rome")
SATURDAY = 5
SUNDAY = 6

_WEEKDAY_HOURS = (9, 9, 10, 10, 10, 11, 11, 11, 12, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19, 20)
_SATURDAY_HOURS = (9, 10, 10, 11, 11, 12, 13)
_BREACH_HOUR = 21
_MINUTE = 60
_HOUR = 3600
_CALL_ROOM = 6 * _MINUTE
"""From the earliest permitted time to a call's end, so that the call begins in time too."""


class Worktime:
    """The working days between two instants, from which times of conversations are drawn.

    Times are seconds since 1970, and mean the end of a conversation.
    """

    def __init__(self, start: int, end: int) -> None:
        first = datetime.fromtimestamp(start, UTC).astimezone(ROME).date()
        last = datetime.fromtimestamp(end, UTC).astimezone(ROME).date()
        self.days: list[date] = []
        self._midnights: list[int] = []
        self._sundays: list[int] = []
        day = first
        while day <= last + timedelta(days=45):
            midnight = int(datetime.combine(day, time(), ROME).timestamp())
            if day.weekday() == SUNDAY:
                self._sundays.append(midnight)
            elif not is_holiday(day):
                self.days.append(day)
                self._midnights.append(midnight)
            day += timedelta(days=1)
        self._start = start
        self._drawable = self._weighted(start, end)

    def _weighted(self, start: int, end: int) -> list[int]:
        """Indices of days whose calling hours are in the period; weekdays twice, Saturdays once."""
        chosen: list[int] = []
        for index, midnight in enumerate(self._midnights):
            if start <= midnight + 9 * _HOUR and midnight + 21 * _HOUR <= end:
                chosen += [index] if self.days[index].weekday() == SATURDAY else [index, index]
        if not chosen:
            raise ValueError("no working day between start and end")
        return chosen

    def first_moment(self, rng: Random) -> int:
        """A time of a first conversation, anywhere between the two instants."""
        return self._in_hours(rng.choice(self._drawable), rng)

    def moment_after(self, earlier: int, days: int, rng: Random) -> int:
        """A time on the first working day at least `days` days after the day of `earlier`."""
        index = bisect_left(self._midnights, earlier + (days - 1) * 86_400)
        return self._in_hours(min(index, len(self._midnights) - 1), rng)

    def breach_near(self, moment: int, rng: Random) -> int:
        """A time outside permitted hours: that evening after nine, or the Sunday after."""
        index = bisect_left(self._midnights, moment) - 1
        sunday = bisect_left(self._sundays, moment)
        if rng.random() < 0.3 and sunday < len(self._sundays):
            return self._sundays[sunday] + rng.randrange(10 * _HOUR, 19 * _HOUR)
        evening = self._midnights[max(index, 0)] + _BREACH_HOUR * _HOUR
        return evening + rng.randrange(_CALL_ROOM, 50 * _MINUTE)

    def last_days(self, count: int) -> list[int]:
        """Midnights of the last `count` working days that end before the end."""
        latest = sorted(set(self._drawable))[-count:]
        return [self._midnights[index] for index in latest]

    def _in_hours(self, index: int, rng: Random) -> int:
        saturday = self.days[index].weekday() == SATURDAY
        hour = rng.choice(_SATURDAY_HOURS if saturday else _WEEKDAY_HOURS)
        return self._midnights[index] + hour * _HOUR + rng.randrange(_HOUR)
