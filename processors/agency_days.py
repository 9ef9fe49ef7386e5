"""The days of one agency, summed up so that many windows as of many hours cost little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import sub

from processors.buckets import ALL, DayState, Sums, worst_quotes
from processors.event_time import DAY_HOURS, HOUR_US, day_of, day_start, window_bounds
from processors.facts import WorstQuote
from processors.figures import figures
from schemas.derived import Figures, MetricWindow
from schemas.rows import HOUR_SUMS

_Row = list[int]
"""Sums in the order of `HOUR_SUMS`."""

_ZEROS: _Row = [0] * len(HOUR_SUMS)


class AgencyDays:
    """A cache over one agency's day states; the states stay the truth.

    Per segment it keeps cumulative sums by day, up to the last day asked for. A day that
    changes discards the cumulative sums after it, and no more.
    """

    def __init__(
        self, client_id: str, agency_id: str, days: Mapping[int, DayState] | None = None
    ) -> None:
        self._client_id = client_id
        self._agency_id = agency_id
        self._days: dict[int, DayState] = {}
        self._version = 0
        self._segments: set[str] = set()
        self._first = 0
        self._before: dict[str, list[_Row]] = {}
        """Per segment, at index i: the sums of all days before day `first + i`."""
        for day in sorted(days or {}):
            self.put(day, (days or {})[day])

    def put(self, day: int, state: DayState) -> None:
        """Take a day's state as it now stands."""
        known = self._days.get(day)
        if known is state:
            return
        self._version += state["version"] - (known["version"] if known else 0)
        self._segments.update(state["hours"])
        if not self._days or day < self._first:
            self._first = day
            self._before.clear()
        self._days[day] = state
        for rows in self._before.values():
            del rows[day - self._first + 1 :]

    def get(self, day: int) -> DayState | None:
        """A day's state as last put."""
        return self._days.get(day)

    @property
    def days(self) -> list[int]:
        """Days with a state, in order; some may lie ahead, where engagements mature."""
        return sorted(self._days)

    @property
    def version(self) -> int:
        """Changes applied to all days: grows with each, the same after a replay."""
        return self._version

    @property
    def segments(self) -> list[str]:
        """'all', then the segments seen so far by name."""
        return [ALL, *sorted(self._segments - {ALL})]

    def window_sums(self, segment: str, window: MetricWindow, as_of: int) -> Sums:
        """All `HOUR_SUMS` of a segment over the window as of T (us)."""
        begin, end = window_bounds(window, as_of)
        sums = map(sub, self._sums_before(segment, end), self._sums_before(segment, begin))
        return dict(zip(HOUR_SUMS, sums, strict=True))

    def snapshot(self, as_of: int, segment: str = ALL) -> tuple[Figures, ...]:
        """The figures of a segment as of T (us), one for each window, shortest first."""
        return tuple(
            figures(
                self._client_id,
                self._agency_id,
                segment,
                window,
                as_of,
                self.window_sums(segment, window, as_of),
            )
            for window in MetricWindow
        )

    def worst_quotes(self, days: Iterable[int]) -> list[WorstQuote]:
        """The most aggressive quotes said on those days, worst first."""
        return worst_quotes(self._days[day] for day in days if day in self._days)

    def _sums_before(self, segment: str, moment: int) -> _Row:
        """Sums of all hours before `moment` (the begin of an hour)."""
        day = day_of(moment)
        row = self._sums_before_day(segment, day)
        hours = (moment - day_start(day)) // HOUR_US
        return self._plus(row, segment, day, hours) if hours else row

    def _sums_before_day(self, segment: str, day: int) -> _Row:
        if day <= self._first or not self._days:
            return _ZEROS
        rows = self._before.setdefault(segment, [_ZEROS])
        while len(rows) <= day - self._first:
            rows.append(self._plus(rows[-1], segment, self._first + len(rows) - 1, DAY_HOURS))
        return rows[day - self._first]

    def _plus(self, row: _Row, segment: str, day: int, hours: int) -> _Row:
        """A row with the first hours of a day added."""
        state = self._days.get(day)
        if state is None or segment not in state["hours"]:
            return row
        total = row.copy()
        for hour, sums in state["hours"][segment].items():
            if int(hour) < hours:
                for index, value in enumerate(sums):
                    total[index] += value
        return total
