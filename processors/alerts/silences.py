"""Silences: an agency that calls on nearly every day of its week, and now has not for days.

Its week is learnt from its own last eight: which days of the week it calls on, public holidays
left out. Days are UTC days: in Italy no permitted hour lies across their border. Silences follow
from the agency's hours, and from the time up to which all events have arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

from processors.contact_hours import conduct_code
from processors.event_time import date_of, day_start

_WEEK = 7
_REMEMBERED = 8 * _WEEK
"""Days that are remembered: about eight of each weekday."""
_WARMUP = 4
"""Of a weekday, the days that must be known before it can count as one the agency calls on."""
_ONE_MISSED_IN = 8
"""A weekday counts while at most one in so many was without calls ..."""
_ALL_MISSED_IN = 20
"""... and any does while at most one in so many of all such days was."""
GIVES_UP = 20
"""Days missed after which an agency counts as one that no longer calls: its alert resolves."""


@dataclass(frozen=True, slots=True)
class SilenceSettings:
    """After how many days without calls, of those on which the agency calls, an alert opens."""

    days: int = 2

    def __post_init__(self) -> None:
        """Refuse what could never open, or resolve at once."""
        if not 1 <= self.days < GIVES_UP:
            raise ValueError(f"the days of a silence must be from 1 to {GIVES_UP - 1}")


class CallDay(NamedTuple):
    """A UTC day with calls."""

    day: int
    """Counted from 1970-01-01 as day 0."""
    first: int
    """End of its first hour with calls; microseconds, as all times here."""
    last: int
    """End of its last hour with calls."""
    calls: int


class Silence(NamedTuple):
    """One silence, long enough for an alert."""

    since: int
    """End of the last hour with calls."""
    opened_at: int
    """End of the day that made it long enough."""
    resolved_at: int | None
    """End of the first hour with calls after it, or of the day that gave up; None: it goes on."""
    usual: float
    """Calls of a usual day, the median of the days the agency calls on."""
    missed: int
    """Days passed without a call on which the agency would have called."""


class _Known(NamedTuple):
    """A day that is remembered."""

    weekday: int
    calls: int


@dataclass(frozen=True, slots=True)
class SilenceState:
    """State of a fold: a checkpoint to go on from. A new agency starts from the default."""

    last: CallDay | None = None
    remembered: tuple[_Known, ...] = ()
    """The newest days that were no holidays and in no silence, oldest first."""
    found: tuple[Silence, ...] = ()
    """Silences that calls have ended."""


def add_day(state: SilenceState, today: CallDay, settings: SilenceSettings) -> SilenceState:
    """Return the state after a day with calls; days must come in order (ValueError if not).

    Days in a silence are not learnt from. An agency that no longer called starts again.
    """
    last = state.last
    if last is None:
        return SilenceState(today, _learnt((), today))
    if today.day <= last.day:
        raise ValueError("days must be in order, each later than the last one")
    silence = _silence(state, today.day, settings)
    if silence is None:
        begin = max(last.day + 1, today.day - _REMEMBERED)
        quiet = [CallDay(day, 0, 0, 0) for day in range(begin, today.day)]
        return replace(state, last=today, remembered=_learnt(state.remembered, *quiet, today))
    found = (*state.found, silence._replace(resolved_at=silence.resolved_at or today.first))
    remembered = state.remembered if silence.resolved_at is None else ()
    return SilenceState(today, _learnt(remembered, today), found)


def silences(state: SilenceState, over: int, settings: SilenceSettings) -> tuple[Silence, ...]:
    """Return the silences long enough before day `over`, oldest first; the last may go on.

    All calls of the days before `over` must be known: what is missing of them never happened.
    """
    known = tuple(silence for silence in state.found if silence.opened_at <= day_start(over))
    going_on = None if state.last is None else _silence(state, over, settings)
    return known if going_on is None else (*known, going_on)


def _silence(state: SilenceState, before: int, settings: SilenceSettings) -> Silence | None:
    """The silence from the last call to day `before`, if it is long enough."""
    assert state.last is not None
    if before - state.last.day <= settings.days:
        return None
    week = _week(state.remembered)
    if not week:
        return None
    missed = opened = 0
    resolved = None
    for day in range(state.last.day + 1, before):
        missed += _weekday(day) in week and not _is_holiday(day)
        if missed == settings.days and not opened:
            opened = day_start(day + 1)
        if missed == GIVES_UP:
            resolved = day_start(day + 1)
            break
    if not opened:
        return None
    usual = median(known.calls for known in state.remembered if known.weekday in week)
    return Silence(state.last.last, opened, resolved, float(usual), missed)


def _week(remembered: Sequence[_Known]) -> set[int]:
    """The weekdays (Monday is 0) the agency calls on; none while too little is known.

    None either of an agency that calls too rarely to distinguish a silence from a pause.
    """
    by_weekday: dict[int, list[int]] = defaultdict(list)
    for known in remembered:
        by_weekday[known.weekday].append(known.calls)
    counted = {
        weekday: calls
        for weekday, calls in by_weekday.items()
        if len(calls) >= _WARMUP and calls.count(0) <= len(calls) // _ONE_MISSED_IN
    }
    all_calls = [calls for some in counted.values() for calls in some]
    if all_calls.count(0) > len(all_calls) // _ALL_MISSED_IN:
        return set()
    return set(counted)


def _learnt(remembered: tuple[_Known, ...], *days: CallDay) -> tuple[_Known, ...]:
    new = (_Known(_weekday(each.day), each.calls) for each in days if not _is_holiday(each.day))
    return (*remembered, *new)[-_REMEMBERED:]


def _weekday(day: int) -> int:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (day + 3) % _WEEK


def _is_holiday(day: int) -> bool:
    return conduct_code().is_holiday(date_of(day))
