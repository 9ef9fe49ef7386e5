"""Watching the agencies: folds each one's hours, and publishes alerts that opened or changed."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from processors.alerts.cusum import HourScores, Rise, RiseState, fold, rises
from processors.alerts.lifecycle import nps_fall_alert, retracted, rise_alert, silence_alert
from processors.alerts.nps_falls import displeasure
from processors.alerts.settings import AlertSettings, settings_of
from processors.alerts.silences import CallDay, SilenceState, add_day, silences
from processors.event_time import HOUR_US, day_of, day_start, hour_of
from processors.metrics.hourly_sums import Sums, hour_sums, hours_with_calls
from processors.metrics.windows import AgencyDays
from schemas.codec import encode
from schemas.derived import AgencyAlert, Quote
from schemas.figures import ALL, SCORE_UNIT
from schemas.topics import AGENCY_ALERT, agency_key
from streams.runtime.outbox import Message
from streams.state.tables import StateTable

Agency = tuple[str, str]

GRACE_US = HOUR_US
"""How long an hour stays open for late calls before the tests look at it."""
CHECKPOINTS = 120
"""Days with calls that can be folded again from a state before them; older ones from the first."""


def _no_ceiling() -> int:
    return sys.maxsize


class Clock(NamedTuple):
    """The times (us) as of which the alerts of an agency are published."""

    now: int
    """For rises and falls: of the events, or of the wall."""
    complete_to: int
    """For silences: up to here all events have arrived."""


class _States(NamedTuple):
    """The states of one agency's tests."""

    aggression: RiseState = RiseState()
    displeasure: RiseState = RiseState()
    silence: SilenceState = SilenceState()


@dataclass
class _Agency:
    """What is remembered of one agency; the table stores `published` and `clock`."""

    published: dict[str, AgencyAlert]
    clock: Clock
    checkpoints: list[tuple[int, _States]] = field(default_factory=list)
    """Days in order, each with the states before it."""
    pending: list[AgencyAlert] = field(default_factory=list)
    """Published, perhaps, but not yet stored."""
    stale: bool = True
    """Whether something may have to be published though neither hours nor clock moved."""


class AlertWatch:
    """The alerts of all agencies of this worker.

    Alerts follow from the agency's hours and the clock alone, so late events and replays change
    nothing that they should not; what was published before is in the table, to publish only what
    differs. The clock of the last change is stored with it: after a restart, when the clock may be
    behind, no alert is taken back.
    """

    def __init__(
        self,
        published: StateTable,
        settings: Mapping[str, AlertSettings],
        grace_us: int = GRACE_US,
        ceiling_us: Callable[[], int] = _no_ceiling,
    ) -> None:
        """
        Args:
            published: what has been published of each agency.
            settings: by `client_id`, as `read_alert_settings` gives them.
            grace_us: how long an hour stays open for late calls.
            ceiling_us: a stored clock is taken to have been no later.
        """
        self._ceiling_us = ceiling_us
        self._table = published
        self._settings = settings
        self._grace_us = grace_us
        self._watched: dict[Agency, _Agency] = {}

    def forget(self) -> None:
        """Drop what is only remembered."""
        self._watched.clear()

    def alerts(
        self, agency: Agency, days: AgencyDays, touched: Iterable[int], clock: Clock
    ) -> list[Message]:
        """Messages of the alerts that opened, changed or fell away.

        `touched` are the hours whose sums changed since the last time.
        """
        watched = self._of(agency)
        hours = list(touched)
        clock = self._settled(watched.clock, clock)
        if not hours and not watched.stale and clock == watched.clock:
            return []
        watched.clock, watched.stale = clock, True
        states = self._fold(agency, watched, days, hours)
        current = list(self._found(agency, days, states, clock))
        gone = retracted(watched.published.values(), current)
        watched.pending = [a for a in (*current, *gone) if watched.published.get(a.alert_id) != a]
        key = agency_key(*agency).encode()
        return [Message(AGENCY_ALERT, key, encode(alert)) for alert in watched.pending]

    async def save(self) -> None:
        """Make durable what has been published; call it after the messages are delivered."""
        new = {
            agency: watched.published | {alert.alert_id: alert for alert in watched.pending}
            for agency, watched in self._watched.items()
            if watched.pending
        }
        await self._table.put(
            {
                agency_key(*agency): {
                    "alerts": [alert.model_dump(mode="json") for alert in published.values()],
                    "clock": list(self._watched[agency].clock),
                }
                for agency, published in new.items()
            }
        )
        for agency, published in new.items():
            self._watched[agency].published = published
        for watched in self._watched.values():
            watched.pending, watched.stale = [], False

    def _of(self, agency: Agency) -> _Agency:
        """What is remembered of an agency, read back from the table when it is not."""
        if agency not in self._watched:
            stored = self._table.get(agency_key(*agency)) or {"alerts": []}
            published = [AgencyAlert.model_validate(alert) for alert in stored["alerts"]]
            clock = Clock(*(min(time, self._ceiling_us()) for time in stored.get("clock", (0, 0))))
            self._watched[agency] = _Agency({alert.alert_id: alert for alert in published}, clock)
        return self._watched[agency]

    def _settled(self, before: Clock, clock: Clock) -> Clock:
        """The end of the last hour that is closed, for each; never back."""
        now, complete_to = (hour_of(max(0, time - self._grace_us)) for time in clock)
        return Clock(max(before.now, now), max(before.complete_to, complete_to))

    def _fold(
        self, agency: Agency, watched: _Agency, days: AgencyDays, touched: Iterable[int]
    ) -> _States:
        """Fold the hours closed by now, from the last checkpoint before the first touched hour."""
        settings = settings_of(agency[0], self._settings)
        points = watched.checkpoints
        first = min((day_of(hour) for hour in touched), default=None)
        if first is not None:
            del points[bisect_right(points, first, key=lambda point: point[0]) :]
        start, states = points[-1] if points else (None, _States())
        for day in days.days:
            if start is not None and day < start:
                continue
            hours = _closed_hours(days, day, watched.clock.now)
            if not hours:
                continue
            if not points or points[-1][0] < day:
                points.append((day, states))
            states = _after_day(states, day, hours, settings)
        del points[:-CHECKPOINTS]
        return states

    def _found(
        self, agency: Agency, days: AgencyDays, states: _States, clock: Clock
    ) -> Iterator[AgencyAlert]:
        for rise in rises(states.aggression):
            yield rise_alert(*agency, rise, _worst(days, rise))
        for fall in rises(states.displeasure):
            yield nps_fall_alert(*agency, fall)
        settings = settings_of(agency[0], self._settings).silence
        if settings is not None:
            for silence in silences(states.silence, day_of(clock.complete_to), settings):
                yield silence_alert(*agency, silence)


def _closed_hours(days: AgencyDays, day: int, closed: int) -> dict[int, Sums]:
    """The sums of a day's hours (their beginnings) with calls that ended by `closed`, in order.

    Whole, with ratings that became known later: they are of the agency's calls in that hour.
    """
    state = days.get(day)
    if state is None:
        return {}
    starts = (day_start(day) + hour * HOUR_US for hour in hours_with_calls(state))
    return {start: hour_sums(state, ALL, start) for start in starts if start + HOUR_US <= closed}


def _after_day(
    states: _States, day: int, hours: Mapping[int, Sums], settings: AlertSettings
) -> _States:
    """The states after a day's hours; tests that are off stay as they were."""
    aggression, unpleased, silence = states
    if settings.aggression_rise is not None:
        scores = [_aggression(hour, sums) for hour, sums in hours.items()]
        aggression = fold(aggression, scores, settings.aggression_rise)
    if settings.nps_fall is not None:
        ratings = [displeasure(hour, sums) for hour, sums in hours.items()]
        unpleased = fold(unpleased, ratings, settings.nps_fall)
    if settings.silence is not None:
        calls = sum(sums["calls"] for sums in hours.values())
        called = CallDay(day, min(hours) + HOUR_US, max(hours) + HOUR_US, calls)
        silence = add_day(silence, called, settings.silence)
    return _States(aggression, unpleased, silence)


def _aggression(hour: int, sums: Sums) -> HourScores:
    return HourScores(hour, sums["aggression_n"], sums["aggression_sum"], sums["aggression_sq"])


def _worst(days: AgencyDays, rise: Rise) -> list[Quote]:
    """The worst sentences from the beginning of a rise to its end, or to its opening."""
    last = rise.resolved_at or rise.opened_at
    return [
        Quote(
            event_id=quote.event_id,
            turn=quote.turn,
            text=quote.text,
            aggression=quote.aggression / SCORE_UNIT,
        )
        for quote in days.worst_quotes(range(day_of(rise.since), day_of(last) + 1))
    ]
