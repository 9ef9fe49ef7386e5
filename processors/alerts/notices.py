"""Which message about an alert a target is to get next, from what it was sent before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from schemas.derived import AgencyAlert, AlertKind, AlertStatus

Sent = Mapping[str, tuple[int, AgencyAlert]]
"""By alert: how many messages a target was sent about it, and the alert as the last one said."""


@dataclass(frozen=True)
class Quiet:
    """Hours of the day in which nothing is sent; over midnight where `end` is before `begin`."""

    begin: time
    end: time

    def covers(self, moment: time) -> bool:
        """Whether a time of the day, in the client company's time zone, is one of them.

        >>> Quiet(time(20), time(8)).covers(time(23)), Quiet(time(20), time(8)).covers(time(8))
        (True, False)
        """
        if self.begin <= self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


@dataclass(frozen=True)
class Wishes:
    """Which alerts a target wants; what it was sent about is also followed to its end."""

    kinds: Collection[AlertKind] = tuple(AlertKind)
    least_rise: float = 0.0
    """Points of 100 by which aggression has risen at least."""
    least_fall: float = 0.0
    """Points by which the NPS has fallen at least."""


@dataclass(frozen=True)
class Notice:
    """One message to be sent to one target about one alert."""

    alert: AgencyAlert
    number: int
    """1 for the first message about this alert to this target, then 2 and so on."""
    before: AlertStatus | None
    """What the last message said; None where there was none."""

    @property
    def reopens(self) -> bool:
        """Whether an alert that was said to be over is open again."""
        return self.before is not None and self.alert.status is AlertStatus.OPEN

    @property
    def brief(self) -> bool:
        """Whether an alert opened and resolved before the first message."""
        return self.before is None and self.alert.status is AlertStatus.RESOLVED

    def message_id(self, target: str) -> str:
        """The same for the same message to `target`, also where it is sent again."""
        parts = [self.alert.client_id, target, self.alert.alert_id, self.number]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def notices(
    alerts: Iterable[AgencyAlert], sent: Sent, wishes: Wishes, not_before: datetime
) -> list[Notice]:
    """The messages that a target is to get now, retractions first, then in order of opening.

    Args:
        alerts: those of the target's client company as they are now, all that there are: one
            that was sent and is not among them any more has been retracted.
        sent: what the target was sent before.
        wishes: which alerts it wants.
        not_before: alerts that opened earlier are not begun to be reported.
    """
    current = {alert.alert_id: alert for alert in alerts}
    gone = [
        last.model_copy(update={"status": AlertStatus.RETRACTED})
        for alert_id, (_, last) in sent.items()
        if alert_id not in current
    ]
    found = []
    for alert in (*current.values(), *gone):
        number, last = sent.get(alert.alert_id, (0, None))
        before = None if last is None else last.status
        if before is None and not (alert.opened_at >= not_before and _wanted(alert, wishes)):
            continue
        if alert.status is not before:
            found.append(Notice(alert, number + 1, before))
    return sorted(found, key=_order)


def _wanted(alert: AgencyAlert, wishes: Wishes) -> bool:
    if alert.status is AlertStatus.RETRACTED or alert.kind not in wishes.kinds:
        return False
    if alert.kind is AlertKind.AGGRESSION_RISE:
        return alert.rise_points >= wishes.least_rise
    if alert.kind is AlertKind.NPS_FALL:
        return -alert.rise_points >= wishes.least_fall
    return True


def _order(notice: Notice) -> tuple[bool, datetime, str]:
    alert = notice.alert
    return alert.status is not AlertStatus.RETRACTED, alert.opened_at, alert.alert_id
