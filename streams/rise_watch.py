"""Watching for rises: folds each agency's hours, and tells alerts that opened or changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from processors.agency_days import AgencyDays
from processors.buckets import ALL, cell_sums
from processors.event_time import HOUR_US, day_of, day_start
from processors.facts import SCORE_UNIT
from processors.rise_alerts import agency_alert, retracted
from processors.rise_baseline import RiseSettings
from processors.rises import HourScores, Rise, RiseState, alerts, fold
from schemas.codec import encode
from schemas.derived import AgencyAlert, Quote
from schemas.topics import AGENCY_ALERT
from streams.change_batches import agency_key
from streams.outbox import Message
from streams.state import StateTable

Agency = tuple[str, str]

GRACE_US = HOUR_US
"""How long an hour stays open for late calls before the test looks at it."""


class RiseWatch:
    """The alerts of all agencies of this worker.

    Alerts follow from the agency's hours alone, so late events and replays change nothing that
    they should not; what was told before is kept in the table, to tell only what differs.
    """

    def __init__(self, told: StateTable, settings: RiseSettings, grace_us: int = GRACE_US) -> None:
        self._told = told
        self._settings = settings
        self._grace_us = grace_us
        self._checkpoints: dict[Agency, list[tuple[int, RiseState]]] = {}
        self._news: dict[Agency, list[AgencyAlert]] = {}

    def forget(self) -> None:
        """Drop what is only remembered."""
        self._checkpoints.clear()
        self._news.clear()

    def alerts(
        self, agency: Agency, days: AgencyDays, touched: Iterable[int], now_us: int
    ) -> list[Message]:
        """Messages of the alerts that opened, changed or fell away."""
        state = self._fold(agency, days, touched, now_us - self._grace_us)
        before = {alert.alert_id: alert for alert in self._published(agency)}
        current = [self._alert(agency, days, rise) for rise in alerts(state)]
        gone = retracted(before.values(), current)
        changed = [alert for alert in (*current, *gone) if before.get(alert.alert_id) != alert]
        if changed:
            self._news[agency] = [*(before | {a.alert_id: a for a in changed}).values()]
        key = agency_key(*agency).encode()
        return [Message(AGENCY_ALERT, key, encode(alert)) for alert in changed]

    async def keep(self, partitions: Mapping[Agency, int]) -> None:
        """Make durable what has been told; call it after the messages are delivered.

        `partitions` are those of agencies with events since the start; of the others time alone
        made news, and their key, the same as their events', names the partition.
        """
        news, self._news = self._news, {}
        await self._told.put(
            {
                agency_key(*agency): (
                    partitions.get(agency),
                    {"alerts": [alert.model_dump(mode="json") for alert in told]},
                )
                for agency, told in news.items()
            }
        )

    def _published(self, agency: Agency) -> list[AgencyAlert]:
        kept = self._told.get(agency_key(*agency)) or {"alerts": []}
        return [AgencyAlert.model_validate(alert) for alert in kept["alerts"]]

    def _fold(
        self, agency: Agency, days: AgencyDays, touched: Iterable[int], closed_us: int
    ) -> RiseState:
        """Fold the hours closed by now, from the last checkpoint before the first touched hour."""
        points = self._checkpoints.setdefault(agency, [])
        first = min((day_of(hour) for hour in touched), default=None)
        if first is not None:
            del points[bisect_right(points, first, key=lambda point: point[0]) :]
        start, state = points[-1] if points else (None, RiseState())
        for day in days.days:
            if (start is not None and day < start) or day_start(day) + HOUR_US > closed_us:
                continue
            if not points or points[-1][0] < day:
                points.append((day, state))
            state = fold(state, self._hours(days, day, closed_us), self._settings)
        return state

    @staticmethod
    def _hours(days: AgencyDays, day: int, closed_us: int) -> list[HourScores]:
        state = days.get(day)
        found = []
        for hour in range(
            day_start(day), min(day_start(day + 1), closed_us - HOUR_US + 1), HOUR_US
        ):
            sums = cell_sums(state, ALL, hour)
            if sums["aggression_n"]:
                found.append(
                    HourScores(
                        hour, sums["aggression_n"], sums["aggression_sum"], sums["aggression_sq"]
                    )
                )
        return found

    def _alert(self, agency: Agency, days: AgencyDays, rise: Rise) -> AgencyAlert:
        last = rise.resolved_at or rise.opened_at
        quotes = [
            Quote(
                event_id=quote.event_id,
                turn=quote.turn,
                text=quote.text,
                aggression=quote.aggression / SCORE_UNIT,
            )
            for quote in days.worst_quotes(range(day_of(rise.since), day_of(last) + 1))
        ]
        return agency_alert(*agency, rise, quotes)
