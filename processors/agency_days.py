"""The days of one agency, summed up so that many windows as of many hours cost little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import add, sub

from processors.buckets import ALL, DayState, Sums, worst_quotes
from processors.event_time import DAY_HOURS, HOUR_US, day_of, day_start, window_bounds
from processors.facts import WorstQuote
from processors.figures import figures
from schemas.derived import Figures, MetricWindow
from schemas.rows import HOUR_SUMS

_Row = list[int]
"""Sums in the order of `HOUR_SUMS`."""

_ZEROS: _Row = [0] * len(HOUR_SUMS)


Read = Callable[[int], DayState | None]
"""Gives the state of a day, None where there is none."""


class AgencyDays:
    """A cache over one agency's day states; the states stay the truth, and elsewhere.

    Per segment it keeps each day's sums, and cumulative sums by day up to the last day asked
    for: two rows a day and segment asked for, not the hours. A day that changes discards the
    cumulative sums after it, and no more.
    """

    def __init__(self, client_id: str, agency_id: str, read: Read) -> None:
        self._client_id = client_id
        self._agency_id = agency_id
        self._read = read
        self._versions: dict[int, int] = {}
        self._segments: set[str] = set()
        self._first = 0
        self._totals: dict[str, dict[int, _Row]] = {ALL: {}}
        """Per segment asked for: the sums of each day."""
        self._before: dict[str, list[_Row]] = {}
        """Per segment, at index i: the sums of all days before day `first + i`."""

    @classmethod
    def of(cls, client_id: str, agency_id: str, days: Mapping[int, DayState]) -> AgencyDays:
        """The days of an agency whose states are all at hand."""
        made = cls(client_id, agency_id, days.get)
        for day in sorted(days):
            made.put(day, days[day])
        return made

    def put(self, day: int, state: DayState) -> None:
        """Take note of a day's state as `read` gives it from now on."""
        self._segments.update(state["hours"])
        if not self._versions or day < self._first:
            self._first = day
            self._before.clear()
        self._versions[day] = state["version"]
        self._totals[ALL][day] = _total(state, ALL, DAY_HOURS)
        for segment in self._totals.keys() - {ALL}:
            del self._totals[segment]
        for rows in self._before.values():
            del rows[day - self._first + 1 :]

    def get(self, day: int) -> DayState | None:
        """A day's state as it stands."""
        return self._read(day) if day in self._versions else None

    @property
    def days(self) -> list[int]:
        """Days with a state, in order; some may lie ahead, where engagements mature."""
        return sorted(self._versions)

    @property
    def version(self) -> int:
        """Changes applied to all days: grows with each, the same after a replay."""
        return sum(self._versions.values())

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
        return worst_quotes(state for day in days if (state := self.get(day)) is not None)

    def _sums_before(self, segment: str, moment: int) -> _Row:
        """Sums of all hours before `moment` (the begin of an hour)."""
        day = day_of(moment)
        row = self._sums_before_day(segment, day)
        hours = (moment - day_start(day)) // HOUR_US
        state = self.get(day) if hours else None
        return row if state is None else _added(row, _total(state, segment, hours))

    def _sums_before_day(self, segment: str, day: int) -> _Row:
        if day <= self._first or not self._versions:
            return _ZEROS
        totals = self._totals_of(segment)
        rows = self._before.setdefault(segment, [_ZEROS])
        while len(rows) <= day - self._first:
            rows.append(_added(rows[-1], totals.get(self._first + len(rows) - 1)))
        return rows[day - self._first]

    def _totals_of(self, segment: str) -> dict[int, _Row]:
        if segment not in self._totals:
            states = ((day, self._read(day)) for day in self._versions)
            self._totals[segment] = {
                day: _total(state, segment, DAY_HOURS) for day, state in states if state is not None
            }
        return self._totals[segment]


def _total(state: DayState, segment: str, hours: int) -> _Row:
    """Sums of the first hours of a day."""
    total = _ZEROS.copy()
    for hour, sums in state["hours"].get(segment, {}).items():
        if int(hour) < hours:
            for index, value in enumerate(sums):
                total[index] += value
    return total


def _added(row: _Row, more: _Row | None) -> _Row:
    return row if more is None else list(map(add, row, more))
