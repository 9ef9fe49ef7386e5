"""The days of one agency, summed up so that many windows as of many hours cost little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import add, sub
from typing import NamedTuple

from processors.event_time import DAY_HOURS, HOUR_US, day_of, day_start, window_bounds
from processors.metrics.from_sums import figures
from processors.metrics.hourly_sums import Cell, DayState, Sums, later_cells, worst_quotes
from schemas.changes import WorstQuote
from schemas.derived import Figures
from schemas.figures import ALL, MetricWindow
from schemas.rows import HOUR_SUMS

_Row = list[int]
"""Sums in the order of `HOUR_SUMS`."""

_ZEROS: _Row = [0] * len(HOUR_SUMS)


_LONGEST_US = max(window.hours for window in MetricWindow) * HOUR_US


class _LaterRows(NamedTuple):
    """What became known of a day only later."""

    known_to: int
    """The last hour (us) from which more of it is known."""
    by_day: dict[int, _Row]


Read = Callable[[int], DayState | None]
"""Gives the state of a day, None where there is none."""


class AgencyDays:
    """A cache over one agency's day states; the states stay the truth, and elsewhere.

    Per segment it holds each day's sums, and cumulative sums by day up to the last day asked
    for: two rows a day and segment asked for, not the hours. A day that changes discards the
    cumulative sums after it, and no more.

    These sums hold all that is known of a day by now. What was not known yet as of T is taken
    out again: for that, a row for each day together with each later day on which more of it
    became known, mostly the next one.
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
        self._later: dict[str, dict[int, _LaterRows]] = {ALL: {}}
        """Per segment asked for: of the days of which more became known later, just that."""

    @classmethod
    def of(cls, client_id: str, agency_id: str, days: Mapping[int, DayState]) -> AgencyDays:
        """The days of an agency whose states are all at hand."""
        made = cls(client_id, agency_id, days.get)
        for day in sorted(days):
            made.put(day, days[day])
        return made

    def put(self, day: int, state: DayState) -> None:
        """Take note of a day's state as `read` gives it from now on."""
        self._segments.update(state["hours"], state.get("later", {}))
        if not self._versions or day < self._first:
            self._first = day
            self._before.clear()
        self._versions[day] = state["version"]
        self._totals[ALL][day] = _total(state, ALL, day, DAY_HOURS)
        _note_later(self._later[ALL], state, ALL, day)
        for segment in self._totals.keys() - {ALL}:
            del self._totals[segment], self._later[segment]
        for rows in self._before.values():
            del rows[day - self._first + 1 :]

    def get(self, day: int) -> DayState | None:
        """A day's state."""
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
        by_now = map(sub, self._sums_before(segment, end), self._sums_before(segment, begin))
        sums = map(sub, by_now, self._not_yet_known(segment, begin, end))
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
        """Sums of all hours before `moment` (the beginning of an hour)."""
        day = day_of(moment)
        row = self._sums_before_day(segment, day)
        hours = (moment - day_start(day)) // HOUR_US
        state = self.get(day) if hours else None
        return row if state is None else _added(row, _total(state, segment, day, hours))

    def _not_yet_known(self, segment: str, begin: int, end: int) -> _Row:
        """Sums of the hours in [begin, end) that are known only at or after `end`."""
        self._totals_of(segment)
        later, row = self._later[segment], _ZEROS
        whole_days = end == day_start(day_of(end))
        for day in range(day_of(begin), day_of(end - 1) + 1):
            rows = later.get(day)
            if rows is None or rows.known_to < end:
                continue
            if whole_days:
                known_since = [more for known, more in rows.by_day.items() if known >= day_of(end)]
            else:
                state = self._read(day)
                assert state is not None
                known_since = [
                    sums
                    for cell, sums in _later_within_reach(state, segment, day)
                    if begin <= cell.hour < end <= cell.known
                ]
            for more in known_since:
                row = _added(row, more)
        return row

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
            self._totals[segment], self._later[segment] = {}, {}
            for day in self._versions:
                state = self._read(day)
                if state is not None:
                    self._totals[segment][day] = _total(state, segment, day, DAY_HOURS)
                    _note_later(self._later[segment], state, segment, day)
        return self._totals[segment]


def _total(state: DayState, segment: str, day: int, hours: int) -> _Row:
    """Sums of the first hours of a day, as they are known by now."""
    total = _ZEROS
    for hour, sums in state["hours"].get(segment, {}).items():
        if int(hour) < hours:
            total = _added(total, sums)
    end = day_start(day) + hours * HOUR_US
    for cell, sums in _later_within_reach(state, segment, day):
        if cell.hour < end:
            total = _added(total, sums)
    return total


def _note_later(later: dict[int, _LaterRows], state: DayState, segment: str, day: int) -> None:
    by_day: dict[int, _Row] = {}
    known_to = 0
    for cell, sums in _later_within_reach(state, segment, day):
        known_day = day_of(cell.known)
        by_day[known_day] = _added(by_day.get(known_day, _ZEROS), sums)
        known_to = max(known_to, cell.known)
    later.pop(day, None)
    if by_day:
        later[day] = _LaterRows(known_to, by_day)


def _later_within_reach(
    state: DayState, segment: str, day: int
) -> Iterator[tuple[Cell, list[int]]]:
    """The cells that became known later, but while some window still held their hour."""
    for cell, sums in later_cells(state, segment, day):
        if cell.known - cell.hour < _LONGEST_US:
            yield cell, sums


def _added(row: _Row, more: Sequence[int] | None) -> _Row:
    """The sum of two rows; `more` may have fewer sums, and the rest are 0."""
    if more is None:
        return row
    return [*map(add, row, more), *row[len(more) :]]
